"""Who wants news of a petition: apart from the signature, which it outlives, and from which it cannot be told."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import crypto
from petitions.db import Base, now, public_id
from petitions.models.petition import Petition


class Subscription(Base):
    """A mailbox that asked for news of one petition. Its address is sealed under a data key of its own purpose; its tag
    is another than its signature's, so that the two tables cannot be laid side by side."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("petition_id", "tag"),
        Index(
            "ix_subscriptions_running",
            "petition_id",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"))
    tag: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(String(8))  # open, so that recipients can be counted without a key
    key_id: Mapped[int | None] = mapped_column(ForeignKey("data_keys.id"))
    box: Mapped[bytes | None] = mapped_column(deferred=True, deferred_raiseload=True)  # address, token
    token_hash: Mapped[bytes] = mapped_column(unique=True)  # stays a while after the end: the link is pressed twice
    ended_at: Mapped[datetime | None]

    petition: Mapped[Petition] = relationship()

    EMPTY: ClassVar[dict[str, None]] = {"tag": None, "key_id": None, "box": None}

    @staticmethod
    def tag_of(index_key: bytes, petition: str, mailbox: str) -> bytes:
        """`petition` is its public id, `mailbox` canonical."""
        return crypto.tag(crypto.petition_tag_key(index_key, petition), "news", mailbox)

    @classmethod
    def running(cls, session: Session, petition_id: int, tag: bytes) -> "Subscription | None":
        found = select(cls).where(cls.petition_id == petition_id, cls.tag == tag, cls.ended_at.is_(None))
        return session.scalars(found).one_or_none()

    @classmethod
    def count_by_language(cls, session: Session, petition_id: int) -> dict[str, int]:
        rows = session.execute(
            select(cls.language, func.count())
            .where(cls.petition_id == petition_id, cls.ended_at.is_(None))
            .group_by(cls.language)
            .order_by(func.count().desc(), cls.language)
        )
        return {language: count for language, count in rows}  # noqa: C416 - dict() takes a result for a mapping

    def end(self, session: Session) -> None:
        """No more news; the address goes at once. The signature stays as it is (cases.md B14). A second time changes
        nothing."""
        if self.ended_at is not None:
            return
        session.flush()
        session.execute(
            update(Subscription)
            .where(Subscription.id == self.id)
            .values(ended_at=now(), **Subscription.EMPTY)
            .execution_options(synchronize_session=False)
        )
        session.refresh(self, ["ended_at", "tag", "key_id"])
