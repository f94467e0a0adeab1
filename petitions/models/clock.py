"""Statutory terms that run on a delivery: when the law says that an authority must have registered, forwarded, replied.

They begin with the delivery itself, although most laws count from registration: what an authority does after that
day is late by any count. Public holidays are not known here, so a term in working days may end a few days early.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, insert_or_ignore, public_id, states
from petitions.models.authority import Authority, Channel
from petitions.models.member import Member

if TYPE_CHECKING:
    from petitions.models.delivery import Delivery

VERY_OVERDUE_DAYS = 30  # once more what most laws give for a reply: then a superior body is asked


class ClockStopped(Exception):
    """It has been stopped before; what happened stays as it was noted."""


class Clock(Base):
    """One term of one delivery. Whether it is overdue is computed from its due day, never stored."""

    __tablename__ = "clocks"
    __table_args__ = (UniqueConstraint("delivery_id", "kind"),)

    class Kind(StrEnum):
        REGISTER = "register"
        FORWARD = "forward"
        REPLY = "reply"
        EXTENSION = "extension"  # the authority has said that it needs longer

    class State(StrEnum):
        AWAITING = "awaiting"
        OVERDUE = "overdue"
        VERY_OVERDUE = "very_overdue"
        STOPPED = "stopped"

    class StoppedBy(StrEnum):
        DONE = "done"  # registered, forwarded, answered
        EXTENDED = "extended"  # the extension runs in its place
        GIVEN_UP = "given_up"  # nothing more is expected

    public_id: Mapped[str] = public_id()
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    days: Mapped[int]
    working: Mapped[bool]  # working days of the authority, else calendar days
    starts_on: Mapped[date]
    due_on: Mapped[date] = mapped_column(index=True)
    stopped_on: Mapped[date | None]
    stopped_by: Mapped[StoppedBy | None] = mapped_column(states(StoppedBy))
    stopped_by_member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")  # "registered as 12-345"

    delivery: Mapped["Delivery"] = relationship()
    stopped_by_member: Mapped[Member | None] = relationship()

    STARTING = (Kind.REGISTER, Kind.FORWARD, Kind.REPLY)  # the extension is begun by the authority's own word

    @classmethod
    def start_for(cls, session: Session, delivery: "Delivery") -> "list[Clock]":
        """Starts what the authority's law counts from the day it was sent. A courtesy copy starts nothing; of several
        volumes whichever completes them; a second call changes nothing."""
        document = delivery.volume.document
        if delivery.channel.legal_effect is not Channel.LegalEffect.APPEAL:
            return []
        together = delivery.together
        if len(together) < len(document.volumes) or not all(one is delivery or one.has_gone for one in together):
            return []
        delivery = together[-1]  # whichever it was: so that there is one of each clock
        authority = document.addressee.authority
        today = database_time(session).astimezone(ZoneInfo(authority.time_zone)).date()
        starts_on = max(filter(None, (one.sent_on for one in together)), default=today)
        for kind in cls.STARTING:
            if (term := authority.clocks.get(kind.value)) is not None:
                cls._start(session, delivery, authority, kind, starts_on, term)
        return list(session.scalars(cls.of(delivery)))

    @classmethod
    def of(cls, delivery: "Delivery") -> Select["Clock"]:
        return select(cls).where(cls.delivery_id == delivery.id).order_by(cls.due_on, cls.id)

    @classmethod
    def running(cls) -> Select["Clock"]:
        """Not stopped, soonest first."""
        return select(cls).where(cls.stopped_on.is_(None)).order_by(cls.due_on, cls.id)

    def stop(self, member: Member, today: date, why: StoppedBy = StoppedBy.DONE, note: str = "") -> None:
        """What was waited for has happened, or is not expected any more. Raises ClockStopped."""
        if self.stopped_on is not None:
            raise ClockStopped
        self.stopped_on, self.stopped_by, self.stopped_by_member, self.note = today, why, member, note[:200]

    def extend(self, session: Session, member: Member, today: date) -> None:
        """The authority has announced that it needs longer: its term is added to the reply's. Raises ClockStopped."""
        self.stop(member, today, self.StoppedBy.EXTENDED)
        authority = self.delivery.volume.document.addressee.authority
        term = authority.clocks.get(self.Kind.EXTENSION.value) or {"days": self.days, "working": self.working}
        self._start(session, self.delivery, authority, self.Kind.EXTENSION, self.due_on, term)

    def state_on(self, today: date) -> State:
        if self.stopped_on is not None:
            return self.State.STOPPED
        late = self.days_late(today)
        if late <= 0:
            return self.State.AWAITING
        return self.State.VERY_OVERDUE if late > VERY_OVERDUE_DAYS else self.State.OVERDUE

    def days_left(self, today: date) -> int:
        return max(0, (self.due_on - today).days)

    def days_late(self, today: date) -> int:
        return (today - self.due_on).days

    def days_waited(self, today: date) -> int:
        """"no answer, day 47": the day of delivery is day 0."""
        return (today - self.starts_on).days

    @classmethod
    def _start(
        cls,
        session: Session,
        delivery: "Delivery",
        authority: Authority,
        kind: Kind,
        starts_on: date,
        term: dict[str, object],
    ) -> None:
        days, working = int(str(term["days"])), bool(term.get("working"))
        insert_or_ignore(
            session,
            cls,
            {
                "delivery_id": delivery.id,
                "kind": kind,
                "days": days,
                "working": working,
                "starts_on": starts_on,
                "due_on": due_day(starts_on, days, authority.working_days if working else None),
            },
        )


def due_day(start: date, days: int, working_days: Iterable[int] | None = None) -> date:
    """The last day of a term that begins on the day after `start`; Monday is 0. `None`: calendar days."""
    worked = set(range(7)) if working_days is None else set(working_days) or set(range(7))
    day = start
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() in worked
    return day
