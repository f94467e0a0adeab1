"""What a moderator may see of a held signature: name and city, for 72 hours.

The web cannot open a name box. A moderator asks, the worker opens the box and writes this copy, and the retention job
erases it. The copy is in clear: whoever judges must read it, so for these hours a stolen database would show it too.
That is why it is asked for row by row, in small numbers, kept in the audit log, and never made ahead of time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import Base, database_time, insert_or_ignore, is_state, now, states
from petitions.models.member import Member
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work

COPIES_AT_ONCE, COPIES_A_DAY = 50, 200
HOURS_KEPT = 72


class TooManyCopies(Exception):
    """Names are read a few at a time, never as a list."""


class TooManyInADay(TooManyCopies):
    """Nor by asking again and again: whoever holds rows could read a whole petition that way."""


class HeldCopy(Work, Stateful, Base):
    __tablename__ = "held_copies"

    class State(StrEnum):
        ASKED = "asked"
        OPENED = "opened"
        CLOSED = "closed"  # it could not be opened, or there is nothing to look at any more

    moves: ClassVar[Moves] = {
        State.ASKED: frozenset({State.OPENED, State.CLOSED}),
        State.OPENED: frozenset({State.CLOSED}),
    }

    signature_id: Mapped[int] = mapped_column(ForeignKey("signatures.id", ondelete="CASCADE"), unique=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.ASKED, index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(200), default="")

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.ASKED)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.CLOSED}

    @classmethod
    def ask(cls, session: Session, signatures: Sequence[int], member_id: int) -> int:
        """Asks for copies of held rows; says how many were not asked for before. The member's row is locked, so that
        two requests at once are counted as two. Raises TooManyCopies, TooManyInADay."""
        if len(signatures) > COPIES_AT_ONCE:
            raise TooManyCopies
        session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
        expires_at = database_time(session) + timedelta(hours=HOURS_KEPT)
        asked = {"asked_by_id": member_id, "expires_at": expires_at}
        fresh = sum(insert_or_ignore(session, cls, {"signature_id": row, **asked}) for row in signatures)
        of_a_day = select(func.count()).where(cls.asked_by_id == member_id, cls.asked_at > now(-86_400))
        if (session.scalar(of_a_day) or 0) > COPIES_A_DAY:
            raise TooManyInADay
        return fresh

    @classmethod
    def readable(cls, session: Session, signatures: Sequence[int]) -> "dict[int, HeldCopy]":
        """By signature, what is still kept."""
        found = session.scalars(select(cls).where(cls.signature_id.in_(signatures), cls.expires_at > now()))
        return {copy.signature_id: copy for copy in found}

    @classmethod
    def empty(cls, session: Session, signature_id: int) -> None:
        """Its owner has erased the signature, or nobody has to look at it any more. (The web may delete no row.)"""
        session.execute(
            update(cls)
            .where(cls.signature_id == signature_id)
            .values(name="", city="", state=cls.State.CLOSED)
            .execution_options(synchronize_session=False)
        )

    @classmethod
    def drop_expired(cls, session: Session, limit: int) -> int:
        ids = session.scalars(select(cls.id).where(cls.expires_at < now()).limit(limit)).all()
        session.execute(delete(cls).where(cls.id.in_(ids)).execution_options(synchronize_session=False))
        return len(ids)
