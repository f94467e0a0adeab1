"""What is to go for good: marked one day, erased the next, with a certificate. Counts, totals and the log stay."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, Select, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, insert_or_ignore, is_state, now, public_id, states
from petitions.models.petition import Petition
from petitions.models.transitions import Moves, Stateful

GRACE = timedelta(hours=24)  # between marking and erasing: time to notice a mistake, or a clock that jumped


class Erasure(Stateful, Base):
    """Of one kind of data of one petition. `by` is who marked it: a member's public id, "worker" or "operator"."""

    __tablename__ = "erasures"

    class Kind(StrEnum):
        SIGNERS = "signers"  # everything sealed of who signed: names, addresses, tags and their keys
        READERS = "readers"  # addresses of who wanted news
        DOCUMENTS = "documents"  # files as they were delivered

    class State(StrEnum):
        MARKED = "marked"
        ERASED = "erased"
        SPARED = "spared"  # its reason ended before its time came, or an owner took the mark off

    moves: ClassVar[Moves] = {State.MARKED: frozenset({State.ERASED, State.SPARED})}
    __table_args__ = (
        Index(
            "uq_erasures_marked",
            "petition_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'marked'"),
            postgresql_where=text("state = 'marked'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    state: Mapped[State] = mapped_column(states(State), default=State.MARKED)
    by: Mapped[str] = mapped_column(String(40))
    marked_at: Mapped[datetime] = mapped_column(default=now())
    planned: Mapped[int]  # how many when it was marked
    erased: Mapped[int] = mapped_column(default=0)
    erased_at: Mapped[datetime | None]
    audit_hash: Mapped[bytes | None]  # of the entry in the audit log that says so

    petition: Mapped[Petition] = relationship()

    @classmethod
    def mark(cls, session: Session, petition: Petition, kind: Kind, by: str, planned: int) -> bool:
        """False if it was marked before: the first mark's day counts."""
        return insert_or_ignore(
            session, cls, {"petition_id": petition.id, "kind": kind, "by": by, "planned": planned}
        )

    @classmethod
    def due(cls) -> "Select[Erasure]":
        """Marked for long enough."""
        return (
            select(cls)
            .where(is_state(cls.state, cls.State.MARKED), cls.marked_at <= now(-GRACE.total_seconds()))
            .order_by(cls.id)
        )

    @classmethod
    def of_branch(cls, branch_id: int) -> "Select[Erasure]":
        """Newest first."""
        return select(cls).join(Petition).where(Petition.branch_id == branch_id).order_by(cls.id.desc())

    @property
    def early(self) -> bool:
        """Two owners have decided it; not the end of a term."""
        return self.by not in {"worker", "operator"}

    @property
    def goes_at(self) -> datetime:
        return self.marked_at + GRACE

    def spare(self) -> None:
        """Raises IllegalTransition."""
        self.move_to(Erasure.State.SPARED)
