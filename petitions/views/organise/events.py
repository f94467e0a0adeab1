"""What happened to a prisoner: told, corrected, taken back. Saving says at once what was stopped by it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import db
from petitions.forms.organise.prisoners import KIND_WORDS, EventForm
from petitions.models import AuditEntry, Prisoner, PrisonerEvent
from petitions.models.timeline import amend, petitions_of, record, strike
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.cases import petition_states, stopped

Answer = str | Response | tuple[str, int]

events = Blueprint("organise_events", __name__, url_prefix="/organise/prisoners/<public_id>/events")


@events.get("/new")
@guard(Act.DRAFT)
def new(public_id: str) -> str:
    return render_template("organise/events/new.html", prisoner=scope.prisoner(public_id), form=EventForm())


@events.post("")
@guard(Act.DRAFT)
def create(public_id: str) -> Answer:
    prisoner, form = scope.prisoner(public_id), EventForm()
    if not form.validate():
        return render_template("organise/events/new.html", prisoner=prisoner, form=form), 422
    event = record(db.session, prisoner, form.told())
    _note("prisoner.event", prisoner, event)
    return _saved(prisoner)


@events.get("/<event_id>/edit")
@guard(Act.DRAFT)
def edit(public_id: str, event_id: str) -> str:
    event = _event(public_id, event_id)
    form = EventForm(formdata=None, obj=event)
    return render_template("organise/events/edit.html", prisoner=event.prisoner, event=event, form=form)


@events.post("/<event_id>")
@guard(Act.DRAFT)
def update(public_id: str, event_id: str) -> Answer:
    event, form = _event(public_id, event_id), EventForm()
    if not form.validate():
        return render_template("organise/events/edit.html", prisoner=event.prisoner, event=event, form=form), 422
    amend(db.session, event, form.told())
    _note("prisoner.event_amended", event.prisoner, event)
    return _saved(event.prisoner)


@events.get("/<event_id>/removal")
@guard(Act.DRAFT)
def preview_removal(public_id: str, event_id: str) -> str:
    event = _event(public_id, event_id)
    petitions = petition_states(petitions_of(db.session, event.prisoner))
    return render_template(
        "organise/events/removal.html", prisoner=event.prisoner, event=event, petitions=petitions,
        KIND_WORDS=KIND_WORDS,
    )


@events.post("/<event_id>/removal")
@guard(Act.DRAFT)
def remove(public_id: str, event_id: str) -> Answer:
    event = _event(public_id, event_id)
    prisoner = event.prisoner
    _note("prisoner.event_removed", prisoner, event)
    strike(db.session, event)
    return _saved(prisoner)


def _saved(prisoner: Prisoner) -> Response:
    lines = stopped(petitions_of(db.session, prisoner))
    db.session.commit()
    flash(_("The timeline is saved."))
    for line in lines:
        flash(line)
    return redirect(url_for("organise_prisoners.show", public_id=prisoner.public_id, _anchor="timeline"), 303)


def _note(verb: str, prisoner: Prisoner, event: PrisonerEvent) -> None:
    AuditEntry.write(
        db.session, current_member().public_id, verb, prisoner.public_id, event=event.public_id,
        kind=event.kind.value, happened=event.happened, visibility=event.visibility.value,
        petitions=[petition.public_id for petition in petitions_of(db.session, prisoner)],
    )


def _event(public_id: str, event_id: str) -> PrisonerEvent:
    return scope.found(
        select(PrisonerEvent)
        .join(Prisoner)
        .where(
            PrisonerEvent.public_id == event_id,
            Prisoner.public_id == public_id,
            Prisoner.branch_id == scope.branch_id(),
        )
    )
