"""What a supporter reads before signing: lists, a petition, its count; and what is refused with which words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from petitions.app import create_app
from petitions.config import Profile, Settings
from petitions.models import Addressee, Petition, PrisonerEvent, Signature
from petitions.pagecache import PageCache
from tests import factories
from tests.conftest import reader

Kind = PrisonerEvent.Kind


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.mark.parametrize(
    ("accepted", "language"), [("ru,en;q=0.5", "ru"), ("en", "en"), ("fr", "en"), ("", "en"), ("de, ru;q=0.1", "ru")]
)
@pytest.mark.parametrize("path", ["/", "/petitions/", "/petitions/free-anna", "/privacy"])
def test_a_bare_address_leads_to_the_readers_language(
    client: FlaskClient, petition: Petition, accepted: str, language: str, path: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": accepted})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{language}{path}")
    assert answer.headers["Vary"] == "Accept-Language"


def test_a_bare_address_keeps_what_was_asked(client: FlaskClient) -> None:
    answer = client.get("/petitions/", query_string={"q": "Анна & co", "page": "2"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/en/petitions/?q=%D0%90%D0%BD%D0%BD%D0%B0+%26+co&page=2"


def test_an_unknown_language_is_no_page(client: FlaskClient, petition: Petition) -> None:
    assert client.get("/xx/petitions/free-anna").status_code == 404


def test_the_page_shows_what_one_must_know_before_signing(client: FlaskClient, session: Session) -> None:
    branch = factories.branch(session)
    person = factories.prisoner(session, branch)
    arrested = datetime.now(UTC).date() - timedelta(days=213)
    factories.event(session, person, Kind.ARREST, arrested.isoformat())
    factories.event(session, person, Kind.HEARING, "2099-05")
    factories.event(
        session, person, Kind.OTHER, "2026-01", what={"en": "A secret."}, visibility=PrisonerEvent.Visibility.INTERNAL
    )
    factories.petition(session, slug="shown", branch=branch, prisoner=person, confirmed_count=1_234)
    session.commit()

    page = client.get("/en/petitions/shown").text

    for words in (
        "Anna Verenko", "Анна Веренко", "This person is invented", "In detention without a verdict, day 214",
        "let her go home", "<strong>taking photographs</strong>", "1,234 confirmed signatures", "Next: May 2099",
        "https://news.example.org/verenko", "Court of the Central District", "Human Rights Committee",
        "What happens to your data", "Open Door Association", "Mara Lindqvist", "version 1",
    ):  # fmt: skip
        assert words in page, words
    assert "A secret." not in page


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], None),
        ([(Kind.ARREST, "2026-01")], "In detention without a verdict"),
        ([(Kind.HEARING, "2026-01-01")], None),
        ([(Kind.ARREST, "2026-01-01"), (Kind.VERDICT, "2026-03-01")], "Verdict on March 1, 2026"),
        ([(Kind.ARREST, "2026-01-01"), (Kind.VERDICT, "2026-03")], "Verdict in March 2026"),
        ([(Kind.ARREST, "2025-01-01"), (Kind.VERDICT, "2025")], "Verdict in 2025"),
        ([(Kind.ARREST, "2025"), (Kind.VERDICT, "2025-06-01")], "Verdict on June 1, 2025"),
        ([(Kind.RELEASE, "2025-03-01"), (Kind.ARREST, "2025-06")], "In detention without a verdict"),
        ([(Kind.ARREST, "2026-01-01"), (Kind.VERDICT, "2026-03-01"), (Kind.APPEAL, "2026-04-01")], "Verdict on March"),
        ([(Kind.ARREST, "2026-01-01"), (Kind.RELEASE, "2026-03")], "Released"),
        ([(Kind.ARREST, "2026-01-01"), (Kind.DEATH, "2026-03-01")], "Died"),
        ([(Kind.RELEASE, "2099-01-01")], None),
    ],
)
def test_the_status_says_no_more_than_is_known(
    client: FlaskClient, session: Session, events: list[tuple[PrisonerEvent.Kind, str]], words: str | None
) -> None:
    """A verdict may be an acquittal."""
    branch = factories.branch(session)
    person = factories.prisoner(session, branch)
    for kind, happened in events:
        factories.event(session, person, kind, happened)
    factories.petition(session, slug="shown", branch=branch, prisoner=person)
    session.commit()

    page = client.get("/en/petitions/shown").text
    if words is None:
        assert 'class="status"' not in page
        assert "detention</p>" not in page
        return
    status = page.split('class="status">')[1].split("</p>")[0].strip()
    assert status.startswith(words)
    assert ("day" in status) is ("day" in words)
    assert "Sentenced" not in page


def test_the_text_comes_in_the_language_of_the_path(client: FlaskClient, petition: Petition) -> None:
    assert "Отмените арест" in client.get("/ru/petitions/free-anna").text
    assert "Отмените арест" not in client.get("/en/petitions/free-anna").text


def test_the_language_switch_keeps_the_page(client: FlaskClient, petition: Petition) -> None:
    page = client.get("/en/petitions/free-anna").text
    assert 'href="/ru/petitions/free-anna" lang="ru" hreflang="ru"' in page


def test_the_count_is_small_json_with_its_time(client: FlaskClient, session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    petition.count_new(session)
    session.commit()

    answer = client.get("/en/petitions/free-anna/count.json")

    assert answer.json is not None
    assert (answer.json["confirmed"], answer.json["goal"]) == (1, 1_000)
    assert datetime.fromisoformat(answer.json["counted_at"]).tzinfo is not None
    assert "max-age=30" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("state", "words"),
    [(Petition.State.WITHDRAWN, "organisers have withdrawn it"), (Petition.State.HIDDEN, "protection of a person")],
)
def test_a_removed_petition_says_why_in_a_word(
    client: FlaskClient, session: Session, petition: Petition, state: Petition.State, words: str
) -> None:
    """A16."""
    petition.move_to(state)
    session.commit()
    answer = client.get("/en/petitions/free-anna")
    assert answer.status_code == 410
    assert words in answer.text
    assert "Verenko" not in answer.text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (None, "It is closed"),
        (Petition.Outcome.RELEASED, "was released"),
        (Petition.Outcome.NO_ANSWER, "gave no answer"),
    ],
)
def test_a_closed_petition_stays_and_its_form_gives_way(
    client: FlaskClient, session: Session, petition: Petition, outcome: Petition.Outcome | None, words: str
) -> None:
    petition.close(datetime.now(UTC))
    petition.outcome = outcome
    session.commit()
    page = client.get("/en/petitions/free-anna").text
    assert words in page
    assert "<form" not in page
    assert "let her go home" in page


def test_the_list_holds_public_petitions_only(client: FlaskClient, session: Session, petition: Petition) -> None:
    factories.petition(session, slug="a-draft", open=False)
    gone = factories.petition(session, slug="gone")
    gone.move_to(Petition.State.HIDDEN)
    session.commit()

    for path in ("/en/", "/en/petitions/"):
        page = client.get(path).text
        assert "/en/petitions/free-anna" in page
        assert "a-draft" not in page
        assert "/en/petitions/gone" not in page


@pytest.mark.parametrize(
    ("words", "found"),
    [("verenko", True), ("ВЕРЕНКО", True), ("viarenka", True), ("free anna", True), ("nobody", False), ("%", False),
     ("' OR 1=1 --", False), ("x" * 5_000, False)],
)  # fmt: skip
def test_search_looks_into_titles_and_all_spellings(
    client: FlaskClient, petition: Petition, words: str, found: bool
) -> None:
    """F-10, D13."""
    answer = client.get("/en/petitions/", query_string={"q": words})
    assert answer.status_code == 200
    assert ("/en/petitions/free-anna" in answer.text) is found


@pytest.mark.parametrize("page", ["0", "-5", "99999999", "x", "1e9"])
def test_page_numbers_have_bounds(client: FlaskClient, petition: Petition, page: str) -> None:
    """D13."""
    assert client.get("/en/petitions/", query_string={"page": page}).status_code == 200


def test_a_long_list_has_pages(client: FlaskClient, session: Session) -> None:
    branch = factories.branch(session)
    for _ in range(51):
        factories.petition(session, branch=branch, addressees=False, open=False).state = Petition.State.OPEN
    session.commit()
    first, second = client.get("/en/petitions/").text, client.get("/en/petitions/?page=2").text
    assert (first.count("petition-card"), second.count("petition-card")) == (50, 1)
    assert 'rel="next"' in first
    assert 'rel="prev"' in second


def test_only_confirmed_signers_who_asked_for_it_are_shown_by_the_alphabet(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """E5."""
    for name, confirmed in (("Zoe", True), ("Åsa", True), ("Bo", True), ("Hidden", False)):
        signed = factories.signature(session, petition, confirmed=confirmed)
        row = session.get_one(Signature, signed.id)
        row.public_name = name
    session.commit()

    page = client.get("/en/petitions/free-anna").text
    listed = page.split('class="names"')[1].split("</ul>")[0]
    assert "Hidden" not in page
    assert listed.index("Bo") < listed.index("Zoe")


def listed_names(client: FlaskClient, petition: Petition) -> list[str]:
    page = client.get(f"/en/petitions/{petition.slug}").text
    return [part.split("</bdi>")[0] for part in page.partition('class="names"')[2].split("<bdi>")[1:]]


def list_names(session: Session, petition: Petition, names: list[str], **fields: Any) -> None:
    people = [factories.typed(**fields) for _ in names]
    made = factories.signatures(session, petition, people, confirmed=True)
    for signed, name in zip(made, names, strict=True):
        session.get_one(Signature, signed.id).public_name = name
    session.commit()


def test_a_petition_that_forbids_naming_shows_no_name_whenever_it_was_written(
    client: FlaskClient, session: Session
) -> None:
    """M18."""
    silent = factories.petition(session, slug="silent", forbids_naming=True)
    list_names(session, silent, ["Canary"])
    assert listed_names(client, silent) == []
    assert "Canary" not in client.get("/en/petitions/silent").text


def test_signers_of_a_country_that_is_only_counted_are_not_shown(client: FlaskClient, session: Session) -> None:
    """M18: nor those who did not say theirs, which could be one of them."""
    careful = factories.petition(session, slug="careful", count_only_countries=["BY"])
    for name, country in (("From there", "BY"), ("From nowhere", ""), ("From elsewhere", "NO")):
        list_names(session, careful, [name], country=country)
    assert listed_names(client, careful) == ["From elsewhere"]


def test_up_to_a_hundred_names_are_all_shown(client: FlaskClient, session: Session, petition: Petition) -> None:
    names = [f"Signer {number:03}" for number in range(100)]
    list_names(session, petition, list(reversed(names)))
    assert listed_names(client, petition) == names
    assert "wished to be shown here." not in client.get("/en/petitions/free-anna").text


def test_of_more_names_others_are_shown_every_day(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    """E5: whoever signed first, or stands first in the alphabet, is not always among them."""
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    names = [f"Signer {number:03}" for number in range(300)]
    list_names(session, petition, names)
    samples = []
    for day in ("2026-11-22 08:00Z", "2026-11-22 20:00Z", "2026-11-23 08:00Z"):
        cache.clear()
        with time_machine.travel(day, tick=False):
            samples.append(listed_names(client, petition))

    assert [len(sample) for sample in samples] == [100, 100, 100]
    assert all(sample == sorted(sample) for sample in samples)
    assert samples[0] == samples[1] != samples[2]
    assert 10 < len(set(samples[0]) & set(names[:100])) < 70
    page = client.get("/en/petitions/free-anna").text
    assert "300 signers wished to be shown here. These are some of them" in " ".join(page.split())


@pytest.mark.parametrize(
    ("source", "present", "absent"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;", "<script>"),
        ("[x](javascript:alert(1))", "x", 'href="javascript'),
        ("[x](data:text/html,hi)", "x", 'href="data'),
        ("![x](https://evil.example.org/p.png)", "x", "<img src=\"https://evil"),
        ("<svg onload=alert(1)>", "&lt;svg", "<svg onload"),
        ("<b onclick=x>b</b>", "&lt;b onclick", "<b onclick"),
        ("{{7*7}} {% x %}", "{{7*7}} {% x %}", ">49"),
        ("[x](ftp://files.example.org)", "x", 'href="ftp'),
        ("# Big\n\n[a](https://ok.example.org)", "<h3>Big</h3>", "<h1>Big"),
        ("[a](https://ok.example.org)", 'rel="noopener noreferrer">a</a>', 'rel="">a'),
    ],
)
def test_an_organisers_text_brings_no_markup_of_its_own(
    client: FlaskClient, session: Session, source: str, present: str, absent: str
) -> None:
    """F-2, F-3."""
    petition = factories.petition(session, slug="marked")
    petition.texts[0].background = source
    session.commit()

    page = client.get("/en/petitions/marked").text

    assert present in page
    assert absent not in page


@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}"])
def test_every_stored_field_is_shown_as_text(client: FlaskClient, session: Session, payload: str) -> None:
    """F-1, F-3."""
    branch = factories.branch(session, legal_name=payload, representative=payload, postal_address=payload)
    person = factories.prisoner(session, branch, names={"en": payload, "ru": payload + "ru"})
    factories.event(session, person, Kind.ARREST, "2026-01-01", what={"en": payload}, source="javascript:alert(1)")
    petition = factories.petition(session, slug="hostile", branch=branch, prisoner=person)
    petition.texts[0].title = petition.texts[0].demand = payload
    factories.addressee(
        session, petition, factories.authority(session, payload), Addressee.Circle.DOMESTIC
    )
    session.commit()

    for path in ("/en/petitions/hostile", "/en/petitions/", "/en/"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


def test_a_page_right_to_left_says_so(settings: Settings, database: object, session: Session) -> None:
    factories.petition(session, slug="free-anna")
    session.commit()
    app = create_app(settings.model_copy(update={"languages": ["en", "ar"]}))
    page = reader(app).get("/ar/petitions/free-anna").text
    assert '<html lang="ar" dir="rtl">' in page


def test_style_sheets_know_no_left_and_no_right() -> None:
    """Right-to-left pages come for free where only logical properties are used."""
    for sheet in (Path(__file__).parents[2] / "static" / "css").glob("*.css"):
        text = sheet.read_text()
        for word in ("margin-left", "margin-right", "padding-left", "padding-right", "text-align: left",
                     "text-align: right", "border-left", "border-right", " left:", " right:", "float:"):  # fmt: skip
            assert word not in text, f"{sheet.name}: {word}"


def test_the_demonstration_says_so_on_every_page_and_others_do_not(
    app: Flask, client: FlaskClient, settings: Settings, petition: Petition
) -> None:
    shown = create_app(settings.model_copy(update={"profile": Profile.DEMONSTRATION}))
    for path in ("/en/", "/en/petitions/free-anna", "/en/inbox", "/s/x", "/en/nothing"):
        assert "This is a demonstration" in reader(shown).get(path).text
        assert "This is a demonstration" not in client.get(path).text
