"""A case told by anyone: sealed to the branch as soon as it is sent, and opened for one reader at a time.

The web that takes a report cannot read it again. An organiser who wants to read asks for a *reading copy*: the web
makes a random token, keeps its hash, and seals the token to the branch; the worker opens the report and seals what it
finds under that token (petitions/parcel.py). So the copy opens only in the browser of the member who asked, for
`report_copy_hours`; then it is deleted. A dump of the database, whenever it is taken, shows that a report came on a
day, about which country, and nothing of what it says. Answers are sealed twice: to the branch, and to the key that
the reporter's code gives (petitions/replycode.py); what the reporter wrote does not open with the code, so a code
that is found on a piece of paper does not tell what was reported.
"""

import json
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import crypto, parcel, tokens
from petitions.db import (
    Base,
    database_time,
    insert_or_ignore,
    is_state,
    new_public_id,
    now,
    public_id,
    states,
)
from petitions.models.branch import Branch
from petitions.models.member import Member
from petitions.models.photo import Photo
from petitions.models.prisoner import Prisoner
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work
from petitions.replycode import ReplyKey

PAD = 1024  # a box's length must not tell a short report from a long one
CODE_HASH_BYTES = 32


class NoReportsTaken(Exception):
    """The branch takes no reports (any more)."""


class Report(Stateful, Base):
    __tablename__ = "reports"

    class State(StrEnum):
        NEW = "new"
        IN_WORK = "in_work"
        CASE = "case"  # became one of ours, or belongs to one
        DECLINED = "declined"

    class Reason(StrEnum):
        """Why it was declined; the page has the words."""

        NOT_OURS = "not_ours"  # not a prisoner, or not what this branch works for
        TOO_LITTLE = "too_little"  # cannot be checked with what is known
        NO_CONSENT = "no_consent"  # the prisoner or the family does not want it
        UNTRUE = "untrue"
        SPAM = "spam"

    class Doubt(StrEnum):
        """Why it lies apart: it may not come from a person."""

        HONEYPOT = "honeypot"
        NETWORK = "network"

    moves: ClassVar[Moves] = {
        State.NEW: frozenset({State.IN_WORK, State.CASE, State.DECLINED}),
        State.IN_WORK: frozenset({State.CASE, State.DECLINED}),
        State.DECLINED: frozenset({State.IN_WORK}),
        State.CASE: frozenset({State.IN_WORK}),
    }

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.NEW)
    reason: Mapped[Reason | None] = mapped_column(states(Reason))
    doubt: Mapped[Doubt | None] = mapped_column(states(Doubt))
    country: Mapped[str] = mapped_column(String(2), default="")  # where the person is held, if it was said
    language: Mapped[str] = mapped_column(String(8))  # of the page it was written on
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    reply_key: Mapped[bytes]  # X25519, 32 bytes; the other half comes from the reporter's code
    received_on: Mapped[date]  # a day: the hour would help to find who wrote
    settled_on: Mapped[date | None]
    prisoner_id: Mapped[int | None] = mapped_column(ForeignKey("prisoners.id", ondelete="SET NULL"), index=True)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    branch: Mapped[Branch] = relationship()
    prisoner: Mapped[Prisoner | None] = relationship()
    taken_by: Mapped[Member | None] = relationship()
    messages: Mapped[list["ReportMessage"]] = relationship(
        back_populates="report", order_by="ReportMessage.id", cascade="all, delete-orphan"
    )
    photos: Mapped[list[Photo]] = relationship(
        back_populates="report", order_by=Photo.id, cascade="all, delete-orphan"
    )

    @classmethod
    def receive(
        cls,
        session: Session,
        branch: Branch,
        told: dict[str, str],
        key: ReplyKey,
        *,
        language: str,
        doubt: Doubt | None,
    ) -> "Report | None":
        """Takes a report in; None if this very form has been taken in before. Raises NoReportsTaken."""
        if not branch.takes_reports:
            raise NoReportsTaken
        row = {
            "public_id": new_public_id(),
            "branch_id": branch.id,
            "state": cls.State.NEW,
            "doubt": doubt,
            "country": told.get("country", ""),
            "language": language,
            "code_hash": key.code_hash,
            "reply_key": key.public,
            "received_on": datetime.now(UTC).date(),
        }
        if not insert_or_ignore(session, cls, row):
            return None
        report = session.scalars(select(cls).where(cls.code_hash == key.code_hash)).one()
        report.add(session, json.dumps(told, ensure_ascii=False), key)
        return report

    def add(self, session: Session, content: str, key: ReplyKey) -> bool:
        """More from the reporter. The same words twice are one message. What was settled is looked at again."""
        row = ReportMessage.sealed(self, content)
        row["content_tag"] = crypto.tag(key.private, "report message", content)
        if not insert_or_ignore(session, ReportMessage, row):
            return False
        if self.state is Report.State.DECLINED:
            self.move_to(Report.State.IN_WORK)
            self.settled_on = None
        return True

    def answer(self, session: Session, member: Member, words: str) -> None:
        """To the reporter, who reads it with the code."""
        row = ReportMessage.sealed(self, words)
        info = ReportMessage.info(row["public_id"], "answer")
        row["answer_box"] = crypto.seal_bytes(_padded(words), self.reply_key, info)
        session.execute(ReportMessage.__table__.insert().values(**row, member_id=member.id))  # type: ignore[attr-defined]

    # -- triage -----------------------------------------------------------------------------------------

    def take_on(self, member: Member) -> None:
        """Somebody reads it, and answers for it from now on."""
        if self.state is Report.State.NEW:
            self.move_to(Report.State.IN_WORK)
        self.taken_by = member

    def join(self, prisoner: Prisoner) -> None:
        """Became this case, or is one more report about it."""
        self.move_to(Report.State.CASE)
        self.prisoner = prisoner
        self._settle(None)

    def decline(self, reason: Reason) -> None:
        self.move_to(Report.State.DECLINED)
        self._settle(reason)

    def reopen(self) -> None:
        self.move_to(Report.State.IN_WORK)
        self.reason = self.prisoner = self.settled_on = None

    @property
    def open(self) -> bool:
        return self.state in {Report.State.NEW, Report.State.IN_WORK}

    @classmethod
    def by_code(cls, session: Session, key: ReplyKey) -> "Report | None":
        return session.scalars(select(cls).where(cls.code_hash == key.code_hash)).one_or_none()

    def _settle(self, reason: Reason | None) -> None:
        self.reason, self.settled_on = reason, datetime.now(UTC).date()


class ReportMessage(Base):
    """What one of the two wrote."""

    __tablename__ = "report_messages"

    public_id: Mapped[str] = public_id()
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))  # None: the reporter
    written_on: Mapped[date]
    content_tag: Mapped[bytes | None] = mapped_column(unique=True)
    box: Mapped[bytes] = mapped_column(deferred=True)  # for the branch's worker
    answer_box: Mapped[bytes | None] = mapped_column(deferred=True)  # an organiser's, for the reporter's code

    report: Mapped[Report] = relationship(back_populates="messages")
    member: Mapped[Member | None] = relationship()

    @classmethod
    def sealed(cls, report: Report, content: str) -> dict[str, Any]:
        """A row of it, sealed to the branch."""
        made = new_public_id()
        return {
            "public_id": made,
            "report_id": report.id,
            "written_on": datetime.now(UTC).date(),
            "box": crypto.seal_bytes(_padded(content), report.branch.public_key, cls.info(made, "branch")),
        }

    @staticmethod
    def info(message: str, reader: str) -> bytes:
        return f"petitions report v1|{message}|{reader}".encode()

    def read_answer(self, key: ReplyKey) -> str:
        """Raises crypto.BoxDamaged."""
        assert self.answer_box is not None
        return key.open(self.answer_box, self.info(self.public_id, "answer")).rstrip("\0")


class ReportCopy(Work, Stateful, Base):
    """A report opened for the one member who asked, under a token that only that member's browser has."""

    __tablename__ = "report_copies"

    class State(StrEnum):
        ASKED = "asked"
        READY = "ready"
        FAILED = "failed"  # does not open: another branch's key, or altered

    moves: ClassVar[Moves] = {State.ASKED: frozenset({State.READY, State.FAILED})}
    __table_args__ = (
        Index(
            "ix_report_copies_asked",
            "not_before",
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    state: Mapped[State] = mapped_column(states(State), default=State.ASKED)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_box: Mapped[bytes] = mapped_column(deferred=True)  # for the worker
    box: Mapped[bytes | None] = mapped_column(deferred=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    asked_at: Mapped[datetime] = mapped_column(default=now())

    report: Mapped[Report] = relationship()

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.ASKED)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.FAILED}

    @classmethod
    def ask(cls, session: Session, report: Report, member: Member, *, hours: int) -> str:
        """Returns the token of the page on which it will stand."""
        token, made = tokens.new_token(), new_public_id()
        session.add(
            cls(
                public_id=made,
                report=report,
                member_id=member.id,
                token_hash=tokens.token_hash(token),
                token_box=parcel.seal_token(token, made, report.branch.public_key),
                expires_at=database_time(session) + timedelta(hours=hours),
            )
        )
        session.flush()
        return token

    def read(self, token: str) -> dict[str, Any]:
        """What the worker has put in: {"messages": [...], "photos": [...]}. Raises crypto.BoxDamaged."""
        assert self.box is not None
        content: dict[str, Any] = json.loads(parcel.open_with_token(token, self.public_id, self.box))
        return content


def _padded(content: str) -> bytes:
    plain = content.encode()
    return plain + b"\0" * (-len(plain) % PAD)
