"""What the known events say of a prisoner today, in a word; more than they say is not claimed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from petitions.models import Prisoner, PrisonerEvent


class Status(StrEnum):
    UNKNOWN = "unknown"
    DETAINED = "detained"  # arrested, no verdict known
    VERDICT = "verdict"  # of what kind the event's sentence says; an acquittal is one
    RELEASED = "released"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class Situation:
    status: Status
    since: str  # the partial date of the event that decided it
    days: int | None  # detained since the arrest, if its day is known
    next_event: PrisonerEvent | None


_DECIDING = {
    PrisonerEvent.Kind.ARREST: Status.DETAINED,
    PrisonerEvent.Kind.VERDICT: Status.VERDICT,
    PrisonerEvent.Kind.RELEASE: Status.RELEASED,
    PrisonerEvent.Kind.DEATH: Status.DIED,
}
_COURSE = list(Status)


def situation_of(prisoner: Prisoner) -> Situation:
    """As organisers know it today, from internal events too."""
    return situation(prisoner.events, datetime.now(UTC).date())


def situation(events: list[PrisonerEvent], today: date) -> Situation:
    """From the public events by their days; the last that decides counts."""
    day = today.isoformat()
    past = [event for event in events if event.happened <= day]
    status, since = Status.UNKNOWN, ""
    for event in past:
        wanted = _DECIDING.get(event.kind)
        if wanted is not None and _follows(wanted, event.happened, status, since):
            status, since = wanted, event.happened
    counted = status is Status.DETAINED and len(since) == len(day)
    days = (today - date.fromisoformat(since)).days + 1 if counted else None
    return Situation(status, since, days, next((event for event in events if event.happened > day), None))


def _follows(wanted: Status, happened: str, status: Status, since: str) -> bool:
    """Where one of two days is known in part only ("2025", "2025-01-01"), what usually comes later has."""
    if since.startswith(happened) or happened.startswith(since):
        return _COURSE.index(wanted) >= _COURSE.index(status)
    return happened > since
