"""The chain, followed by whoever doubts it (cases.md M12)."""

import json

from sqlalchemy import delete, update

from petitions.models import AuditEntry
from tests.cli.conftest import Cli


def test_a_whole_chain_is_said_to_be_whole(cli: Cli) -> None:
    answer = cli.json("audit", "check")

    assert answer["whole"]
    assert answer["entries"] == 7  # the branch, its verification and its five members
    assert len(answer["head"]) == 64


def test_a_changed_entry_is_found_and_named(cli: Cli) -> None:
    with cli.rows() as session:
        session.execute(update(AuditEntry).where(AuditEntry.sequence == 3).values(actor="somebody"))

    result = cli.run("audit", "check", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["first_broken"] == 3
    assert "entry 3" in result.stderr


def test_a_missing_entry_is_found(cli: Cli) -> None:
    with cli.rows() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.sequence == 2))

    assert "entry 2" in cli.refused("audit", "check")


def test_entries_are_listed_oldest_first_and_by_subject(cli: Cli) -> None:
    listed = cli.json("audit", "list", "--last", 3)

    assert [entry["sequence"] for entry in listed] == [5, 6, 7]
    assert cli.json("audit", "list", "--subject", listed[0]["subject"]) == listed[:1]
