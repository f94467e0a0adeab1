"""What can be told of a petition's signatures without opening one: by day, country, language, text, mail domain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.models.letter import Letter
from petitions.models.mail_domain import MailDomain, MailDomainDay
from petitions.models.petition import Petition
from petitions.models.petition_text import PetitionText
from petitions.models.signature import Pace, Signature

DAYS_BY_DAY = 120  # a longer time is told by weeks
COUNTRIES = 15
DOMAINS = 20


@dataclass(frozen=True, slots=True)
class DomainFigures:
    """How letters to a mail domain fared; `name` is empty for all that are too rare to be named."""

    name: str
    letters: int
    refused: int
    confirmed: int
    paces: tuple[int, ...]

    @property
    def rate(self) -> float:
        return self.confirmed / self.letters if self.letters else 0.0

    @property
    def median_pace(self) -> Pace | None:
        """The class in which the middle confirmation lies."""
        middle, counted = sum(self.paces) / 2, 0
        for pace in Pace:
            counted += self.paces[pace]
            if counted and counted >= middle:
                return pace
        return None


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str  # a class: bad_address, rejected…
    domain: str  # empty: too rare to be named
    letters: int


def by_day(session: Session, petition: Petition, today: date, *, since: date | None = None) -> list[tuple[date, int]]:
    """Confirmed signatures by the day of their confirmation, none left out, to today."""
    days = _grouped(session, petition, Signature.confirmed_on)
    counted = {day: count for day, count in days if day is not None}
    opened = petition.opened_at.date() if petition.opened_at else today
    first = since or min([opened, *counted])
    return [
        (day, counted.get(day, 0))
        for day in (first + timedelta(days=step) for step in range(max(1, (today - first).days + 1)))
    ]


def weekly(days: Sequence[tuple[date, int]]) -> list[tuple[date, int]]:
    """The same by weeks, each named for its Monday."""
    weeks: dict[date, int] = {}
    for day, count in days:
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = weeks.get(monday, 0) + count
    return list(weeks.items())


def by_country(session: Session, petition: Petition, small: int) -> tuple[list[tuple[str, int]], int]:
    """The countries with the most, and how many live elsewhere or did not say: who is alone is not pointed at."""
    found = sorted(_grouped(session, petition, Signature.country), key=lambda pair: (-pair[1], pair[0]))
    named = [(code, count) for code, count in found if code and count >= small][:COUNTRIES]
    return named, sum(count for _, count in found) - sum(count for _, count in named)


def by_text(session: Session, petition: Petition) -> list[tuple[str, int, int]]:
    """(language, version, confirmed)."""
    rows = session.execute(
        select(PetitionText.language, PetitionText.version, func.count())
        .join(Signature, Signature.text_id == PetitionText.id)
        .where(Signature.petition_id == petition.id, Signature.state == Signature.State.CONFIRMED)
        .group_by(PetitionText.language, PetitionText.version)
        .order_by(PetitionText.language, PetitionText.version)
    )
    return [(language, version, count) for language, version, count in rows]


def by_domain(session: Session, petition: Petition) -> list[DomainFigures]:
    """The domains that got most letters, all others as one."""
    rows = session.execute(
        select(
            MailDomain.name, MailDomainDay.letters, MailDomainDay.refused, MailDomainDay.confirmed, MailDomainDay.paces
        )
        .join(MailDomain, MailDomainDay.domain_id == MailDomain.id)
        .where(MailDomain.petition_id == petition.id)
    ).all()
    letters: dict[str, int] = {}
    for row in rows:
        letters[row.name or ""] = letters.get(row.name or "", 0) + row.letters
    named = sorted((name for name in letters if name), key=lambda name: (-letters[name], name))[:DOMAINS]
    sums = {name: [0] * (3 + len(Pace)) for name in [*named, ""]}
    for row in rows:
        counted = sums[row.name if row.name in sums else ""]
        for place, value in enumerate([row.letters, row.refused, row.confirmed, *row.paces]):
            counted[place] += value
    return [
        DomainFigures(name, letters=all_of[0], refused=all_of[1], confirmed=all_of[2], paces=tuple(all_of[3:]))
        for name, all_of in sums.items()
        if all_of[0]
    ]


def refusals(session: Session, petition: Petition) -> list[Refusal]:
    """Confirmation letters that the relay refused, while the letters' log is kept."""
    rows = session.execute(
        select(Letter.reason, MailDomain.name, func.count())
        .join(Signature, Letter.signature_id == Signature.id)
        .outerjoin(MailDomain, Letter.mail_domain_id == MailDomain.id)
        .where(Signature.petition_id == petition.id, Letter.state == Letter.State.FAILED)
        .group_by(Letter.reason, MailDomain.name)
        .order_by(func.count().desc())
    )
    return [Refusal(reason or "", name or "", count) for reason, name, count in rows]


def _grouped(session: Session, petition: Petition, column: Any) -> list[tuple[Any, int]]:
    rows = session.execute(
        select(column, func.count())
        .where(Signature.petition_id == petition.id, Signature.state == Signature.State.CONFIRMED)
        .group_by(column)
    )
    return [(value, count) for value, count in rows]
