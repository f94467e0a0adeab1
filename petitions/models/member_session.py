"""Where a member is logged in: rows that can be ended from elsewhere. The cookie's secret is stored as its hash."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, now, public_id
from petitions.models.member import Member


class MemberSession(Base):
    __tablename__ = "member_sessions"

    public_id: Mapped[str] = public_id()
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]]
    began_at: Mapped[datetime] = mapped_column(default=now())
    seen_at: Mapped[datetime] = mapped_column(default=now())
    ended_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship()

    def lasts(self, moment: datetime, *, idle: timedelta, absolute: timedelta) -> bool:
        """Whether it still counts: not ended, not left alone for too long, not too old, its member still one."""
        return (
            self.ended_at is None
            and self.member.left_at is None
            and moment - self.seen_at <= idle
            and moment - self.began_at <= absolute
        )

    @classmethod
    def end_all(
        cls,
        session: Session,
        *,
        branch_id: int | None = None,
        member_id: int | None = None,
        but: bytes | None = None,
    ) -> int:
        """Ends every session of a branch or of a member, perhaps but one (by token hash). Says how many."""
        living = update(cls).where(cls.ended_at.is_(None))
        if branch_id is not None:
            living = living.where(cls.member_id.in_(select(Member.id).where(Member.branch_id == branch_id)))
        if member_id is not None:
            living = living.where(cls.member_id == member_id)
        if but is not None:
            living = living.where(cls.token_hash != but)
        ended = session.execute(
            living.values(ended_at=now()).execution_options(synchronize_session=False, preserve_rowcount=True)
        )
        return int(ended.rowcount)  # type: ignore[attr-defined]
