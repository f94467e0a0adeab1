"""Accepting an invitation (cases.md E3, G11, G21)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import Invitation, Letter, Member
from tests import factories
from tests.views.accounts.people import Person, Visitor, a_visitor, join, log_in


def test_an_invitation_makes_a_member_with_password_and_codes(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session
) -> None:
    """G11, G21."""
    invitation, token = invited
    page = visitor.get(f"/organise/invitations/{token}").text
    assert "Open Door Association" in page
    assert "New@example.org" in page
    assert "Editor" in page

    answer = join(visitor, token)

    assert answer.text.count("<li><code>") == 8
    member = session.scalars(select(Member).where(Member.email == "New@example.org")).one()
    assert (member.name, member.role, member.language, member.can_log_in) == (
        "Ana Petrova",
        "editor",
        "ru",
        True,
    )
    session.refresh(invitation)
    assert invitation.email == ""
    assert [letter.words["event"] for letter in session.scalars(select(Letter))] == ["member_joined"]
    session.commit()
    assert 'lang="ru"' in visitor.get("/organise/account").text


def test_an_invitation_works_once(app: Flask, visitor: Visitor, invited: tuple[Invitation, str]) -> None:
    """G11."""
    join(visitor, invited[1])

    answer = a_visitor(app).get(f"/organise/invitations/{invited[1]}")

    assert answer.status_code == 404
    assert "This invitation works no longer" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"password": "petition2026"}, {"code": "000000"}, {"name": "http://evil.example"}, {"secret": "{}"}],
)
def test_what_is_wrong_at_joining_makes_no_member_and_keeps_what_was_typed(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session, wrong: dict[str, str]
) -> None:
    answer = join(visitor, invited[1], **wrong)

    assert answer.status_code == 422
    assert wrong.get("name", "Ana Petrova") in answer.text
    assert session.scalars(select(Member).where(Member.email == "New@example.org")).all() == []
    session.commit()
    assert join(visitor, invited[1]).status_code == 200


def test_too_old_and_taken_back_invitations_open_nothing(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session
) -> None:
    """G11."""
    invitation, token = invited
    invitation.expires_at -= timedelta(hours=73)
    session.commit()
    assert visitor.get(f"/organise/invitations/{token}").status_code == 404
    invitation.expires_at += timedelta(hours=73)
    invitation.revoke()
    session.commit()
    assert visitor.get(f"/organise/invitations/{token}").status_code == 404


def test_a_newer_invitation_takes_the_place_of_the_older(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session
) -> None:
    invitation, token = invited
    _, newer = Invitation.make(
        session, invitation.branch, email="new@EXAMPLE.org", role=Member.Role.OWNER, invited_by=None
    )
    session.commit()

    assert visitor.get(f"/organise/invitations/{token}").status_code == 404
    assert visitor.get(f"/organise/invitations/{newer}").status_code == 200


def test_who_is_a_member_already_does_not_become_one_twice(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session
) -> None:
    """E3."""
    factories.member(session, invited[0].branch, email="new@example.org")
    session.commit()

    assert join(visitor, invited[1]).status_code == 404


def test_who_left_can_come_back_and_the_old_record_stays(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session
) -> None:
    former = factories.member(session, invited[0].branch, email="new@example.org")
    former.left_at = former.joined_at
    session.commit()

    assert join(visitor, invited[1]).status_code == 200
    session.refresh(former)
    assert former.email.endswith("@former.invalid")


def test_new_credentials_end_the_old_ones_at_once(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    """A member who lost every key, or whose keys somebody else has."""
    elsewhere = a_visitor(app)
    log_in(elsewhere, person)
    member = session.get_one(Member, person.id)
    _, token = Invitation.renew(session, member, invited_by=None)
    session.commit()
    assert elsewhere.get("/organise/account").status_code == 302
    assert log_in(a_visitor(app), person).status_code == 422

    answer = join(visitor, token)

    assert answer.status_code == 200
    assert [found.id for found in session.scalars(select(Member).where(Member.email == person.email))] == [
        person.id
    ]
