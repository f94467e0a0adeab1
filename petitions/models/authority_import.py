"""A file of authorities between its preview and its application: what was looked at is what is applied."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Select, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import Base, now, public_id
from petitions.models.member import Member


class AuthorityImport(Base):
    """Checked rows of one file, for the member who brought it and for an hour. Nothing in them is a person's."""

    __tablename__ = "authority_imports"

    public_id: Mapped[str] = public_id()
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    file_sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[list[Any]] = mapped_column(JSON)  # [number, fields] each
    plan_sha256: Mapped[str] = mapped_column(String(64))  # of the changes that were shown
    created_at: Mapped[datetime] = mapped_column(default=now())
    expires_at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def brought_by(cls, member: Member, public_id: str) -> "Select[AuthorityImport]":
        return select(cls).where(cls.public_id == public_id, cls.member_id == member.id, cls.expires_at > now())

    @classmethod
    def forget_old(cls, session: Session) -> None:
        session.execute(delete(cls).where(cls.expires_at <= now()).execution_options(synchronize_session=False))
