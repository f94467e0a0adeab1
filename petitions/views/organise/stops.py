"""The petition's kill switch: stopping takes one person and one press; taking up again takes thought.

Within a day of the stop an owner takes it up alone: what runs then was approved by two, and who must not be able to
mend a false alarm hesitates to press. After that a second person looks, because things may have changed.
"""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import database_time, db
from petitions.forms.organise.publication import StopForm, Stopped
from petitions.models import AuditEntry, Petition, Proposal
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.refusals import answer_refusals

Answer = str | Response | tuple[str, int]

ALONE = timedelta(hours=24)

stops = Blueprint("organise_stops", __name__, url_prefix="/organise/petitions/<slug:slug>/stops")
answer_refusals(stops)


@stops.get("/")
@guard(Act.PAUSE)
def show(slug: str) -> str:
    form = StopForm(None)
    form.what.data = Stopped.ALL.value
    return _page(scope.petition(slug), form)


@stops.post("/")
@guard(Act.PAUSE)
def create(slug: str) -> Answer:
    petition = scope.petition(slug, lock=True)
    form = StopForm(request.form)
    if not form.validate():
        return _page(petition, form), 422
    stopped, moment = Stopped(form.what.data), database_time(db.session)
    if stopped is Stopped.SIGNING:
        petition.stop_signing(moment)
    elif stopped is Stopped.DELIVERIES or petition.state is not Petition.State.OPEN:
        petition.stop_deliveries(moment)
    else:
        petition.pause(moment)
    AuditEntry.write(
        db.session, current_member().public_id, "petition.pause", petition.public_id, what=stopped.value
    )
    db.session.commit()
    flash(_("Stopped. It holds from now on."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


@stops.get("/resumption")
@guard(Act.ASK_PUBLICATION)
def resumption(slug: str) -> str:
    petition = scope.petition(slug)
    return render_template("organise/stops/resumption.html", petition=petition, alone=_alone(petition))


@stops.post("/resumption")
@guard(Act.ASK_PUBLICATION)
def ask(slug: str) -> Response:
    petition = scope.petition(slug, lock=True)
    proposal = Proposal.ask(
        db.session, Proposal.Kind.REOPENING, petition.public_id, current_member(), petition=petition.public_id,
        slug=slug,
    )
    AuditEntry.write(
        db.session, current_member().public_id, "reopening.ask", petition.public_id, proposal=proposal.public_id
    )
    db.session.commit()
    flash(_("Asked. It goes on as soon as another owner has approved it."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


@stops.get("/resumption/alone")
@guard(Act.APPROVE_PUBLICATION)
def resumption_alone(slug: str) -> Answer:
    petition = scope.petition(slug)
    if not _alone(petition):
        return redirect(url_for(".resumption", slug=slug))
    return render_template("organise/stops/resumption_alone.html", petition=petition)


@stops.post("/resumption/alone")
@guard(Act.APPROVE_PUBLICATION)
def resume(slug: str) -> Response:
    petition = scope.petition(slug, lock=True)
    if not _alone(petition):
        return redirect(url_for(".resumption", slug=slug), 303)
    petition.resume(database_time(db.session))
    AuditEntry.write(db.session, current_member().public_id, "petition.resume", petition.public_id)
    db.session.commit()
    flash(_("It goes on. Deliveries that were held meanwhile wait on the delivery board until somebody releases them."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


def _alone(petition: Petition) -> bool:
    since = petition.stopped_since
    return since is not None and database_time(db.session) - since < ALONE


def _page(petition: Petition, form: StopForm) -> str:
    return render_template("organise/stops/show.html", petition=petition, form=form)
