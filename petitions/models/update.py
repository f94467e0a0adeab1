"""News of a petition: written, looked at, sent to those who asked for it; and each letter on its way."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    UniqueConstraint,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, is_state, now, public_id, states
from petitions.models.branch import Branch
from petitions.models.letter import Letter
from petitions.models.member import Member
from petitions.models.petition import Petition
from petitions.models.petition_text import TITLE_LENGTH
from petitions.models.switch import Switch
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work

WEEK = timedelta(days=7)


class NothingWritten(Exception):
    """There is no text yet: nothing can go."""


class TooManyUpdates(Exception):
    """A week would bring more news of this petition than its readers were promised."""


class UpdateText(Base):
    """The news in one language."""

    __tablename__ = "update_texts"
    __table_args__ = (UniqueConstraint("update_id", "language"),)

    update_id: Mapped[int] = mapped_column(ForeignKey("petition_updates.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    body: Mapped[str] = mapped_column(Text)  # a small part of Markdown


class Progress(NamedTuple):
    """What has become of its letters."""

    sent: int
    waiting: int
    refused: int  # failed, or looked at and not sent

    @property
    def all(self) -> int:
        return sum(self)


class PetitionUpdate(Work, Stateful, Base):
    """`not_before` is when it is to go. The worker then writes one letter for each subscription, and only when all
    are written (`SENDING`) does the first one leave: so their number is known, and stopping is one word in one row."""

    __tablename__ = "petition_updates"

    class State(StrEnum):
        DRAFT = "draft"
        ASKED = "asked"  # waits for a second person
        SCHEDULED = "scheduled"
        SENDING = "sending"
        STOPPED = "stopped"  # what has not gone is kept back; it may go on
        SENT = "sent"
        DISCARDED = "discarded"

    moves: ClassVar[Moves] = {
        State.DRAFT: frozenset({State.ASKED, State.SCHEDULED, State.DISCARDED}),
        State.ASKED: frozenset({State.DRAFT, State.SCHEDULED}),
        State.SCHEDULED: frozenset({State.DRAFT, State.SENDING}),
        State.SENDING: frozenset({State.STOPPED, State.SENT}),
        State.STOPPED: frozenset({State.SENDING, State.SENT}),
    }
    GOES: ClassVar[list[State]] = [State.SCHEDULED, State.SENDING, State.STOPPED, State.SENT]
    __table_args__ = (Index("ix_petition_updates_petition_state", "petition_id", "state"),)

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    state: Mapped[State] = mapped_column(states(State), default=State.DRAFT)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(default=now())
    on_page: Mapped[bool] = mapped_column(default=True)  # also on the petition's page, once it goes
    written_to: Mapped[int] = mapped_column(default=0)  # the last subscription that has its letter
    published_at: Mapped[datetime | None]  # when it began to go
    stopped_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    sent: Mapped[int] = mapped_column(default=0)  # once it is finished; its letters are forgotten after a while
    refused: Mapped[int] = mapped_column(default=0)

    petition: Mapped[Petition] = relationship()
    written_by: Mapped[Member] = relationship()
    texts: Mapped[list[UpdateText]] = relationship(order_by=UpdateText.language, cascade="all, delete-orphan")

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.SCHEDULED) & cls.petition_id.in_(_petitions_that_may_write())

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.DRAFT}

    @classmethod
    def last_on_page(cls, session: Session, petition_id: int) -> "PetitionUpdate | None":
        """What the petition's page shows as its last news."""
        return session.scalars(
            select(cls)
            .where(cls.petition_id == petition_id, cls.on_page, cls.published_at.is_not(None))
            .order_by(cls.published_at.desc())
            .limit(1)
        ).one_or_none()

    def text_for(self, language: str) -> UpdateText:
        """In the reader's language, else in the petition's first, else in whatever it was written in."""
        written = {text.language: text for text in self.texts}
        for wanted in (language, *self.petition.branch.languages):
            if wanted in written:
                return written[wanted]
        return self.texts[0]

    def schedule(self, session: Session, when: datetime, per_week: int) -> None:
        """It goes at that time. Raises NothingWritten, TooManyUpdates, IllegalTransition."""
        self.allow(session, when, per_week)
        self.move_to(PetitionUpdate.State.SCHEDULED)
        self.not_before, self.crashes = when, 0

    def await_second(self, session: Session, when: datetime, per_week: int) -> None:
        """It would go at that time, if another member agrees. Raises as `schedule` does."""
        self.allow(session, when, per_week)
        self.move_to(PetitionUpdate.State.ASKED)
        self.not_before = when

    def allow(self, session: Session, when: datetime, per_week: int) -> None:
        """Raises NothingWritten or TooManyUpdates."""
        if not self.texts:
            raise NothingWritten
        others = session.scalars(
            select(func.coalesce(PetitionUpdate.published_at, PetitionUpdate.not_before)).where(
                PetitionUpdate.petition_id == self.petition_id,
                PetitionUpdate.id != self.id,
                PetitionUpdate.state.in_(PetitionUpdate.GOES),
            )
        )
        times = sorted([*others, when])
        if any(later - first < WEEK for first, later in zip(times, times[per_week:], strict=False)):
            raise TooManyUpdates

    def rewrite(self) -> None:
        """Back to the desk: it has not gone to anybody yet. Raises IllegalTransition."""
        self.move_to(PetitionUpdate.State.DRAFT)

    def stop(self, moment: datetime) -> None:
        """At once: what has not left stays; if nothing has, it is a draft again. Raises IllegalTransition."""
        if self.state is PetitionUpdate.State.SCHEDULED:
            self.rewrite()
            return
        self.move_to(PetitionUpdate.State.STOPPED)
        self.stopped_at = moment

    def go_on(self) -> None:
        """Raises IllegalTransition."""
        self.move_to(PetitionUpdate.State.SENDING)
        self.stopped_at = None

    def end(self, session: Session, moment: datetime) -> int:
        """Keeps back for good what has not left; says how many letters that is. Raises IllegalTransition."""
        self.move_to(PetitionUpdate.State.SENT)
        session.flush()
        result = session.connection().execute(
            update(UpdateLetter.__table__)
            .where(UpdateLetter.update_id == self.id, is_state(UpdateLetter.state, Letter.State.READY))
            .values(state=Letter.State.WITHHELD, reason="stopped", lease_owner=None, lease_until=None)
        )
        self.finish(session, moment)
        return result.rowcount

    def finish(self, session: Session, moment: datetime) -> Progress:
        """Keeps the numbers; `progress` knows them from now on."""
        found = self.progress(session)
        self.sent, self.refused, self.finished_at = found.sent, found.refused, moment
        return found

    def progress(self, session: Session) -> Progress:
        if self.finished_at is not None:
            return Progress(self.sent, 0, self.refused)
        rows = session.execute(
            select(UpdateLetter.state, func.count())
            .where(UpdateLetter.update_id == self.id)
            .group_by(UpdateLetter.state)
        )
        counts = {state: count for state, count in rows}  # noqa: C416 - dict() takes a result for a mapping
        sent, waiting = counts.get(Letter.State.SENT, 0), counts.get(Letter.State.READY, 0)
        return Progress(sent, waiting, sum(counts.values()) - sent - waiting)


class UpdateLetter(Work, Stateful, Base):
    """One letter with news. In a table of its own: however many wait, no confirmation ever stands behind them."""

    __tablename__ = "update_letters"

    State = Letter.State
    moves = Letter.moves
    __table_args__ = (
        UniqueConstraint("update_id", "subscription_id"),
        Index(
            "ix_update_letters_due",
            "not_before",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    update_id: Mapped[int] = mapped_column(ForeignKey("petition_updates.id", ondelete="CASCADE"))
    subscription_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[Letter.State] = mapped_column(states(Letter.State), default=Letter.State.READY)
    reason: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(default=now(), index=True)
    sent_at: Mapped[datetime | None]

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        sending = select(PetitionUpdate.id).where(
            is_state(PetitionUpdate.state, PetitionUpdate.State.SENDING),
            PetitionUpdate.petition_id.in_(_petitions_that_may_write()),
        )
        return is_state(cls.state, Letter.State.READY) & cls.update_id.in_(sending)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": Letter.State.PARKED, "reason": "crashed"}

    @classmethod
    def emptied(cls) -> dict[str, None]:
        """What goes with it; the address is the subscription's, and stays there."""
        return {}


def _petitions_that_may_write() -> Select[int]:
    """Not those of a frozen branch, none while the operator's switch is thrown, and none that is no longer public."""
    thrown = exists().where(Switch.name == Switch.Name.UPDATES)
    public = [Petition.State.OPEN, Petition.State.PAUSED, Petition.State.CLOSED, Petition.State.ENDED]
    return (
        select(Petition.id)
        .join(Branch, Petition.branch_id == Branch.id)
        .where(Petition.state.in_(public), Branch.frozen_at.is_(None), ~thrown)
    )
