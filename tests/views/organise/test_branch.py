"""A branch's own page: what it prints, what its parent sees, and freezing it in seconds (cases.md G16)."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.models import Branch, Member, MemberSession, Proposal
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.looking import last_entry, notices, rows

Role = Member.Role
PRINTED = {
    "legal_name": "Open Door Association",
    "representative": "Mara Lindqvist",
    "representative_role": "chair",
    "postal_address": "Open Door Association\r\nMill Lane 4\r\n1000 Exampletown",
    "place": "Exampletown",
    "reply_email": "office@opendoor.example.org",
}
MOVED = {**PRINTED, "postal_address": "Open Door Association\r\nNew Street 9\r\n1000 Exampletown"}


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session, seal_certificate=None)
    session.commit()
    return made


def as_it_is(branch: Branch) -> Branch:
    return rows(select(Branch).where(Branch.id == branch.id))[0]


# -- the page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_every_member_sees_what_letters_say(desk: MakeDesk, branch: Branch, role: Role) -> None:
    page = desk(role, branch=branch).get("/organise/branch/").text

    assert "Mill Lane 4" in page
    assert "No seal: nothing can be compiled" in page
    assert ("Freeze the branch" in page) is (role is not Role.AUDITOR)


def test_a_parent_sees_numbers_of_its_branches_and_nothing_else(
    desk: MakeDesk, session: Session, branch: Branch
) -> None:
    child = factories.branch(
        session, parent_id=branch.id, legal_name="Northern Door", representative="Secret Person",
        postal_address="Hidden Lane 1", reply_email="hidden@north.example.org",
    )
    grandchild = factories.branch(session, parent_id=child.id, legal_name="Far Door")
    member = factories.member(session, child, name="Nils Hidden")
    factories.petition(session, branch=child, slug="hidden-petition", confirmed_count=1234)
    session.commit()

    page = desk(branch=branch).get("/organise/branch/").text

    assert "Northern Door" in page
    assert "1,234" in page
    assert grandchild.legal_name in page
    for hidden in ("Secret Person", "Hidden Lane", "hidden@", member.name, "hidden-petition", "Verenko"):
        assert hidden not in page


def test_a_child_learns_only_its_parents_name(desk: MakeDesk, session: Session, branch: Branch) -> None:
    child = factories.branch(session, parent_id=branch.id, legal_name="Northern Door", postal_address="North 1")
    branch.legal_name, branch.representative = "Great Door", "Parent Person"
    session.commit()

    page = desk(branch=child).get("/organise/branch/").text

    assert "A branch of Great Door." in page
    assert "Parent Person" not in page
    assert "Branches below" not in page


# -- what is printed ----------------------------------------------------------------------------------


def test_what_is_printed_is_shown_before_anybody_is_asked(desk: MakeDesk, branch: Branch) -> None:
    me = desk(branch=branch)

    page = me.post("/organise/branch/change/check", data=MOVED)

    assert page.status_code == 200
    assert "<del>" in page.text
    assert "New Street 9" in page.text
    assert not rows(select(Proposal))


def test_two_owners_change_what_is_printed(desk: MakeDesk, branch: Branch) -> None:
    first, second = desk(branch=branch), desk(branch=branch)

    first.post("/organise/branch/change", data=MOVED)

    assert "Mill Lane 4" in as_it_is(branch).postal_address, "nothing changes before the second one's yes"
    assert notices("branch_change_asked") == {first.member.id, second.member.id}
    proposal = rows(select(Proposal))[0]
    page = second.get(f"/organise/branch/changes/{proposal.public_id}").text
    assert "New Street 9" in page

    answer = second.post(f"/organise/branch/changes/{proposal.public_id}/approval", follow_redirects=True)

    assert "It is changed" in answer.text
    assert as_it_is(branch).postal_address.splitlines()[1] == "New Street 9"
    assert notices("branch_changed") == {first.member.id, second.member.id}
    assert last_entry().verb == "branch.change"


def test_who_asked_does_not_approve(desk: MakeDesk, branch: Branch) -> None:
    me = desk(branch=branch)
    me.post("/organise/branch/change", data=MOVED)
    proposal = rows(select(Proposal))[0]

    answer = me.post(f"/organise/branch/changes/{proposal.public_id}/approval")

    assert answer.status_code == 409
    assert "Another owner must decide" in answer.text
    assert "Mill Lane 4" in as_it_is(branch).postal_address


def test_one_change_waits_at_a_time(desk: MakeDesk, branch: Branch) -> None:
    me = desk(branch=branch)
    me.post("/organise/branch/change", data=MOVED)

    answer = me.post("/organise/branch/change", data={**MOVED, "place": "Elsewhere"})

    assert answer.status_code == 409
    assert "waiting for a second owner" in answer.text


def test_another_branch_neither_sees_nor_decides_a_change(desk: MakeDesk, branch: Branch) -> None:
    desk(branch=branch).post("/organise/branch/change", data=MOVED)
    proposal, stranger = rows(select(Proposal))[0], desk()

    assert stranger.get(f"/organise/branch/changes/{proposal.public_id}").status_code == 404
    for verb in ("approval", "refusal"):
        assert stranger.post(f"/organise/branch/changes/{proposal.public_id}/{verb}").status_code == 404
    assert rows(Proposal.waiting(branch.id))


@pytest.mark.parametrize("who", ["first", "second"])
def test_a_change_is_taken_back_or_refused(desk: MakeDesk, branch: Branch, who: str) -> None:
    owners = {"first": desk(branch=branch), "second": desk(branch=branch)}
    owners["first"].post("/organise/branch/change", data=MOVED)
    proposal = rows(select(Proposal))[0]

    owners[who].post(f"/organise/branch/changes/{proposal.public_id}/refusal")

    assert not rows(Proposal.waiting(branch.id))
    assert "Mill Lane 4" in as_it_is(branch).postal_address


def test_a_change_asked_for_too_long_ago_is_asked_for_again(desk: MakeDesk, session: Session, branch: Branch) -> None:
    first, second = desk(branch=branch), desk(branch=branch)
    first.post("/organise/branch/change", data=MOVED)
    proposal = rows(select(Proposal))[0]
    session.execute(update(Proposal).values(asked_at=datetime(2026, 1, 1, tzinfo=UTC)))
    session.commit()

    answer = second.post(f"/organise/branch/changes/{proposal.public_id}/approval")

    assert answer.status_code == 409
    assert "too long ago" in answer.text
    assert "Mill Lane 4" in as_it_is(branch).postal_address
    assert first.post("/organise/branch/change", data=MOVED).status_code == 303


@pytest.mark.parametrize(
    "wrong", [{"legal_name": ""}, {"postal_address": ""}, {"postal_address": "A\x07B"}, {"reply_email": "x\n@y"}]
)
def test_what_cannot_be_printed_is_refused_and_kept(desk: MakeDesk, branch: Branch, wrong: dict[str, str]) -> None:
    answer = desk(branch=branch).post("/organise/branch/change/check", data={**MOVED, **wrong})

    assert answer.status_code == 422
    assert "New Street 9" in answer.text or "postal_address" in wrong
    assert f'href="#{next(iter(wrong))}"' in answer.text


def test_another_name_has_to_be_verified_again(desk: MakeDesk, session: Session, branch: Branch) -> None:
    """cases.md M13: a name that the operator has not seen collects no names."""
    session.execute(update(Branch).values(verified_at=datetime(2026, 1, 1, tzinfo=UTC)))
    session.commit()
    first, second = desk(branch=branch), desk(branch=branch)
    first.post("/organise/branch/change", data={**PRINTED, "legal_name": "Closed Door Association"})
    proposal = rows(select(Proposal))[0]

    second.post(f"/organise/branch/changes/{proposal.public_id}/approval")

    assert as_it_is(branch).legal_name == "Closed Door Association"
    assert as_it_is(branch).verified_at is None


# -- freezing -----------------------------------------------------------------------------------------


@pytest.fixture
def frozen(session: Session, branch: Branch) -> Branch:
    session.execute(
        update(Branch).where(Branch.id == branch.id).values(frozen_at=datetime.now(UTC), frozen_by="operator")
    )
    session.commit()
    return branch


@pytest.mark.parametrize("role", [Role.EDITOR, Role.MODERATOR, Role.OWNER])
def test_one_press_freezes_the_branch_and_logs_everybody_out(desk: MakeDesk, branch: Branch, role: Role) -> None:
    """cases.md G16"""
    presser, owner = desk(role, branch=branch, fresh=False), desk(branch=branch)
    elsewhere = desk()

    answer = presser.post("/organise/branch/freezing", follow_redirects=True)

    assert answer.status_code == 200
    assert "the branch is frozen" in answer.text
    assert as_it_is(branch).frozen_by == presser.member.public_id
    assert presser.get("/organise/branch/").status_code == 302
    assert owner.get("/organise/branch/").status_code == 302
    assert elsewhere.get("/organise/branch/").status_code == 200
    assert owner.member.id in notices("branch_frozen")
    assert last_entry().verb == "branch.freeze"


def test_freezing_is_one_link_away_on_every_page(desk: MakeDesk, branch: Branch) -> None:
    me = desk(Role.EDITOR, branch=branch, fresh=False)

    assert 'href="/organise/branch/freezing"' in me.get("/organise/members/").text
    page = me.get("/organise/branch/freezing").text
    assert page.count("<button") == 2, "one to freeze, one to log out"


def test_an_auditor_freezes_nothing(desk: MakeDesk, branch: Branch) -> None:
    assert desk(Role.AUDITOR, branch=branch).post("/organise/branch/freezing").status_code == 403
    assert as_it_is(branch).frozen_at is None


def test_a_long_reason_stops_nobody(desk: MakeDesk, branch: Branch) -> None:
    desk(branch=branch).post("/organise/branch/freezing", data={"reason": "help " * 200})

    assert as_it_is(branch).frozen_at is not None
    assert len(last_entry().details["reason"]) <= 80


def test_while_frozen_nothing_is_changed_and_everybody_is_told(desk: MakeDesk, frozen: Branch) -> None:
    me = desk(branch=frozen)

    assert me.post("/organise/branch/change", data=MOVED).status_code == 423
    assert me.get("/organise/members/invitations/new").status_code == 423
    assert "This branch is frozen." in me.get("/organise/members/").text
    assert "Two owners unfreeze it together" in me.get("/organise/branch/").text
    assert not rows(select(Proposal))


def test_signing_goes_on_while_frozen(app: Flask, session: Session, frozen: Branch, client: Desk) -> None:
    factories.petition(session, branch=session.merge(frozen), slug="free-anna")
    session.commit()

    assert "Sign this petition" in client.get("/en/petitions/free-anna").text


def test_two_owners_unfreeze(desk: MakeDesk, frozen: Branch) -> None:
    first, second = desk(branch=frozen), desk(branch=frozen)

    first.post("/organise/branch/unfreezing")

    assert as_it_is(frozen).frozen_at is not None
    assert notices("branch_unfreeze_asked") == {first.member.id, second.member.id}

    answer = second.post("/organise/branch/unfreezing", follow_redirects=True)

    assert "The branch is unfrozen" in answer.text
    assert as_it_is(frozen).frozen_at is None
    assert notices("branch_unfrozen") == {first.member.id, second.member.id}
    assert last_entry().verb == "branch.unfreeze"


def test_one_owner_does_not_unfreeze_alone(desk: MakeDesk, frozen: Branch) -> None:
    me = desk(branch=frozen)
    me.post("/organise/branch/unfreezing")

    answer = me.post("/organise/branch/unfreezing")

    assert answer.status_code == 409
    assert as_it_is(frozen).frozen_at is not None


def test_freezing_again_drops_what_one_owner_asked_for(desk: MakeDesk, frozen: Branch) -> None:
    """A yes given for another moment does not unfreeze this one."""
    first, second = desk(branch=frozen), desk(branch=frozen)
    first.post("/organise/branch/unfreezing")

    second.post("/organise/branch/freezing")

    third = desk(branch=frozen)
    third.post("/organise/branch/unfreezing")
    assert as_it_is(frozen).frozen_at is not None
    assert [one.asked_by_id for one in rows(Proposal.waiting(frozen.id))] == [third.member.id]


def test_a_request_to_unfreeze_is_refused(desk: MakeDesk, frozen: Branch) -> None:
    first, second = desk(branch=frozen), desk(branch=frozen)
    first.post("/organise/branch/unfreezing")

    second.post("/organise/branch/unfreezing/refusal")

    assert not rows(Proposal.waiting(frozen.id))
    assert as_it_is(frozen).frozen_at is not None


def test_the_sessions_that_ended_are_ended_in_the_database(desk: MakeDesk, branch: Branch) -> None:
    desk(branch=branch)
    desk(branch=branch).post("/organise/branch/freezing")

    assert not rows(select(MemberSession).where(MemberSession.ended_at.is_(None)))
