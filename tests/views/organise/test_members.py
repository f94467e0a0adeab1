"""Who belongs to a branch, and what only an owner does to a membership (cases.md G10, E3, M11)."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from petitions.db import db
from petitions.models import AuditEntry, Branch, Invitation, Letter, Member, MemberSession, Proposal
from tests import factories
from tests.conftest import MakeDesk
from tests.views.organise.looking import last_entry, notices, rows

Role = Member.Role
WHY = {"reason": "agreed at our meeting"}


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session)
    session.commit()
    return made


@pytest.fixture
def owner(session: Session, branch: Branch) -> Member:
    """Besides the one who acts: two are needed for nearly everything."""
    made = factories.member(session, branch, name="Ada Second", email="ada@opendoor.example.org")
    session.commit()
    return made


@pytest.fixture
def editor(session: Session, branch: Branch) -> Member:
    made = factories.member(session, branch, Role.EDITOR, name="Edi Torres", email="edi@opendoor.example.org")
    session.commit()
    return made


def again(member: Member) -> Member:
    return rows(select(Member).where(Member.id == member.id))[0]


# -- looking ------------------------------------------------------------------------------------------


def test_everybody_sees_who_belongs_to_the_branch(desk: MakeDesk, branch: Branch, owner: Member) -> None:
    page = desk(Role.AUDITOR, branch=branch).get("/organise/members/")

    assert page.status_code == 200
    assert "Ada Second" in page.text
    assert "ada@opendoor.example.org" not in page.text, "an address is for those who manage members"
    assert "Invite somebody" not in page.text


def test_an_owner_sees_what_can_be_done(desk: MakeDesk, branch: Branch, owner: Member) -> None:
    page = desk(branch=branch).get("/organise/members/").text

    assert "ada@opendoor.example.org" in page
    assert f"/organise/members/{owner.public_id}/role" in page
    assert "Cannot log in yet" in page
    assert "There is only one owner" not in page


def test_a_lone_owner_is_told_that_two_are_needed(desk: MakeDesk, branch: Branch) -> None:
    assert "There is only one owner" in desk(branch=branch).get("/organise/members/").text


def test_members_of_another_branch_are_not_there(desk: MakeDesk, branch: Branch, owner: Member) -> None:
    stranger = desk()

    assert "Ada Second" not in stranger.get("/organise/members/").text
    for page in ("role", "removal", "credentials", "pseudonym"):
        assert stranger.get(f"/organise/members/{owner.public_id}/{page}").status_code == 404
        answer = stranger.post(f"/organise/members/{owner.public_id}/{page}", data={**WHY, "role": "auditor"})
        assert answer.status_code == 404


# -- inviting -----------------------------------------------------------------------------------------


def invite(email: str, role: str = "editor", **fields: str) -> dict[str, str]:
    return {"email": email, "role": role, "name": "", **WHY, **fields}


def test_who_is_invited_gets_a_letter_and_all_owners_are_told(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member
) -> None:
    me = desk(branch=branch)

    page = me.post("/organise/members/invitations/", data=invite("new@example.org"), follow_redirects=True)

    assert "The invitation is on its way" in page.text
    assert "new@example.org" in page.text
    invitation = rows(select(Invitation))[0]
    sealed = undefer(Letter.secret_box), undefer(Letter.address_box)
    letter = rows(select(Letter).where(Letter.kind == Letter.Kind.MEMBER_INVITATION).options(*sealed))[0]
    assert letter.secret_box is not None
    assert letter.address_box is not None
    assert b"new@example.org" not in letter.address_box
    assert notices("member_invited") == {me.member.id, owner.id}
    entry = last_entry()
    assert (entry.verb, entry.subject, entry.branch_id) == ("member.invite", invitation.public_id, branch.id)
    assert "new@example.org" not in str(entry.details)


def test_the_answer_is_the_same_for_an_address_of_another_branch(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member
) -> None:
    """cases.md E3"""
    elsewhere = factories.member(session, factories.branch(session)).email
    session.commit()
    me = desk(branch=branch)

    for email in ("nobody@example.org", elsewhere):
        answer = me.post("/organise/members/invitations/", data=invite(email))
        assert answer.status_code == 303
        page = me.get("/organise/members/").text
        assert "The invitation is on its way" in page
        assert email in page


def test_a_member_of_the_branch_is_not_invited_again(desk: MakeDesk, branch: Branch, owner: Member) -> None:
    answer = desk(branch=branch).post("/organise/members/invitations/", data=invite("ADA@opendoor.example.org"))

    assert answer.status_code == 422
    assert "is a member of your branch already" in answer.text
    assert 'value="ADA@opendoor.example.org"' in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"email": "not an address"}, {"email": "a@example.org\nBcc: b@example.org"}, {"role": "king"}, {"reason": "-"}],
)
def test_what_is_typed_wrong_is_kept_and_said(
    desk: MakeDesk, session: Session, branch: Branch, wrong: dict[str, str]
) -> None:
    answer = desk(branch=branch).post(
        "/organise/members/invitations/", data={**invite("new@example.org", name="Nora"), **wrong}
    )

    assert answer.status_code == 422
    assert "error-summary" in answer.text
    assert "Nora" in answer.text
    assert not rows(select(Invitation))


def test_each_role_says_what_it_can_do_before_it_is_chosen(desk: MakeDesk, branch: Branch) -> None:
    page = desk(branch=branch).get("/organise/members/invitations/new").text

    assert "Will be able to:" in page
    assert "Approve an edition, which is then delivered" in page


def test_an_invitation_is_taken_back(desk: MakeDesk, session: Session, branch: Branch, owner: Member) -> None:
    me = desk(branch=branch)
    me.post("/organise/members/invitations/", data=invite("new@example.org"))
    invitation = rows(select(Invitation))[0]

    page = me.post(f"/organise/members/invitations/{invitation.public_id}/revocation", follow_redirects=True)

    assert "is taken back" in page.text
    assert "new@example.org" not in page.text
    assert rows(select(Invitation))[0].revoked_at is not None
    assert owner.id in notices("invitation_revoked")
    assert me.post(f"/organise/members/invitations/{invitation.public_id}/revocation").status_code == 404


def test_an_invitation_of_another_branch_is_not_there(desk: MakeDesk, session: Session, branch: Branch) -> None:
    desk(branch=branch).post("/organise/members/invitations/", data=invite("new@example.org"))
    invitation = rows(select(Invitation))[0]

    answer = desk().post(f"/organise/members/invitations/{invitation.public_id}/revocation")

    assert answer.status_code == 404
    assert rows(select(Invitation))[0].is_waiting


# -- roles --------------------------------------------------------------------------------------------


def test_a_role_is_changed_and_all_owners_are_told(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member, editor: Member
) -> None:
    me = desk(branch=branch)

    page = me.get(f"/organise/members/{editor.public_id}/role").text
    answer = me.post(f"/organise/members/{editor.public_id}/role", data={"role": "moderator", **WHY})

    assert "Will no longer be able to:" in page
    assert answer.status_code == 303
    assert again(editor).role is Role.MODERATOR
    assert notices("member_role_changed") == {me.member.id, owner.id, editor.id}
    entry = last_entry()
    assert entry.verb == "member.role"
    assert entry.details == {"before": "editor", "role": "moderator", **WHY}


def test_nobody_changes_their_own_role(desk: MakeDesk, session: Session, branch: Branch, owner: Member) -> None:
    """cases.md G10"""
    me = desk(branch=branch)

    answer = me.post(f"/organise/members/{me.member.public_id}/role", data={"role": "auditor", **WHY})

    assert answer.status_code == 409
    assert "Ask another owner" in answer.text
    assert again(me.member).role is Role.OWNER


@pytest.mark.parametrize("role", [Role.EDITOR, Role.MODERATOR, Role.AUDITOR])
def test_nobody_but_an_owner_makes_an_owner(
    desk: MakeDesk, session: Session, branch: Branch, editor: Member, role: Role
) -> None:
    me = desk(role, branch=branch)

    for somebody in (me.member, editor):
        answer = me.post(f"/organise/members/{somebody.public_id}/role", data={"role": "owner", **WHY})
        assert answer.status_code == 403
        assert again(somebody).role is not Role.OWNER


def test_an_owner_is_not_left_alone_by_lowering_the_other(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member
) -> None:
    answer = desk(branch=branch).post(f"/organise/members/{owner.public_id}/role", data={"role": "editor", **WHY})

    assert answer.status_code == 409
    assert "only owner left" in answer.text
    assert again(owner).role is Role.OWNER


# -- leaving ------------------------------------------------------------------------------------------


def test_who_is_removed_is_logged_out_at_once_and_everybody_is_told(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member, editor: Member
) -> None:
    me, gone = desk(branch=branch), desk(member=editor)
    assert gone.get("/organise/members/").status_code == 200

    answer = me.post(f"/organise/members/{editor.public_id}/removal", data=WHY)

    assert answer.status_code == 303
    assert again(editor).left_at is not None
    assert gone.get("/organise/members/").status_code == 302
    living = select(MemberSession).where(MemberSession.member_id == editor.id, MemberSession.ended_at.is_(None))
    assert not rows(living)
    assert notices("member_left") == {me.member.id, owner.id, editor.id}
    assert "Former members" in me.get("/organise/members/").text


def test_what_a_removed_member_asked_for_is_off_the_table(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member
) -> None:
    third = factories.member(session, branch)
    Proposal.ask(session, Proposal.Kind.BRANCH, branch.public_id, third, changes={})
    Invitation.make(session, branch, email="puppet@example.org", role=Role.OWNER, invited_by=third)
    session.commit()

    desk(branch=branch).post(f"/organise/members/{third.public_id}/removal", data=WHY)

    assert [one.state for one in rows(select(Proposal))] == [Proposal.State.LAPSED]
    assert not rows(Invitation.waiting(branch.id))


def test_the_last_owner_stays(desk: MakeDesk, session: Session, branch: Branch, editor: Member) -> None:
    """cases.md G10"""
    me = desk(branch=branch)

    answer = me.post(f"/organise/members/{me.member.public_id}/removal", data=WHY)

    assert answer.status_code == 409
    assert "last owner" in answer.text
    assert again(me.member).left_at is None


def test_one_owner_does_not_remove_all_others(desk: MakeDesk, session: Session, branch: Branch, owner: Member) -> None:
    """cases.md G10: whoever holds one owner's laptop cannot make the branch theirs."""
    third = factories.member(session, branch)
    session.commit()
    me = desk(branch=branch)

    assert me.post(f"/organise/members/{third.public_id}/removal", data=WHY).status_code == 303
    answer = me.post(f"/organise/members/{owner.public_id}/removal", data=WHY)

    assert answer.status_code == 409
    assert "only owner left" in answer.text
    assert again(owner).left_at is None


def test_removing_needs_a_reason(desk: MakeDesk, session: Session, branch: Branch, editor: Member) -> None:
    answer = desk(branch=branch).post(f"/organise/members/{editor.public_id}/removal", data={"reason": ""})

    assert answer.status_code == 422
    assert 'href="#reason"' in answer.text
    assert again(editor).left_at is None


# -- credentials --------------------------------------------------------------------------------------


def test_reset_credentials_work_no_longer_and_a_new_link_is_sent(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member, editor: Member
) -> None:
    editor.password = "hash"
    session.commit()
    me, locked_out = desk(branch=branch), desk(member=editor)

    answer = me.post(f"/organise/members/{editor.public_id}/credentials", data=WHY)

    assert answer.status_code == 303
    assert locked_out.get("/organise/members/").status_code == 302
    assert again(editor).password is None
    invitation = rows(select(Invitation))[0]
    assert invitation.member_id == editor.id
    letter = rows(select(Letter).where(Letter.kind == Letter.Kind.MEMBER_INVITATION))[0]
    assert letter.member_id == editor.id
    assert notices("member_credentials_reset") == {me.member.id, owner.id, editor.id}


# -- former members -----------------------------------------------------------------------------------


def test_a_former_member_becomes_a_number_that_the_log_keeps(
    desk: MakeDesk, session: Session, branch: Branch, owner: Member, editor: Member
) -> None:
    """cases.md M11"""
    me = desk(branch=branch)
    AuditEntry.write(session, editor.public_id, "petition.pause", "x")
    session.commit()
    me.post(f"/organise/members/{editor.public_id}/removal", data=WHY)

    me.post(f"/organise/members/{editor.public_id}/pseudonym", data=WHY)

    gone = again(editor)
    assert gone.name == gone.public_id
    assert "edi@" not in gone.email
    assert "Edi Torres" not in me.get("/organise/members/").text
    with db.reading() as reading:
        assert AuditEntry.first_broken(reading) is None
    log = me.get("/organise/audit/").text
    assert gone.public_id in log
    assert "Edi Torres" not in log


def test_a_present_member_keeps_the_name(desk: MakeDesk, session: Session, branch: Branch, editor: Member) -> None:
    answer = desk(branch=branch).post(f"/organise/members/{editor.public_id}/pseudonym", data=WHY)

    assert answer.status_code == 404
    assert again(editor).name == "Edi Torres"


def test_managing_members_asks_for_passkey_or_password_again(desk: MakeDesk, branch: Branch, editor: Member) -> None:
    stale = desk(branch=branch, fresh=False)

    for path in (f"/organise/members/{editor.public_id}/role", "/organise/members/invitations/new"):
        assert stale.get(path).status_code == 303
    assert stale.get("/organise/members/").status_code == 200
