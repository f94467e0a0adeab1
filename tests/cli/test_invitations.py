"""The first owner comes by a link that the command prints; so does who lost every key (cases.md G11, G21)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from petitions.models import AuditEntry, Invitation, Letter, Member
from tests.cli.conftest import EDITOR, OWNER, SECOND_OWNER, Cli

LINK = re.compile(r"http://localhost:8000/organise/invitations/([A-Za-z0-9_-]{43})\n\Z")


def without_owners(cli: Cli) -> None:
    with cli.rows() as session:
        for member in session.scalars(select(Member).where(Member.role == Member.Role.OWNER)):
            member.role = Member.Role.EDITOR


def test_the_first_owner_gets_a_link_that_works_once_for_three_days(cli: Cli) -> None:
    without_owners(cli)

    printed = LINK.match(cli.ok("member", "invite", "north", "--first-owner", "--email", "first@north.example"))

    assert printed is not None
    with cli.rows() as session:
        invitation = Invitation.by_token(session, printed[1])
        assert (invitation.role, invitation.email) == (Member.Role.OWNER, "first@north.example")
        assert timedelta(hours=71) < invitation.expires_at - invitation.made_at <= timedelta(hours=72)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        assert (entry.actor, entry.verb, entry.subject) == ("operator", "member.invite", invitation.public_id)


def test_there_is_one_first_owner(cli: Cli) -> None:
    assert "has an owner" in cli.refused("member", "invite", "north", "--first-owner", "--email", "x@north.example")


def test_an_invited_editor_is_told_to_all_owners(cli: Cli) -> None:
    cli.ok("member", "invite", "north", "--role", "editor", "--email", "new@north.example")

    with cli.rows() as session:
        letters = session.scalars(select(Letter)).all()
        assert {letter.member.email for letter in letters if letter.member} == {OWNER, SECOND_OWNER}
        assert {letter.words["event"] for letter in letters} == {"member_invited"}


@pytest.mark.parametrize("options", [(), ("--first-owner", "--role", "editor")])
def test_it_is_said_what_the_person_will_be(cli: Cli, options: tuple[str, ...]) -> None:
    assert cli.run("member", "invite", "north", "--email", "x@north.example", *options).exit_code == 2


def test_who_lost_every_key_gets_a_link_and_the_owners_hear_of_it(cli: Cli) -> None:
    with cli.rows() as session:
        session.scalars(select(Member).where(Member.email == EDITOR)).one().password = "what it was"

    printed = LINK.match(cli.ok("member", "reset-credentials", EDITOR))

    assert printed is not None
    with cli.rows() as session:
        invitation = Invitation.by_token(session, printed[1])
        assert invitation.member is not None
        assert (invitation.member.email, invitation.member.password) == (EDITOR, None)
        assert {letter.words["event"] for letter in session.scalars(select(Letter))} == {"member_credentials_reset"}


def test_who_left_gets_no_new_key(cli: Cli) -> None:
    cli.ok("member", "leave", EDITOR, "--by", OWNER)

    assert "has left" in cli.refused("member", "reset-credentials", EDITOR)
