"""The second person's yes."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, now, states
from petitions.models.member import Member


class SamePerson(Exception):
    """Who asked cannot be who approves."""


class MayNot(Exception):
    """This member's role does not allow it."""


class Approval(Base):
    """One yes to one subject; the subject is named by kind and public id so that any record can need one."""

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("kind", "subject", "approved_by_id"),)

    class Kind(StrEnum):
        EDITION = "edition"
        TRIGGER = "trigger"
        PUBLICATION = "publication"
        CHANNEL = "channel"
        TEXT = "text"

    kind: Mapped[Kind] = mapped_column(states(Kind))
    subject: Mapped[str] = mapped_column(String(24), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    approved_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    approved_at: Mapped[datetime] = mapped_column(default=now())

    asked_by: Mapped[Member | None] = relationship(foreign_keys=asked_by_id)
    approved_by: Mapped[Member] = relationship(foreign_keys=approved_by_id)

    @classmethod
    def given(cls, kind: Kind, subject: str, asked_by: Member | None, approved_by: Member) -> "Approval":
        """Raises SamePerson where one person would be both."""
        if asked_by is not None and asked_by.id == approved_by.id:
            raise SamePerson("the member who asked cannot approve; another owner must")
        return cls(kind=kind, subject=subject, asked_by=asked_by, approved_by=approved_by)
