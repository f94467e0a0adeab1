"""What stops the work: the operator's switches for the whole site, and a branch's freezing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import Base, insert_or_ignore, now, states
from petitions.models.branch import Branch


class Switch(Base):
    """Something the operator has stopped for the whole site. There is a row only as long as it is stopped; who
    stopped what before is in the audit log."""

    __tablename__ = "switches"

    class Name(StrEnum):
        SIGNING = "signing"  # the forms; who has signed may still confirm
        DELIVERIES = "deliveries"  # documents to authorities
        LETTERS = "letters"  # to signers; organisers still get theirs
        UPDATES = "updates"  # news to signers

    name: Mapped[Name] = mapped_column(states(Name), unique=True)
    thrown_at: Mapped[datetime] = mapped_column(default=now())
    thrown_by: Mapped[str] = mapped_column(String(40))  # as the audit log names actors
    reason: Mapped[str] = mapped_column(String(80))

    @classmethod
    def throw(cls, session: Session, name: Name, *, by: str, reason: str) -> bool:
        """Stops it from now on. False if it was stopped already: the first reason stands."""
        return insert_or_ignore(session, cls, {"name": name, "thrown_by": by, "reason": reason})

    @classmethod
    def reset(cls, session: Session, name: Name) -> bool:
        """Lets it go on. False if it was not stopped."""
        return session.execute(delete(cls).where(cls.name == name).returning(cls.id)).first() is not None

    @classmethod
    def thrown(cls, session: Session, name: Name) -> bool:
        return session.scalar(select(cls.id).where(cls.name == name)) is not None


class Stop(StrEnum):
    """Why something waits; kept with the row that waits, as its `last_error_class`."""

    BRANCH_FROZEN = "branch_frozen"
    SWITCHED_OFF = "switched_off"


# A frozen branch goes on collecting: signing, and the letters that confirm a signature.
_GOES_ON_WHILE_FROZEN = frozenset({Switch.Name.SIGNING, Switch.Name.LETTERS})


def blocked(session: Session, branch_id: int, what: Switch.Name | None = None) -> Stop | None:
    """Why nothing of this kind may happen for a branch now, or None. Without `what`: whatever no switch stops and
    freezing does, such as compiling."""
    if what is not None and Switch.thrown(session, what):
        return Stop.SWITCHED_OFF
    if what in _GOES_ON_WHILE_FROZEN:
        return None
    frozen_at = session.scalar(select(Branch.frozen_at).where(Branch.id == branch_id))
    return Stop.BRANCH_FROZEN if frozen_at is not None else None
