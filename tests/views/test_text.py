"""Cleaning of what people type, for every string there is."""

import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as some

from petitions.i18n import countries, moment, partial_date
from petitions.text import (
    NAME_LENGTH,
    Refusal,
    checked_email,
    clean_line,
    likely_meant,
    why_city_refused,
    why_name_refused,
)

INVISIBLE = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u2060\ufeff")
HIDDEN = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(some.text(max_size=300))
def test_a_cleaned_line_is_one_visible_line_and_stays_as_it_is(typed: str) -> None:
    cleaned = clean_line(typed)

    assert clean_line(cleaned) == cleaned
    assert not HIDDEN & {unicodedata.category(character) for character in cleaned}
    assert not set(cleaned) & INVISIBLE
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@given(some.text(max_size=300))
def test_a_name_that_is_taken_can_be_printed_and_is_no_formula(typed: str) -> None:
    name = clean_line(typed)
    if why_name_refused(name) is None:
        assert "@" not in name
        assert 1 <= len(name) <= NAME_LENGTH
        assert any(unicodedata.category(character)[0] == "L" for character in name)
        assert unicodedata.normalize("NFKC", name)[0] not in "=+-@"


@given(some.text(max_size=300))
def test_every_address_gets_an_answer(typed: str) -> None:
    found = checked_email(typed)
    if not isinstance(found, Refusal):
        assert found.count("@") == 1
        assert not set(found) & set("\r\n ,<>")
        assert checked_email(found) == found


@pytest.mark.parametrize(
    "city", ["Halle/Saale", "St.Petersburg", "г.Москва", "Washington D.C.", "Rothenburg o.d.T.", "Frankfurt a.M."]
)
def test_a_city_may_have_dots_and_a_slash(city: str) -> None:
    assert why_city_refused(city) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a@gmial.com", "a@gmail.com"),
        ("a@gmail.con", "a@gmail.com"),
        ("a@gmai.com", "a@gmail.com"),
        ("a@gmaill.com", "a@gmail.com"),
        ("a@yandx.ru", "a@yandex.ru"),
        ("a@gmail.com", None),
        ("a@mail.com", None),
        ("a@gmx.at", None),
        ("a@example.org", None),
        ("a@university-of-bergen.example.org", None),
    ],
)
def test_a_slip_in_a_well_known_domain_is_recognised(typed: str, meant: str | None) -> None:
    assert likely_meant(typed) == meant


def test_countries_are_those_of_the_standard_in_the_languages_own_order() -> None:
    """A24."""
    english, russian = countries("en"), countries("ru")
    assert set(english) == set(russian)
    assert 245 <= len(english) <= 252
    assert {"NO", "BY", "TR", "GB", "PS", "TW"} <= set(english)
    assert not {"EU", "UN", "ZZ", "XA", "QO"} & set(english)
    assert list(english)[:2] == ["AF", "AX"]
    assert russian["NO"] == "Норвегия"


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("written", "words"), [("2026", "2026"), ("2026-04", "April 2026"), ("2026-04-21", "April 21, 2026")]
)
def test_a_date_known_in_part_is_shown_in_part(app: object, written: str, words: str) -> None:
    with app.test_request_context("/en/", base_url="https://petitions.example.org"):  # type: ignore[attr-defined]
        assert partial_date(written) == words


@pytest.mark.parametrize(
    ("path", "words"), [("/en/", "Nov 22, 2026, 21:05 UTC"), ("/ru/", "22 нояб. 2026 г., 21:05 UTC")]
)
def test_a_moment_is_a_day_with_hours_and_minutes_of_no_zone_but_utc(app: object, path: str, words: str) -> None:
    there = timezone(timedelta(hours=3))
    with app.test_request_context(path, base_url="https://petitions.example.org"):  # type: ignore[attr-defined]
        assert moment(datetime(2026, 11, 23, 0, 5, 59, tzinfo=there)).split() == words.split()  # any kind of space
