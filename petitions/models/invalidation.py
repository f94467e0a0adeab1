"""Many signatures struck as false, or held, at once: shown first, decided with a reason, done by a worker, undoable.

What is struck is what was shown: the rows are frozen when they are previewed, and one that has changed since is left
alone. Editions delivered before stay as they were; what has not left yet is compiled again without the struck.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from petitions.db import Base, database_time, is_state, now, public_id, states
from petitions.models.approval import Approval
from petitions.models.branch import Branch
from petitions.models.conditions import Conditions
from petitions.models.member import Member
from petitions.models.petition import Petition
from petitions.models.signature import Signature
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work

ROWS_ALONE = 100  # above so many one person does not decide (privacy.md, "Fraud desk")
SHARE_ALONE = 0.01  # of the confirmed
ALONE_SECONDS = 86_400  # within which all that one person alone decided on is taken together
FORGOTTEN_SECONDS = 86_400  # a preview that nobody decided on


class NobodyMatches(Exception):
    """No signature meets the conditions, so there is nothing to decide."""


class ReasonMissing(Exception):
    """What is struck is struck for a reason that others can read."""


class Invalidation(Work, Stateful, Base):
    __tablename__ = "invalidations"

    class Act(StrEnum):
        STRIKE = "strike"
        HOLD = "hold"

    class Class(StrEnum):
        """Why, in public totals and for the members."""

        ROBOT = "robot"
        ONE_HAND = "one_hand"  # one person under many names
        FALSE_NAMES = "false_names"
        PRESSURE = "pressure"  # people were made to sign
        ASKED = "asked"  # the owner wrote to us
        OTHER = "other"

    class State(StrEnum):
        PREVIEWED = "previewed"
        ASKED = "asked"  # for a second person
        RUNNING = "running"
        DONE = "done"
        UNDO_ASKED = "undo_asked"
        UNDOING = "undoing"
        UNDONE = "undone"
        DROPPED = "dropped"  # declined, lapsed, or nobody came back to it
        STOPPED = "stopped"  # killed its worker three times

    moves: ClassVar[Moves] = {
        State.PREVIEWED: frozenset({State.ASKED, State.RUNNING, State.DROPPED}),
        State.ASKED: frozenset({State.RUNNING, State.DROPPED}),
        State.RUNNING: frozenset({State.DONE, State.STOPPED}),
        State.DONE: frozenset({State.UNDO_ASKED, State.UNDOING}),
        State.UNDO_ASKED: frozenset({State.UNDOING, State.DONE}),
        State.UNDOING: frozenset({State.UNDONE, State.STOPPED}),
        State.STOPPED: frozenset({State.UNDOING}),
    }
    ACTS_ON: ClassVar[dict[Act, tuple[Signature.State, ...]]] = {
        Act.STRIKE: (Signature.State.CONFIRMED, Signature.State.HELD),
        Act.HOLD: (Signature.State.CONFIRMED, Signature.State.PENDING),
    }

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    act: Mapped[Act] = mapped_column(states(Act))
    state: Mapped[State] = mapped_column(states(State), default=State.PREVIEWED, index=True)
    conditions: Mapped[dict[str, Any]]
    reason_class: Mapped[Class | None] = mapped_column(states(Class))
    reason: Mapped[str] = mapped_column(String(500), default="")
    matched: Mapped[int] = mapped_column(default=0)
    matched_confirmed: Mapped[int] = mapped_column(default=0)
    confirmed_then: Mapped[int] = mapped_column(default=0)  # of the petition, when it was previewed
    done: Mapped[int] = mapped_column(default=0)  # rows worked on, in the present direction
    skipped: Mapped[int] = mapped_column(default=0)  # of these, changed meanwhile and left alone
    created_at: Mapped[datetime] = mapped_column(default=now())
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))

    petition: Mapped[Petition] = relationship()
    asked_by: Mapped[Member] = relationship()

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        """Not of a frozen branch: it stands still, in the middle of a run too."""
        moving = select(Petition.id).join(Branch, Petition.branch_id == Branch.id).where(Branch.frozen_at.is_(None))
        return is_state(cls.state, cls.State.RUNNING, cls.State.UNDOING) & cls.petition_id.in_(moving)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.STOPPED}

    @classmethod
    def preview(
        cls, session: Session, petition: Petition, member: Member, act: Act, conditions: Conditions
    ) -> "Invalidation":
        """Freezes the rows that the conditions mean now. Raises NothingAsked, NobodyMatches."""
        where = [*conditions.where(petition.id), Signature.state.in_(cls.ACTS_ON[act])]
        made = cls(
            petition=petition,
            asked_by=member,
            act=act,
            conditions=conditions.as_json(),
            confirmed_then=petition.confirmed_count,
        )
        session.add(made)
        session.flush()
        meant = select(literal(made.id), Signature.id, Signature.state, literal("waiting")).where(*where)
        session.execute(
            insert(InvalidationRow).from_select(["invalidation_id", "signature_id", "was", "outcome"], meant)
        )
        counted = made.count_by(session, InvalidationRow.was)
        made.matched = sum(counted.values())
        made.matched_confirmed = counted.get(Signature.State.CONFIRMED, 0)
        if not made.matched:
            raise NobodyMatches
        return made

    @property
    def needs_second_person(self) -> bool:
        """Holding is undone as easily as done; striking many is for two, also many in small portions."""
        if self.act is self.Act.HOLD:
            return False
        undecided = self.state in {self.State.PREVIEWED, self.State.ASKED}
        rows, confirmed = self._struck_alone_lately() if undecided else (0, 0)
        return (
            self.matched + rows > ROWS_ALONE
            or self.matched_confirmed + confirmed > self.confirmed_then * SHARE_ALONE
        )

    def give_reason(self, reason_class: Class, reason: str) -> None:
        """Raises ReasonMissing."""
        said = " ".join(reason.split())
        if not said:
            raise ReasonMissing
        self.reason_class, self.reason = reason_class, said[:500]

    def begin(self, session: Session) -> None:
        """The worker goes over the rows, one way or back."""
        back = self.state in {self.State.DONE, self.State.UNDO_ASKED, self.State.STOPPED}
        self.move_to(self.State.UNDOING if back else self.State.RUNNING)
        self.done = self.skipped = self.crashes = 0
        self.ended_at = None
        self.decided_at = self.not_before = database_time(session)

    def drop(self) -> None:
        """Not done after all; an undo that was declined leaves it done."""
        self.move_to(self.State.DONE if self.state is self.State.UNDO_ASKED else self.State.DROPPED)

    @classmethod
    def drop_forgotten(cls, session: Session, limit: int) -> int:
        """Previews that nobody came back to, and the frozen rows of what was not done. Says how many rows went."""
        forgotten = update(cls).where(cls.state == cls.State.PREVIEWED, cls.created_at < now(-FORGOTTEN_SECONDS))
        session.execute(forgotten.values(state=cls.State.DROPPED).execution_options(synchronize_session=False))
        ids = session.scalars(
            select(InvalidationRow.id)
            .join(cls, InvalidationRow.invalidation_id == cls.id)
            .where(cls.state == cls.State.DROPPED)
            .limit(limit)
        ).all()
        session.execute(
            delete(InvalidationRow).where(InvalidationRow.id.in_(ids)).execution_options(synchronize_session=False)
        )
        return len(ids)

    def _struck_alone_lately(self) -> tuple[int, int]:
        """What one person has decided on for this petition within a day: rows, and how many of them counted."""
        session = object_session(self)
        assert session is not None
        by_two = exists().where(Approval.kind == Approval.Kind.INVALIDATION, Approval.subject == Invalidation.public_id)
        stand = [self.State.RUNNING, self.State.DONE, self.State.STOPPED]
        counted = select(
            func.coalesce(func.sum(Invalidation.matched), 0), func.coalesce(func.sum(Invalidation.matched_confirmed), 0)
        ).where(
            Invalidation.petition_id == self.petition_id,
            Invalidation.act == self.Act.STRIKE,
            Invalidation.state.in_(stand),
            Invalidation.decided_at > now(-ALONE_SECONDS),
            ~by_two,
        )
        rows, confirmed = session.execute(counted).one()
        return int(rows), int(confirmed)

    # -- its rows ----------------------------------------------------------------------------------------

    def count_by(self, session: Session, column: Any) -> dict[Any, int]:
        """How many of the frozen rows, by a column of theirs or of their signature."""
        rows = session.execute(
            select(column, func.count())
            .select_from(InvalidationRow)
            .join(Signature, InvalidationRow.signature_id == Signature.id)
            .where(InvalidationRow.invalidation_id == self.id)
            .group_by(column)
        )
        return {row[0]: row[1] for row in rows}

    def sample(self, session: Session, size: int) -> "Sequence[Signature]":
        found = (
            select(Signature)
            .join(InvalidationRow, InvalidationRow.signature_id == Signature.id)
            .where(InvalidationRow.invalidation_id == self.id)
            .order_by(Signature.public_id)  # random, so it is a fair sample
            .limit(size)
        )
        return session.scalars(found).all()

    def next_rows(self, session: Session, limit: int) -> "Sequence[InvalidationRow]":
        """Those still to be worked on in the present direction."""
        wanted = (
            InvalidationRow.Outcome.WAITING
            if self.state is self.State.RUNNING
            else InvalidationRow.Outcome.DONE
        )
        found = (
            select(InvalidationRow)
            .where(InvalidationRow.invalidation_id == self.id, InvalidationRow.outcome == wanted)
            .order_by(InvalidationRow.signature_id)
            .limit(limit)
        )
        return session.scalars(found).all()


class InvalidationRow(Base):
    """One signature that was shown, and what has become of it."""

    __tablename__ = "invalidation_rows"
    __table_args__ = (UniqueConstraint("invalidation_id", "signature_id"),)

    class Outcome(StrEnum):
        WAITING = "waiting"
        DONE = "done"
        SKIPPED = "skipped"  # it had changed meanwhile
        UNDONE = "undone"
        KEPT = "kept"  # could not be undone: erased, or its mailbox has signed again

    invalidation_id: Mapped[int] = mapped_column(ForeignKey("invalidations.id", ondelete="CASCADE"))
    signature_id: Mapped[int] = mapped_column(ForeignKey("signatures.id", ondelete="CASCADE"), index=True)
    was: Mapped[Signature.State] = mapped_column(states(Signature.State))
    outcome: Mapped[Outcome] = mapped_column(states(Outcome), default=Outcome.WAITING)

    signature: Mapped[Signature] = relationship()
