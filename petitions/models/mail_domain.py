"""How letters fare by mail domain, without an address anywhere.

The worker, which opens a mail box anyway to write a letter, counts its domain under a keyed tag of the petition. The
name is written down from the tenth letter on: fewer would point at persons. A letter remembers the row, so what
became of it (refused, confirmed, how fast) is counted by joining rows, and no box is opened for a statistic.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, Executable, ForeignKey, String, UniqueConstraint, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import Base
from petitions.models.letter import Letter
from petitions.models.signature import Pace, Signature

LETTERS_TO_BE_NAMED = 10


class MailDomain(Base):
    """A domain under one petition; it cannot be compared with those of another."""

    __tablename__ = "mail_domains"
    __table_args__ = (UniqueConstraint("petition_id", "tag"),)

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    tag: Mapped[bytes]
    name: Mapped[str | None] = mapped_column(String(254))  # None until LETTERS_TO_BE_NAMED
    letters: Mapped[int] = mapped_column(default=0)

    @classmethod
    def count(
        cls, session: Session, letters: Iterable[tuple[int, int, bytes]], names: Mapping[bytes, str]
    ) -> None:
        """Counts letters, given (letter, petition, tag), each once, and lets them remember their domain. `names` are
        those of the tags; what is too rare to be named is not written."""
        claimed = {letter: (letter, petition, tag) for letter, petition, tag in letters}
        uncounted = select(Letter.id).where(Letter.id.in_(claimed), Letter.mail_domain_id.is_(None))
        wanted = [claimed[letter] for letter in session.scalars(uncounted)]
        if not wanted:
            return
        steps = Counter((petition, tag) for _, petition, tag in wanted)
        session.connection().execute(
            _counting(session.get_bind().dialect.name),
            [{"petition_id": petition, "tag": tag, "letters": step} for (petition, tag), step in sorted(steps.items())],
        )
        rows = session.execute(
            select(cls.id, cls.petition_id, cls.tag, cls.name, cls.letters).where(
                cls.petition_id.in_({petition for petition, _ in steps}), cls.tag.in_({tag for _, tag in steps})
            )
        ).all()
        known = {(row.petition_id, row.tag): row.id for row in rows}
        session.connection().execute(
            _REMEMBERING,
            [{"letter": letter, "domain": known[petition, tag]} for letter, petition, tag in wanted],
        )
        for row in rows:
            if row.name is None and row.letters >= LETTERS_TO_BE_NAMED:
                session.execute(update(cls).where(cls.id == row.id).values(name=names[row.tag][:254]))


class MailDomainDay(Base):
    """What became of the letters that were written on one day to one domain. Counted anew while answers may come."""

    __tablename__ = "mail_domain_days"
    __table_args__ = (UniqueConstraint("domain_id", "day"),)

    domain_id: Mapped[int] = mapped_column(ForeignKey("mail_domains.id", ondelete="CASCADE"))
    day: Mapped[date]
    letters: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[int] = mapped_column(default=0)
    paces: Mapped[list[int]] = mapped_column(JSON, default=list)  # how many of the confirmed, by Pace

    @classmethod
    def recount(cls, session: Session, since: datetime) -> None:
        """Counts the days from `since` on again: a confirmation may come two weeks after its letter."""
        day = func.date(Letter.created_at)
        rows = session.execute(
            select(
                Letter.mail_domain_id, day, Letter.state, Signature.owner_confirmed_on.is_not(None),
                Signature.confirm_pace, func.count(),
            )
            .join(Signature, Letter.signature_id == Signature.id)
            .where(Letter.created_at >= since, Letter.mail_domain_id.is_not(None))
            .group_by(
                Letter.mail_domain_id, day, Letter.state, Signature.owner_confirmed_on.is_not(None),
                Signature.confirm_pace,
            )
        )
        days: dict[tuple[int, date], dict[str, Any]] = {}
        for domain, when, state, confirmed, pace, number in rows:
            written_on = when if isinstance(when, date) else date.fromisoformat(str(when))
            counts = days.setdefault(
                (domain, written_on),
                {"letters": 0, "refused": 0, "confirmed": 0, "paces": [0] * len(Pace)},
            )
            counts["letters"] += number
            counts["refused"] += number if state is Letter.State.FAILED else 0
            if confirmed and state is Letter.State.SENT:
                counts["confirmed"] += number
                if pace is not None:
                    counts["paces"][pace] += number
        whole = [{"domain_id": domain, "day": day, **counts} for (domain, day), counts in sorted(days.items())]
        if whole:
            session.connection().execute(_keeping(session.get_bind().dialect.name), whole)


@cache
def _counting(dialect: str) -> Executable:
    """Built once: building it costs as much as running it."""
    insert = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(_DOMAINS)
    added = {"letters": _DOMAINS.c.letters + insert.excluded.letters}
    return insert.on_conflict_do_update(index_elements=["petition_id", "tag"], set_=added)


@cache
def _keeping(dialect: str) -> Executable:
    insert = (sqlite_insert if dialect == "sqlite" else postgresql_insert)(_DAYS)
    counted = {name: insert.excluded[name] for name in ("letters", "refused", "confirmed", "paces")}
    return insert.on_conflict_do_update(index_elements=["domain_id", "day"], set_=counted)


_DOMAINS: Any = MailDomain.__table__
_DAYS: Any = MailDomainDay.__table__
_LETTERS: Any = Letter.__table__
_REMEMBERING = (
    update(_LETTERS).where(_LETTERS.c.id == bindparam("letter")).values(mail_domain_id=bindparam("domain"))
)
