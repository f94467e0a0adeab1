"""How a petition ends: closed and ended, withdrawn, hidden."""

import pytest
from sqlalchemy import select, update

from petitions.models import AuditEntry, Petition
from tests.cli.conftest import AUDITOR, EDITOR, MODERATOR, OWNER, Cli

HIDE = ("petition", "hide", "free-anna", "--reason", "asked by the family")
WITHDRAW = ("petition", "withdraw", "free-anna", "--reason", "the demand was met")


def petition(cli: Cli) -> Petition:
    with cli.rows() as session:
        found = session.scalars(select(Petition)).one()
        assert found.prisoner.events is not None
        return found


def last_entry(cli: Cli) -> AuditEntry:
    with cli.rows() as session:
        return session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()


@pytest.mark.parametrize(("words", "by", "state"), [(HIDE, MODERATOR, "hidden"), (WITHDRAW, OWNER, "withdrawn")])
def test_what_is_taken_away_is_gone_and_delivers_nothing(
    cli: Cli, words: tuple[str, ...], by: str, state: str
) -> None:
    cli.ok(*words, "--by", by)

    found = petition(cli)
    assert (found.state, found.gone, found.takes_signatures, found.may_deliver) == (state, True, False, False)
    entry = last_entry(cli)
    assert entry.verb == f"petition.{words[1]}"
    assert entry.details == {"before": "open", "reason": words[-1]}


@pytest.mark.parametrize(("words", "by"), [(HIDE, EDITOR), (HIDE, AUDITOR), (WITHDRAW, EDITOR), (WITHDRAW, MODERATOR)])
def test_who_may_not_takes_nothing_away(cli: Cli, words: tuple[str, ...], by: str) -> None:
    cli.refused(*words, "--by", by)

    assert petition(cli).state == "open"


@pytest.mark.parametrize("words", [HIDE, WITHDRAW])
def test_nothing_is_taken_away_without_a_reason(cli: Cli, words: tuple[str, ...]) -> None:
    cli.refused(*words[:-2], "--by", OWNER, code=2)
    cli.refused(*words[:-1], "no", "--by", OWNER, code=2)
    cli.refused(*words[:-1], "x" * 81, "--by", OWNER, code=2)


def test_there_is_no_way_back_from_hidden(cli: Cli) -> None:
    cli.ok(*HIDE, "--by", OWNER)

    assert "cannot become open" in cli.refused(
        "petition", "open", "free-anna", "--by", EDITOR, "--approved-by", OWNER
    )
    assert "cannot become withdrawn" in cli.refused(*WITHDRAW, "--by", OWNER)


def test_a_closed_petition_ends_with_an_outcome(cli: Cli) -> None:
    cli.ok("petition", "close", "free-anna", "--by", EDITOR)

    said = cli.ok("petition", "end", "free-anna", "--outcome", "released", "--by", OWNER)

    shown = cli.json("petition", "show", "free-anna")
    assert (shown["state"], shown["outcome"]) == ("ended", "released")
    assert "do not confirm any more" in said
    assert (last_entry(cli).verb, last_entry(cli).details) == ("petition.end", {"outcome": "released"})


def test_after_the_grace_an_end_has_no_warning(cli: Cli) -> None:
    cli.ok("petition", "close", "free-anna", "--by", EDITOR)
    cli.environment["PETITIONS_CONFIRM_GRACE_HOURS"] = "0"

    assert "confirm" not in cli.ok("petition", "end", "free-anna", "--outcome", "refused", "--by", OWNER)


def test_an_open_petition_is_closed_before_it_ends(cli: Cli) -> None:
    words = ("petition", "end", "free-anna", "--outcome", "released", "--by")

    assert "petition close" in cli.refused(*words, OWNER)
    with cli.rows() as session:
        session.execute(update(Petition).values(state=Petition.State.CLOSED))
    cli.refused(*words, EDITOR)

    assert petition(cli).outcome is None


def test_an_outcome_nobody_knows_is_wrong_usage(cli: Cli) -> None:
    cli.refused("petition", "end", "free-anna", "--outcome", "forgotten", "--by", OWNER, code=2)
