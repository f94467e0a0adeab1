"""What the known events say of a prisoner today, in a word; more than they say is not claimed."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from petitions.models import PrisonerEvent


class Status(StrEnum):
    UNKNOWN = "unknown"
    DETAINED = "detained"  # arrested, no verdict known
    SENTENCED = "sentenced"
    RELEASED = "released"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class Situation:
    status: Status
    days: int | None  # since the arrest, if its day is known
    next_event: PrisonerEvent | None


_DECIDING = {
    PrisonerEvent.Kind.ARREST: Status.DETAINED,
    PrisonerEvent.Kind.VERDICT: Status.SENTENCED,
    PrisonerEvent.Kind.RELEASE: Status.RELEASED,
    PrisonerEvent.Kind.DEATH: Status.DIED,
}


def situation(events: list[PrisonerEvent], today: date) -> Situation:
    """From the public events in their order; the last that decides counts."""
    day = today.isoformat()
    past = [event for event in events if event.happened <= day]
    status, arrested = Status.UNKNOWN, ""
    for event in past:
        status = _DECIDING.get(event.kind, status)
        if event.kind is PrisonerEvent.Kind.ARREST:
            arrested = event.happened
    held = status in {Status.DETAINED, Status.SENTENCED} and len(arrested) == len(day)
    days = (today - date.fromisoformat(arrested)).days + 1 if held else None
    return Situation(status, days, next((event for event in events if event.happened > day), None))
