"""How a total grew, told without pointing at anybody (privacy.md: a small number is a person)."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from mailer.actors.figures import POINTS, growth, totals_of
from mailer.document import DayTotal
from petitions.models import Disclosure, Edition, Signature
from tests import factories

FIRST = date(2026, 4, 2)
SMALL = 10


def days(*counts: int) -> dict[date, int]:
    return {FIRST + timedelta(index): count for index, count in enumerate(counts) if count}


def test_days_with_enough_signatures_have_a_point_each() -> None:
    signed = days(12, 0, 30, 10)

    assert growth(signed, signed, SMALL) == (
        DayTotal(FIRST, 12), DayTotal(date(2026, 4, 4), 42), DayTotal(date(2026, 4, 5), 52),
    )


def test_few_signatures_are_told_with_the_next_and_the_last_few_with_those_before() -> None:
    signed = days(3, 4, 5, 1, 30, 2)

    assert [point.signatures for point in growth(signed, signed, SMALL)] == [12, 45]


def test_a_day_on_which_few_chose_to_be_counted_only_is_not_told_alone() -> None:
    """The annex gives the days of those who are named: what remains of a day would be one person."""
    signed, named = days(50, 50, 50, 50), days(50, 49, 41, 50)

    assert [point.signatures for point in growth(signed, named, SMALL)] == [50, 150, 200]


def test_a_petition_of_few_has_no_curve() -> None:
    assert growth(days(1, 2, 3), {}, SMALL) == ()
    assert growth({}, {}, SMALL) == ()


COUNTS = st.dictionaries(
    st.integers(0, 2_000).map(lambda day: FIRST + timedelta(day)),
    st.tuples(st.integers(1, 40), st.integers(0, 40)).map(lambda pair: (pair[0], min(pair))),
    min_size=1,
)


@given(COUNTS)
@settings(max_examples=200, deadline=None)
def test_no_step_of_the_curve_tells_of_few(counts: dict[date, tuple[int, int]]) -> None:
    signed = {day: both[0] for day, both in counts.items()}
    named = {day: both[1] for day, both in counts.items()}

    points = growth(signed, named, SMALL)

    total = sum(signed.values())
    assert (points[-1] == DayTotal(max(signed), total)) if total >= SMALL else points == ()
    assert len(points) <= POINTS
    before = FIRST - timedelta(1)
    for point in points:
        step = [day for day in signed if before < day <= point.day]
        new = sum(signed[day] for day in step)
        unnamed = new - sum(named[day] for day in step)
        assert new >= SMALL
        assert unnamed == 0 or unnamed >= SMALL or len(points) == 1
        before = point.day


def test_a_document_tells_the_growth_of_the_signatures_in_its_edition(session: Session) -> None:
    """Twelve a day: on the second and third, one and nine of them want to be counted only."""
    petition = factories.petition(session)
    for day, count_only in enumerate((0, 1, 9)):
        choices = [Disclosure.COUNT_ONLY] * count_only + [Disclosure.ALL] * (12 - count_only)
        people = [factories.typed(disclosure=choice) for choice in choices]
        ids = [one.id for one in factories.signatures(session, petition, people, confirmed=True)]
        signed_on = FIRST + timedelta(day)
        session.execute(update(Signature).where(Signature.id.in_(ids)).values(confirmed_on=signed_on))
    edition = Edition.freeze(session, petition, gap_days=7)
    factories.signature(session, petition, confirmed=True)  # is in the next edition
    petition.count_new(session)

    found = totals_of(session, edition, petition.addressees[0], small=SMALL)

    assert (found.confirmed, found.named, found.count_only) == (36, 26, 10)
    assert found.by_day == (DayTotal(FIRST, 12), DayTotal(FIRST + timedelta(2), 36))
    assert (found.first_on, found.last_on) == (FIRST, FIRST + timedelta(2))
