"""Twenty times kill -9 at any moment: no letter is lost, no authority gets a document twice."""

import random
import time
from collections import Counter

import pytest

from mailer.actors.posting import GROUP
from petitions.db import db
from petitions.models import Delivery, Letter
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine, eventually, states
from tests.faults.work import deliveries_by_message_id, message_id, write_deliveries, write_letters
from tests.smtp import SmtpServer

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KILLS = 20
LETTERS = 3_000
AUTHORITIES = 60


def test_no_letter_of_three_thousand_is_lost(new_machine: MakeMachine, server: SmtpServer) -> None:
    machine = new_machine(server)
    with db.writing() as session:
        write_letters(session, machine.petition(session), LETTERS)
        session.commit()
    _kill_often(machine, server, Letter, (40, 140))
    with machine.worker():
        eventually(lambda: "ready" not in states(Letter), "letters were left over", 120)
    assert Counter(states(Letter)) == {"sent": LETTERS}
    sent = Counter(message_id(mail) for mail in server.messages)
    assert len(sent) == LETTERS
    assert len({(message_id(mail), mail.recipient) for mail in server.messages}) == LETTERS
    assert sum(sent.values()) <= LETTERS + KILLS * GROUP


def test_no_authority_of_sixty_is_missed_or_written_to_twice(machine: Machine, server: SmtpServer) -> None:
    with db.writing() as session:
        write_deliveries(machine, session, machine.petition(session), AUTHORITIES)
        session.commit()
    _kill_often(machine, server, Delivery, (0, 2))
    with machine.worker():
        eventually(lambda: set(states(Delivery)) <= {"accepted", "uncertain"}, "deliveries were left over", 120)
    sent = Counter(message_id(mail) for mail in server.messages)
    assert set(sent.values()) <= {1}
    with db.reading() as session:
        rows = deliveries_by_message_id(session)
        assert len(rows) == AUTHORITIES
        accepted = {name for name, row in rows.items() if row.state is Delivery.State.ACCEPTED}
    assert accepted <= set(sent) <= set(rows)
    assert len(rows) - len(accepted) <= KILLS


def _kill_often(
    machine: Machine, server: SmtpServer, kind: type[Letter] | type[Delivery], mails: tuple[int, int]
) -> None:
    """Each worker may send so many mails, more or less, and is then killed wherever it is."""
    chance = random.Random()  # no seed: each run tries other moments
    for _ in range(KILLS):
        enough = len(server.messages) + chance.randint(*mails)
        with machine.worker() as worker:
            _await_mails(server, enough, kind)
            time.sleep(chance.uniform(0, 0.05))
            worker.kill()


def _await_mails(server: SmtpServer, count: int, kind: type[Letter] | type[Delivery]) -> None:
    """Until so many have been sent in all, or there is nothing left to send."""

    def enough() -> bool:
        return len(server.messages) >= count or not {"ready", "transmitting"} & set(states(kind))

    eventually(enough, "the worker sends nothing")
