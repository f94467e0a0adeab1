"""Where an authority takes documents is changed by two people and a day's wait (cases.md G13).

Whoever could change an address alone could take the next list of names. So once a petition is addressed to an
authority, a change of its channels is asked for by one member and approved by an owner, then waits while the owners of
every branch that writes to this authority are told; any of them can stop it. What has not left yet waits with it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Select, String, Text, exists, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, is_state, now, public_id, states
from petitions.models.approval import Approval, MayNot, Proposal
from petitions.models.authority import Addressee, Authority, Channel
from petitions.models.branch import Branch
from petitions.models.delivery import Delivery
from petitions.models.member import Member
from petitions.models.petition import Petition
from petitions.models.transitions import Moves, Stateful
from petitions.policy import Act, Role


class ChangeUnderWay(Exception):
    """Another change of this channel waits already; settle that one first."""


class ChannelChange(Stateful, Base):
    """One channel as it was and as it is to be. `before` and `after` hold what differs; a new one has no `before`."""

    __tablename__ = "channel_changes"

    class State(StrEnum):
        IMPORTED = "imported"  # the operator brought it: an owner has to make it hers first
        ASKED = "asked"
        APPROVED = "approved"  # waits for its hour
        DONE = "done"
        DECLINED = "declined"
        STOPPED = "stopped"  # by an owner, while it waited
        LAPSED = "lapsed"

    moves: ClassVar[Moves] = {
        State.IMPORTED: frozenset({State.ASKED, State.STOPPED}),
        State.ASKED: frozenset({State.APPROVED, State.DECLINED, State.STOPPED, State.LAPSED}),
        State.APPROVED: frozenset({State.DONE, State.STOPPED}),
    }
    __table_args__ = (
        Index(
            "uq_channel_changes_open",
            "authority_id",
            "kind",
            unique=True,
            sqlite_where=text("state IN ('imported', 'asked', 'approved')"),
            postgresql_where=text("state IN ('imported', 'asked', 'approved')"),
        ),
    )

    # What decides where documents go, in which size, and what they are there. The rest is for organisers' eyes.
    GUARDED: ClassVar[frozenset[str]] = frozenset(
        {"address", "legal_effect", "mode", "max_bytes", "max_pages", "max_characters", "retired"}
    )
    HOLD: ClassVar[str] = "channel_change"  # the reason of the hold on deliveries
    OPEN: ClassVar[tuple[State, ...]] = (State.IMPORTED, State.ASKED, State.APPROVED)

    public_id: Mapped[str] = public_id()
    authority_id: Mapped[int] = mapped_column(ForeignKey("authorities.id"), index=True)
    kind: Mapped[Channel.Kind] = mapped_column(states(Channel.Kind))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text)  # why, and where the new one is known from
    state: Mapped[State] = mapped_column(states(State), default=State.ASKED)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"), index=True)  # empty: the operator
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    asked_at: Mapped[datetime] = mapped_column(default=now())
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    approved_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]  # it takes effect then, unless an owner stops it
    settled_at: Mapped[datetime | None]
    settled_reason: Mapped[str] = mapped_column(String(500), default="", server_default="")  # of a no or a stop

    authority: Mapped[Authority] = relationship()
    branch: Mapped[Branch | None] = relationship()
    asked_by: Mapped[Member | None] = relationship(foreign_keys=asked_by_id)
    approved_by: Mapped[Member | None] = relationship(foreign_keys=approved_by_id)

    # -- asking -------------------------------------------------------------------------------------

    @classmethod
    def ask(
        cls,
        session: Session,
        authority: Authority,
        kind: Channel.Kind,
        values: Mapping[str, Any],
        member: Member | None,
        reason: str,
    ) -> "ChannelChange | None":
        """Brings a channel to these values: at once where no petition is addressed to the authority or nothing guarded
        differs, and returns None; else asks for it. Without a member it is the operator's. Raises ChangeUnderWay."""
        session.refresh(authority, ["id"], with_for_update=True)  # a petition may just be getting this addressee
        before, after = differences(authority.channel(kind), values)
        if not after:
            return None
        if cls.under_way(session, authority, kind) is not None:
            raise ChangeUnderWay
        if not (cls.GUARDED & after.keys()) or not cls.guards(session, authority):
            settle(session, authority, kind, after)
            return None
        made = cls(
            authority=authority, kind=kind, before=before, after=after, reason=reason,
            state=cls.State.IMPORTED if member is None else cls.State.ASKED,
            asked_by=member, branch_id=member.branch_id if member else None,
        )
        session.add(made)
        session.flush()
        if member is not None:
            Proposal.ask(session, Approval.Kind.CHANNEL, made.public_id, member, authority=authority.slug)
        return made

    @classmethod
    def guards(cls, session: Session, authority: Authority) -> bool:
        """Whether a petition past its drafting is addressed to this authority."""
        return session.scalar(_addressing(authority).limit(1)) is not None

    @classmethod
    def under_way(cls, session: Session, authority: Authority, kind: Channel.Kind) -> "ChannelChange | None":
        return session.scalars(
            select(cls).where(cls.authority_id == authority.id, cls.kind == kind, is_state(cls.state, *cls.OPEN))
        ).one_or_none()

    @classmethod
    def of(cls, authority: Authority) -> "Select[ChannelChange]":
        """Newest first."""
        return select(cls).where(cls.authority_id == authority.id).order_by(cls.id.desc())

    @classmethod
    def still_open(cls) -> "Select[ChannelChange]":
        return select(cls).where(is_state(cls.state, *cls.OPEN)).order_by(cls.asked_at)

    @property
    def open(self) -> bool:
        return self.state in self.OPEN

    @property
    def adds(self) -> bool:
        """A new channel, not a change of one."""
        return not self.before

    # -- deciding -----------------------------------------------------------------------------------

    def take_up(self, session: Session, member: Member) -> None:
        """An owner makes the operator's request hers; another owner has to approve it. Raises MayNot."""
        if not member.may(Act.APPROVE_CHANNEL):
            raise MayNot("only an owner can ask for what the operator brought")
        self.move_to(self.State.ASKED)
        self.asked_by, self.branch_id = member, member.branch_id
        self.asked_at = database_time(session)
        Proposal.ask(session, Approval.Kind.CHANNEL, self.public_id, member, authority=self.authority.slug)

    def approve(
        self, session: Session, proposal: Proposal, member: Member, hold: timedelta, *, lapse_hours: int = 72
    ) -> None:
        """The second person's yes: it takes effect after the hold, and what has not left yet waits so long. Raises what
        Proposal.approve raises."""
        proposal.approve(session, member, lapse_hours=lapse_hours)
        self.move_to(self.State.APPROVED)
        self.approved_by, self.approved_at = member, database_time(session)
        self.not_before = self.approved_at + hold
        session.flush()
        if (channel := self.authority.channel(self.kind)) is not None:
            _hold_deliveries(session, channel)

    def decline(self, session: Session, proposal: Proposal, member: Member, reason: str) -> None:
        """Raises what Proposal.decline raises."""
        proposal.decline(session, member, reason)
        self._settle(session, self.State.DECLINED, reason)

    def stop(self, session: Session, member: Member, reason: str) -> None:
        """An owner of any branch that writes to this authority, or who asked, says no while there is time. Raises
        MayNot."""
        if not self.stoppable_by(session, member):
            raise MayNot("only an owner of a branch that writes to this authority can stop it")
        if (proposal := Proposal.of(session, Approval.Kind.CHANNEL, self.public_id)) is not None:
            proposal.lapse(database_time(session))
        self._settle(session, self.State.STOPPED, reason)

    def stoppable_by(self, session: Session, member: Member) -> bool:
        if not self.open or member.left_at is not None:
            return False
        owner = member.role is Role.OWNER and member.branch_id in self.concerned(session)
        return owner or member.id == self.asked_by_id

    def concerned(self, session: Session) -> set[int]:
        """Branches that write to this authority, and the one that asked."""
        writing = set(session.scalars(_addressing(self.authority)))
        return writing | ({self.branch_id} if self.branch_id else set())

    def owners(self, session: Session) -> list[Member]:
        """Everyone who is told."""
        return list(
            session.scalars(
                select(Member)
                .where(
                    Member.branch_id.in_(self.concerned(session)),
                    Member.role == Role.OWNER,
                    Member.left_at.is_(None),
                )
                .order_by(Member.id)
            )
        )

    # -- what the worker does ------------------------------------------------------------------------

    @classmethod
    def due(cls) -> "Select[ChannelChange]":
        """Whose hour has come; not while the branch that asked is frozen: its members may not be themselves."""
        return (
            select(cls)
            .join(Branch, cls.branch_id == Branch.id)
            .where(is_state(cls.state, cls.State.APPROVED), cls.not_before <= now(), Branch.frozen_at.is_(None))
            .with_for_update(skip_locked=True, of=cls)
        )

    @classmethod
    def abandoned(cls) -> "Select[ChannelChange]":
        """Asked for, and nobody decided in time."""
        waiting = exists().where(Proposal.subject == cls.public_id, is_state(Proposal.state, Proposal.State.WAITING))
        return select(cls).where(is_state(cls.state, cls.State.ASKED), ~waiting).with_for_update(skip_locked=True)

    def take_effect(self, session: Session) -> None:
        """The channel is as it was asked for; what waited goes there, or waits for a person where it is retired."""
        channel = self.authority.channel(self.kind)
        settle(session, self.authority, self.kind, self.after)
        self._settle(session, self.State.DONE)
        if channel is not None and channel.retired_at is not None:
            _let_deliveries_go(session, channel, then_hold="channel_unusable")

    def lapse(self, session: Session) -> None:
        self._settle(session, self.State.LAPSED)

    @classmethod
    def holds(cls, session: Session, channel: Channel) -> bool:
        """Whether what is due by this channel has to wait for a change of it."""
        approved = exists().where(
            cls.authority_id == channel.authority_id,
            cls.kind == channel.kind,
            is_state(cls.state, cls.State.APPROVED),
        )
        return bool(session.scalar(select(approved)))

    # -- below: how ------------------------------------------------------------------------------------

    def _settle(self, session: Session, state: State, reason: str = "") -> None:
        self.move_to(state)
        self.settled_at, self.settled_reason = database_time(session), reason[:500]
        session.flush()
        if (channel := self.authority.channel(self.kind)) is not None:
            _let_deliveries_go(session, channel)


def differences(channel: Channel | None, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of `values` is not so yet, as it is and as it would be; of a new channel everything that says something."""
    if channel is None:
        return {}, {name: value for name, value in values.items() if value or name == "address"}
    present = {name: _value(channel, name) for name in values}
    differing = {name for name, value in values.items() if present[name] != value}
    return {name: present[name] for name in differing}, {name: values[name] for name in differing}


def settle(session: Session, authority: Authority, kind: Channel.Kind, values: Mapping[str, Any]) -> None:
    """Makes the channel so. Of the post it is the authority's address, which is printed on every letter, too."""
    channel = authority.channel(kind)
    if channel is None:
        channel = Channel(kind=kind, address="", required=[])
        authority.channels.append(channel)
    for name, value in values.items():
        if name == "retired":
            channel.retired_at = database_time(session) if value else None
        else:
            setattr(channel, name, _WORDS[name](value) if name in _WORDS else value)
    if "address" in values:
        channel.failing_since = None  # another address has not failed yet
        if kind is Channel.Kind.POST:
            authority.postal_address = channel.address
    session.flush()


_WORDS: Mapping[str, type[StrEnum]] = {"legal_effect": Channel.LegalEffect, "mode": Channel.Mode}


def _value(channel: Channel, name: str) -> Any:
    if name == "retired":
        return channel.retired_at is not None
    value = getattr(channel, name)
    return value.value if isinstance(value, StrEnum) else value


def _addressing(authority: Authority) -> "Select[int]":
    """The branches of petitions past drafting that this authority is an addressee of."""
    return (
        select(Petition.branch_id)
        .join(Addressee, Addressee.petition_id == Petition.id)
        .where(Addressee.authority_id == authority.id, Petition.state != Petition.State.DRAFT)
    )


def _hold_deliveries(session: Session, channel: Channel) -> None:
    session.execute(
        update(Delivery)
        .where(
            Delivery.channel_id == channel.id,
            is_state(Delivery.state, *sorted(Delivery.WAITING)),
            Delivery.hold_reason.is_(None),
        )
        .values(hold_reason=ChannelChange.HOLD)
        .execution_options(synchronize_session=False)
    )


def _let_deliveries_go(session: Session, channel: Channel, *, then_hold: str | None = None) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel.id, Delivery.hold_reason == ChannelChange.HOLD)
        .values(hold_reason=then_hold)
        .execution_options(synchronize_session=False)
    )
