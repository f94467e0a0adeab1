"""The same letters handed over by plain smtplib, one kept connection a thread, and nothing else: no rows, no records.

python -m bench.raw_smtp PORT COUNT CONNECTIONS
"""

import secrets
import smtplib
import sys
import threading
from datetime import UTC, datetime, timedelta

from bench import world
from bench.measure import timed
from mailer.addresses import message_id, return_path
from mailer.letters import Mail, Sender, confirm_signature
from petitions import tokens
from petitions.db import new_public_id
from petitions.demo import data

KEY = secrets.token_bytes(32)
SENDER = Sender("Petition service", f"petitions@{world.HOST}", None, world.HOST)


def mails(count: int) -> list[tuple[str, Mail]]:
    """Envelope sender and mail, of the same bytes as a confirmation's but for its ids."""
    made, moment = [], datetime.now(UTC)
    for person in world.typed(count):
        public_id, link = new_public_id(), f"https://{world.HOST}/s/{tokens.new_token()}"
        mail = confirm_signature(
            sender=SENDER,
            to=person.email,
            message_id=message_id(public_id, world.HOST),
            date=moment,
            language=person.language,
            name=person.name,
            petition_title=data.TEXTS[0]["title"],
            confirm_url=link,
            not_me_url=f"{link}/not-me",
            stop_url=f"{link}/no-more-mail",
            expires_on=(moment + timedelta(days=14)).date(),
            demonstration=False,
        )
        made.append((return_path(public_id, KEY, world.HOST), mail))
    return made


def hand_over(port: int, some: list[tuple[str, Mail]]) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname=world.HOST) as connection:
        for sender, mail in some:
            connection.sendmail(sender, mail.recipient, mail.data)


def hand_all_over(port: int, all_: list[tuple[str, Mail]], connections: int) -> None:
    threads = [
        threading.Thread(target=hand_over, args=(port, all_[number::connections])) for number in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    port, count, connections = map(int, sys.argv[1:])
    prepared = mails(count)
    timed(lambda: hand_all_over(port, prepared, connections))
