"""Letters with news of a petition, to those who asked for it. Rendered once for a text and a language; each reader's
then costs the putting in of one link."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

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

_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_END = "\ue000"  # stands for the link that ends the news; no text that was typed holds one


@dataclass(frozen=True, slots=True)
class News:
    """What a letter tells, the same for all its readers of one language. `body` is plain text."""

    language: str
    text_language: str
    petition_title: str
    petition_url: str
    title: str
    body: str
    demonstration: bool
    test: bool = False


def petition_update(
    news: News, *, sender: Sender, to: str, message_id: str, date: dt.datetime, end_url: str
) -> Mail:
    """With the headers by which mail programs offer to end it (RFC 8058); a test offers nothing to end."""
    headers, text = _rendered(news, sender)
    own = letter_headers(to=wire_address(to), message_id=message_id, date=date)
    if not news.test:
        own += f"List-Unsubscribe: <{end_url}>\r\n{_ONE_CLICK}".encode()
    return Mail(to, message_id, own + headers + text_part(text.replace(_END, end_url)))


@lru_cache(maxsize=64)
def _rendered(news: News, sender: Sender) -> tuple[bytes, str]:
    words = {
        "petition_title": one_line(news.petition_title),
        "petition_url": news.petition_url,
        "title": one_line(news.title),
        "body": news.body.replace(_END, ""),
        "end_url": _END,
        "sender_name": one_line(sender.name),
        "demonstration": news.demonstration,
        "test": news.test,
    }
    headers = b"".join(
        (
            from_headers(sender),
            subject_header(letter_words("petition_update", "subject", news.language, words)),
            f"Content-Language: {news.text_language}\r\n".encode(),
            AUTOMATIC_HEADERS,
        )
    )
    return headers, letter_words("petition_update", "body", news.language, words)
