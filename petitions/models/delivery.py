"""One document on its way to one authority by one channel. A failure never becomes "sent"."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, now, public_id, states
from petitions.models.authority import Channel
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work

if TYPE_CHECKING:
    from petitions.models.edition import Volume


class Delivery(Work, Stateful, Base):
    __tablename__ = "deliveries"

    class State(StrEnum):
        READY = "ready"  # may go as soon as `not_before` has come
        TRANSMITTING = "transmitting"  # committed before the first byte goes
        ACCEPTED = "accepted"  # the relay said 250 to the final dot
        DELIVERED = "delivered"
        REJECTED = "rejected"  # refused for good
        TOO_BIG = "too_big"
        UNCERTAIN = "uncertain"  # the dot was sent and no answer came: never sent again by itself
        BOUNCED = "bounced"
        CANCELLED = "cancelled"  # stopped before it left
        SUPERSEDED = "superseded"  # its document was compiled again before it left

    moves: ClassVar[Moves] = {
        State.READY: frozenset({State.TRANSMITTING, State.TOO_BIG, State.CANCELLED, State.SUPERSEDED}),
        State.TRANSMITTING: frozenset(
            {State.READY, State.ACCEPTED, State.REJECTED, State.TOO_BIG, State.UNCERTAIN}
        ),
        State.UNCERTAIN: frozenset({State.ACCEPTED, State.READY, State.BOUNCED, State.CANCELLED}),
        State.ACCEPTED: frozenset({State.DELIVERED, State.BOUNCED}),
        State.REJECTED: frozenset({State.READY, State.CANCELLED}),
        State.TOO_BIG: frozenset({State.SUPERSEDED, State.CANCELLED}),
        State.BOUNCED: frozenset({State.READY, State.CANCELLED}),
    }
    __table_args__ = (
        UniqueConstraint("volume_id", "channel_id"),
        Index(
            "ix_deliveries_due",
            "not_before",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.READY)
    hold_reason: Mapped[str | None] = mapped_column(String(80))  # stops any state until a person lifts it
    created_at: Mapped[datetime] = mapped_column(default=now())
    transmitting_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    mail_sha256: Mapped[str | None] = mapped_column(String(64))  # the message as sent, in the archive

    volume: Mapped["Volume"] = relationship(back_populates="deliveries")
    channel: Mapped[Channel] = relationship()
    attempts: Mapped[list["DeliveryAttempt"]] = relationship(
        back_populates="delivery", order_by="DeliveryAttempt.id", cascade="all, delete-orphan"
    )

    @property
    def message_id_local(self) -> str:
        """The stable local part of its Message-ID."""
        return f"delivery.{self.public_id}"


class DeliveryAttempt(Base):
    """One try: what the relay said, or why nobody knows."""

    __tablename__ = "delivery_attempts"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    happened_at: Mapped[datetime] = mapped_column(default=now())
    outcome: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(40), default="")
    code: Mapped[int | None]
    reply: Mapped[str] = mapped_column(Text, default="")

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")
