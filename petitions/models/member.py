"""Organisers: who may ask for something, and who else must agree."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, now, public_id, states
from petitions.models.branch import Branch


class LastOwner(Exception):
    """A branch keeps at least one owner: without one nobody could approve, stop or add anything."""


class Member(Base):
    """A person of a branch. Logging in comes with the organisers' screens."""

    __tablename__ = "members"

    class Role(StrEnum):
        EDITOR = "editor"
        MODERATOR = "moderator"
        OWNER = "owner"
        AUDITOR = "auditor"

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[Role] = mapped_column(states(Role))
    joined_at: Mapped[datetime] = mapped_column(default=now())
    left_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()

    @property
    def may_ask_for_edition(self) -> bool:
        return self.left_at is None and self.role in {Member.Role.EDITOR, Member.Role.OWNER}

    @property
    def may_approve_edition(self) -> bool:
        return self.left_at is None and self.role is Member.Role.OWNER

    @property
    def may_moderate(self) -> bool:
        return self.left_at is None and self.role in {Member.Role.MODERATOR, Member.Role.OWNER}

    def leave(self, session: Session) -> None:
        """Ends the membership from now on; what the member asked for and approved keeps naming it. Raises LastOwner."""
        session.refresh(self.branch, with_for_update=True)  # two owners could remove each other at once
        others = exists().where(
            Member.branch_id == self.branch_id,
            Member.role == Member.Role.OWNER,
            Member.left_at.is_(None),
            Member.id != self.id,
        )
        if self.role is Member.Role.OWNER and not session.scalar(select(others)):
            raise LastOwner("this is the branch's last owner; add another first")
        self.left_at = database_time(session)
