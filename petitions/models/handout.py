"""What one named person may fetch once: a whole document to print or file, an export.

A second person has granted it. Fetching begins with a token that only this member's page has: the row keeps its hash,
and the token sealed to the branch key for the worker, which puts the bytes into the row under a key made of the token.
So the database alone opens nothing, and the web never reads the archive. Fetching takes the bytes out of the row in the
transaction that answers; what is not fetched within the hour is taken out too and can be begun again while it is
granted.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import parcel
from petitions.db import Base, is_state, now, public_id, states
from petitions.models.branch import Branch
from petitions.models.delivery import Delivery, OnHold
from petitions.models.export import Export
from petitions.models.member import Member
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work
from petitions.tokens import new_token, token_hash

GRANTED_HOURS = 24  # as long as it takes to come to a printer, no longer
MADE_HOURS = 1  # how long the bytes wait for whoever asked for them


class HandoutOver(Exception):
    """It has been fetched, or the time to fetch it is over; it must be granted anew."""


class NotByPerson(Exception):
    """Nobody has to print or file it: it goes by e-mail, has left, or will not leave at all."""


class DeliveriesStopped(Exception):
    """Nothing of this petition leaves now, by whatever way."""


class NotFetched(Exception):
    """Nobody has it in hand: it has not been released, or not been fetched."""


class NotMade(Exception):
    """The worker has not put the bytes there (yet), or they were taken out again."""


def require_releasable(delivery: Delivery) -> None:
    """Asked when it is asked for, when it is granted and when it is made. Raises NotByPerson, OnHold,
    DeliveriesStopped."""
    if not delivery.by_person:
        raise NotByPerson
    if delivery.hold_reason is not None:
        raise OnHold
    if not delivery.volume.document.edition.petition.may_deliver:
        raise DeliveriesStopped


class Handout(Work, Stateful, Base):
    __tablename__ = "handouts"

    class State(StrEnum):
        GRANTED = "granted"
        ASKED = "asked"  # the worker puts the bytes there
        READY = "ready"
        FETCHED = "fetched"
        LAPSED = "lapsed"
        FAILED = "failed"

    moves: ClassVar[Moves] = {
        State.GRANTED: frozenset({State.ASKED, State.LAPSED}),
        State.ASKED: frozenset({State.ASKED, State.READY, State.FAILED, State.LAPSED}),
        State.READY: frozenset({State.ASKED, State.FETCHED, State.GRANTED, State.LAPSED}),
    }
    __table_args__ = (
        Index(
            "ix_handouts_due",
            "not_before",
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)  # nobody else may fetch it
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id"), index=True)  # a document: for this
    export_id: Mapped[int | None] = mapped_column(ForeignKey("exports.id"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.GRANTED)
    granted_at: Mapped[datetime] = mapped_column(default=now())
    expires_at: Mapped[datetime]
    file_name: Mapped[str] = mapped_column(String(160))
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    sealed_token: Mapped[bytes | None]
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    made_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()
    member: Mapped[Member] = relationship()
    delivery: Mapped[Delivery | None] = relationship()
    export: Mapped[Export | None] = relationship()

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.ASKED)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.FAILED}

    @classmethod
    def grant(
        cls, session: Session, member: Member, moment: datetime, *,
        file_name: str, delivery: Delivery | None = None, export: Export | None = None,
    ) -> "Handout":
        """Two people have agreed that this member gets it."""
        made = cls(
            branch_id=member.branch_id,
            member=member,
            delivery=delivery,
            export=export,
            file_name=file_name,
            granted_at=moment,
            expires_at=moment + timedelta(hours=GRANTED_HOURS),
        )
        session.add(made)
        session.flush()
        return made

    @classmethod
    def with_token(cls, session: Session, token: str, member: Member, *, lock: bool = False) -> "Handout | None":
        """Nobody else's token works. `lock` for who takes the bytes: two at once take turns."""
        found = select(cls).where(cls.token_hash == token_hash(token), cls.member_id == member.id)
        return session.scalars(found.with_for_update(of=cls) if lock else found).one_or_none()

    @classmethod
    def fetched_for(cls, session: Session, delivery: Delivery) -> bool:
        """Somebody has the document of this delivery in hand."""
        found = select(cls.id).where(cls.delivery_id == delivery.id, cls.state == cls.State.FETCHED)
        return session.scalar(found.limit(1)) is not None

    def open_to(self, member: Member, moment: datetime) -> bool:
        """Whether this member may begin to fetch it now."""
        begun = {Handout.State.GRANTED, Handout.State.ASKED, Handout.State.READY}
        return self.member_id == member.id and self.state in begun and moment < self.expires_at

    def begin(self, moment: datetime) -> str:
        """Asks the worker for the bytes; returns the token of the page that gets them. Begun again, the former token
        is worth nothing. Raises HandoutOver."""
        if not self.open_to(self.member, moment):
            raise HandoutOver
        self.move_to(Handout.State.ASKED)
        token = new_token()
        self.token_hash = token_hash(token)
        self.sealed_token = parcel.seal_token(token, self.public_id, self.branch.public_key)
        self.content = self.made_at = self.lease_owner = self.lease_until = None  # a worker at it has the old token
        self.crashes = self.tries = 0
        self.not_before = moment
        return token

    def fetch(self, token: str, moment: datetime) -> bytes:
        """The bytes, once: they leave the row with this transaction. Raises HandoutOver, NotMade, and what
        `require_releasable` raises: it may have been held or stopped since they were made."""
        if self.state in {Handout.State.FETCHED, Handout.State.LAPSED} or moment >= self.expires_at:
            raise HandoutOver
        if self.state is not Handout.State.READY or self.content is None:
            raise NotMade
        if self.delivery is not None:
            require_releasable(self.delivery)
        opened = parcel.open_with_token(token, self.public_id, self.content)
        self.move_to(Handout.State.FETCHED)
        self.content = self.sealed_token = self.token_hash = None
        self.fetched_at = moment
        return opened

    @classmethod
    def tidy(cls, session: Session) -> int:
        """Takes out what nobody has come for, and ends what was granted too long ago. Returns how many rows."""
        empty = update(cls).values(content=None, sealed_token=None, token_hash=None, lease_owner=None, lease_until=None)
        begun = [cls.State.GRANTED, cls.State.ASKED, cls.State.READY]
        steps = (
            empty.where(cls.state.in_(begun), cls.expires_at <= now()).values(state=cls.State.LAPSED),
            empty.where(cls.state == cls.State.READY, cls.made_at < now(-MADE_HOURS * 3_600)).values(
                state=cls.State.GRANTED, made_at=None
            ),
        )
        quiet = {"synchronize_session": False}
        return sum(len(session.execute(step.returning(cls.id), execution_options=quiet).all()) for step in steps)
