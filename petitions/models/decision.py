"""What follows from a second person's answer about a petition: in the transaction in which it is given."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.models.approval import Approval, Proposal, ProposalLapsed
from petitions.models.authority import Addressee, Authority
from petitions.models.member import Member
from petitions.models.petition import Petition
from petitions.models.petition_text import PetitionText
from petitions.models.trigger import Trigger

Kind = Approval.Kind
Effect = Callable[[Session, Petition, Proposal, Member, datetime], None]


def carry_out(session: Session, petition: Petition, proposal: Proposal, member: Member) -> None:
    """After a yes. Raises what the petition's own verbs raise."""
    _YES[proposal.kind](session, petition, proposal, member, database_time(session))
    session.flush()


def let_drop(session: Session, petition: Petition, proposal: Proposal) -> None:
    """After a no, or when who asked takes it back: what was only asked for is as it was before."""
    if proposal.kind is Kind.PUBLICATION and petition.state is Petition.State.IN_REVIEW:
        petition.send_back()
    if proposal.kind is Kind.TRIGGER:
        session.delete(trigger_of(petition, proposal))


def text_of(petition: Petition, proposal: Proposal) -> PetitionText:
    return next(text for text in petition.texts if text.subject == proposal.subject)


def trigger_of(petition: Petition, proposal: Proposal) -> Trigger:
    return next(order for order in petition.triggers if order.public_id == proposal.subject)


def opening_of(proposal: Proposal) -> datetime | None:
    """The hour for which publication was asked; None for at once."""
    asked = proposal.details.get("opens_at")
    return datetime.fromisoformat(asked) if asked else None


def _publish(session: Session, petition: Petition, proposal: Proposal, member: Member, moment: datetime) -> None:
    petition.publish(member, moment, opening_of(proposal))
    for order in petition.triggers:  # those were on the same page; who asked for one cannot approve it
        asked = Proposal.of(session, Kind.TRIGGER, order.public_id)
        if asked is not None and asked.decidable_by(member):
            asked.approve(session, member)
            order.approved_by = member
        elif asked is None and order.approved_by_id is None and order.asked_by_id != member.id:
            session.add(Approval.given(Kind.TRIGGER, order.public_id, order.asked_by, member))  # brought by a file
            order.approved_by = member


def _approve_text(_session: Session, petition: Petition, proposal: Proposal, member: Member, moment: datetime) -> None:
    text_of(petition, proposal).approve(member, moment)


def _arm(_session: Session, petition: Petition, proposal: Proposal, member: Member, _moment: datetime) -> None:
    trigger_of(petition, proposal).approved_by = member


def _address(session: Session, petition: Petition, proposal: Proposal, _member: Member, moment: datetime) -> None:
    asked: dict[str, Any] = proposal.details
    authority = session.scalars(
        select(Authority).where(Authority.public_id == asked["authority"]).with_for_update(of=Authority)
    ).one()
    if authority.changed_at is not None and authority.changed_at > proposal.asked_at:
        raise ProposalLapsed  # before it is an addressee one person may say where its post goes
    made = petition.address(session, authority, Addressee.Circle(asked["circle"]), asked["language"], moment)
    made.transliterates = asked.get("transliterates", False)


_YES: dict[Kind, Effect] = {
    Kind.PUBLICATION: _publish,
    Kind.TEXT: _approve_text,
    Kind.TRIGGER: _arm,
    Kind.ADDRESSEE: _address,
    Kind.CLOSING: lambda _session, petition, _proposal, _member, moment: petition.close(moment),
    Kind.WITHDRAWAL: lambda _session, petition, _proposal, _member, _moment: petition.withdraw(),
    Kind.REOPENING: lambda _session, petition, _proposal, _member, moment: petition.resume(moment),
}
KINDS = frozenset(_YES)
