"""The numbers of a document: how many signed, where and when, without pointing at anybody."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import accumulate, groupby
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mailer.actors.particulars import country_names
from mailer.document import CountryTotal, DayTotal, Totals
from mailer.wording import DOCUMENT, catalogue
from petitions.models import Addressee, Edition, Signature, totals

POINTS = 60  # of the curve, at most
WEEK = 7  # days


def totals_of(session: Session, edition: Edition, addressee: Addressee, *, small: int) -> Totals:
    """`small`: fewer than so many are told together with others."""
    numbers = totals(session, edition.petition, edition.log_size)
    columns: list[Any] = [Signature.confirmed_on, func.count()]
    days = _by_day(session, select(*columns).where(*edition.listed()))
    named_days = _by_day(session, edition.roll_for(addressee, *columns))
    named = sum(named_days.values())
    return Totals(
        confirmed=numbers["confirmed"],
        named=named,
        count_only=numbers["confirmed"] - named,
        held=numbers["held"],
        invalidated=numbers["invalidated"],
        withdrawn=numbers["withdrawn"],
        on_paper=numbers["on_paper"],
        by_country=_by_country(numbers["by_country"], addressee.language, small),
        by_day=growth(days, named_days, small),
        first_on=min(days, default=None),
        last_on=max(days, default=None),
    )


def growth(days: Mapping[date, int], named: Mapping[date, int], least: int) -> tuple[DayTotal, ...]:
    """The total as it grew, by days or by weeks.

    The annex gives the day of everyone who is named. What it leaves of a step are those who want to be counted only:
    like a country of few, a step of few, or with few of them, is told together with the next; the last, with those
    before.
    """
    told: list[_Step] = []
    pending = _Step()
    for step in _steps(days, named):
        pending = pending.and_then(step)
        if not pending.tells_of_few(least):
            told.append(pending)
            pending = _Step()
    while told and pending.new and pending.tells_of_few(least):
        pending = told.pop().and_then(pending)
    told += [pending] if pending.new >= least else []
    totals_then = accumulate(step.new for step in told)
    return tuple(DayTotal(step.end, total) for step, total in zip(told, totals_then, strict=True))


class _Step(NamedTuple):
    end: date = date.min
    new: int = 0
    unnamed: int = 0

    def and_then(self, later: "_Step") -> "_Step":
        return _Step(later.end, self.new + later.new, self.unnamed + later.unnamed)

    def tells_of_few(self, least: int) -> bool:
        return self.new < least or 0 < self.unnamed < least


def _steps(days: Mapping[date, int], named: Mapping[date, int]) -> Iterator[_Step]:
    """Of equal length but for the last, which ends with the last signature."""
    if not days:
        return
    first, last = min(days), max(days)
    length = _length((last - first).days + 1)
    for number, part in groupby(sorted(days), lambda day: (day - first).days // length):
        signed = list(part)
        new = sum(days[day] for day in signed)
        end = min(first + timedelta((number + 1) * length - 1), last)
        yield _Step(end, new, new - sum(named.get(day, 0) for day in signed))


def _length(days: int) -> int:
    """Days from one point to the next: one, or whole weeks."""
    return 1 if days <= POINTS else WEEK * -(-days // (WEEK * POINTS))


def _by_country(numbers: Mapping[str, int], language: str, least: int) -> tuple[CountryTotal, ...]:
    """Largest first; a country with few signers, and whoever did not say, is "other": a count of 1 is a person."""
    names = country_names(language)
    large = {names.get(code, code): count for code, count in numbers.items() if code and count >= least}
    ordered = [CountryTotal(name, count) for name, count in sorted(large.items(), key=lambda one: (-one[1], one[0]))]
    rest = sum(numbers.values()) - sum(large.values())
    if rest:
        other = catalogue(language, DOCUMENT).gettext("Other countries, or not stated")
        ordered.append(CountryTotal(other, rest))
    return tuple(ordered)


def _by_day(session: Session, rows: Select[Any]) -> dict[date, int]:
    counted = session.execute(rows.order_by(None).group_by(Signature.confirmed_on))
    return dict(map(tuple, counted))
