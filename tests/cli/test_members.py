"""Who leaves has no say any more; a branch keeps an owner (cases.md G10)."""

import pytest
from sqlalchemy import select

from petitions.models import AuditEntry, Branch, Member
from tests import factories
from tests.cli.conftest import AUDITOR, EDITOR, MODERATOR, OWNER, SECOND_OWNER, Cli


def leave(member: str, by: str) -> tuple[str, ...]:
    return ("member", "leave", member, "--by", by)


def present(cli: Cli) -> set[str]:
    return {one["email"] for one in cli.json("member", "list") if not one["left"]}


def test_who_has_left_can_do_nothing(cli: Cli) -> None:
    cli.ok(*leave(EDITOR, OWNER))

    assert EDITOR not in present(cli)
    assert "has left" in cli.refused("petition", "close", "free-anna", "--by", EDITOR)
    with cli.rows() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()
        gone = session.scalars(select(Member).where(Member.email == EDITOR)).one()
        assert (entry.verb, entry.subject, entry.details["role"]) == ("member.leave", gone.public_id, "editor")
        assert gone.left_at is not None


def test_the_last_owner_stays(cli: Cli) -> None:
    cli.ok(*leave(OWNER, SECOND_OWNER))

    assert "last owner" in cli.refused(*leave(SECOND_OWNER, SECOND_OWNER))
    assert SECOND_OWNER in present(cli)


def test_an_owner_of_another_branch_does_not_count(cli: Cli) -> None:
    with cli.rows() as session:
        factories.member(session, factories.branch(session))
    cli.ok(*leave(OWNER, OWNER))

    assert "last owner" in cli.refused(*leave(SECOND_OWNER, SECOND_OWNER))


def test_two_owners_cannot_remove_each_other(cli: Cli) -> None:
    cli.ok(*leave(OWNER, SECOND_OWNER))

    assert "has left" in cli.refused(*leave(SECOND_OWNER, OWNER))
    assert SECOND_OWNER in present(cli)


@pytest.mark.parametrize("by", [EDITOR, MODERATOR, AUDITOR])
def test_only_an_owner_removes(cli: Cli, by: str) -> None:
    cli.refused(*leave(EDITOR, by))

    assert EDITOR in present(cli)


def test_an_owner_removes_nobody_of_another_branch(cli: Cli) -> None:
    with cli.rows() as session:
        stranger = factories.member(session, factories.branch(session), Member.Role.EDITOR).public_id

    assert "another branch" in cli.refused(*leave(stranger, OWNER))


def test_nobody_leaves_twice(cli: Cli) -> None:
    cli.ok(*leave(EDITOR, OWNER))

    assert "left already" in cli.refused(*leave(EDITOR, OWNER))
    cli.refused(*leave("nobody@north.example", OWNER))


def test_it_is_said_when_no_two_are_left_who_could_agree(cli: Cli) -> None:
    assert "second person" not in cli.ok(*leave(EDITOR, OWNER))
    assert "second person" in cli.ok(*leave(SECOND_OWNER, OWNER))
    with cli.rows() as session:
        assert session.scalars(select(Branch)).one() is not None
