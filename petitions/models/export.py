"""An export of signers, which two owners have agreed to: sealed to the branch key, marked, one a day (cases.md G15).

It lists who let their names be shown to an addressee, as far as they let it: name, city if it was to be shown, country,
day. Who chose to be counted only is in no list, and no e-mail address is in any. The file opens with the branch's
private key alone, which is on the worker's machine.
"""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, now, public_id
from petitions.models.branch import Branch
from petitions.models.member import Member
from petitions.models.petition import Petition


class ExportsOff(Exception):
    """The operator has not allowed this branch to export signers."""


class ExportTooSoon(Exception):
    """One a day and branch; `free_at` says when the next may be made."""

    def __init__(self, free_at: datetime) -> None:
        self.free_at = free_at
        super().__init__("one export a day")


class Export(Base):
    __tablename__ = "exports"
    __table_args__ = (UniqueConstraint("branch_id", "number"),)

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    number: Mapped[int]  # of the branch; printed in the file
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    approved_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(500))
    approved_at: Mapped[datetime] = mapped_column(default=now())
    made_at: Mapped[datetime | None]
    signers: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))  # of the sealed file as it was handed out

    branch: Mapped[Branch] = relationship()
    petition: Mapped[Petition] = relationship()
    asked_by: Mapped[Member] = relationship(foreign_keys=asked_by_id)
    approved_by: Mapped[Member] = relationship(foreign_keys=approved_by_id)

    @property
    def file_name(self) -> str:
        """Plain ASCII, from the slug (cases.md H10)."""
        return f"signers-{self.petition.slug}-{self.number}.sealed"

    @classmethod
    def refuse_now(cls, session: Session, branch: Branch, allowed: list[str]) -> None:
        """Asked at asking and at approving. The branch's row is locked: of two approvals at once one comes too soon.
        Raises ExportsOff, ExportTooSoon."""
        if branch.slug not in allowed:
            raise ExportsOff
        session.refresh(branch, ["id"], with_for_update=True)
        last = session.scalar(select(func.max(cls.approved_at)).where(cls.branch_id == branch.id))
        if last is not None and database_time(session) < (free_at := last + timedelta(days=1)):
            raise ExportTooSoon(free_at)

    @classmethod
    def made_for(
        cls, session: Session, petition: Petition, asked_by: Member, approved_by: Member, reason: str
    ) -> "Export":
        """Two owners have agreed; after `refuse_now`."""
        number = (session.scalar(select(func.max(cls.number)).where(cls.branch_id == petition.branch_id)) or 0) + 1
        made = cls(
            branch_id=petition.branch_id,
            number=number,
            petition=petition,
            asked_by=asked_by,
            approved_by=approved_by,
            reason=reason,
            approved_at=database_time(session),
        )
        session.add(made)
        session.flush()
        return made
