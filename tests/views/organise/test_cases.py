"""Cases on screen: taken in, found, told, guarded. What is looked at is what an organiser sees."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import db
from petitions.models import AuditEntry, Branch, Member, Petition, Prisoner, PrisonerEvent
from tests import factories
from tests.conftest import Desk, MakeDesk

CASE = {"names.en": "Pavel Zimin", "names.ru": "Павел Зимин", "birth_year": "1990", "country": "BY"}
EVENT = {
    "kind": "arrest", "happened": "2026-03", "what.en": "Arrested at home.", "sources": "https://news.example.org/1",
    "sources-reliability": "fair", "visibility": "public",
}
PAYLOADS = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{% for x in y %}"]


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session)
    session.commit()
    return made


@pytest.fixture
def editor(desk: MakeDesk, branch: Branch) -> Desk:
    return desk(Member.Role.EDITOR, branch=branch)


@pytest.fixture
def prisoner(session: Session, branch: Branch) -> Prisoner:
    made = factories.prisoner(session, branch)
    session.commit()
    return made


def address(of: Prisoner, more: str = "") -> str:
    return f"/organise/prisoners/{of.public_id}{more}"


def only_prisoner() -> Prisoner:
    with db.reading() as session:
        found = session.scalars(select(Prisoner)).one()
        assert found.events is not None
        assert found.consent_recorded in {True, False}  # fetches what a page fetches later
        return found


def verbs() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.sequence)))


# -- taking in ---------------------------------------------------------------------------------------


def test_a_name_is_enough_for_a_case_and_it_says_what_is_missing(editor: Desk) -> None:
    answer = editor.post("/organise/prisoners", data={"names.en": "Pavel Zimin"}, follow_redirects=True)

    assert "Pavel Zimin" in answer.text
    assert answer.text.count("not met:") == 3  # country, consent, harm
    assert "prisoner.new" in verbs()


def test_without_a_name_what_was_typed_is_kept(editor: Desk) -> None:
    typed = {**CASE, "names.en": "", "names.ru": " \u200b", "case_number": "12-3"}
    answer = editor.post("/organise/prisoners", data=typed)

    assert answer.status_code == 422
    assert 'href="#names"' in answer.text
    assert 'value="12-3"' in answer.text
    assert '<option value="BY" selected' in answer.text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("birth_year", "1890"), ("birth_year", "90"), ("birth_year", "2999"), ("birth_year", "1e3"),
        ("country", "ZZ"), ("citizenships", "zz"), ("names.en", "x" * 121), ("health", "Diabetes."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(editor: Desk, field: str, typed: str) -> None:
    answer = editor.post("/organise/prisoners", data={**CASE, field: typed})
    assert answer.status_code == 422
    assert f'href="#{field.partition(".")[0]}"' in answer.text
    assert typed[:20] in answer.text or field in {"country", "citizenships"}


def test_a_name_can_be_in_a_language_that_the_site_does_not_speak(editor: Desk) -> None:
    editor.post("/organise/prisoners", data={**CASE, "names-other-0": "be", "names-words-0": "Павел Зімін"})
    assert only_prisoner().names == {"en": "Pavel Zimin", "ru": "Павел Зимин", "be": "Павел Зімін"}

    refused = editor.post(
        "/organise/prisoners", data={"names-other-0": "klingon!", "names-words-0": "Павел", "none_of_these": "yes"}
    )
    assert refused.status_code == 422
    assert 'value="klingon!"' in refused.text


def test_health_is_kept_only_with_consent(editor: Desk) -> None:
    editor.post("/organise/prisoners", data={**CASE, "health": "Diabetes.", "health_agreed": "yes"})
    with db.reading() as session:
        assert session.scalars(select(Prisoner.health)).one() == "Diabetes."


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_typed_is_shown_and_never_run(editor: Desk, payload: str) -> None:
    """F-1, F-3."""
    typed = {
        **CASE, "names.en": payload, "other_spellings": payload, "case_number": payload, "held_at.en": payload,
        "article.en": payload, "health": payload, "health_agreed": "yes",
    }
    shown = editor.post("/organise/prisoners", data=typed, follow_redirects=True)
    listed = editor.get("/organise/prisoners")
    formed = editor.get(address(only_prisoner(), "/edit"))
    for page in (shown, listed, formed):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert ">49<" not in page.text


def test_a_change_is_saved(editor: Desk, prisoner: Prisoner) -> None:
    form = editor.get(address(prisoner, "/edit")).text
    assert 'value="Анна Веренко"' in form
    assert "Hanna Viarenka</textarea>" in form

    editor.post(address(prisoner), data={**CASE, "held_at.en": "Prison No. 8"})

    assert only_prisoner().held_at == {"en": "Prison No. 8"}
    assert "prisoner.edit" in verbs()


# -- duplicates ----------------------------------------------------------------------------------------


def test_who_may_be_there_already_is_asked_about_with_what_was_typed(editor: Desk, prisoner: Prisoner) -> None:
    typed = {"names.ru": "Ганна Веренко", "birth_year": "1988", "case_number": "12-3"}

    asked = editor.post("/organise/prisoners", data=typed)

    assert asked.status_code == 409
    assert address(prisoner) in asked.text
    assert 'name="case_number" value="12-3"' in asked.text
    only_prisoner()

    editor.post("/organise/prisoners", data={**typed, "none_of_these": "yes"})
    with db.reading() as session:
        assert len(session.scalars(select(Prisoner)).all()) == 2


def test_of_another_branch_nothing_is_told_but_that_it_may_know_the_person(
    editor: Desk, session: Session
) -> None:
    other = factories.prisoner(session, factories.branch(session))
    session.commit()

    asked = editor.post("/organise/prisoners", data={"names.ru": "Анна Веренко", "birth_year": "1988"})

    assert asked.status_code == 409
    assert "Another branch may work for this person" in asked.text
    assert other.public_id not in asked.text
    assert "Hanna Viarenka" not in asked.text


# -- finding ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["verenko", "ВЕРЕНКО", "Viarenka", "анна", ""])
def test_a_case_is_found_by_its_name_in_any_script(editor: Desk, prisoner: Prisoner, typed: str) -> None:
    assert address(prisoner) in editor.get(f"/organise/prisoners?q={typed}").text


@pytest.mark.parametrize("typed", ["petrov", "' OR 1=1 --", "%25", "x" * 5000, "%00", "%ED%A0%80"])
def test_whatever_is_looked_for_finds_nothing_else(editor: Desk, prisoner: Prisoner, typed: str) -> None:
    """F-10, D13."""
    answer = editor.get(f"/organise/prisoners?q={typed}&page=99999999999&show=nonsense")
    assert answer.status_code == 200
    assert address(prisoner) not in answer.text


def test_the_list_tells_what_can_be_published_and_what_cannot(
    editor: Desk, prisoner: Prisoner, session: Session
) -> None:
    bare = factories.prisoner(session, session.merge(prisoner.branch), names={"en": "Ilya"}, consent_on=None)
    session.commit()

    ready = editor.get("/organise/prisoners?show=ready").text
    missing = editor.get("/organise/prisoners?show=missing").text

    assert address(prisoner) in ready
    assert address(bare) not in ready
    assert address(bare) in missing


def test_another_branchs_case_is_not_there(desk: MakeDesk, prisoner: Prisoner) -> None:
    """G1."""
    stranger = desk(Member.Role.OWNER)
    for more in ("", "/edit", "/consent", "/harm", "/events/new", "/photos/new"):
        assert stranger.get(address(prisoner, more)).status_code == 404
    assert stranger.post(address(prisoner), data=CASE).status_code == 404
    assert "Verenko" not in stranger.get("/organise/prisoners").text


@pytest.mark.parametrize("role", [Member.Role.MODERATOR, Member.Role.AUDITOR])
def test_who_may_only_look_sees_the_case_and_changes_nothing(
    desk: MakeDesk, branch: Branch, prisoner: Prisoner, role: Member.Role
) -> None:
    looker = desk(role, branch=branch)
    page = looker.get(address(prisoner))
    assert page.status_code == 200
    assert "/edit" not in page.text
    assert looker.post(address(prisoner), data=CASE).status_code == 403


# -- what happened -----------------------------------------------------------------------------------------


def open_petition(session: Session, prisoner: Prisoner) -> str:
    of = session.merge(prisoner)
    slug = factories.petition(session, branch=of.branch, prisoner=of).slug
    session.commit()
    return slug


def petition(slug: str) -> Petition:
    with db.reading() as session:
        found = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        assert found.prisoner.events is not None
        return found


def test_an_event_is_kept_with_its_sources(editor: Desk, prisoner: Prisoner) -> None:
    typed: dict[str, Any] = {
        **EVENT,
        "sources": ["https://news.example.org/1", "her lawyer", ""],
        "sources-reliability": ["fair", "strong", "fair"],
    }
    page = editor.post(address(prisoner, "/events"), data=typed, follow_redirects=True).text

    assert "two sources" in page
    assert 'href="https://news.example.org/1" rel="noreferrer noopener nofollow"' in page
    (event,) = only_prisoner().events
    assert event.source == "https://news.example.org/1; her lawyer"  # as documents print it
    assert "prisoner.event" in verbs()


def test_one_source_is_said_to_be_only_one(editor: Desk, prisoner: Prisoner) -> None:
    page = editor.post(address(prisoner, "/events"), data=EVENT, follow_redirects=True).text
    assert "one source only" in page
    assert "Two sources for every public fact" in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("happened", ""), ("happened", "yesterday"), ("happened", "2026-13"), ("happened", "2026-02-30"),
        ("happened", "26-3-1"), ("happened", "٢٠٢٦"), ("what.en", ""), ("sources", ""), ("sources-reliability", "sure"),
        ("kind", "party"), ("visibility", "secret"),
    ],
)
def test_an_event_that_cannot_be_is_refused(editor: Desk, prisoner: Prisoner, field: str, typed: str) -> None:
    answer = editor.post(address(prisoner, "/events"), data={**EVENT, field: typed})
    assert answer.status_code == 422
    assert not only_prisoner().events


def test_an_internal_event_needs_no_source_and_is_on_no_page(
    editor: Desk, prisoner: Prisoner, session: Session
) -> None:
    slug = open_petition(session, prisoner)
    internal = {**EVENT, "visibility": "internal", "sources": "", "what.en": "Her brother was questioned."}
    editor.post(address(prisoner, "/events"), data=internal)
    assert "Her brother was questioned." in editor.get(address(prisoner)).text
    assert "Her brother was questioned." not in editor.get(f"/en/petitions/{slug}").text


@pytest.mark.parametrize(
    ("kind", "words"),
    [("release", "the person is free"), ("death", "the person has died"), ("transfer", "until an owner")],
)
def test_saving_says_plainly_what_was_stopped(
    editor: Desk, prisoner: Prisoner, session: Session, kind: str, words: str
) -> None:
    slug = open_petition(session, prisoner)

    page = editor.post(address(prisoner, "/events"), data={**EVENT, "kind": kind}, follow_redirects=True).text

    assert f"{slug}: nothing" in page
    assert words in page
    assert not petition(slug).may_deliver


def test_a_hearing_stops_nothing(editor: Desk, prisoner: Prisoner, session: Session) -> None:
    slug = open_petition(session, prisoner)
    editor.post(address(prisoner, "/events"), data={**EVENT, "kind": "hearing"})
    assert petition(slug).may_deliver


@pytest.mark.parametrize("way", ["corrected", "removed"])
def test_a_release_that_was_none_does_not_start_deliveries_by_itself(
    editor: Desk, prisoner: Prisoner, session: Session, way: str
) -> None:
    slug = open_petition(session, prisoner)
    editor.post(address(prisoner, "/events"), data={**EVENT, "kind": "release"})
    (event,) = only_prisoner().events
    there = address(prisoner, f"/events/{event.public_id}")

    if way == "corrected":
        assert 'value="2026-03"' in editor.get(f"{there}/edit").text
        editor.post(there, data={**EVENT, "kind": "other"})
    else:
        assert "Deliveries do not begin again by themselves" in editor.get(f"{there}/removal").text
        editor.post(f"{there}/removal")

    now = petition(slug)
    assert not any(one.stops_deliveries for one in now.prisoner.events)
    assert now.needs_review
    assert not now.may_deliver


def test_another_branchs_event_cannot_be_touched(desk: MakeDesk, prisoner: Prisoner, session: Session) -> None:
    event = factories.event(session, session.merge(prisoner), PrisonerEvent.Kind.ARREST, "2026-02-11")
    session.commit()
    stranger = desk()
    own = factories.prisoner(session, session.merge(stranger.member).branch, names={"en": "Own"})
    session.commit()
    for of in (prisoner, own):
        there = address(of, f"/events/{event.public_id}")
        assert stranger.get(f"{there}/edit").status_code == 404
        assert stranger.post(there, data=EVENT).status_code == 404
        assert stranger.post(f"{there}/removal").status_code == 404


# -- the gate ------------------------------------------------------------------------------------------------

CONSENT = {
    "consent_by": "her sister", "consent_scope": "name, case, petition", "consent_evidence": "letter, on file",
    "consent_on": "2026-01-12", "consent_review_on": "2026-07-12",
}


def test_consent_and_harm_open_the_gate(editor: Desk) -> None:
    editor.post("/organise/prisoners", data=CASE)
    prisoner = only_prisoner()
    assert not prisoner.publishable

    editor.post(address(prisoner, "/consent"), data={**CONSENT, "consent_review_on": "2999-01-01"})
    editor.post(address(prisoner, "/harm"), data={"harm_assessment": "Little.", "harm_result": "go"})

    assert only_prisoner().publishable
    assert "Can be published" in editor.get("/organise/prisoners").text
    assert {"prisoner.consent", "prisoner.harm"} <= set(verbs())


@pytest.mark.parametrize("left_out", ["consent_by", "consent_scope", "consent_evidence", "consent_on"])
def test_a_consent_is_whole_or_none(editor: Desk, prisoner: Prisoner, left_out: str) -> None:
    answer = editor.post(address(prisoner, "/consent"), data={**CONSENT, left_out: ""})
    assert answer.status_code == 422
    assert f'href="#{left_out}"' in answer.text


@pytest.mark.parametrize(
    ("field", "typed"),
    [("consent_on", "2999-01-01"), ("consent_on", "12.1.2026"), ("consent_review_on", "2025-01-01")],
)
def test_a_day_that_cannot_be_is_refused(editor: Desk, prisoner: Prisoner, field: str, typed: str) -> None:
    answer = editor.post(address(prisoner, "/consent"), data={**CONSENT, field: typed})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'value="{typed}"' in answer.text


def test_an_old_consent_is_none(editor: Desk, prisoner: Prisoner) -> None:
    editor.post(address(prisoner, "/consent"), data=CONSENT)
    assert Prisoner.Missing.REVIEW_DUE in only_prisoner().missing_for_publishing()
    assert "was to be asked for again" in editor.get(address(prisoner)).text


def test_a_consent_taken_back_stops_deliveries(editor: Desk, prisoner: Prisoner, session: Session) -> None:
    """M14."""
    slug = open_petition(session, prisoner)
    page = editor.post(
        address(prisoner, "/consent"), data=dict.fromkeys(CONSENT, ""), follow_redirects=True
    ).text
    assert f"{slug}: nothing is delivered" in page
    assert "hide it" in page
    assert not petition(slug).may_deliver


def test_what_would_harm_stops_deliveries(editor: Desk, prisoner: Prisoner, session: Session) -> None:
    slug = open_petition(session, prisoner)
    editor.post(address(prisoner, "/harm"), data={"harm_assessment": "His son was threatened.", "harm_result": "stop"})
    assert not petition(slug).may_deliver
    assert Prisoner.Missing.HARM_STOP in only_prisoner().missing_for_publishing()


def test_limits_are_named(editor: Desk, prisoner: Prisoner) -> None:
    answer = editor.post(address(prisoner, "/harm"), data={"harm_assessment": "Some.", "harm_result": "limits"})
    assert answer.status_code == 422
    assert 'href="#harm_limits"' in answer.text


def test_who_agreed_and_what_could_happen_is_on_no_public_page(
    editor: Desk, prisoner: Prisoner, session: Session
) -> None:
    slug = open_petition(session, prisoner)
    editor.post(address(prisoner, "/consent"), data={**CONSENT, "consent_review_on": "2999-01-01"})
    editor.post(
        address(prisoner, "/harm"),
        data={"harm_assessment": "Threats.", "harm_result": "limits", "harm_limits": "the son"},
    )
    page = editor.get(f"/en/petitions/{slug}").text
    for secret in ("her sister", "letter, on file", "Threats.", "the son"):
        assert secret not in page
