"""Changing what is recorded of a prisoner, and what follows for the petitions in that person's name.

A release or a death stops their deliveries at once (`PrisonerEvent.stops_deliveries`); so does, until an owner has
looked, what changes who is competent or what may be asked. Taking such a fact back starts nothing by itself.
"""

from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models.event import PrisonerEvent, Source
from petitions.models.petition import Petition
from petitions.models.prisoner import Prisoner


class Told(NamedTuple):
    """One fact as somebody has written it down."""

    kind: PrisonerEvent.Kind
    happened: str  # YYYY[-MM[-DD]]
    what: dict[str, str]  # language -> one sentence
    sources: list[Source]
    visibility: PrisonerEvent.Visibility


def record(session: Session, prisoner: Prisoner, told: Told) -> PrisonerEvent:
    """Raises DateUnclear."""
    event = PrisonerEvent()
    _write(event, told)
    Petition.record_event(session, prisoner, event)
    return event


def amend(session: Session, event: PrisonerEvent, told: Told) -> None:
    """Raises DateUnclear."""
    weighed = _weighs(event)
    _write(event, told)
    session.flush()
    if weighed or _weighs(event):
        ask_for_review(session, event.prisoner)


def strike(session: Session, event: PrisonerEvent) -> None:
    """Takes a fact away that was none."""
    prisoner, weighed = event.prisoner, _weighs(event)
    prisoner.events.remove(event)
    session.flush()
    if weighed:
        ask_for_review(session, prisoner)


def ask_for_review(session: Session, prisoner: Prisoner) -> None:
    """Nothing is delivered in this person's name until an owner has seen that each petition still fits."""
    found = select(Petition).where(Petition.prisoner_id == prisoner.id).order_by(Petition.id)
    for petition in session.scalars(found.with_for_update(key_share=True)):
        petition.needs_review = True
        petition.block_names()
    session.flush()


def petitions_of(session: Session, prisoner: Prisoner) -> list[Petition]:
    return list(session.scalars(select(Petition).where(Petition.prisoner_id == prisoner.id).order_by(Petition.id)))


def _write(event: PrisonerEvent, told: Told) -> None:
    event.kind, event.happened, event.visibility = told.kind, told.happened, told.visibility
    event.what = dict(told.what)
    event.cite(told.sources)


def _weighs(event: PrisonerEvent) -> bool:
    return event.needs_review or event.stops_deliveries
