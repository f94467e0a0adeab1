"""The count of a petition: one writer, never in the signing path (domain.md, "Signature")."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions import merkle
from petitions.db import now
from petitions.leaves import Kind, Leaf
from petitions.models.evidence import Checkpoint, EvidenceLog, Tile, recorded_leaves
from petitions.models.petition_text import PetitionText
from petitions.models.signature import Signature

# A signature that is being changed refers to its petition: a full lock of that row and it would wait for each other.
_BUT_FOR_KEYS = {"key_share": True}


class Tally:
    """Mixin of the petition: how many leaves its log has, how many signatures count, as of when."""

    log_size: Mapped[int] = mapped_column(default=0)  # positions given so far: of signatures, and of withdrawals
    log_number: Mapped[int] = mapped_column(default=1, server_default="1")  # 2 for one that was begun anew
    log_stopped_at: Mapped[datetime | None]  # its log is not what was published: nothing more is signed
    confirmed_count: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[datetime | None]

    if TYPE_CHECKING:
        id: Mapped[int]

    def count_new(self, session: Session) -> int:
        """Gives each newly confirmed signature, and each withdrawal of a counted one, the next position of the log,
        shuffled; appends their leaves and adds the signatures to the count.

        The caller's transaction holds the petition's row. Returns how many were new.
        """
        session.refresh(self, ["log_size", "confirmed_count"], with_for_update=_BUT_FOR_KEYS)
        log = self.log_caught_up(session)
        fresh = _unplaced(session, Signature.petition_id == self.id, Signature.uncounted())
        gone = _unplaced(session, Signature.petition_id == self.id, Signature.unlogged())
        entries = [_Entry(Kind.CONFIRM, row) for row in fresh] + [_Entry(Kind.WITHDRAW, row) for row in gone]
        random.SystemRandom().shuffle(entries)  # order within a batch says nothing about time (E6)
        _place(session, entries, self.log_size)
        log.append(merkle.leaf_hash(Leaf(kind, row.hash, row.commitment).data) for kind, row in entries)
        self.log_size += len(entries)
        self.confirmed_count += len(fresh)
        self.counted_at = session.scalar(select(now()))
        session.flush()
        return len(fresh)

    def log_caught_up(self, session: Session) -> EvidenceLog:
        """The log, with a leaf for every position: those given before there were leaves get theirs now."""
        log = EvidenceLog(session, self.id)
        if (size := log.size) < self.log_size:
            log.append(merkle.leaf_hash(leaf.data) for leaf in recorded_leaves(session, self.id, size))
        return log

    def begin_log_anew(self, session: Session) -> None:
        """What was published is lost for good: the leaves that are left make a log of another name."""
        for model in (Tile, Checkpoint):
            session.execute(delete(model).where(model.petition_id == self.id))
        self.log_number += 1
        self.log_stopped_at = None
        self.log_caught_up(session)
        session.flush()

    def recount(self, session: Session) -> int:
        """Counts all rows again and corrects the number. Returns the difference found (0: it was right)."""
        session.refresh(self, ["confirmed_count"], with_for_update=_BUT_FOR_KEYS)
        counted = session.scalar(
            select(func.count()).where(
                Signature.petition_id == self.id,
                Signature.state == Signature.State.CONFIRMED,
                Signature.position.is_not(None),
            )
        )
        difference = (counted or 0) - self.confirmed_count
        self.confirmed_count += difference
        session.flush()
        return difference


class _Entry(NamedTuple):
    kind: Kind
    row: Any  # id, hash, commitment


def _unplaced(session: Session, *where: ColumnElement[bool]) -> Sequence[Any]:
    return session.execute(
        select(Signature.id, PetitionText.hash, Signature.commitment)
        .join(PetitionText, Signature.text_id == PetitionText.id)
        .where(*where)
        .with_for_update(of=Signature)  # one that is just being withdrawn must not be counted
    ).all()


def _place(session: Session, entries: Sequence[_Entry], size: int) -> None:
    columns = {Kind.CONFIRM: "position", Kind.WITHDRAW: "withdrawal_position"}
    for kind, column in columns.items():
        rows = [
            {"id": entry.row.id, column: place}
            for place, entry in enumerate(entries, start=size + 1) if entry.kind is kind
        ]
        if rows:
            session.execute(update(Signature), rows, execution_options={"synchronize_session": False})
