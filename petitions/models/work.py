"""What every row of work carries, whoever does it (delivery.md, "One mechanism for every kind of work")."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, String
from sqlalchemy.orm import Mapped, mapped_column

from petitions.db import Base, now


class Work:
    """Mixin for rows that a worker claims. `crashes` is counted before the work and cleared when a result is
    recorded, so a row that kills its process is parked; `tries` drives the retry schedule."""

    crashes: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime] = mapped_column(default=now())
    lease_until: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(40), index=True)
    last_error_class: Mapped[str | None] = mapped_column(String(80))

    if TYPE_CHECKING:
        __table__: ClassVar[Any]  # these two are of Base, which every row of work derives from too
        id: Mapped[int]

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        """The states in which a row waits for a worker; literal (`is_state`), so that a partial index serves."""
        raise NotImplementedError

    @classmethod
    def parked(cls) -> dict[str, Any]:
        """What is written to a row that has killed three workers, so that it is not due any more."""
        raise NotImplementedError


class NamedLease(Base):
    """One holder at a time for jobs that must not run twice at once: the sweep, the counting of a petition."""

    __tablename__ = "named_leases"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    owner: Mapped[str] = mapped_column(String(40))
    lease_until: Mapped[datetime]
