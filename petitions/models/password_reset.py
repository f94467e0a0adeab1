"""The way to a new password for who forgot the old one: a link that works once, for an hour."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import tokens
from petitions.db import Base, database_time, now
from petitions.models.member import Member

MINUTES = 60


class ResetOver(Exception):
    """Used, too old, replaced by a newer one, or its owner has logged in since (cases.md G8)."""


class PasswordReset(Base):
    """Without a member where nobody has the address that was typed: the same work for everybody (cases.md E2)."""

    __tablename__ = "password_resets"

    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]

    member: Mapped[Member | None] = relationship()

    @classmethod
    def make(cls, session: Session, member: Member | None) -> str:
        """The token for the link; older ones of the member die, and what ran out goes."""
        session.execute(delete(cls).where(cls.expires_at <= now()))
        if member is not None:
            cls.forget(session, member)
        token = tokens.new_token()
        ends = database_time(session) + timedelta(minutes=MINUTES)
        session.add(cls(member=member, token_hash=tokens.token_hash(token), expires_at=ends))
        return token

    @classmethod
    def owner_of(cls, session: Session, token: str) -> Member:
        """Raises ResetOver."""
        found = session.scalars(
            select(Member)
            .join(cls, cls.member_id == Member.id)
            .where(cls.token_hash == tokens.token_hash(token), cls.expires_at > now(), Member.left_at.is_(None))
        ).one_or_none()
        if found is None:
            raise ResetOver
        return found

    @classmethod
    def forget(cls, session: Session, member: Member) -> None:
        session.execute(delete(cls).where(cls.member_id == member.id))
