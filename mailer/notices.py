"""Letters to members: one text for each kind, with a link to the page where it goes on. Nothing here is a signer's."""

import datetime as dt
from collections.abc import Mapping

from babel.dates import format_date

from mailer.addresses import wire_address
from mailer.mime import (
    AUTOMATIC_HEADERS,
    Mail,
    Sender,
    from_headers,
    letter_headers,
    one_line,
    subject_header,
    text_part,
)
from mailer.wording import letter_words


def to_member(
    kind: str,
    *,
    sender: Sender,
    to: str,
    message_id: str,
    date: dt.datetime,
    language: str,
    words: Mapping[str, object],
    demonstration: bool,
) -> Mail:
    """`kind` is the folder of its words. Values of `words` whose name ends in "_at" are moments in ISO 8601."""
    known = {name: _readable(name, value, language) for name, value in words.items()}
    known |= {"sender_name": one_line(sender.name), "demonstration": demonstration}
    data = b"".join(
        (
            from_headers(sender),
            letter_headers(to=wire_address(to), message_id=message_id, date=date),
            subject_header(letter_words(kind, "subject", language, known)),
            f"Content-Language: {language}\r\n".encode(),
            AUTOMATIC_HEADERS,
            text_part(letter_words(kind, "body", language, known)),
        )
    )
    return Mail(to, message_id, data)


def _readable(name: str, value: object, language: str) -> object:
    if name.endswith("_at") and isinstance(value, str):
        moment = dt.datetime.fromisoformat(value).astimezone(dt.UTC)
        return f"{format_date(moment, 'long', locale=language)}, {moment:%H:%M} UTC"
    return one_line(value) if isinstance(value, str) else value
