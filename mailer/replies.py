"""What a mail server's answer means for the row that waits for it (delivery.md, "SMTP")."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

LONGEST_REPLY_KEPT = 500
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_OUR_OWN_FAULT = {"5.1.7", "5.1.8"}  # the sender's address is meant: the contact must not be marked failing
_TOO_BIG = {"5.2.3", "5.3.4"}
_LOG_IN_FIRST = {530, 534, 535, 538}


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    TEMPORARY = "temporary"  # known not to be sent; worth another try
    PERMANENT = "permanent"  # known not to be sent; another try would end the same
    UNCERTAIN = "uncertain"  # the whole message was handed over and no clear answer came back


@dataclass(frozen=True, slots=True)
class Result:
    """`reply` is the server's own text. It often quotes the address: keep it with the row and out of logs."""

    outcome: Outcome
    reason: str
    code: int | None = None
    enhanced: str | None = None
    reply: str = field(default="", repr=False)

    @classmethod
    def of(cls, code: int, text: bytes) -> Self:
        """The meaning of a final reply, 2yz, 4yz or 5yz."""
        reply = _one_line(text)
        found = _ENHANCED.match(reply)
        enhanced = found.group(0) if found else None
        outcome, reason = _meaning(code, enhanced, reply)
        return cls(outcome, reason, code, enhanced, reply)


def _meaning(code: int, enhanced: str | None, reply: str) -> tuple[Outcome, str]:
    if code < 400:
        return Outcome.ACCEPTED, "accepted"
    if code in _LOG_IN_FIRST:
        return Outcome.TEMPORARY, "auth"
    said = enhanced or ""
    if said in {"4.2.2", "5.2.2"}:
        return Outcome.TEMPORARY, "mailbox_full"
    if code < 500 or said.startswith("4."):
        return Outcome.TEMPORARY, _why_later(code, reply)
    return Outcome.PERMANENT, _why_never(code, said)


def _why_later(code: int, reply: str) -> str:
    if re.search(r"gr[ae]y-?list", reply, re.IGNORECASE):
        return "greylisted"
    return "busy" if code == 421 else "temporary"


def _why_never(code: int, enhanced: str) -> str:
    if enhanced.startswith("5.7.") or enhanced in _OUR_OWN_FAULT:
        return "policy"
    if enhanced.startswith("5.1."):
        return "bad_address"
    if enhanced in _TOO_BIG or (code == 552 and not enhanced.startswith("5.")):
        return "too_big"
    return "rejected"


def _one_line(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").translate(_CONTROLS).split())[:LONGEST_REPLY_KEPT]


_CONTROLS = dict.fromkeys([*range(32), 127, *range(128, 160)], " ")
