"""The mails that the demonstration's sink has taken, for the page `/dev/outbox`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

ENVELOPE_HEADER = "X-Rcpt-To"  # whom the mail was handed over for; the To header may say another thing
_ID = re.compile(r"\d{19,20}-[0-9a-f]{8}\Z")
_LINK = re.compile(r"https?://[^\s<>\"]+")


class MailMissing(Exception):
    """The outbox has no such mail."""


class Attached(NamedTuple):
    file_name: str
    size: int


@dataclass(frozen=True, slots=True)
class OutboxMail:
    id: str
    recipient: str
    sender: str
    subject: str
    sent_at: datetime | None
    text: str
    links: tuple[str, ...]
    attachments: tuple[Attached, ...]


class Outbox:
    """A directory of `.eml` files, named so that their order is that of their arrival."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def messages(self, limit: int = 50) -> list[OutboxMail]:
        """Newest first."""
        if not self._folder.is_dir():
            return []
        ids = sorted((path.stem for path in self._folder.glob("*.eml") if _ID.match(path.stem)), reverse=True)
        return [self.read(id_) for id_ in ids[:limit]]

    def read(self, id_: str) -> OutboxMail:
        message = self._message(id_)
        text_part = message.get_body(("plain",))
        text = "" if text_part is None else text_part.get_content().replace("\r\n", "\n")
        return OutboxMail(
            id=id_,
            recipient=str(message.get(ENVELOPE_HEADER, "")),
            sender=str(message.get("From", "")),
            subject=str(message.get("Subject", "")),
            sent_at=_moment(message),
            text=text,
            links=tuple(dict.fromkeys(_LINK.findall(text))),
            attachments=tuple(
                Attached(part.get_filename("attachment"), len(_content(part)))
                for part in message.iter_attachments()
            ),
        )

    def attachment(self, id_: str, number: int) -> tuple[str, bytes]:
        """File name and bytes, counted from 0 as in `OutboxMail.attachments`."""
        parts = list(self._message(id_).iter_attachments())
        if not 0 <= number < len(parts):
            raise MailMissing(id_)
        return parts[number].get_filename("attachment"), _content(parts[number])

    def _message(self, id_: str) -> EmailMessage:
        if not _ID.match(id_):
            raise MailMissing("no id of ours")
        try:
            raw = (self._folder / f"{id_}.eml").read_bytes()
        except FileNotFoundError:
            raise MailMissing(id_) from None
        return message_from_bytes(raw, policy=policy.default)


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _moment(message: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message["Date"])).astimezone(UTC)
    except ValueError:
        return None
