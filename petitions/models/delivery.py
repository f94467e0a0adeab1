"""One document on its way to one authority by one channel. A failure never becomes "sent"."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, is_state, now, public_id, states
from petitions.models.authority import Channel
from petitions.models.member import Member
from petitions.models.transitions import IllegalTransition, Moves, Stateful
from petitions.models.work import Work

if TYPE_CHECKING:
    from petitions.models.document import Volume


class AtWork(Exception):
    """A worker has the delivery in hand: what is decided now would be overwritten, or comes too late."""


class OnHold(Exception):
    """A hold stops it; lift that first."""


class NotOnHold(Exception):
    """Nothing holds it."""


class AlreadyLeft(Exception):
    """It has left: it cannot be held any more."""


class Delivery(Work, Stateful, Base):
    __tablename__ = "deliveries"

    class State(StrEnum):
        READY = "ready"  # by e-mail: may go as soon as `not_before` has come
        TRANSMITTING = "transmitting"  # committed before the first byte goes
        ACCEPTED = "accepted"  # the relay said 250 to the final dot; the portal registered it
        DELIVERED = "delivered"
        REJECTED = "rejected"  # refused for good
        TOO_BIG = "too_big"
        UNCERTAIN = "uncertain"  # the dot was sent and no answer came: never sent again by itself
        BOUNCED = "bounced"
        PACK_READY = "pack_ready"  # by post: somebody has to print it
        PRINTED = "printed"
        POSTED = "posted"
        RETURNED = "returned"
        AWAITING_PERSON = "awaiting_person"  # portal, by hand: nobody has taken it on yet
        ASSIGNED = "assigned"
        SUBMITTED = "submitted"
        REFUSED = "refused"
        HANDED_OVER = "handed_over"
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
        State.PACK_READY: frozenset({State.PRINTED, State.CANCELLED, State.SUPERSEDED}),
        State.PRINTED: frozenset({State.POSTED, State.PACK_READY, State.CANCELLED, State.SUPERSEDED}),
        State.POSTED: frozenset({State.DELIVERED, State.RETURNED}),
        State.RETURNED: frozenset({State.PACK_READY, State.CANCELLED}),
        State.AWAITING_PERSON: frozenset({State.ASSIGNED, State.CANCELLED, State.SUPERSEDED}),
        State.ASSIGNED: frozenset(
            {State.SUBMITTED, State.HANDED_OVER, State.AWAITING_PERSON, State.CANCELLED, State.SUPERSEDED}
        ),
        State.SUBMITTED: frozenset({State.ACCEPTED, State.REFUSED}),
        State.REFUSED: frozenset({State.AWAITING_PERSON, State.CANCELLED}),
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

    # Where each kind of channel begins: only an e-mail is a worker's work.
    FIRST: ClassVar[dict[Channel.Kind, State]] = {
        Channel.Kind.EMAIL: State.READY,
        Channel.Kind.POST: State.PACK_READY,
        Channel.Kind.PORTAL: State.AWAITING_PERSON,
        Channel.Kind.BY_HAND: State.AWAITING_PERSON,
    }
    WAITING: ClassVar[frozenset[State]] = frozenset(  # not out of the house yet
        {State.READY, State.TOO_BIG, State.PACK_READY, State.PRINTED, State.AWAITING_PERSON, State.ASSIGNED}
    )
    OUT: ClassVar[frozenset[State]] = frozenset(  # the authority has it, or may have it
        {
            State.TRANSMITTING, State.UNCERTAIN, State.ACCEPTED, State.DELIVERED,
            State.POSTED, State.SUBMITTED, State.HANDED_OVER,
        }
    )
    GONE: ClassVar[frozenset[State]] = OUT - {State.TRANSMITTING, State.UNCERTAIN}
    # What a person may say that became of one that waits for an answer.
    ANSWERS: ClassVar[dict[str, State]] = {
        "accepted": State.ACCEPTED,
        "not-sent": State.READY,
        "bounced": State.BOUNCED,
        "cancelled": State.CANCELLED,
    }

    public_id: Mapped[str] = public_id()
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.READY)
    hold_reason: Mapped[str | None] = mapped_column(String(80))  # stops any state until a person lifts it
    created_at: Mapped[datetime] = mapped_column(default=now())
    transmitting_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    mail_sha256: Mapped[str | None] = mapped_column(String(64))  # the message as sent, in the archive
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))  # who files it or takes it there
    sent_on: Mapped[date | None]  # posted, filed, handed over
    reference: Mapped[str] = mapped_column(String(120), default="", server_default="")  # tracking, registration no.
    # its letter says where all volumes are fetched (link.py); there is none for the others
    by_link: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    volume: Mapped["Volume"] = relationship(back_populates="deliveries")
    channel: Mapped[Channel] = relationship()
    assigned_to: Mapped[Member | None] = relationship()
    attempts: Mapped[list["DeliveryAttempt"]] = relationship(
        back_populates="delivery", order_by="DeliveryAttempt.id", cascade="all, delete-orphan"
    )

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.READY) & cls.hold_reason.is_(None)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"hold_reason": "crashed"}

    @property
    def message_id_local(self) -> str:
        """The stable local part of its Message-ID."""
        return f"delivery.{self.public_id}"

    @property
    def together(self) -> "list[Delivery]":
        """The volumes of its document by the same channel, the first one first: only all of them are the document."""
        return [
            one
            for volume in self.volume.document.volumes
            for one in volume.deliveries
            if one.channel_id == self.channel_id
        ]

    @property
    def has_gone(self) -> bool:
        """Taken by the relay or the portal, by the post, or there."""
        return self.state in Delivery.GONE

    @property
    def waits(self) -> bool:
        return self.state in Delivery.WAITING

    @property
    def by_person(self) -> bool:
        """It waits for somebody to print it, file it or take it there."""
        return self.waits and self.channel.kind is not Channel.Kind.EMAIL and self.state is not Delivery.State.TOO_BIG

    @property
    def out(self) -> bool:
        return self.state in Delivery.OUT

    @property
    def at_work(self) -> bool:
        """A worker holds the row, or has begun to send."""
        return self.state is Delivery.State.TRANSMITTING or self.lease_owner is not None

    # -- what a person decides -----------------------------------------------------------------------------

    def hold(self, reason: str) -> None:
        """Stops it until somebody lifts the hold. Raises AlreadyLeft, AtWork."""
        if not self.waits:
            raise AlreadyLeft(f"it is {self.state}: only a delivery that has not left can be held")
        self._let_be()
        self.hold_reason = reason

    def lift(self) -> str:
        """Lets it go on; returns what held it. Raises NotOnHold."""
        if self.hold_reason is None:
            raise NotOnHold
        reason, self.hold_reason, self.crashes = self.hold_reason, None, 0
        return reason

    def resolve(self, answer: str, evidence: str, moment: datetime, member: Member | None = None) -> None:
        """What became of it, as a person found out (a key of ANSWERS). Raises AtWork, IllegalTransition."""
        self._let_be()
        self.move_to(Delivery.ANSWERS[answer])
        self.crashes = self.tries = 0
        if self.state is Delivery.State.READY:
            self.settled_at, self.not_before = None, moment
            self.hold_reason = self.last_error_class = None
            self.channel.failing_since = None  # an owner says that it may be tried again
        else:
            self.settled_at = moment
        self.note("resolved", evidence, member, reason=answer)

    def cancel(self, reason: str, moment: datetime, member: Member) -> None:
        """It is not going to be sent. Raises AtWork, IllegalTransition."""
        self._let_be()
        self.move_to(Delivery.State.CANCELLED)
        self.settled_at = moment
        self.note("cancelled", reason, member)

    # -- what a person does: print, post, file, take there ------------------------------------------------------

    def take(self, who: Member, member: Member) -> None:
        """Somebody is going to file it or to take it there."""
        self._go_on(Delivery.State.ASSIGNED)
        self.assigned_to = who
        self.note("assigned", "", member)

    def give_back(self, member: Member) -> None:
        self._go_on(Delivery.State.AWAITING_PERSON)
        self.assigned_to = None
        self.note("given_back", "", member)

    def printed(self, member: Member) -> None:
        self._go_on(Delivery.State.PRINTED)
        self.note("printed", "", member)

    def again(self, reason: str, member: Member) -> None:
        """From the beginning of its way: spoiled at the printer, come back, refused by the portal."""
        self._go_on(Delivery.FIRST[self.channel.kind])
        self.assigned_to = self.sent_on = self.settled_at = None
        self.reference = ""
        self.note("again", reason, member)

    def leave(self, state: State, on: date, reference: str, note: str, member: Member) -> None:
        """Posted, submitted or handed over on a day, with the number that proves it."""
        self._go_on(state)
        self.sent_on, self.reference = on, reference
        self.note(state.value, note, member)

    def arrive(self, state: State, on: date, note: str, moment: datetime, member: Member) -> None:
        """Delivered, returned, accepted or refused: what the post or the portal said."""
        self._go_on(state)
        self.settled_at = moment
        self.note(state.value, note, member, reason=on.isoformat())

    def note(self, outcome: str, words: str, member: Member | None, *, reason: str = "") -> None:
        """One line of its history."""
        self.attempts.append(DeliveryAttempt(outcome=outcome, reason=reason, reply=words, by=member))

    # -- below: how ------------------------------------------------------------------------------------------

    def _go_on(self, state: State) -> None:
        if self.hold_reason is not None:
            raise OnHold
        if state is Delivery.State.ACCEPTED and self.state is not Delivery.State.SUBMITTED:
            raise IllegalTransition("delivery", self.state, state)  # of an e-mail only the relay or evidence says so
        self.move_to(state)

    def _let_be(self) -> None:
        if self.at_work:
            raise AtWork


class DeliveryAttempt(Base):
    """One try: what the relay said, or why nobody knows; or what a person did or found out."""

    __tablename__ = "delivery_attempts"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    happened_at: Mapped[datetime] = mapped_column(default=now())
    outcome: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(40), default="")
    code: Mapped[int | None]
    reply: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    delivery: Mapped[Delivery] = relationship(back_populates="attempts")
    by: Mapped[Member | None] = relationship()
