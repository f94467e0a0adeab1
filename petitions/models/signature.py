"""A signature: one person's name under one petition, sealed as soon as it is typed (privacy.md)."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, insert_or_ignore, is_state, now, public_id, states
from petitions.models.authority import Addressee
from petitions.models.held_copy import HeldCopy
from petitions.models.letter import Letter
from petitions.models.transitions import IllegalTransition, Moves, Stateful

if TYPE_CHECKING:
    from petitions.models.petition import Petition, PetitionText


class LinkExpired(Exception):
    """The link worked for a while and does not any more; the owner can sign again."""


class SignatureHeld(Exception):
    """A person looks at it before it counts; the owner's yes is kept."""


class NotConfirmable(Exception):
    """It was taken back by its owner or struck by a moderator: a click in an old letter does not undo that."""


class AlreadySigned(Exception):
    """This mailbox has confirmed another signature under this petition."""


class PetitionOver(Exception):
    """The petition no longer takes confirmations."""


class Disclosure(StrEnum):
    """To whom a signer's name may be shown. Asked, never assumed."""

    COUNT_ONLY = "count_only"
    INTERNATIONAL = "international"
    ALL = "all"

    @classmethod
    def admitting(cls, circle: Addressee.Circle) -> list["Disclosure"]:
        """The answers that let an addressee of this circle see the name."""
        return [cls.ALL, cls.INTERNATIONAL] if circle is Addressee.Circle.INTERNATIONAL else [cls.ALL]


class Pace(IntEnum):
    """How long an owner took from the letter to the button: a class, because the exact time would say when."""

    SECONDS = 0  # faster than people read (`quick_confirm_seconds`)
    MINUTES = 1  # up to ten
    HOUR = 2
    DAY = 3
    LATER = 4

    @classmethod
    def of(cls, seconds: float, quick: float) -> "Pace":
        ends = {cls.SECONDS: quick, cls.MINUTES: 600, cls.HOUR: 3_600, cls.DAY: 86_400}
        return next((pace for pace, end in ends.items() if seconds <= end), cls.LATER)


class DataKey(Base):
    """A data key, sealed to the branch: what opens the boxes of one petition, purpose and quarter of an hour."""

    __tablename__ = "data_keys"

    class Purpose(StrEnum):
        NAMES = "names"
        MAIL = "mail"
        UPDATES = "updates"  # of subscriptions, which outlive signatures

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[Purpose] = mapped_column(states(Purpose))
    sealed_key: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now())


class Slot(Base):
    """The one confirmed signature of a mailbox under a petition. A withdrawal sets `tag` to NULL: the slot is free."""

    __tablename__ = "slots"
    __table_args__ = (UniqueConstraint("petition_id", "tag"),)

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    tag: Mapped[bytes | None]
    signature_id: Mapped[int] = mapped_column(ForeignKey("signatures.id", ondelete="CASCADE"), unique=True)


WAITING = "state IN ('pending', 'held')"  # typed, and not yet counted or gone: one row for one form


class Signature(Stateful, Base):
    __tablename__ = "signatures"

    class State(StrEnum):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        HELD = "held"
        EXPIRED = "expired"
        VOID = "void"
        INVALIDATED = "invalidated"
        WITHDRAWN = "withdrawn"

    moves: ClassVar[Moves] = {
        State.PENDING: frozenset({State.CONFIRMED, State.HELD, State.EXPIRED, State.VOID}),
        State.CONFIRMED: frozenset({State.HELD, State.INVALIDATED, State.WITHDRAWN}),
        State.HELD: frozenset(
            {State.PENDING, State.CONFIRMED, State.INVALIDATED, State.WITHDRAWN, State.VOID, State.EXPIRED}
        ),
        State.INVALIDATED: frozenset({State.CONFIRMED, State.HELD}),  # undone: what it was
    }
    __table_args__ = (
        Index(
            "uq_signatures_waiting",
            "petition_id",
            "dedup_tag",
            "content_tag",
            unique=True,
            sqlite_where=text(WAITING),
            postgresql_where=text(WAITING),
        ),
        Index(
            "ix_signatures_uncounted",
            "petition_id",
            sqlite_where=text("state = 'confirmed' AND position IS NULL"),
            postgresql_where=text("state = 'confirmed' AND position IS NULL"),
        ),
        Index(
            "ix_signatures_unlogged",
            "petition_id",
            sqlite_where=text("state = 'withdrawn' AND position IS NOT NULL AND withdrawal_position IS NULL"),
            postgresql_where=text("state = 'withdrawn' AND position IS NOT NULL AND withdrawal_position IS NULL"),
        ),
        Index(
            "uq_signatures_withdrawal",
            "petition_id",
            "withdrawal_position",
            unique=True,
            sqlite_where=text("withdrawal_position IS NOT NULL"),
            postgresql_where=text("withdrawal_position IS NOT NULL"),
        ),
        Index(
            "ix_signatures_held",
            "petition_id",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
        Index(
            "ix_signatures_unconfirmed",
            "expires_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_signatures_unlisted",
            "petition_id",
            sqlite_where=text("state = 'confirmed' AND wants_listing AND public_name IS NULL"),
            postgresql_where=text("state = 'confirmed' AND wants_listing AND public_name IS NULL"),
        ),
        Index(
            "ix_signatures_wants_news",
            "petition_id",
            sqlite_where=text("state = 'confirmed' AND wants_news"),
            postgresql_where=text("state = 'confirmed' AND wants_news"),
        ),
        Index(
            "ix_signatures_public_name",
            "petition_id",
            "public_name",
            sqlite_where=text("public_name IS NOT NULL"),
            postgresql_where=text("public_name IS NOT NULL"),
        ),
        Index("ix_signatures_roll", "petition_id", "confirmed_on", "position"),
        Index("ix_signatures_created_hour", "created_hour"),
        UniqueConstraint("petition_id", "position"),
    )

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    text_id: Mapped[int] = mapped_column(ForeignKey("petition_texts.id"))
    state: Mapped[State] = mapped_column(states(State), default=State.PENDING)
    held_reason: Mapped[str | None] = mapped_column(String(40))
    country: Mapped[str] = mapped_column(String(2), default="")  # ISO 3166-1; empty: preferred not to say
    disclosure: Mapped[Disclosure] = mapped_column(states(Disclosure))
    shows_city: Mapped[bool] = mapped_column(default=False)
    wants_listing: Mapped[bool] = mapped_column(default=False)  # "show my name on this page"
    # A wish not carried out yet: the worker makes a subscription of it, and takes it back here.
    wants_news: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    public_name: Mapped[str | None] = mapped_column(String(200))  # only if confirmed and listed; the worker writes it
    dedup_tag: Mapped[bytes | None]
    content_tag: Mapped[bytes | None]
    net_tag: Mapped[bytes | None]
    confirm_net_tag: Mapped[bytes | None]  # where the button was pressed; kept as briefly as the other
    confirm_pace: Mapped[int | None]  # Pace
    name_key_id: Mapped[int | None] = mapped_column(ForeignKey("data_keys.id"))
    mail_key_id: Mapped[int | None] = mapped_column(ForeignKey("data_keys.id"))
    # The web process must not read these two: it gets an error, and on PostgreSQL a refusal (grants).
    name_box: Mapped[bytes | None] = mapped_column(deferred=True, deferred_raiseload=True)
    mail_box: Mapped[bytes | None] = mapped_column(deferred=True, deferred_raiseload=True)
    self_box: Mapped[bytes | None]
    commitment: Mapped[bytes]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    expires_at: Mapped[datetime]  # binding only while pending
    created_hour: Mapped[datetime]
    owner_confirmed_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    erased_at: Mapped[datetime | None]
    position: Mapped[int | None]  # of its leaf in the log, from 1
    withdrawal_position: Mapped[int | None]  # of the leaf that takes it back
    counts_again_since: Mapped[datetime | None]  # held or struck after it was counted; editions of then leave it out

    petition: Mapped["Petition"] = relationship()
    text: Mapped["PetitionText"] = relationship()

    # -- the owner's acts ----------------------------------------------------------------------------

    @classmethod
    def with_token(cls, session: Session, token_hash: bytes) -> "Signature | None":
        """The row a link belongs to, locked against a second click where the database can."""
        found = session.scalars(select(cls).where(cls.token_hash == token_hash).with_for_update())
        return found.one_or_none()

    def confirm(self, session: Session, grace_hours: int) -> None:
        """The owner's yes, from the inbox; a second click changes nothing.

        Raises LinkExpired, PetitionOver, AlreadySigned, NotConfirmable, or SignatureHeld (whose yes is kept).
        """
        moment = database_time(session)
        if self.state is Signature.State.CONFIRMED:
            return
        if self.state is Signature.State.HELD:
            self.owner_confirmed_on = self.owner_confirmed_on or moment.date()
            raise SignatureHeld
        if self.state is Signature.State.VOID:
            raise AlreadySigned
        if self.state in {Signature.State.WITHDRAWN, Signature.State.INVALIDATED}:
            raise NotConfirmable
        if self.state is not Signature.State.PENDING or self.expires_at <= moment:
            raise LinkExpired
        if not self.petition.takes_confirmations(moment, grace_hours):
            raise PetitionOver
        if not self._take_slot(session):
            self.move_to(Signature.State.VOID)
            raise AlreadySigned
        self.move_to(Signature.State.CONFIRMED)
        self.owner_confirmed_on = self.confirmed_on = moment.date()
        self._void_others(session)

    def note_pace(self, session: Session, net_tag: bytes | None, quick_seconds: int) -> None:
        """From which network the owner said yes, and how soon after the letter: kept for a few days, because robots
        that press buttons are many and quick (cases.md D8)."""
        if self.confirm_pace is not None:
            return
        sent_at = session.scalar(select(func.max(Letter.sent_at)).where(Letter.signature_id == self.id))
        if sent_at is not None:
            taken = (database_time(session) - sent_at).total_seconds()
            self.confirm_net_tag, self.confirm_pace = net_tag, Pace.of(taken, quick_seconds)

    def withdraw(self, session: Session) -> None:
        """Takes the name back; a second click changes nothing. Raises IllegalTransition from other states."""
        if self.state is Signature.State.WITHDRAWN:
            return
        if self.state in {Signature.State.PENDING, Signature.State.HELD} and self.position is None:
            self.move_to(Signature.State.VOID)  # never counted: nothing to withdraw from
        else:
            counted = self.state is Signature.State.CONFIRMED
            self.move_to(Signature.State.WITHDRAWN)
            if counted:
                self._uncount(session)
        self.withdrawn_on = database_time(session).date()
        self.public_name = None
        self._free_slot(session)

    def choose(self, disclosure: Disclosure, shows_city: bool, wants_listing: bool) -> None:
        """Changes who may see the name; acts on everything not yet transmitted."""
        self.disclosure, self.shows_city, self.wants_listing = disclosure, shows_city, wants_listing
        if not wants_listing:
            self.public_name = None
        if self.state in {Signature.State.PENDING, Signature.State.HELD}:
            self.content_tag = None  # no longer what the form said: the same form again is another choice

    def erase(self, session: Session) -> None:
        """Withdraws first, then removes everything personal: boxes, tags, public name, the way in."""
        if self.state not in {Signature.State.WITHDRAWN, Signature.State.VOID, Signature.State.EXPIRED}:
            if self.state is Signature.State.INVALIDATED:
                self._free_slot(session)
            else:
                self.withdraw(session)
        self.forget(session)

    def forget(self, session: Session, *, keeps_slot: bool = False) -> None:
        """Nulls what is personal and keeps the row's state and day: retention, expiry and erasure share it.

        `keeps_slot`: the mailbox cannot sign again, since its signature still counts under an open petition. What
        never counted loses its country too."""
        if not keeps_slot:
            self._free_slot(session)
        self.erased_at = database_time(session)
        session.flush()
        HeldCopy.empty(session, self.id)
        session.execute(
            update(Signature)
            .where(Signature.id == self.id)
            .values(
                name_box=None, mail_box=None, self_box=None, public_name=None, dedup_tag=None, content_tag=None,
                net_tag=None, confirm_net_tag=None, confirm_pace=None, token_hash=None, name_key_id=None,
                mail_key_id=None, wants_listing=False, wants_news=False, shows_city=False,
                country="" if self.position is None else self.country,
            )
            .execution_options(synchronize_session="fetch")
        )

    # -- the moderator's acts ------------------------------------------------------------------------

    def hold(self, session: Session, reason: str) -> None:
        counted = self.state is Signature.State.CONFIRMED
        if counted:
            self._void_others(session)  # of one form only one row may wait
        self.move_to(Signature.State.HELD)
        self.held_reason, self.public_name = reason, None
        if counted:
            self._uncount(session)

    def release(self, session: Session) -> None:
        """From held back to pending, so that the letter goes; confirmed only if the owner had said yes."""
        if self.state is not Signature.State.HELD:
            raise IllegalTransition("signature", self.state, Signature.State.PENDING)
        self.held_reason = None
        if self.owner_confirmed_on is None:
            self.move_to(Signature.State.PENDING)
            return
        if not self._take_slot(session):
            self.move_to(Signature.State.VOID)
            return
        self.move_to(Signature.State.CONFIRMED)
        self.confirmed_on = self.confirmed_on or database_time(session).date()
        self._count_again(session)

    def reinstate(self, session: Session, was: "Signature.State") -> None:
        """A strike undone: held again, or confirmed and counted again. Raises IllegalTransition; AlreadySigned where
        another signature of the same mailbox has taken its place since."""
        if self.state is not Signature.State.INVALIDATED or self.erased_at is not None:
            raise IllegalTransition("signature", self.state, was)
        if was is Signature.State.CONFIRMED and not self._take_slot(session):
            raise AlreadySigned
        self.move_to(was)
        self.held_reason = None
        if was is Signature.State.HELD:
            self.held_reason, self.content_tag = "reinstated", None  # the same form may wait again meanwhile
        if was is Signature.State.CONFIRMED:
            self._count_again(session)

    def invalidate(self, session: Session, reason: str) -> None:
        counted = self.state is Signature.State.CONFIRMED
        self.move_to(Signature.State.INVALIDATED)
        self.held_reason, self.public_name = reason, None
        if counted:
            self._uncount(session)

    @classmethod
    def uncounted(cls) -> ColumnElement[bool]:
        """Confirmed and not in the log yet."""
        return is_state(cls.state, cls.State.CONFIRMED) & cls.position.is_(None)

    @classmethod
    def unlogged(cls) -> ColumnElement[bool]:
        """Withdrawn after it was counted, and the log does not say so yet."""
        withdrawn = is_state(cls.state, cls.State.WITHDRAWN)
        return withdrawn & cls.position.is_not(None) & cls.withdrawal_position.is_(None)

    @classmethod
    def count_by_state(cls, session: Session, petition_id: int) -> "dict[Signature.State, int]":
        counted = select(cls.state, func.count()).where(cls.petition_id == petition_id).group_by(cls.state)
        return {state: count for state, count in session.execute(counted)}  # noqa: C416 - dict() takes a result for a mapping

    # -- below: how ------------------------------------------------------------------------------------

    def _take_slot(self, session: Session) -> bool:
        insert_or_ignore(
            session, Slot, {"petition_id": self.petition_id, "tag": self.dedup_tag, "signature_id": self.id}
        )
        holder = session.scalar(
            select(Slot.signature_id).where(Slot.petition_id == self.petition_id, Slot.tag == self.dedup_tag)
        )
        return holder == self.id

    def _free_slot(self, session: Session) -> None:
        session.execute(update(Slot).where(Slot.signature_id == self.id).values(tag=None))

    def _void_others(self, session: Session) -> None:
        """But for those being confirmed at this moment: they wait for our slot, and become void by themselves."""
        others = select(Signature.id).where(
            Signature.petition_id == self.petition_id,
            Signature.dedup_tag == self.dedup_tag,
            is_state(Signature.state, Signature.State.PENDING, Signature.State.HELD),  # as the index says
            is_state(Signature.state, Signature.State.PENDING),
            Signature.id != self.id,
        )
        session.execute(
            update(Signature)
            .where(Signature.id.in_(others.with_for_update(skip_locked=True)))
            .values(state=Signature.State.VOID)
            .execution_options(synchronize_session=False)
        )

    def _uncount(self, session: Session) -> None:
        if self.position is not None:
            self._recount_one(session, -1)

    def _count_again(self, session: Session) -> None:
        if self.position is not None:
            self.counts_again_since = database_time(session)
            self._recount_one(session, +1)

    def _recount_one(self, session: Session, step: int) -> None:
        petition = type(self.petition)
        session.execute(
            update(petition)
            .where(petition.id == self.petition_id)
            .values(confirmed_count=petition.confirmed_count + step)
            .execution_options(synchronize_session=False)
        )


def cause_period(moment: datetime) -> int:
    """One letter of a kind for one signature in ten minutes: a double click is one cause, a later try another."""
    return int(moment.timestamp()) // 600


def letter_cause(kind: Letter.Kind, signature: str, moment: datetime) -> str:
    return f"{kind}:{signature}:{cause_period(moment)}"
