"""Looking at rows between requests."""

from collections import deque
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from petitions.db import Base, db
from petitions.models import AuditEntry, Letter

T = TypeVar("T")
R = TypeVar("R", bound=Base)

_lasting: deque[Session] = deque(maxlen=8)


def rows(wanted: Select[T]) -> list[T]:
    """As they are now; a reading session keeps no request waiting."""
    with db.reading() as session:
        return list(session.scalars(wanted))


def fresh(row: R) -> R:
    """The same row as it is now; what it leads to is read when it is asked for."""
    session = db.reading()
    _lasting.append(session)  # rows hold on to no session themselves
    return session.get_one(type(row), row.id)


def notices(event: str) -> set[int | None]:
    """The members that a notice goes to."""
    letters = rows(select(Letter).where(Letter.kind == Letter.Kind.MEMBER_NOTICE))
    return {letter.member_id for letter in letters if letter.words["event"] == event}


def last_entry() -> AuditEntry:
    return rows(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1))[0]
