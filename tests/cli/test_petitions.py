"""Drafts from files, two people to open, one to stop."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from petitions.cli.petition_file import EXAMPLE
from petitions.models import Approval, AuditEntry, Authority, Petition, PetitionText, Prisoner, Trigger
from tests import factories
from tests.cli.conftest import AUDITOR, EDITOR, MODERATOR, OWNER, SECOND_OWNER, Cli

TOML = """
thresholds = [10, 100]

[petition]
branch = "north"
slug = "free-boris"
goal = 500

[prisoner]
country = "BY"
birth_year = 1990
citizenships = ["BY"]
names = { en = "Boris Invented", ru = "Борис Вымышленный" }
article = { en = "Article 342" }
held_at = { en = "Prison No. 0" }
consent = { by = "his sister", evidence = "a letter", on = 2026-03-02 }
invented = true

[[prisoner.events]]
kind = "arrest"
happened = "2026-02"
what = { en = "Arrested at home." }

[[texts]]
language = "en"
title = "Free Boris Invented"
demand = "Release Boris Invented at once."
background = "First.\\n\\n- Second"

[[addressees]]
authority = "AUTHORITY"
circle = "domestic"
language = "en"
"""


@pytest.fixture
def toml(cli: Cli) -> str:
    with cli.rows() as session:
        slug = session.scalars(select(Authority.slug).where(Authority.country == "BY")).first()
    return TOML.replace("AUTHORITY", str(slug))


def written(cli: Cli, content: str, name: str = "petition.toml") -> Path:
    path = cli.var.parent / name
    path.write_text(content)
    return path


def imported(cli: Cli, toml: str) -> None:
    cli.ok("petition", "import", written(cli, toml), "--by", EDITOR)


def count(cli: Cli, what: type[Any]) -> int:
    with cli.rows() as session:
        return session.scalar(select(func.count(what.id))) or 0


def last_entry(cli: Cli) -> AuditEntry:
    with cli.rows() as session:
        return session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)).one()


# -- from a file ------------------------------------------------------------------------------------


def test_a_file_becomes_a_draft_that_two_members_open(cli: Cli, toml: str) -> None:
    imported(cli, toml)
    assert cli.json("petition", "show", "free-boris")["state"] == "draft"

    cli.ok("petition", "open", "free-boris", "--by", EDITOR, "--approved-by", OWNER)

    shown = cli.json("petition", "show", "free-boris")
    assert shown["state"] == "open"
    assert shown["texts"][0]["approved_at"]
    assert [one["approved"] for one in shown["thresholds"]] == [True, True]


def test_the_text_is_kept_as_written_under_its_hash(cli: Cli, toml: str) -> None:
    imported(cli, toml)

    with cli.rows() as session:
        text = session.scalars(select(PetitionText).where(PetitionText.title == "Free Boris Invented")).one()
        assert text.background == "First.\n\n- Second"
        assert text.hash == PetitionText.hash_of("en", text.title, text.demand, text.background)


def test_json_is_read_as_well(cli: Cli, toml: str) -> None:
    imported(cli, toml)
    slug = cli.json("petition", "show", "free-boris")["addressees"][0]["authority"]
    json = (
        '{"petition": {"branch": "north", "slug": "free-boris-again", "prisoner_of": "free-boris"}, "texts": '
        '[{"language": "en", "title": "T", "demand": "D", "background": "B"}], '
        f'"addressees": [{{"authority": "{slug}", "circle": "domestic", "language": "en"}}]}}'
    )

    cli.ok("petition", "import", written(cli, json, "petition.json"), "--by", EDITOR)

    with cli.rows() as session:
        petitions = session.scalars(select(Petition).where(Petition.slug.like("free-boris%"))).all()
        assert petitions[0].prisoner_id == petitions[1].prisoner_id


def test_a_dry_run_leaves_nothing(cli: Cli, toml: str) -> None:
    before = count(cli, Petition), count(cli, Prisoner), count(cli, AuditEntry)

    assert "in order" in cli.ok("petition", "import", written(cli, toml), "--by", EDITOR, "--dry-run")
    assert (count(cli, Petition), count(cli, Prisoner), count(cli, AuditEntry)) == before


def test_every_error_of_a_file_is_said_at_once(cli: Cli, toml: str) -> None:
    broken = toml.replace('title = "Free Boris Invented"', f'title = "{"x" * 81}"')
    broken = broken.replace('happened = "2026-02"', 'happened = "February"').replace('"BY"]', '"Belarus"]')
    broken = broken.replace("goal = 500", "goal = 0\ncolour = 1")

    said = cli.refused("petition", "import", written(cli, broken), "--by", EDITOR)

    for where in (
        "texts[1].title", "prisoner.events[1].happened: write the date", "prisoner.citizenships[1]", "petition.goal",
        "petition.colour",
    ):
        assert where in said
    assert count(cli, Petition) == 1


def test_what_only_the_records_know_is_refused_at_once_too(cli: Cli, toml: str) -> None:
    broken = toml.replace('"north"', '"nowhere"').replace('"free-boris"', '"free-anna"')
    broken = broken.replace('authority = "', 'authority = "no-')

    said = cli.refused("petition", "import", written(cli, broken), "--by", EDITOR)

    for where in ("petition.branch", "petition.slug", "addressees[1].authority"):
        assert where in said


@pytest.mark.parametrize(("old", "new", "words"), [
    ('title = "Free Boris Invented"', 'title = "Free\\nBcc: x"', "line break"),
    ('"First.', '"\\u202eFirst.', "invisible control character"),
    ('"First.', '"' + "x" * 5_001, "5000 characters"),
    ("[10, 100]", "[10, 10]", "the threshold 10 is there twice"),
    ('circle = "domestic"', 'circle = "foreign"', "addressees[1].circle"),
    ('circle = "domestic"', 'circle = "international"', "of the country that holds the prisoner"),
    ("[prisoner]", "[prisoners]", "prisoner"),
    ("goal = 500", "goal = ", "not readable TOML"),
], ids=[
    "line break in a title", "directional character", "too long", "threshold twice", "unknown circle",
    "persecutor called international", "no prisoner", "no TOML",
])
def test_a_petition_that_cannot_be_right_is_refused(cli: Cli, toml: str, old: str, new: str, words: str) -> None:
    assert words in cli.refused("petition", "import", written(cli, toml.replace(old, new)), "--by", EDITOR)


def test_an_addressee_without_a_text_in_its_language_is_refused(cli: Cli, toml: str) -> None:
    head, _, tail = toml.rpartition('language = "en"')

    said = cli.refused("petition", "import", written(cli, f'{head}language = "ru"{tail}'), "--by", EDITOR)

    assert "no text: ru" in said


def test_the_example_in_the_help_is_a_file_that_is_read(cli: Cli) -> None:
    with cli.rows() as session:
        factories.authority(session, slug="prosecutor-general")

    imported(cli, EXAMPLE)

    assert cli.json("petition", "show", "free-ivan-invented")["state"] == "draft"


def test_the_help_shows_the_example_line_by_line(cli: Cli) -> None:
    printed = [line.strip() for line in cli.ok("petition", "import", "--help").splitlines()]

    assert [line for line in EXAMPLE.splitlines() if line not in printed] == []


# -- its life -----------------------------------------------------------------------------------------


def test_who_asked_cannot_approve(cli: Cli, toml: str) -> None:
    imported(cli, toml)

    said = cli.refused("petition", "open", "free-boris", "--by", OWNER, "--approved-by", OWNER)

    assert "cannot approve" in said
    assert cli.json("petition", "show", "free-boris")["state"] == "draft"


@pytest.mark.parametrize(("by", "approved_by"), [(EDITOR, MODERATOR), (AUDITOR, OWNER), (MODERATOR, OWNER)])
def test_only_the_right_roles_open(cli: Cli, toml: str, by: str, approved_by: str) -> None:
    imported(cli, toml)

    cli.refused("petition", "open", "free-boris", "--by", by, "--approved-by", approved_by)

    assert cli.json("petition", "show", "free-boris")["state"] == "draft"


def test_a_member_of_another_branch_has_no_say(cli: Cli, toml: str) -> None:
    imported(cli, toml)
    with cli.rows() as session:
        stranger = factories.member(session, factories.branch(session))
        public_id = stranger.public_id

    said = cli.refused("petition", "open", "free-boris", "--by", EDITOR, "--approved-by", public_id)

    assert "another branch" in said


def test_a_member_who_left_has_no_say(cli: Cli) -> None:
    with cli.rows() as session:
        member = factories.member(session, session.scalars(select(Petition)).one().branch)
        member.left_at, public_id = datetime.now(UTC), member.public_id

    assert "has left" in cli.refused("petition", "close", "free-anna", "--by", public_id)


def test_what_is_missing_is_named_and_nothing_is_half_opened(cli: Cli, toml: str) -> None:
    imported(cli, toml.replace("consent = ", "# consent = "))

    said = cli.refused("petition", "open", "free-boris", "--by", EDITOR, "--approved-by", OWNER)

    assert "consent record" in said
    shown = cli.json("petition", "show", "free-boris")
    assert shown["state"] == "draft"
    assert shown["texts"][0]["approved_at"] is None


def test_opening_is_recorded_with_both_persons(cli: Cli, toml: str) -> None:
    imported(cli, toml)
    cli.ok("petition", "open", "free-boris", "--by", EDITOR, "--approved-by", OWNER)

    entry = last_entry(cli)
    assert entry.verb == "petition.open"
    assert entry.actor != entry.details["asked_by"]
    with cli.rows() as session:
        kinds = list(session.scalars(select(Approval.kind)))
    assert kinds.count(Approval.Kind.PUBLICATION) == 1
    assert kinds.count(Approval.Kind.TRIGGER) == 2


def test_a_paused_petition_is_taken_up_again_by_the_same_two(cli: Cli, toml: str) -> None:
    imported(cli, toml)
    for _ in range(2):
        cli.ok("petition", "open", "free-boris", "--by", EDITOR, "--approved-by", OWNER)
        cli.ok("petition", "pause", "free-boris", "--by", MODERATOR)

    assert cli.json("petition", "show", "free-boris")["state"] == "paused"


def test_an_auditor_cannot_pause(cli: Cli) -> None:
    assert "auditor" in cli.refused("petition", "pause", "free-anna", "--by", AUDITOR)


def test_a_closed_petition_is_not_closed_again(cli: Cli) -> None:
    cli.ok("petition", "close", "free-anna", "--by", EDITOR)

    assert "closed" in cli.refused("petition", "close", "free-anna", "--by", EDITOR)
    assert last_entry(cli).verb == "petition.close"


def test_recount_corrects_the_number_and_says_by_how_much(cli: Cli) -> None:
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        factories.signature(session, petition, confirmed=True)
        petition.count_new(session)
        session.execute(update(Petition).values(confirmed_count=5))

    assert "has 1 confirmed signatures (corrected by -4)" in cli.ok("petition", "recount", "free-anna")
    assert "it was right" in cli.ok("petition", "recount", "free-anna")


def test_a_threshold_is_a_standing_order_of_two(cli: Cli) -> None:
    words = ("petition", "trigger", "add", "free-anna", 100, "--by", EDITOR, "--approved-by")
    cli.refused(*words, MODERATOR)

    cli.ok(*words, OWNER)

    assert cli.json("petition", "show", "free-anna")["thresholds"][0]["approved"]
    assert "already" in cli.refused(*words, OWNER)


def test_a_threshold_its_approver_had_asked_for_waits_for_somebody_else(cli: Cli, toml: str) -> None:
    cli.ok("petition", "import", written(cli, toml), "--by", OWNER)

    said = cli.ok("petition", "open", "free-boris", "--by", EDITOR, "--approved-by", OWNER)

    assert "The threshold 10 still needs a second person" in said
    cli.ok("petition", "trigger", "add", "free-boris", 10, "--by", OWNER, "--approved-by", SECOND_OWNER)
    with cli.rows() as session:
        order = session.scalars(select(Trigger).where(Trigger.threshold == 10)).one()
        assert order.approved_by is not None


def test_a_country_with_few_signers_is_not_shown(cli: Cli) -> None:
    with cli.rows() as session:
        petition = session.scalars(select(Petition)).one()
        people = [factories.typed(country="NO") for _ in range(10)] + [factories.typed(country="IS")]
        factories.signatures(session, petition, people, confirmed=True)
        petition.count_new(session)

    assert cli.json("petition", "show", "free-anna")["totals"]["by_country"] == {"NO": 10, "other": 1}
