"""What the linter finds in a text, and what it leaves alone. Pure; the words to organisers are the templates'."""

import pytest

from petitions.demo import data
from petitions.lint import Finding, Reader, Rule, Wording, examine

DEMAND = "Release Anna Verenko from pre-trial detention."


def wording(language: str = "en", title: str = "Free Anna", demand: str = DEMAND, background: str = "") -> Wording:
    return Wording(language, title, demand, background)


def reader(kind: str = "prosecutor", *, pending: bool = True, most: int | None = None, language: str = "en") -> Reader:
    return Reader(kind, kind.capitalize(), kind, language, pending, most)


def rules(found: list[Finding]) -> set[Rule]:
    return {one.rule for one in found}


@pytest.mark.parametrize("text", data.TEXTS, ids=lambda text: text["language"])
def test_a_decent_text_has_nothing_to_mend(text: dict[str, str]) -> None:
    assert examine(Wording(text["language"], text["title"], text["demand"], text["background"]), [reader()]) == []


@pytest.mark.parametrize(
    ("language", "background", "rule"),
    [
        ("en", "The judge is a fascist.", Rule.INSULT),
        ("ru", "Эти палачи продолжают.", Rule.INSULT),
        ("en", "You will pay for this.", Rule.THREAT),
        ("ru", "Вы ещё ответите за это.", Rule.THREAT),
        ("en", "Call him at +375 29 123-45-67.", Rule.PHONE),
        ("en", "Write to guard@prison.example.org.", Rule.EMAIL),
        ("ru", "паспорт № 1234567", Rule.ID_NUMBER),
        ("ru", "Живёт на ул. Ленина, д. 5.", Rule.HOME_ADDRESS),
        ("en", "It was decided by judge Ivan Petrov.", Rule.NAMED_OFFICIAL),
        ("ru", "Так решил следователь Иванов И. И.", Rule.NAMED_OFFICIAL),
        ("en", "LOOK WHAT THEY DID", Rule.SHOUTING),
        ("en", "Enough!!!", Rule.SHOUTING),
        ("en", "See https://news.example.org/a.", Rule.LINK),
        ("en", "![her](https://cdn.example.org/x.png)", Rule.IMAGE),
    ],
)
def test_what_must_not_be_said_is_found(language: str, background: str, rule: Rule) -> None:
    found = examine(Wording(language, "Anna", "Освободить Анну." if language == "ru" else DEMAND, background))

    assert rule in rules(found)


@pytest.mark.parametrize(
    "background",
    [
        "On 11 February 2026 she was arrested under article 342 (1); case 1-17/2026.",
        "The Prosecutor General may examine the case.",
        "She works at a NATO library in the USA.",
        "See https://news.example.org/2026/02/11/1234567890.html",
    ],
)
def test_dates_numbers_and_offices_are_nobodys_data(background: str) -> None:
    assert rules(examine(wording(background=background))) <= {Rule.LINK}


def test_a_link_is_an_error_in_the_demand_and_a_warning_in_the_background() -> None:
    assert Rule.LINK_IN_DEMAND in rules(examine(wording(demand="Release her, see https://a.example")))
    assert not any(one.blocks for one in examine(wording(background="https://a.example")))


def test_a_demand_without_a_verb_is_pointed_out() -> None:
    assert Rule.NO_REQUEST in rules(examine(wording(demand="Freedom!")))
    assert Rule.NO_REQUEST in rules(examine(wording("ru", demand="Свободу политзаключённым!")))


def test_a_body_is_not_asked_for_what_it_cannot_do() -> None:
    """facts/authorities.md: release from the ombudsman, substance from a court with the case."""
    prosecutor, ombudsman, court = reader(), reader("ombudsman"), reader("court")

    found = examine(wording(), [prosecutor, ombudsman, court])

    assert {(one.rule, one.reader) for one in found} == {
        (Rule.BEYOND_POWERS, "Ombudsman"), (Rule.BEYOND_POWERS, "Court"),
    }
    assert not any(one.blocks for one in found)


def test_a_demand_that_no_addressee_can_meet_is_an_error() -> None:
    found = examine(wording(demand="Overturn the judgment and release her."), [reader("prison_service")])

    assert [one.rule for one in found] == [Rule.BEYOND_ALL_POWERS]
    assert found[0].blocks


def test_a_court_whose_judgment_is_in_force_may_be_asked() -> None:
    assert examine(wording(), [reader("court", pending=False)]) == []


def test_a_portals_length_is_a_warning_and_for_the_demand_alone_an_error() -> None:
    long = wording(background="word " * 500)

    warned = examine(long, [reader(most=2_000)])
    refused = examine(long, [reader(most=20)])

    assert [(one.rule, one.blocks) for one in warned] == [(Rule.TOO_LONG, False)]
    assert [(one.rule, one.blocks) for one in refused] == [(Rule.DEMAND_TOO_LONG, True)]


def test_only_the_addressees_language_is_measured_against_its_portal() -> None:
    assert examine(wording(background="word " * 500), [reader(most=2_000, language="ru")]) == []


def test_the_key_of_a_finding_quotes_nothing() -> None:
    found = examine(wording(background="Call +375 29 123-45-67."))

    assert all("375" not in one.key for one in found)
