"""What looks like one hand behind many signatures: found by the worker, judged by a moderator (cases.md D2, D8, C8).

A trend accuses nobody: a newspaper's link or a university's network looks the same. It stands on the desk until a
moderator has looked, and leads to the fraud desk with its conditions filled in.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Select, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, insert_or_ignore, public_id, states
from petitions.models.member import Member
from petitions.models.petition import Petition

OPEN = "closed_at IS NULL"


class TrendClosed(Exception):
    """Somebody has judged it before."""


class Trend(Base):
    __tablename__ = "trends"

    class Kind(StrEnum):
        NETWORK = "network"  # many rows from one network
        MAIL_DOMAIN = "mail_domain"  # many letters to one domain, more than its usual share
        CONFIRMATIONS = "confirmations"  # many buttons pressed from one network within seconds of the letter
        SAME_CONTENT = "same_content"  # one name, city and choice from many mailboxes

    __table_args__ = (
        Index(
            "uq_trends_open",
            "petition_id",
            "kind",
            "key",
            unique=True,
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
    )

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    key: Mapped[str] = mapped_column(String(40))  # a tag in hexadecimal, or the row of a domain; emptied with the tags
    example: Mapped[str] = mapped_column(String(24), default="")  # public id of one of the signatures
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    count: Mapped[int]  # the most seen at one look
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))

    petition: Mapped[Petition] = relationship()
    closed_by: Mapped[Member | None] = relationship()

    @classmethod
    def open(cls) -> Select["Trend"]:
        return select(cls).where(cls.closed_at.is_(None)).order_by(cls.first_seen_at, cls.id)

    @classmethod
    def seen(cls, session: Session, petition_id: int, kind: Kind, key: str, *, example: str, count: int) -> bool:
        """Notes what was found now; True for a trend that nobody had seen. One that a moderator has closed stays
        closed until it is twice as big as it was."""
        moment = database_time(session)
        same = (cls.petition_id == petition_id, cls.kind == kind, cls.key == key)
        known = session.scalars(select(cls).where(*same).order_by(cls.id.desc()).limit(1).with_for_update()).first()
        if known is not None and known.closed_at is None:
            known.last_seen_at, known.count = moment, max(known.count, count)
            return False
        if known is not None and count < 2 * known.count:
            return False
        row = {"petition_id": petition_id, "kind": kind, "key": key, "example": example, "count": count}
        return insert_or_ignore(session, cls, {**row, "first_seen_at": moment, "last_seen_at": moment})

    def close(self, member: Member, moment: datetime) -> None:
        """Looked at; whatever was done about it is done elsewhere. Raises TrendClosed."""
        if self.closed_at is not None:
            raise TrendClosed
        self.closed_at, self.closed_by = moment, member
