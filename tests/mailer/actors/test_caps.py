"""How much mail a mailbox gets: 3 a petition and 5 over all in 24 hours, whenever midnight is (privacy.md)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.actors.caps import Caps
from petitions.config import Profile, Settings
from petitions.models import MailCap
from tests import factories

KEY = factories.INDEX_KEY.encode()
EVENING = datetime(2026, 11, 22, 22, 40, tzinfo=UTC)


def over(session: Session, settings: Settings, moment: datetime, *wanted: tuple[int, str, str]) -> set[int]:
    return Caps(settings, KEY, moment).count(session, [(*one, True) for one in wanted])


def test_the_fourth_letter_of_a_day_under_one_petition_is_over(session: Session, settings: Settings) -> None:
    wanted = [(number, "petition-a", "ana@example.org") for number in range(1, 6)]
    assert over(session, settings, EVENING, *wanted) == {4, 5}


def test_the_sixth_over_all_petitions_is_over(session: Session, settings: Settings) -> None:
    wanted = [(number, f"petition-{number}", "ana@example.org") for number in range(1, 8)]
    assert over(session, settings, EVENING, *wanted) == {6, 7}


def test_another_mailbox_is_not_concerned(session: Session, settings: Settings) -> None:
    over(session, settings, EVENING, *[(number, "petition-a", "ana@example.org") for number in range(1, 5)])
    assert over(session, settings, EVENING, (9, "petition-a", "eve@example.org")) == set()


@pytest.mark.parametrize(("hours", "expected"), [(1, {4}), (23, {4}), (25, set())])
def test_the_day_rolls_over_midnight(
    hours: int, expected: set[int], session: Session, settings: Settings
) -> None:
    for number in range(1, 4):
        assert over(session, settings, EVENING, (number, "petition-a", "ana@example.org")) == set()
    later = EVENING + timedelta(hours=hours)
    assert over(session, settings, later, (4, "petition-a", "ana@example.org")) == expected


def test_what_was_over_is_not_counted(session: Session, settings: Settings) -> None:
    for number in range(1, 20):
        over(session, settings, EVENING, (number, "petition-a", "ana@example.org"))
    assert sorted(session.scalars(select(MailCap.sent))) == [3, 3]


def test_a_letter_that_was_counted_is_not_counted_again(session: Session, settings: Settings) -> None:
    for _ in range(9):
        assert Caps(settings, KEY, EVENING).count(session, [(1, "petition-a", "ana@example.org", False)]) == set()
    assert session.scalars(select(MailCap)).all() == []


def test_that_one_has_signed_is_told_once_an_hour(session: Session, settings: Settings) -> None:
    def told(moment: datetime) -> bool:
        return Caps(settings, KEY, moment).this_hour(session, "already|petition-a", "ana@example.org") == 1

    assert [told(EVENING), told(EVENING), told(EVENING + timedelta(hours=1))] == [True, False, True]


def test_the_demonstration_counts_nothing(session: Session, settings: Settings) -> None:
    demonstration = settings.model_copy(update={"profile": Profile.DEMONSTRATION})
    wanted = [(number, "petition-a", "ana@example.org") for number in range(1, 30)]
    assert over(session, demonstration, EVENING, *wanted) == set()


def test_a_row_tells_neither_mailbox_nor_petition_nor_that_it_was_there_yesterday(
    session: Session, settings: Settings
) -> None:
    for moment in (EVENING, EVENING + timedelta(days=1)):
        over(session, settings, moment, (1, "petition-a", "ana@example.org"))
    tags = session.scalars(select(MailCap.tag)).all()
    assert len(set(tags)) == len(tags) == 4
    assert {len(tag) for tag in tags} == {16}
