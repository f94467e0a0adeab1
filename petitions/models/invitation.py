"""A one-time link that makes somebody a member, or gives a member new credentials. There is no other way in."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, Select, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import tokens
from petitions.db import Base, database_time, now, public_id, states
from petitions.models.branch import Branch
from petitions.models.member import Member
from petitions.models.member_session import MemberSession
from petitions.models.password_reset import PasswordReset

HOURS = 72


class InvitationOver(Exception):
    """Used, taken back, too old, never ours, or its branch is frozen: its holder asks an owner."""


class AlreadyMember(Exception):
    """Somebody with the invited address is a member by now."""


class Invitation(Base):
    """Bound to one address (cases.md G11); `member` is set where it renews an account instead of making one. Of the
    link only the hash is kept, and the address only for as long as the invitation lives."""

    __tablename__ = "invitations"

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))  # none: the operator
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120), default="")
    role: Mapped[Member.Role] = mapped_column(states(Member.Role))
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(default=now())
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()
    member: Mapped[Member | None] = relationship(foreign_keys=member_id)
    invited_by: Mapped[Member | None] = relationship(foreign_keys=invited_by_id)

    @classmethod
    def make(
        cls,
        session: Session,
        branch: Branch,
        *,
        email: str,
        role: Member.Role,
        name: str = "",
        invited_by: Member | None,
        hours: int = HOURS,
    ) -> tuple["Invitation", str]:
        """The invitation, and the token that goes into the link; a new link takes the place of the former."""
        cls._revoke_former(session, branch, email)
        token = tokens.new_token()
        invitation = cls(
            branch=branch,
            email=email,
            role=role,
            name=name,
            invited_by=invited_by,
            token_hash=tokens.token_hash(token),
            expires_at=database_time(session) + timedelta(hours=hours),
        )
        session.add(invitation)
        session.flush()
        return invitation, token

    @classmethod
    def renew(
        cls, session: Session, member: Member, *, invited_by: Member | None, hours: int = HOURS
    ) -> tuple["Invitation", str]:
        """For a member whose credentials are lost, or known to somebody else: what they had works no longer."""
        member.forget_credentials()
        MemberSession.end_all(session, member_id=member.id)
        PasswordReset.forget(session, member)
        invitation, token = cls.make(
            session,
            member.branch,
            email=member.email,
            role=member.role,
            name=member.name,
            invited_by=invited_by,
            hours=hours,
        )
        invitation.member = member
        return invitation, token

    @classmethod
    def waiting(cls, branch_id: int) -> Select["Invitation"]:
        """Those of a branch that somebody can still accept."""
        return select(cls).where(cls.branch_id == branch_id, *cls._living()).order_by(cls.id)

    @classmethod
    def by_token(cls, session: Session, token: str, *, lock: bool = False) -> "Invitation":
        """Raises InvitationOver."""
        wanted = select(cls).where(cls.token_hash == tokens.token_hash(token), *cls._living())
        found = session.scalars(wanted.with_for_update(of=cls) if lock else wanted).one_or_none()
        if found is None or (found.member is not None and found.member.left_at is not None) or found._on_ice:
            raise InvitationOver
        return found

    @property
    def is_waiting(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None

    @property
    def _on_ice(self) -> bool:
        """Whoever froze the branch may fear its members: nobody whom they invited comes in and helps to unfreeze it.
        What the operator gives out still works, for who has lost every key."""
        return self.branch.frozen_at is not None and self.invited_by_id is not None

    def revoke(self) -> None:
        """Takes it back. Raises InvitationOver where it is too late for that."""
        if not self.is_waiting:
            raise InvitationOver
        self.revoked_at = now()  # the database's
        self.email = self.name = ""

    def accept(self, session: Session, *, name: str, language: str) -> Member:
        """The member that it makes or renews, still without credentials. Raises AlreadyMember."""
        member = self.member or self._new_member(session)
        member.name, member.language = name, language
        self.accepted_at = database_time(session)
        member.let_in(self.invited_by_id, self.accepted_at)
        self.member, self.email, self.name = member, "", ""
        session.flush()
        return member

    def _new_member(self, session: Session) -> Member:
        same = func.lower(Member.email) == self.email.lower()
        former = session.scalars(select(Member).where(same).with_for_update()).one_or_none()
        if former is not None and former.left_at is None:
            raise AlreadyMember
        if former is not None:  # the record of the former membership stays; its address is needed once more
            former.email = f"{former.public_id}@former.invalid"
            session.flush()
        member = Member(branch=self.branch, email=self.email, role=self.role)
        session.add(member)
        return member

    @classmethod
    def _living(cls) -> tuple[ColumnElement[bool], ...]:
        return cls.accepted_at.is_(None), cls.revoked_at.is_(None), cls.expires_at > now()

    @classmethod
    def _revoke_former(cls, session: Session, branch: Branch, email: str) -> None:
        """Also those that ran out: nobody needs their addresses any more."""
        same = (cls.branch_id == branch.id) & (func.lower(cls.email) == email.lower())
        session.execute(
            update(cls)
            .where(cls.accepted_at.is_(None), cls.revoked_at.is_(None), same | (cls.expires_at <= now()))
            .values(revoked_at=now(), email="", name="")
            .execution_options(synchronize_session="fetch")
        )
