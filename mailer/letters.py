"""One function a letter. What may leave is spelled out by the caller; the words are in `templates/email/`.

A letter to signers is rendered once for a petition and a language, with marks where the signer's own values
go; then each signer's letter costs a few string operations, and nothing personal stays in the cache.

A mailbox that no mail can go to raises `AddressRefused`.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel.dates import format_date

from mailer.addresses import wire_address
from mailer.mime import (
    AUTOMATIC_HEADERS,
    Attachment,
    Mail,
    Sender,
    from_headers,
    letter_headers,
    mixed,
    one_line,
    subject_header,
    text_part,
)
from mailer.wording import authority_words, letter_words

__all__ = ["Fetched", "Mail", "Sender", "already_signed", "confirm_signature", "deliver_document"]

_MARK = re.compile("\ue000(\\w+)\ue001")


def confirm_signature(
    *,
    sender: Sender,
    to: str,
    message_id: str,
    date: dt.datetime,
    language: str,
    name: str,
    petition_title: str,
    confirm_url: str,
    not_me_url: str,
    stop_url: str,
    expires_on: dt.date,
    demonstration: bool,
) -> Mail:
    """Asks the owner of a mailbox whether the signature is theirs. Nothing counts until they say so."""
    text = _rendered(
        "confirm_signature",
        language,
        sender,
        petition_title,
        demonstration,
        format_date(expires_on, "long", language),
    )
    own = {"name": one_line(name), "confirm_url": confirm_url, "not_me_url": not_me_url, "stop_url": stop_url}
    return _to_signer(text, own, to=to, message_id=message_id, date=date)


def already_signed(
    *,
    sender: Sender,
    to: str,
    message_id: str,
    date: dt.datetime,
    language: str,
    name: str,
    petition_title: str,
    standing: str,
    manage_url: str,
    not_me_url: str,
    stop_url: str,
    demonstration: bool,
) -> Mail:
    """Tells the owner of a signature, and nobody else, that signing again changed nothing. `standing` is what the
    earlier one is: confirmed, held or invalidated."""
    text = _rendered("already_signed", language, sender, petition_title, demonstration, standing=standing)
    own = {"name": one_line(name), "manage_url": manage_url, "not_me_url": not_me_url, "stop_url": stop_url}
    return _to_signer(text, own, to=to, message_id=message_id, date=date)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a document is that is not attached."""

    url: str
    expires_on: str  # in words of the letter's language


def deliver_document(
    *,
    sender: Sender,
    to: str,
    message_id: str,
    date: dt.datetime,
    language: str,
    addressee: str,
    salutation: str,
    prisoner_name: str,
    petition_title: str,
    edition: int,
    names: int,
    confirmed: int,
    representative: str,
    verification_url: str,
    verification_code: str,
    file_name: str,
    pdf: bytes | Iterable[bytes],
    volume: int = 1,
    volumes: int = 1,
    in_reply_to: str | None = None,
    link: Fetched | None = None,
    demonstration: bool,
) -> Mail:
    """Hands an authority its document; with `link`, a letter about it, and where it is fetched. `names` are printed in
    it, of `confirmed` who signed. The same values make the same bytes, so what was archived is what was sent."""
    words = {
        "addressee": one_line(addressee),
        "salutation": one_line(salutation),
        "prisoner_name": one_line(prisoner_name),
        "petition_title": one_line(petition_title),
        "edition": edition,
        "names": names,
        "confirmed": confirmed,
        "count_only": confirmed - names,
        "representative": one_line(representative),
        "sender_name": one_line(sender.name),
        "verification_url": verification_url,
        "verification_code": verification_code,
        "volume": volume,
        "volumes": volumes,
        "demonstration": demonstration,
    }
    letter = "deliver_document" if link is None else "deliver_link"
    if link is not None:
        words |= {"link_url": link.url, "expires_on": link.expires_on}
    address = wire_address(to)
    document = Attachment(file_name, "application/pdf", pdf if isinstance(pdf, bytes) else b"".join(pdf))
    earlier = one_line(in_reply_to or "")
    thread = f"In-Reply-To: {earlier}\r\nReferences: {earlier}\r\n" if earlier else ""
    data = b"".join(
        (
            from_headers(sender),
            letter_headers(to=address, message_id=message_id, date=date),
            thread.encode(),
            subject_header(authority_words(letter, "subject", language, words)),
            f"Content-Language: {language}\r\nMIME-Version: 1.0\r\n".encode(),
            mixed(authority_words(letter, "body", language, words), [document], message_id),
        )
    )
    return Mail(to, message_id, data)


@dataclass(frozen=True, slots=True)
class _Text:
    """A letter but for one person's values: `between` has one text more than there are `names`."""

    headers: bytes
    between: tuple[str, ...]
    names: tuple[str, ...]

    def filled(self, own: Mapping[str, str]) -> str:
        pieces = [self.between[0]]
        for name, text in zip(self.names, self.between[1:], strict=True):
            pieces += (own[name], text)
        return "".join(pieces)


@lru_cache(maxsize=512)
def _rendered(
    letter: str,
    language: str,
    sender: Sender,
    petition_title: str,
    demonstration: bool,
    expires_on: str = "",
    standing: str = "",
) -> _Text:
    words: dict[str, object] = {
        name: f"\ue000{name}\ue001"
        for name in ("name", "confirm_url", "manage_url", "not_me_url", "stop_url")
    }
    words |= {
        "petition_title": one_line(petition_title),
        "sender_name": one_line(sender.name),
        "demonstration": demonstration,
        "expires_on": expires_on,
        "standing": standing,
    }
    subject = letter_words(letter, "subject", language, words)
    headers = from_headers(sender) + subject_header(subject) + f"Content-Language: {language}\r\n".encode()
    pieces = _MARK.split(letter_words(letter, "body", language, words))
    return _Text(headers + AUTOMATIC_HEADERS, tuple(pieces[0::2]), tuple(pieces[1::2]))


def _to_signer(text: _Text, own: Mapping[str, str], *, to: str, message_id: str, date: dt.datetime) -> Mail:
    headers = letter_headers(to=wire_address(to), message_id=message_id, date=date)
    return Mail(to, message_id, headers + text.headers + text_part(text.filled(own)))
