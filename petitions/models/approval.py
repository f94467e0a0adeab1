"""What one member asks for and another decides, and the second person's yes."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, now, public_id, states
from petitions.models.member import Member
from petitions.models.transitions import Moves, Stateful
from petitions.policy import Act

LAPSE_HOURS = 72


class SamePerson(Exception):
    """Who asked cannot be who approves."""


class JustLetIn(Exception):
    """One of the two let the other in within the last day: they do not count as two yet. Who invites a second address
    of one's own must not be both; meanwhile all owners have a letter about the new member."""


class MayNot(Exception):
    """This member's role does not allow it."""


class AlreadyAsked(Exception):
    """The same is waiting for a second person already."""


class AlreadyDecided(Exception):
    """Somebody has said yes or no to it before."""


class ProposalLapsed(Exception):
    """Nobody decided in time; ask again, so that what is approved is what is true now."""


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
        CLOSING = "closing"
        WITHDRAWAL = "withdrawal"
        REOPENING = "reopening"
        INVALIDATION = "invalidation"
        RELEASE = "release"
        EXPORT = "export"
        UPDATE = "update"
        UNFREEZE = "unfreeze"
        ERASURE = "erasure"
        BRANCH = "branch"
        ADDRESSEE = "addressee"

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


class Proposal(Stateful, Base):
    """Something that needs two people: one asks, another decides. What follows from a yes is done by whoever owns the
    subject, in the same transaction."""

    __tablename__ = "proposals"

    Kind = Approval.Kind

    class State(StrEnum):
        WAITING = "waiting"
        APPROVED = "approved"
        DECLINED = "declined"
        LAPSED = "lapsed"
        WITHDRAWN = "withdrawn"  # by who asked

    moves: ClassVar[Moves] = {
        State.WAITING: frozenset({State.APPROVED, State.DECLINED, State.LAPSED, State.WITHDRAWN}),
    }
    APPROVED_BY: ClassVar[dict[Approval.Kind, Act]] = {
        Approval.Kind.EDITION: Act.APPROVE_EDITION,
        Approval.Kind.TRIGGER: Act.APPROVE_EDITION,
        Approval.Kind.PUBLICATION: Act.APPROVE_PUBLICATION,
        Approval.Kind.TEXT: Act.APPROVE_PUBLICATION,
        Approval.Kind.CLOSING: Act.APPROVE_PUBLICATION,
        Approval.Kind.WITHDRAWAL: Act.APPROVE_PUBLICATION,
        Approval.Kind.REOPENING: Act.APPROVE_PUBLICATION,
        Approval.Kind.CHANNEL: Act.APPROVE_CHANNEL,
        Approval.Kind.INVALIDATION: Act.APPROVE_INVALIDATION,
        Approval.Kind.RELEASE: Act.APPROVE_RELEASE,
        Approval.Kind.EXPORT: Act.APPROVE_EXPORT,
        Approval.Kind.UPDATE: Act.APPROVE_UPDATE,
        Approval.Kind.UNFREEZE: Act.UNFREEZE_BRANCH,
        Approval.Kind.ERASURE: Act.ERASE,
        Approval.Kind.BRANCH: Act.MANAGE_MEMBERS,
        Approval.Kind.ADDRESSEE: Act.APPROVE_PUBLICATION,
    }
    __table_args__ = (
        Index(
            "uq_proposals_waiting",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    kind: Mapped[Approval.Kind] = mapped_column(states(Approval.Kind))
    subject: Mapped[str] = mapped_column(String(24), index=True)  # the public id of what it is about
    details: Mapped[dict[str, Any]]
    state: Mapped[State] = mapped_column(states(State), default=State.WAITING)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now())
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(500), default="")  # of a no

    asked_by: Mapped[Member] = relationship(foreign_keys=asked_by_id)
    decided_by: Mapped[Member | None] = relationship(foreign_keys=decided_by_id)

    @classmethod
    def ask(cls, session: Session, kind: Approval.Kind, subject: str, member: Member, **details: Any) -> "Proposal":
        """Raises AlreadyAsked, unless what waits has waited for too long: then the new one takes its place. Whether the
        member may ask is the caller's to know: each kind has an act of its own."""
        earlier = cls.of(session, kind, subject)
        if earlier is not None:
            moment = database_time(session)
            if not earlier.lapsed_at(moment):
                raise AlreadyAsked(kind.value)
            earlier.lapse(moment)
            session.flush()
        made = cls(branch_id=member.branch_id, kind=kind, subject=subject, details=details, asked_by=member)
        session.add(made)
        session.flush()
        return made

    @classmethod
    def of(cls, session: Session, kind: Approval.Kind, subject: str, *, lock: bool = True) -> "Proposal | None":
        """The one that waits for a decision on this subject; a page that only shows it must not lock it."""
        found = select(cls).where(cls.kind == kind, cls.subject == subject, cls.state == cls.State.WAITING)
        return session.scalars(found.with_for_update() if lock else found).one_or_none()

    @classmethod
    def waiting(cls, branch_id: int) -> "Select[Proposal]":
        return (
            select(cls).where(cls.branch_id == branch_id, cls.state == cls.State.WAITING).order_by(cls.asked_at)
        )

    def decidable_by(self, member: Member) -> bool:
        """Whether this member could be the second person."""
        return (
            member.branch_id == self.branch_id
            and member.id != self.asked_by_id
            and member.may(self.APPROVED_BY[self.kind])
        )

    def approve(self, session: Session, member: Member, *, lapse_hours: int = LAPSE_HOURS) -> None:
        """The second person's yes. Raises MayNot, SamePerson, JustLetIn, AlreadyDecided, ProposalLapsed."""
        self._refuse(member)
        moment = database_time(session)
        refuse_accomplices(self.asked_by, member, moment)
        if self.lapsed_at(moment, lapse_hours):
            raise ProposalLapsed
        approval = Approval.given(self.kind, self.subject, self.asked_by, member)
        session.execute(  # a yes takes the place of the same person's earlier one; both are in the audit log
            delete(Approval).where(
                Approval.kind == self.kind, Approval.subject == self.subject, Approval.approved_by_id == member.id
            )
        )
        session.add(approval)
        self._decide(self.State.APPROVED, member, moment)

    def decline(self, session: Session, member: Member, reason: str = "") -> None:
        """The second person's no. Raises MayNot, SamePerson, AlreadyDecided."""
        self._refuse(member)
        self.reason = reason[:500]
        self._decide(self.State.DECLINED, member, database_time(session))

    def withdraw(self, session: Session, member: Member) -> None:
        """Who asked thinks better of it. Raises MayNot, AlreadyDecided."""
        if self.state is not self.State.WAITING:
            raise AlreadyDecided(self.state.value)
        if member.id != self.asked_by_id:
            raise MayNot("only who asked may take it back")
        self._decide(self.State.WITHDRAWN, member, database_time(session))

    def lapsed_at(self, moment: datetime, lapse_hours: int = LAPSE_HOURS) -> bool:
        return moment - self.asked_at > timedelta(hours=lapse_hours)

    def lapse(self, moment: datetime) -> None:
        self.move_to(self.State.LAPSED)
        self.decided_at = moment

    def _refuse(self, member: Member) -> None:
        if self.state is not self.State.WAITING:
            raise AlreadyDecided(self.state.value)
        if member.branch_id != self.branch_id or not member.may(self.APPROVED_BY[self.kind]):
            raise MayNot("this member's role does not allow it")
        if member.id == self.asked_by_id:
            raise SamePerson("the member who asked cannot approve; another owner must")

    def _decide(self, state: State, member: Member, moment: datetime) -> None:
        self.move_to(state)
        self.decided_by, self.decided_at = member, moment


def refuse_accomplices(one: Member, other: Member, moment: datetime) -> None:
    """Raises JustLetIn."""
    if one.just_let_in_by(other, moment) or other.just_let_in_by(one, moment):
        raise JustLetIn
