"""How the document writes what it is given, in its own language."""

import pytest

from mailer.pdf.words import Words


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
