"""Mails as bytes. Assembled here and not by EmailMessage, which takes twenty times as long for a letter."""

import base64
import binascii
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, quote

LINE = 76  # of base64, and the most a quoted-printable line has
_PLAIN_PHRASE = re.compile(r"[ A-Za-z0-9!#$%&'*+/=?^_`{|}~,.()-]*\Z")
_UNSAFE_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready for the transport."""

    recipient: str
    message_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: a role, never a person. `domain` is that of Message-IDs and return paths."""

    name: str
    address: str
    reply_to: str | None
    domain: str


@dataclass(frozen=True, slots=True)
class Attachment:
    file_name: str
    kind: str
    data: bytes


def one_line(text: str) -> str:
    """What somebody typed, fit for a header or a sentence: no line ends, control or private characters."""
    if text.isprintable():
        return text.strip()
    kept = (" " if unicodedata.category(char) in _LINE_ENDS else char for char in text if _may_stay(char))
    return " ".join("".join(kept).split())


def from_headers(sender: Sender) -> bytes:
    lines = _header("From", f"{_phrase(sender.name)} <{sender.address}>")
    if sender.reply_to:
        lines += _header("Reply-To", sender.reply_to)
    return lines


def subject_header(subject: str) -> bytes:
    subject = one_line(subject)
    literal = subject.isascii() and "=?" not in subject  # or it would be read as an encoded word
    charset = "us-ascii" if literal else "utf-8"
    return _header("Subject", Header(subject, charset, header_name="Subject").encode(linesep="\r\n"))


def letter_headers(*, to: str, message_id: str, date: datetime) -> bytes:
    """What differs from one letter to the next. `to` is already a wire address."""
    stamp = format_datetime(date.astimezone(UTC))  # a sender's own zone would tell where the worker stands
    return f"To: {to}\r\nDate: {stamp}\r\nMessage-ID: {one_line(message_id)}\r\n".encode()


def text_part(text: str) -> bytes:
    """Headers of the part, an empty line, the text; `text` has its lines ended by newlines alone."""
    lines = text.rstrip("\n").replace("\n", "\r\n") + "\r\n"
    return TEXT_HEADERS + b"\r\n" + binascii.b2a_qp(lines.encode())


def mixed(text: str, attachments: list[Attachment], message_id: str) -> bytes:
    """A text with files. The boundary is made from the Message-ID: the same row gives the same bytes."""
    digest = hashlib.sha256(message_id.encode()).hexdigest()
    boundary = f"=_{digest[:32]}".encode()  # neither encoding of a part ever yields "=_"
    parts = [text_part(text), *map(_file_part, attachments)]
    opening = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n'
    closing = b"--" + boundary + b"--\r\n"
    return opening + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + closing


# So that no holiday notice answers.
AUTOMATIC_HEADERS = b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"
TEXT_HEADERS = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
_LINE_ENDS = {"Cc", "Zl", "Zp", "Zs"}


def _may_stay(char: str) -> bool:
    """Joiners and marks stay, as many scripts need them; half characters and private ones go."""
    return unicodedata.category(char) not in {"Cs", "Co"} and char not in _BIDI_CONTROLS


_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _header(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode()


def _phrase(name: str) -> str:
    name = one_line(name)
    if _PLAIN_PHRASE.match(name):
        return f'"{name}"'
    if name.isascii():
        return f'"{quote(name)}"'
    return Header(name, "utf-8", header_name="From").encode(linesep="\r\n")


def _file_part(file: Attachment) -> bytes:
    name = _UNSAFE_IN_FILE_NAMES.sub("-", file.file_name).strip("-.") or "document"
    headers = (
        f"Content-Type: {file.kind}\r\n"
        f"Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return headers.encode() + _base64_lines(file.data)


def _base64_lines(data: bytes) -> bytes:
    encoded = base64.b64encode(data)
    return b"".join(encoded[start : start + LINE] + b"\r\n" for start in range(0, len(encoded), LINE))
