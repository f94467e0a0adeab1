"""How the document writes what it is given, in its own language."""

from datetime import date

import pytest

from mailer.pdf.markup import Block
from mailer.pdf.words import Words
from petitions.config import Settings

LANGUAGES = Settings.model_fields["document_languages"].default


def spaced(text: str) -> str:
    """Any white space that lines do not break at, as a plain space."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


def said(blocks: list[Block]) -> str:
    return spaced(" ".join(span.text for block in blocks for span in block.spans))


@pytest.mark.parametrize(
    ("language", "happened", "written"),
    [
        ("en", "2026", "2026"),
        ("en", "2026-06", "June 2026"),
        ("en", "2026-02-11", "11 February 2026"),
        ("ru", "2026-06", "июнь 2026\u202fг."),
        ("ru", "2026-02-11", "11 февраля 2026\u202fг."),
        ("en", "spring 2026", "spring 2026"),
        ("en", "2026-13", "2026-13"),
    ],
)
def test_a_day_known_in_part_is_written_as_far_as_it_is_known(language: str, happened: str, written: str) -> None:
    assert Words(language).partial_day(happened).replace("\xa0", "\u202f") == written.replace("\xa0", "\u202f")


@pytest.mark.parametrize(
    ("language", "first", "eleventh", "short"),
    [
        ("en", "1 March 2026", "11 November 2026", "2026-11-11"),
        ("ru", "1 марта 2026 г.", "11 ноября 2026 г.", "11.11.2026"),
        ("uk", "1 березня 2026 р.", "11 листопада 2026 р.", "11.11.2026"),
        ("be", "1 сакавіка 2026 г.", "11 лістапада 2026 г.", "11.11.2026"),
        ("kk", "2026 жылғы 1 наурыз", "2026 жылғы 11 қараша", "11.11.2026"),
        ("de", "1. März 2026", "11. November 2026", "11.11.2026"),
        ("fr", "1er mars 2026", "11 novembre 2026", "11/11/2026"),
    ],
)
def test_days_are_written_as_officials_of_the_language_write_them(
    language: str, first: str, eleventh: str, short: str
) -> None:
    words = Words(language)

    assert spaced(words.long_day(date(2026, 3, 1))) == first
    assert spaced(words.long_day(date(2026, 11, 11))) == eleventh
    assert words.short_day(date(2026, 11, 11)) == short


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "1,234,567"), ("ru", "1 234 567"), ("uk", "1 234 567"), ("be", "1 234 567"), ("kk", "1 234 567"),
        ("de", "1.234.567"), ("fr", "1 234 567"),
    ],
)  # fmt: skip
def test_numbers_are_grouped_as_the_language_groups_them_and_never_broken(language: str, shown: str) -> None:
    amount = Words(language).amount(1_234_567)

    assert spaced(amount) == shown
    assert " " not in amount


PLURALS = {  # of 1, 2, 5, 21
    "en": ("signature is new", "signatures are new", "signatures are new", "signatures are new"),
    "ru": ("добавилась 1 подпись", "добавились 2 подписи", "добавилось 5 подписей", "добавилась 21 подпись"),
    "uk": ("додався 1 підпис", "додалися 2 підписи", "додалося 5 підписів", "додався 21 підпис"),
    "be": ("дадаўся 1 подпіс", "дадаліся 2 подпісы", "дадалося 5 подпісаў", "дадаўся 21 подпіс"),
    "kk": ("1 жаңа қол", "2 жаңа қол", "5 жаңа қол", "21 жаңа қол"),
    "de": ("ist 1 Unterschrift", "sind 2 Unterschriften", "sind 5 Unterschriften", "sind 21 Unterschriften"),
    "fr": ("1 signature est", "2 signatures sont", "5 signatures sont", "21 signatures sont"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_takes_the_form_of_the_word_that_the_language_asks_for(language: str) -> None:
    words = Words(language)

    for number, expected in zip((1, 2, 5, 21), PLURALS[language], strict=True):
        letter = words.prose(
            "letter", title="T", demand="D", sender="S", edition=3, previous=2, fresh=number, confirmed=number,
            named=number, count_only=0, on_paper=number, countries=1, email="", amount=words.amount,
        )  # fmt: skip
        assert expected in said(letter)


def test_every_language_of_documents_has_plural_forms_of_its_own_in_the_test_above() -> None:
    assert set(PLURALS) == set(LANGUAGES)
