"""What every command does before and after its own work."""

import json

import pytest
from click.testing import CliRunner

from petitions import migrate
from petitions.cli import main
from tests.cli.conftest import Cli

READING = [
    ("petition", "list"), ("petition", "show", "free-anna"), ("edition", "list", "free-anna"), ("delivery", "list"),
    ("held", "list"), ("letter", "list"), ("prisoner", "events", "free-anna"), ("authority", "list"),
    ("branch", "list"), ("member", "list"), ("keys", "list"), ("audit", "list"), ("audit", "check"), ("doctor",),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_every_reading_command_answers_in_one_json_value_and_nothing_else(cli: Cli, words: tuple[str, ...]) -> None:
    result = cli.run(*words, "--json")

    assert isinstance(json.loads(result.stdout), (dict, list))
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_every_reading_command_answers_in_lines_as_well(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli.ok(*words).strip()


def test_without_a_database_a_command_says_how_to_make_one_and_makes_none(empty: Cli) -> None:
    assert "petitions db upgrade" in empty.refused("petition", "list")
    assert not empty.var.exists()


def test_an_old_schema_is_not_written_to(empty: Cli) -> None:
    empty.ok("db", "upgrade")
    empty.ok("db", "downgrade", "base", "--yes")

    assert "petitions db upgrade" in empty.refused("petition", "list")


def test_db_current_tells_by_its_exit_code_whether_an_upgrade_is_due(empty: Cli) -> None:
    empty.ok("db", "upgrade")
    assert empty.ok("db", "current").strip() == migrate.head()

    empty.ok("db", "downgrade", "base", "--yes")
    assert "db upgrade" in empty.refused("db", "current")


def test_going_back_asks_first(empty: Cli) -> None:
    empty.ok("db", "upgrade")

    assert empty.run("db", "downgrade", "base", typed="n\n").exit_code == 1
    assert empty.ok("db", "current").strip() == migrate.head()


def test_a_revision_nobody_knows_is_refused_in_a_sentence(empty: Cli) -> None:
    assert "schema was not changed" in empty.refused("db", "upgrade", "9999")


def test_grants_are_printed_as_sql_for_the_roles_named(cli: Cli) -> None:
    printed = cli.ok("db", "grants", "--web", "pages", "--worker", "labour")

    assert 'TO "pages"' in printed
    assert 'TO "labour"' in printed


def test_settings_that_would_hurt_someone_are_refused_by_name(cli: Cli) -> None:
    cli.environment = {"PETITIONS_PROFILE": "production", "PETITIONS_SECRET_KEY": "short"}

    assert "PETITIONS_SECRET_KEY" in cli.refused("petition", "list")


def test_a_database_address_that_cannot_be_read_is_no_traceback(cli: Cli) -> None:
    cli.environment = {"PETITIONS_DATABASE_URL": "nonsense"}

    assert "PETITIONS_DATABASE_URL" in cli.refused("petition", "list")


def test_a_database_that_does_not_answer_is_no_traceback_and_its_password_is_not_shown(cli: Cli) -> None:
    cli.environment = {"PETITIONS_DATABASE_URL": "postgresql+psycopg://someone:canary@127.0.0.1:9/none"}

    said = cli.refused("petition", "list")

    assert "cannot be reached" in said
    assert "canary" not in said


def test_wrong_usage_is_exit_code_2(cli: Cli) -> None:
    cli.refused("petition", "show", code=2)
    cli.refused("no-such-noun", code=2)


def test_every_command_has_a_help_text() -> None:
    def walk(command: object, path: tuple[str, ...]) -> None:
        result = CliRunner().invoke(main, [*path, "--help"])
        assert result.exit_code == 0
        for name, child in getattr(command, "commands", {}).items():
            assert child.get_short_help_str(), name
            walk(child, (*path, name))

    walk(main, ())
