"""Standing orders: when an edition is made without anybody asking. Two members approve each, once, when it is set."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import database_time, db
from petitions.forms.organise.triggers import KINDS, TriggerForm
from petitions.models import AuditEntry, Petition, Proposal, Trigger, UnderReview, next_hearing
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.refusals import answer_refusals

Answer = str | Response | tuple[str, int]

triggers = Blueprint("organise_triggers", __name__, url_prefix="/organise/petitions/<slug:slug>/triggers")
answer_refusals(triggers)


@triggers.get("/")
@guard(Act.LOOK)
def index(slug: str) -> str:
    return _page(scope.petition(slug), TriggerForm(None))


@triggers.post("/")
@guard(Act.ASK_EDITION)
def create(slug: str) -> Answer:
    petition = scope.petition(slug, lock=True)
    form = TriggerForm(request.form)
    if not form.validate():
        return _page(petition, form), 422
    if petition.state is Petition.State.IN_REVIEW:  # the yes to the petition is one to its standing orders
        raise UnderReview
    if form.threshold.data and form.order["threshold"] in {order.threshold for order in petition.triggers}:
        form.threshold.errors = [_("There is a standing order for this number already.")]
        return _page(petition, form), 422
    order = Trigger(petition_id=petition.id, asked_by=current_member(), **form.order)
    db.session.add(order)
    db.session.flush()
    Proposal.ask(
        db.session, Proposal.Kind.TRIGGER, order.public_id, current_member(), petition=petition.public_id, slug=slug,
    )
    AuditEntry.write(
        db.session, current_member().public_id, "trigger.ask", order.public_id, petition=petition.public_id,
        order=order.kind.value, threshold=order.threshold,
    )
    db.session.commit()
    flash(_("Asked. It holds as soon as another owner has approved it."))
    return redirect(url_for(".index", slug=slug), 303)


@triggers.get("/<public_id>/removal")
@guard(Act.DRAFT)
def removal(slug: str, public_id: str) -> str:
    petition, order = _order(slug, public_id)
    return render_template("organise/triggers/removal.html", petition=petition, order=order, kinds=KINDS)


@triggers.post("/<public_id>/removal")
@guard(Act.DRAFT)
def remove(slug: str, public_id: str) -> Response:
    """One person may: without it somebody has to ask for the edition."""
    petition, order = _order(slug, public_id, lock=True)
    asked = Proposal.of(db.session, Proposal.Kind.TRIGGER, order.public_id)
    if asked is not None:
        asked.lapse(database_time(db.session))
    AuditEntry.write(
        db.session, current_member().public_id, "trigger.remove", order.public_id, petition=petition.public_id
    )
    db.session.delete(order)
    db.session.commit()
    flash(_("Removed. Nothing happens by itself for it any more."))
    return redirect(url_for(".index", slug=slug), 303)


def _order(slug: str, public_id: str, *, lock: bool = False) -> tuple[Petition, Trigger]:
    """One that has not set off an edition: after that it is part of that edition's history."""
    petition = scope.petition(slug, lock=lock)
    wanted = select(Trigger).where(
        Trigger.petition_id == petition.id, Trigger.public_id == public_id, Trigger.fired_at.is_(None)
    )
    return petition, scope.found(wanted)


def _page(petition: Petition, form: TriggerForm) -> str:
    waiting = db.session.scalars(
        select(Proposal.subject).where(
            Proposal.kind == Proposal.Kind.TRIGGER,
            Proposal.state == Proposal.State.WAITING,
            Proposal.branch_id == petition.branch_id,
        )
    )
    return render_template(
        "organise/triggers/index.html",
        petition=petition,
        form=form,
        kinds=KINDS,
        waiting=set(waiting),
        hearing=next_hearing(petition.prisoner.events, datetime.now(UTC).date()),
    )
