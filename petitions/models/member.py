"""Organisers: who may ask for something, and who else must agree."""

from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import ForeignKey, Select, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import policy
from petitions.db import Base, database_time, now, public_id, states
from petitions.models.branch import Branch
from petitions.models.credentials import Credentials

TIME_TO_OBJECT = timedelta(hours=24)


class LastOwner(Exception):
    """A branch keeps at least one owner: without one nobody could approve, stop or add anything."""


class OnlyOwner(Exception):
    """An owner would remove or lower the only other one, and then be alone where two must agree (cases.md G10)."""


class OwnRole(Exception):
    """Nobody changes their own role; another owner does."""


class StillMember(Exception):
    """Only who has left can be made nameless."""


class Member(Credentials, Base):
    """A person of a branch."""

    __tablename__ = "members"

    Role: TypeAlias = policy.Role

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    role: Mapped[Role] = mapped_column(states(Role))
    language: Mapped[str] = mapped_column(String(8), default="", server_default="")  # of pages; empty: the browser's
    joined_at: Mapped[datetime] = mapped_column(default=now())
    left_at: Mapped[datetime | None]

    let_in_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))  # invited, or given this role
    let_in_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()

    def may(self, act: policy.Act) -> bool:
        """Whether the member's role allows it (policy.py)."""
        return self.left_at is None and policy.allows(self.role, act)

    @property
    def may_ask_for_edition(self) -> bool:
        return self.may(policy.Act.ASK_EDITION)

    @property
    def may_approve_edition(self) -> bool:
        return self.may(policy.Act.APPROVE_EDITION)

    @property
    def may_moderate(self) -> bool:
        return self.may(policy.Act.HOLD)

    def leave(self, session: Session, *, by: "Member | None" = None) -> None:
        """Ends the membership from now on; what the member asked for and approved keeps naming it. `by` another
        owner, who may not end up alone. Raises LastOwner, OnlyOwner."""
        self._leave_owners(session, by)
        self.left_at = database_time(session)

    def change_role(self, session: Session, role: policy.Role, *, by: "Member") -> None:
        """Raises OwnRole, LastOwner, OnlyOwner."""
        if by.id == self.id:
            raise OwnRole
        if role is not policy.Role.OWNER:
            self._leave_owners(session, by)
        self.role = role
        self.let_in(by.id, database_time(session))

    def let_in(self, by: int | None, moment: datetime) -> None:
        """Remembers who vouched for this member. The operator (None) answers for whom the operator lets in."""
        self.let_in_by_id, self.let_in_at = by, moment

    def just_let_in_by(self, other: "Member", moment: datetime) -> bool:
        """Whether the other let this member in so lately that nobody has had time to object."""
        return (
            self.let_in_by_id == other.id and self.let_in_at is not None and moment - self.let_in_at < TIME_TO_OBJECT
        )

    def pseudonymise(self) -> None:
        """Takes name and address out of the record of who has left (cases.md M11). The id stays: approvals and the
        audit log name it. Raises StillMember."""
        if self.left_at is None:
            raise StillMember
        self.name, self.email = self.public_id, f"{self.public_id}@pseudonym.invalid"

    @property
    def pseudonymous(self) -> bool:
        return self.name == self.public_id

    def _leave_owners(self, session: Session, by: "Member | None") -> None:
        """Refuses if an owner goes without whom the branch could not go on."""
        session.refresh(self.branch, with_for_update=True)  # two owners could remove each other at once
        if self.role is not policy.Role.OWNER:
            return
        others = session.scalars(Member.owners(self.branch_id).where(Member.id != self.id)).all()
        if not others:
            raise LastOwner("this is the branch's last owner; add another first")
        if by is not None and by.id != self.id and [other.id for other in others] == [by.id]:
            raise OnlyOwner

    @classmethod
    def owners(cls, branch_id: int) -> "Select[Member]":
        """Those of a branch at present."""
        return (
            select(cls)
            .where(cls.branch_id == branch_id, cls.role == policy.Role.OWNER, cls.left_at.is_(None))
            .order_by(cls.id)
        )
