"""One name in many scripts is found and recognised as one (issue 3, "duplicates found by transliterated name")."""

import pytest

from petitions.translit import folded, matches, same_person


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("verenko", ["Анна Веренко"]), ("ВЕРЕНКО", ["Anna Verenko"]), ("viarenka", ["Анна Веренко"]),
        ("lukasz zolc", ["Łukasz Żółć"]), ("huseyn", ["Хусейн Алиев"]), ("nikos", ["Νίκος Παππάς"]),
        ("ver", ["Anna Verenko"]), ("ана", ["ანა ვერენკო"]), ("anna verenko", ["Веренко, Анна"]),
    ],
)
def test_a_name_is_found_in_any_script(typed: str, found: list[str]) -> None:
    assert matches(typed, found)


@pytest.mark.parametrize("typed", ["petrov", "anna petrova", "enko"])
def test_another_name_is_not(typed: str) -> None:
    assert not matches(typed, ["Anna Verenko", "Анна Веренко"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Anna Verenko", 1988), ("Анна Веренко", 1988)),
        (("Anna Verenko", None), ("Hanna Viarenka", 1989)),
        (("Щербаков Юрий", 1970), ("Yuri Sherbakov", 1970)),
        (("Dzhokhar Tagirov", 1990), ("Джохар Тагиров", None)),
        (("Anna Verenko", 1988), ("anna  VERENKO", 1970)),  # the same letters: the year may be the mistake
    ],
)
def test_two_spellings_may_be_one_person(one: tuple[str, int | None], other: tuple[str, int | None]) -> None:
    assert same_person([one[0]], one[1], [other[0]], other[1])
    assert same_person(["X", other[0]], other[1], [one[0]], one[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Anna Verenko", 1988), ("Hanna Viarenka", 1960)),
        (("Anna Verenko", 1988), ("Anna Petrova", 1988)),
        (("Ana Li", 1988), ("Ian Lee", 1988)),
        (("", None), ("", None)),
    ],
)
def test_two_persons_are_not_taken_for_one(one: tuple[str, int | None], other: tuple[str, int | None]) -> None:
    assert not same_person([one[0]], one[1], [other[0]], other[1])


def test_folding_leaves_only_letters_digits_and_spaces() -> None:
    assert folded("  O'Brien–Żółć,\u200b 3 ") == "obrien zolc 3"
