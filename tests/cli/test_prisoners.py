"""What happens to the prisoner decides whether anything may still leave (domain.md)."""

import pytest
from sqlalchemy import select

from petitions.models import AuditEntry, Petition, PrisonerEvent
from tests import factories
from tests.cli.conftest import AUDITOR, EDITOR, MODERATOR, OWNER, Cli


def event(kind: str, *more: str, on: str = "2026-03", by: str = EDITOR) -> tuple[str, ...]:
    return (
        "prisoner", "event", "free-anna", "--kind", kind, "--on", on, "--what", "en=It happened.",
        "--what", "ru=Это случилось.", "--source", "her lawyer", "--by", by, *more,
    )


def petition(cli: Cli, slug: str = "free-anna") -> Petition:
    """With its prisoner's events, so that one can ask it what it may do."""
    with cli.rows() as session:
        found = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        assert found.prisoner.events is not None
        return found


def entries(cli: Cli) -> list[AuditEntry]:
    with cli.rows() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))


def test_an_event_is_kept_as_it_was_told(cli: Cli) -> None:
    cli.ok(*event("hearing", on="2026-03-02"))

    assert cli.json("prisoner", "events", "free-anna")[-1] == {
        "happened": "2026-03-02", "kind": "hearing", "what": {"en": "It happened.", "ru": "Это случилось."},
        "source": "her lawyer", "visibility": "public",
    }
    entry = entries(cli)[-1]
    assert (entry.verb, entry.details["kind"], entry.details["happened"]) == ("prisoner.event", "hearing", "2026-03-02")


@pytest.mark.parametrize("kind", ["charge", "verdict", "appeal", "transfer"])
def test_what_changes_who_is_competent_stops_deliveries_until_an_owner_has_looked(cli: Cli, kind: str) -> None:
    said = cli.ok(*event(kind))

    assert "petitions petition reviewed free-anna" in said
    assert not petition(cli).may_deliver
    assert cli.json("petition", "show", "free-anna")["needs_review"]

    cli.refused("petition", "reviewed", "free-anna", "--by", EDITOR)
    assert not petition(cli).may_deliver
    cli.ok("petition", "reviewed", "free-anna", "--by", OWNER)

    assert petition(cli).may_deliver
    assert entries(cli)[-1].verb == "petition.reviewed"


@pytest.mark.parametrize("kind", ["release", "death"])
def test_a_release_or_a_death_stops_deliveries_whatever_is_reviewed(cli: Cli, kind: str) -> None:
    cli.ok(*event("transfer"))

    assert "nothing more is delivered" in cli.ok(*event(kind))
    assert "something else stops" in cli.ok("petition", "reviewed", "free-anna", "--by", OWNER)
    assert not petition(cli).may_deliver


@pytest.mark.parametrize("kind", ["arrest", "hearing", "health", "other"])
def test_other_events_stop_nothing(cli: Cli, kind: str) -> None:
    cli.ok(*event(kind))

    assert petition(cli).may_deliver


def test_all_petitions_for_the_same_person_are_stopped_and_no_other(cli: Cli) -> None:
    with cli.rows() as session:
        first = session.scalars(select(Petition)).one()
        factories.petition(session, branch=first.branch, prisoner=first.prisoner, slug="anna-again")
        factories.petition(session, branch=first.branch, slug="free-somebody-else")

    said = cli.ok(*event("transfer"))

    assert "anna-again" in said
    assert "free-somebody-else" not in said
    assert [petition(cli, slug).may_deliver for slug in ("free-anna", "anna-again", "free-somebody-else")] == [
        False, False, True,
    ]


def test_what_is_internal_stops_deliveries_and_is_told_to_nobody(cli: Cli) -> None:
    cli.ok(*event("transfer", "--internal"))

    with cli.rows() as session:
        found = session.scalars(select(Petition)).one()
        assert found.needs_review
        assert found.prisoner.facts()["events"] == []
        assert session.scalars(select(PrisonerEvent.visibility)).one() is PrisonerEvent.Visibility.INTERNAL


@pytest.mark.parametrize(("replaced", "by", "where"), [
    ("2026-03", "March", "--on"), ("en=It happened.", "It happened.", "--what"),
    ("ru=Это случилось.", "en=Twice.", "--what"), ("ru=Это случилось.", "xx=No language.", "--what"),
    ("ru=Это случилось.", "ru=", "--what"), ("her lawyer", " ", "--source"), ("hearing", "rumour", "--kind"),
])
def test_an_event_that_is_unclear_is_wrong_usage(cli: Cli, replaced: str, by: str, where: str) -> None:
    words = [by if word == replaced else word for word in event("hearing")]

    assert where in cli.refused(*words, code=2)
    assert cli.json("prisoner", "events", "free-anna") == []


@pytest.mark.parametrize("by", [MODERATOR, AUDITOR])
def test_only_an_editor_or_an_owner_records(cli: Cli, by: str) -> None:
    cli.refused(*event("release", by=by))

    assert petition(cli).may_deliver


def test_nothing_to_review_is_said(cli: Cli) -> None:
    assert "does not need a review" in cli.refused("petition", "reviewed", "free-anna", "--by", OWNER)
