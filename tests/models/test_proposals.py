"""What one member asks for and another decides."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    Approval,
    JustLetIn,
    MayNot,
    Member,
    Proposal,
    ProposalLapsed,
    SamePerson,
)
from tests import factories

Kind, Role = Approval.Kind, Member.Role


@pytest.fixture
def members(session: Session) -> tuple[Member, Member]:
    of = factories.branch(session)
    return factories.member(session, of), factories.member(session, of)


def waited(session: Session, proposal: Proposal, hours: int) -> None:
    asked_at = database_time(session) - timedelta(hours=hours)
    session.execute(update(Proposal).where(Proposal.id == proposal.id).values(asked_at=asked_at))
    session.refresh(proposal)


def test_another_owner_approves(session: Session, members: tuple[Member, Member]) -> None:
    first, second = members
    asked = Proposal.ask(session, Kind.UPDATE, "news", first)

    asked.approve(session, second)

    assert asked.state is Proposal.State.APPROVED
    with pytest.raises(AlreadyDecided):
        asked.approve(session, second)


def test_who_asked_cannot_decide(session: Session, members: tuple[Member, Member]) -> None:
    asked = Proposal.ask(session, Kind.UPDATE, "news", members[0])

    for decide in (asked.approve, asked.decline):
        with pytest.raises(SamePerson):
            decide(session, members[0])


def test_a_role_without_the_right_and_a_foreign_owner_cannot_decide(
    session: Session, members: tuple[Member, Member]
) -> None:
    first, _ = members
    asked = Proposal.ask(session, Kind.UPDATE, "news", first)
    editor = factories.member(session, first.branch, Role.EDITOR)
    stranger = factories.member(session, factories.branch(session))

    for member in (editor, stranger):
        with pytest.raises(MayNot):
            asked.approve(session, member)


def test_the_same_is_asked_once(session: Session, members: tuple[Member, Member]) -> None:
    first, second = members
    Proposal.ask(session, Kind.UPDATE, "news", first)

    with pytest.raises(AlreadyAsked):
        Proposal.ask(session, Kind.UPDATE, "news", second)


def test_what_waited_too_long_cannot_be_approved_but_asked_anew(
    session: Session, members: tuple[Member, Member]
) -> None:
    first, second = members
    old = Proposal.ask(session, Kind.UPDATE, "news", first)
    waited(session, old, hours=73)

    with pytest.raises(ProposalLapsed):
        old.approve(session, second)
    again = Proposal.ask(session, Kind.UPDATE, "news", first)

    assert old.state is Proposal.State.LAPSED
    again.approve(session, second)


def test_who_asked_may_take_it_back(session: Session, members: tuple[Member, Member]) -> None:
    first, second = members
    asked = Proposal.ask(session, Kind.UPDATE, "news", first)

    with pytest.raises(MayNot):
        asked.withdraw(session, second)
    asked.withdraw(session, first)

    assert asked.state is Proposal.State.WITHDRAWN


@pytest.mark.parametrize("asks", ["who let in", "who was let in"])
def test_who_was_let_in_today_is_no_second_person_for_who_did_it(session: Session, asks: str) -> None:
    """G10: an owner who invites a second address of her own must not be both."""
    of = factories.branch(session)
    owner, third = factories.member(session, of), factories.member(session, of)
    new = factories.member(session, of, Role.EDITOR)
    new.change_role(session, Role.OWNER, by=owner)
    first, second = (owner, new) if asks == "who let in" else (new, owner)

    asked = Proposal.ask(session, Kind.UPDATE, "news", first)

    with pytest.raises(JustLetIn):
        asked.approve(session, second)
    asked.approve(session, third)


def test_after_a_day_they_count_as_two(session: Session) -> None:
    of = factories.branch(session)
    owner, new = factories.member(session, of), factories.member(session, of, Role.EDITOR)
    new.change_role(session, Role.OWNER, by=owner)
    new.let_in_at = database_time(session) - timedelta(hours=25)

    Proposal.ask(session, Kind.UPDATE, "news", owner).approve(session, new)
