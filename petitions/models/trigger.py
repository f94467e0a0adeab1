"""Standing orders: an edition that nobody needs to ask for when its moment comes."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, public_id, states
from petitions.models.member import Member
from petitions.models.prisoner import PrisonerEvent

WHOLE_DAY = len("2026-11-22")  # of a partial date that names its day


class Trigger(Base):
    """A standing order for an edition, approved by two members when it is set. It fires once."""

    __tablename__ = "triggers"
    __table_args__ = (UniqueConstraint("petition_id", "threshold"),)

    class Kind(StrEnum):
        COUNT = "count"  # as soon as `threshold` signatures are confirmed
        DATE = "date"  # on `on_date`
        HEARING = "hearing"  # `days_before` the next hearing; not kept back by the gap between editions
        CLOSING = "closing"  # when the petition has closed and the last links have run out

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind), default=Kind.COUNT, server_default=Kind.COUNT.value)
    threshold: Mapped[int | None]  # confirmed signatures
    on_date: Mapped[date | None]
    days_before: Mapped[int | None]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    fired_at: Mapped[datetime | None]

    asked_by: Mapped[Member] = relationship(foreign_keys=asked_by_id)
    approved_by: Mapped[Member | None] = relationship(foreign_keys=approved_by_id)

    @property
    def armed(self) -> bool:
        return self.approved_by_id is not None and self.fired_at is None

    @property
    def urgent(self) -> bool:
        """A court does not wait for the gap between editions."""
        return self.kind is Trigger.Kind.HEARING

    def due(self, *, confirmed: int, today: date, closed: bool, hearing: date | None) -> bool:
        """Whether its moment has come. `closed` is so when every confirmation that may still count has arrived."""
        if self.kind is Trigger.Kind.COUNT:
            return self.threshold is not None and confirmed >= self.threshold
        if self.kind is Trigger.Kind.DATE:
            return self.on_date is not None and today >= self.on_date
        if self.kind is Trigger.Kind.HEARING:
            return hearing is not None and today >= hearing - timedelta(days=self.days_before or 0)
        return closed


def next_hearing(events: Iterable[PrisonerEvent], today: date) -> date | None:
    """The first hearing from today on whose day is known."""
    days = sorted(
        event.happened
        for event in events
        if event.kind is PrisonerEvent.Kind.HEARING and len(event.happened) == WHOLE_DAY
    )
    return next((date.fromisoformat(day) for day in days if day >= today.isoformat()), None)
