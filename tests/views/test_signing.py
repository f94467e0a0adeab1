"""The sign form and the check page (cases.md A)."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Database
from petitions.models import Addressee, Disclosure, Letter, Petition, Signature
from tests import factories
from tests.conftest import reader
from tests.views import steps


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


def test_a_supporter_signs_and_one_pending_row_with_its_letter_waits(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    answer = steps.sign(client, "free-anna", name="Inés  Karlsen", shows_city="yes")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/inbox")
    row = steps.row(petition)
    own = steps.own(row)
    assert (own["name"], own["city"], own["email"]) == ("Inés Karlsen", "Bergen", "ines.karlsen@example.org")
    assert (row.state, row.disclosure, row.shows_city) == (Signature.State.PENDING, Disclosure.ALL, True)
    assert not row.wants_listing
    letter = session.scalars(select(Letter)).one()
    assert (letter.signature_id, letter.state) == (row.id, Letter.State.READY)


def test_the_check_page_shows_everything_and_stores_nothing(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    page = steps.check(client, "free-anna", disclosure="international").text

    for words in ("Ines Karlsen", "ines.karlsen@example.org", "Norway", "Bergen", "let her go home"):
        assert words in page
    goes, stays = page.split("Your name goes to")[1].split("It does not go to")
    assert "Human Rights Committee" in goes
    assert "Court of the Central District" not in goes
    assert "Court of the Central District" in stays
    assert steps.rows(petition) == []


def test_the_edit_button_brings_the_form_back_as_it_was(client: FlaskClient, petition: Petition) -> None:
    page = steps.check(client, "free-anna", edit="1", disclosure="international", name="Zoë O’Brien")

    assert page.status_code == 200
    assert 'value="Zoë O’Brien"' in page.text
    assert 'value="international" checked' in page.text
    assert '<option value="NO" selected' in page.text
    assert "error-summary" not in page.text


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b\u2060", "🙂🙂", "12345", "!?…", "x" * 121, "x" * 10_000, "http://x.y", "www.evil.ru",
     "evil.com", "=cmd|' /C calc'!A0", "+7 900 123", "-2+3", "@SUM(A1)", "＝1+1", "a@b.example.org", "\ufffdva",
     "a" + "\u0301" * 30, "t.me/evil", "Read t.me evil", "evil.app", "EVIL.COM", "Visit evil.de today", "paypa1.co",
     "evil.co.uk", "e-vil.xyz", "evil。app", "evil．app", "злой.рф", "a/evil", "A ⁄evil", "://x", "ines@post"],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_and_the_rest_kept(
    client: FlaskClient, session: Session, petition: Petition, name: str
) -> None:
    """A1, A2, A8, A9, A4."""
    began = time.perf_counter()
    answer = steps.check(client, "free-anna", name=name)

    assert time.perf_counter() - began < 5
    assert answer.status_code == 422
    assert 'href="#name"' in answer.text
    assert 'id="name-error"' in answer.text
    assert 'value="ines.karlsen@example.org"' in answer.text
    assert 'value="all" checked' in answer.text
    assert steps.rows(petition) == []


@pytest.mark.parametrize(
    "name",
    ["محمد\u200cرضا رضایی", "ნინო ბერიძე", "Արամ", "김민준", "O'Brien", "Jean‑Luc", "Ng", "X Æ A-12", "Dr. A.B. Smith",
     "Анна-Мария", "N'Golo d’Ávila", "क्\u200dष", "St. John", "Αθηνά", "Ma.Su Lee", "MA.SU LEE", "A.B.Smith",
     "J.R.R. Tolkien", "J.van Dijk", "A.de Groot", "Dr.de Vries", "St.John", "Ma.del Carmen", "И.И.Иванов",
     "Ravi a/l Kumar", "Siti s/o Raman", "Ph.D. Anna"],
)  # fmt: skip
def test_names_of_all_scripts_are_taken_unchanged(
    client: FlaskClient, session: Session, petition: Petition, name: str
) -> None:
    """A7."""
    steps.sign(client, "free-anna", name=name)

    row = steps.row(petition)
    assert steps.own(row)["name"] == name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("A\x00n\x07n\x1ba\x7f", "Anna"),
        ("\u202eAnna\u202c", "Anna"),
        ("\u2066An\u200ena\u2069\u061c", "Anna"),
        ("An\u200bna\u2060 K", "Anna K"),
        ("\u200dAnna\u200c", "Anna"),
        ("Anna\u2028K\t K", "Anna K K"),
        ("Ine\u0301s", "Inés"),
    ],
)
def test_what_nobody_can_see_is_removed_before_it_is_stored(
    client: FlaskClient, session: Session, petition: Petition, typed: str, stored: str
) -> None:
    """A3, A5."""
    page = steps.check(client, "free-anna", name=typed)
    assert f'name="name" value="{stored}"' in page.text
    client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(page.text))

    row = steps.row(petition)
    assert steps.own(row)["name"] == stored


def test_bytes_that_are_no_text_are_refused_without_an_error(client: FlaskClient, petition: Petition) -> None:
    """A4."""
    body = b"name=A%ED%A0%80nna&email=a%40b.example.org&disclosure=all&consent=yes&city=%FF%FE"
    answer = client.post(
        "/en/petitions/free-anna/signatures/check", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "payload", ["<script>alert(1) Anna", '"><img src=x onerror=alert(1)> Anna', "{{7*7}} A"]
)
def test_markup_and_templates_are_text(client: FlaskClient, petition: Petition, payload: str) -> None:
    """A10, F-1, F-3."""
    page = steps.check(client, "free-anna", name=payload, city=payload).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "49 A" not in page
    assert steps.hidden_fields(page)["name"] == payload


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": "x" * 1_000_000}, 413), ({f"f{n}": "x" for n in range(100_000)}, 413)],
)
def test_a_body_that_is_far_too_large_is_refused_before_it_is_read(
    client: FlaskClient, petition: Petition, body: dict[str, str], status: int
) -> None:
    """A11."""
    answer = client.post("/en/petitions/free-anna/signatures/check", data=body)
    assert answer.status_code == status
    assert "too much at once" in answer.text


@pytest.mark.parametrize(
    "email",
    ["", "a", "a@b.com\nBcc: x@y.z", "a@b.com,c@d.com", "Name <a@b.com>", '"a b"@b.com', "a@[127.0.0.1]",
     "a@localhost", "a" * 65 + "@example.org", "a@" + "b" * 300 + ".org", "x" * 50_000, "вася@пример.рф",
     "a b@example.org", "a@b@c.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(
    client: FlaskClient, session: Session, petition: Petition, email: str
) -> None:
    """A12, A13, A14, A15."""
    answer = steps.check(client, "free-anna", email=email)

    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert steps.rows(petition) == []


def test_letters_before_the_at_that_few_servers_take_get_words_of_their_own(
    client: FlaskClient, petition: Petition
) -> None:
    """A15."""
    assert "Latin letters" in steps.check(client, "free-anna", email="вася@пример.рф").text


def test_both_ways_of_writing_an_international_domain_are_one_mailbox(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """A15."""
    steps.sign(client, "free-anna", email="a@xn--e1afmkfd.xn--p1ai", name="One")
    steps.sign(client, "free-anna", email="a@пример.рф", name="Two")

    first, second = steps.rows(petition)
    assert first.dedup_tag == second.dedup_tag


def test_a_likely_slip_is_pointed_out_and_not_refused(client: FlaskClient, petition: Petition) -> None:
    assert "ines@gmail.com" in steps.check(client, "free-anna", email="ines@gmial.com").text
    assert "Perhaps you meant" not in steps.check(client, "free-anna", email="ines@mail.com").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"consent": None}, "consent"),
        ({"consent": "false"}, "consent"),
        ({"disclosure": None}, "disclosure"),
        ({"disclosure": "99"}, "disclosure"),
        ({"disclosure": "public"}, "disclosure"),
        ({"country": "ZZ"}, "country"),
        ({"country": "no"}, "country"),
        ({"country": "🇳🇴"}, "country"),
        ({"country": "EU"}, "country"),
        ({"city": "x" * 81}, "city"),
        ({"city": "see www.evil.ru"}, "city"),
    ],
)
def test_what_is_missing_or_not_on_offer_is_refused_with_words(
    client: FlaskClient, session: Session, petition: Petition, fields: dict[str, Any], field: str
) -> None:
    """A20, A24; the same form with a token is refused too."""
    token = steps.form_token(client, "free-anna")
    for answer in (steps.check(client, "free-anna", **fields), steps.create(client, "free-anna", token, **fields)):
        assert answer.status_code == 422
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
    assert steps.rows(petition) == []


def test_nothing_is_chosen_for_the_supporter(client: FlaskClient, petition: Petition) -> None:
    page = client.get("/en/petitions/free-anna").text
    form = page.split('id="sign-form"')[1].split("</form>")[0]
    assert form.count('type="radio"') == 3
    assert " checked" not in form
    assert " selected" not in form


def test_each_answer_names_the_addressees_it_covers(client: FlaskClient, petition: Petition) -> None:
    page = client.get("/en/petitions/free-anna").text
    nobody, international, everybody = page.split('type="radio"')[1:4]
    assert "Committee" not in nobody
    assert "Human Rights Committee" in international
    assert "Prosecutor" not in international
    assert "Human Rights Committee" in everybody
    assert "Prosecutor General" in everybody


def test_a_petition_may_forbid_naming(client: FlaskClient, session: Session) -> None:
    """M18: and whoever asks to be listed all the same is not."""
    silent = factories.petition(session, slug="silent", forbids_naming=True)
    session.commit()

    form = client.get("/en/petitions/silent").text.split('id="sign-form"')[1].split("</form>")[0]
    assert form.count('type="radio"') == 1
    assert form.count('type="checkbox"') == 2  # the news, the agreement
    assert steps.check(client, "silent", disclosure="all").status_code == 422
    checked = steps.check(client, "silent", disclosure="count_only", wants_listing="yes", shows_city="yes")
    assert checked.status_code == 200
    assert "to everybody" not in checked.text
    fields = {**steps.hidden_fields(checked.text), "wants_listing": "yes"}
    assert client.post("/en/petitions/silent/signatures", data=fields).status_code == 303
    row = steps.row(silent)
    assert (row.wants_listing, row.shows_city) == (False, False)


def test_a_petition_may_only_count_signers_of_a_country(client: FlaskClient, session: Session) -> None:
    """M18."""
    factories.petition(session, slug="careful", count_only_countries=["BY"])
    session.commit()

    assert steps.check(client, "careful", country="BY", disclosure="all").status_code == 422
    assert steps.check(client, "careful", country="BY", disclosure="count_only").status_code == 200
    assert steps.check(client, "careful", country="NO", disclosure="all", wants_listing="yes").status_code == 200


@pytest.mark.parametrize("country", ["BY", ""])
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"disclosure": "all"}, "disclosure"),
        ({"disclosure": "international"}, "disclosure"),
        ({"disclosure": "count_only", "wants_listing": "yes"}, "wants_listing"),
    ],
)
def test_where_a_country_is_only_counted_it_is_named_in_no_way_nor_by_not_saying_it(
    client: FlaskClient, session: Session, country: str, fields: dict[str, str], field: str
) -> None:
    """M18."""
    careful = factories.petition(session, slug="careful", count_only_countries=["BY"])
    session.commit()
    token = steps.form_token(client, "careful")

    for answer in (
        steps.check(client, "careful", country=country, **fields),
        steps.create(client, "careful", token, country=country, **fields),
    ):
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert f'href="#{field}"' in answer.text
        words = "Say your country, or choose to be counted only." if not country else "are only counted"
        assert words in answer.text
    assert steps.rows(careful) == []
    assert steps.check(client, "careful", country=country, disclosure="count_only").status_code == 200


def test_who_may_be_in_danger_is_warned_in_plain_words(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """M18."""
    elsewhere = factories.prisoner(session, factories.branch(session), country="NO")
    factories.petition(session, slug="elsewhere", prisoner=elsewhere)
    session.commit()

    def warned(slug: str, country: str, **fields: str) -> bool:
        return "think of your safety" in steps.check(client, slug, country=country, **fields).text

    assert [warned("elsewhere", country) for country in ("BY", "", "NO")] == [True, True, False]
    assert warned("elsewhere", "BY", disclosure="international")
    assert warned("elsewhere", "BY", disclosure="count_only", wants_listing="yes")
    assert not warned("elsewhere", "BY", disclosure="count_only")
    assert warned("free-anna", "NO")  # the prisoner is held in one of those countries
    assert not warned("free-anna", "NO", disclosure="count_only")


def test_which_countries_punish_is_a_setting(settings: Settings, database: Database, session: Session) -> None:
    elsewhere = factories.prisoner(session, factories.branch(session), country="NO")
    factories.petition(session, slug="elsewhere", prisoner=elsewhere)
    session.commit()
    client = reader(create_app(settings.model_copy(update={"punishing_countries": ["SE"]})))
    assert "think of your safety" in steps.check(client, "elsewhere", country="SE").text
    assert "think of your safety" not in steps.check(client, "elsewhere", country="BY").text


@pytest.mark.parametrize("slug", ["draft", "unknown", "-1", "9e9", "1 OR 1=1", str(2**63), "free-anna%00", "x" * 300])
def test_a_draft_and_no_petition_at_all_look_the_same(client: FlaskClient, session: Session, slug: str) -> None:
    """A16."""
    factories.petition(session, slug="draft", open=False)
    session.commit()

    for answer in (client.get(f"/en/petitions/{slug}"), steps.check(client, slug), steps.create(client, slug, "t")):
        assert answer.status_code == 404
        assert "There is no such page" in answer.text
        assert 'role="search"' in answer.text
    assert client.get(f"/en/petitions/{slug}").text == client.get("/en/petitions/other").text


def test_a_closed_petition_takes_no_signatures(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    """A17: closed between the check page and its button."""
    token = steps.form_token(client, "free-anna")
    petition.close(datetime.now(UTC))
    session.commit()
    app.extensions["petition_facts"].forget()

    for answer in (steps.create(client, "free-anna", token), steps.check(client, "free-anna")):
        assert answer.status_code == 410
        assert "no longer takes signatures" in answer.text
    assert steps.rows(petition) == []


def test_a_closing_date_holds_to_the_second(client: FlaskClient, session: Session) -> None:
    """A17: whatever is cached, the date is compared with the clock."""
    petition = factories.petition(session, slug="short", closes_at=datetime.now(UTC) + timedelta(seconds=1.5))
    session.commit()
    token = steps.form_token(client, "short")
    time.sleep(1.6)

    assert steps.create(client, "short", token).status_code == 410
    assert steps.rows(petition) == []


def test_a_text_that_changed_meanwhile_is_shown_before_it_is_signed(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    """A18."""
    token = steps.form_token(client, "free-anna")
    factories.text(petition, "en", "Free Anna Verenko", "Let her see a doctor at once.", version=2)
    session.commit()
    app.extensions["petition_facts"].forget()

    answer = steps.create(client, "free-anna", token)

    assert answer.status_code == 422
    assert "The text has changed" in answer.text
    assert "Let her see a doctor" in answer.text
    assert steps.rows(petition) == []
    client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(answer.text))
    row = steps.row(petition)
    assert row.text.version == 2


def test_a_form_of_an_older_text_says_so_on_the_check_page(client: FlaskClient, petition: Petition) -> None:
    """A18."""
    assert "The text has changed" in steps.check(client, "free-anna", text_hash="0" * 64).text


def test_a_form_that_lay_open_for_a_day_is_asked_again_with_all_kept(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """A22."""
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=25), tick=True):
        token = steps.form_token(client, "free-anna")

    answer = steps.create(client, "free-anna", token, name="Zoë")

    assert answer.status_code == 422
    assert "open for a long time" in answer.text
    kept = steps.hidden_fields(answer.text)
    assert kept["name"] == "Zoë"
    assert steps.rows(petition) == []
    assert client.post("/en/petitions/free-anna/signatures", data=kept).status_code == 303


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "é" * 10])
def test_without_the_check_pages_token_nothing_is_signed(
    client: FlaskClient, session: Session, petition: Petition, token: str | None
) -> None:
    """F-4."""
    fields = {} if token is None else {"token": token}
    answer = client.post("/en/petitions/free-anna/signatures", data={**steps.TYPED, **fields})

    assert answer.status_code == 400
    assert "Please sign once more" in answer.text
    assert steps.rows(petition) == []


def test_a_token_of_one_petition_signs_no_other(client: FlaskClient, session: Session, petition: Petition) -> None:
    other = factories.petition(session, slug="other")
    session.commit()

    answer = steps.create(client, "other", steps.form_token(client, "free-anna"))

    assert answer.status_code == 400
    assert steps.rows(other) == []


def test_a_double_click_is_one_signature_and_one_letter(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    fields = steps.hidden_fields(steps.check(client, "free-anna").text)
    answers = [client.post("/en/petitions/free-anna/signatures", data=fields) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {303}
    assert len(steps.rows(petition)) == 1
    assert len(session.scalars(select(Letter)).all()) == 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Bob@X.example.org", "bob@x.EXAMPLE.org", True),
        ("b.o.b@gmail.com", "bob+x@googlemail.com", True),
        ("b.ob@example.org", "bob@example.org", False),
        ("bob+a@example.org", "bob@example.org", True),
        ("ivanov@yandex.ru", "ivanov@ya.ru", True),
        ("i-vanov@yandex.ru", "i.vanov@ya.ru", True),
        ("bob@exаmple.org", "bob@example.org", False),  # a Cyrillic letter in the first domain
    ],
)
def test_which_addresses_are_one_mailbox(
    client: FlaskClient, session: Session, petition: Petition, first: str, second: str, same: bool
) -> None:
    """C1 to C6; each is its own pending row until its owner confirms one."""
    for number, email in enumerate((first, second)):
        steps.sign(client, "free-anna", email=email, name=f"Bob {number}x")

    one, other = steps.rows(petition)
    assert (one.dedup_tag == other.dedup_tag) is same
    assert {one.state, other.state} == {Signature.State.PENDING}


def test_mail_goes_to_the_address_as_typed(client: FlaskClient, session: Session, petition: Petition) -> None:
    """C2."""
    steps.sign(client, "free-anna", email="B.o.B+x@googlemail.com")
    row = steps.row(petition)
    assert steps.own(row)["email"] == "B.o.B+x@googlemail.com"


def test_one_mailbox_under_two_petitions_has_two_tags(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """C12."""
    other = factories.petition(session, slug="other")
    session.commit()
    steps.sign(client, "free-anna")
    steps.sign(client, "other")

    assert steps.rows(petition)[0].dedup_tag != steps.rows(other)[0].dedup_tag


def test_the_page_of_a_language_without_a_text_shows_and_signs_the_petitions_own(
    client: FlaskClient, session: Session
) -> None:
    petition = factories.petition(session, slug="one-language", addressees=False, open=False)
    petition.texts[1].approved_at = None
    factories.addressee(session, petition, factories.authority(session), Addressee.Circle.DOMESTIC, "en")
    petition.move_to(Petition.State.IN_REVIEW)
    petition.open(datetime.now(UTC))
    session.commit()

    assert 'lang="en"' in client.get("/ru/petitions/one-language").text
    assert steps.sign(client, "one-language", "ru").status_code == 303
    row = steps.row(petition)
    assert row.text.language == "en"
    assert steps.own(row)["language"] == "ru"
