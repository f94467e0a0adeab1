"""The operator stops things: switches of the site, a branch, everything after a restored backup (cases.md G16)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from petitions.db import database_time
from petitions.models import AuditEntry, Branch, Member, MemberSession
from tests.cli.conftest import OWNER, Cli


def test_a_switch_is_thrown_seen_and_reset(cli: Cli) -> None:
    assert "Nothing is stopped" in cli.ok("switch", "list")

    cli.ok("switch", "throw", "deliveries", "--reason", "the relay was taken over")

    assert [one["name"] for one in cli.json("switch", "list")] == ["deliveries"]
    assert "already" in cli.refused("switch", "throw", "deliveries", "--reason", "once more")
    assert "goes on" in cli.ok("switch", "reset", "deliveries")
    assert cli.json("switch", "list") == []
    assert "not stopped" in cli.refused("switch", "reset", "deliveries")
    assert [entry["verb"] for entry in cli.json("audit", "list", "--last", 2)] == ["switch.throw", "switch.reset"]


@pytest.mark.parametrize("reason", ["", "no", "x" * 81])
def test_a_switch_needs_a_reason(cli: Cli, reason: str) -> None:
    cli.refused("switch", "throw", "signing", "--reason", reason, code=2)

    assert cli.json("switch", "list") == []


def test_a_restored_backup_sends_nothing_and_lets_nobody_in(cli: Cli) -> None:
    with cli.rows() as session:
        owner = session.scalars(select(Member).where(Member.email == OWNER)).one()
        session.add(MemberSession(token_hash=b"x" * 32, member_id=owner.id, data={}))

    cli.ok("db", "restored")
    cli.ok("db", "restored")

    assert {one["name"] for one in cli.json("switch", "list")} == {"deliveries", "updates"}
    with cli.rows() as session:
        assert session.scalars(select(MemberSession)).one().ended_at is not None


def test_the_operator_freezes_at_once(cli: Cli) -> None:
    cli.ok("branch", "freeze", "north", "--reason", "an owner was arrested")

    assert "frozen already" in cli.ok("branch", "freeze", "north")
    with cli.rows() as session:
        branch = session.scalars(select(Branch)).one()
        assert branch.frozen_by == "operator"
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "branch.freeze")).first()
        assert entry is not None
        assert entry.branch_id == branch.id


def test_the_operator_unfreezes_after_a_day_only(cli: Cli) -> None:
    assert "not frozen" in cli.refused("branch", "unfreeze", "north")
    cli.ok("branch", "freeze", "north")

    assert "not before" in cli.refused("branch", "unfreeze", "north")
    with cli.rows() as session:
        session.scalars(select(Branch)).one().frozen_at = database_time(session) - timedelta(hours=24, minutes=1)
    cli.ok("branch", "unfreeze", "north")

    with cli.rows() as session:
        assert session.scalars(select(Branch)).one().frozen_at is None
