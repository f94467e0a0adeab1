"""The count of a petition: one writer, never in the signing path (domain.md, "Signature")."""

import random
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import is_state, now
from petitions.models.signature import Signature

# A signature that is being changed refers to its petition: a full lock of that row and it would wait for each other.
_BUT_FOR_KEYS = {"key_share": True}


class Tally:
    """Mixin of the petition: how many positions of its log are given, how many signatures count, as of when."""

    log_size: Mapped[int] = mapped_column(default=0)  # positions given so far
    confirmed_count: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[datetime | None]

    if TYPE_CHECKING:
        id: Mapped[int]

    def count_new(self, session: Session) -> int:
        """Gives each newly confirmed signature the next position, shuffled, and adds them to the count.

        The caller's transaction holds the petition's row. Returns how many were new.
        """
        session.refresh(self, ["log_size", "confirmed_count"], with_for_update=_BUT_FOR_KEYS)
        fresh = list(
            session.scalars(
                select(Signature.id)
                .where(
                    Signature.petition_id == self.id,
                    is_state(Signature.state, Signature.State.CONFIRMED),
                    Signature.position.is_(None),
                )
                .with_for_update()  # one that is just being withdrawn must not be counted
            )
        )
        random.SystemRandom().shuffle(fresh)  # order within a batch says nothing about time (E6)
        if fresh:
            session.execute(
                update(Signature),
                [{"id": row, "position": self.log_size + step} for step, row in enumerate(fresh, start=1)],
                execution_options={"synchronize_session": False},
            )
        self.log_size += len(fresh)
        self.confirmed_count += len(fresh)
        self.counted_at = session.scalar(select(now()))
        session.flush()
        return len(fresh)

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
