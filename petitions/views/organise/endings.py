"""How a petition ends: closed or withdrawn by two people, its outcome said, its page hidden to protect somebody."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import database_time, db
from petitions.forms.organise.members import ReasonForm
from petitions.forms.organise.publication import HidingForm, OutcomeForm
from petitions.i18n import choice
from petitions.models import (
    Approval,
    AuditEntry,
    Delivery,
    Document,
    Edition,
    IllegalTransition,
    Petition,
    Proposal,
    Signature,
    Volume,
)
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.refusals import answer_refusals

Answer = str | Response | tuple[str, int]

endings = Blueprint("organise_endings", __name__, url_prefix="/organise/petitions/<slug:slug>")
answer_refusals(endings)


@endings.get("/closing")
@guard(Act.ASK_PUBLICATION)
def closing(slug: str) -> str:
    return _page("closing", scope.petition(slug), form=ReasonForm(None))


@endings.post("/closing")
@guard(Act.ASK_PUBLICATION)
def ask_closing(slug: str) -> Answer:
    return _ask(slug, "closing", Proposal.Kind.CLOSING)


@endings.get("/withdrawal")
@guard(Act.ASK_PUBLICATION)
def withdrawal(slug: str) -> str:
    return _page("withdrawal", scope.petition(slug), form=ReasonForm(None))


@endings.post("/withdrawal")
@guard(Act.ASK_PUBLICATION)
def ask_withdrawal(slug: str) -> Answer:
    return _ask(slug, "withdrawal", Proposal.Kind.WITHDRAWAL)


@endings.get("/hiding")
@guard(Act.APPROVE_PUBLICATION)
def hiding(slug: str) -> str:
    return _page("hiding", scope.petition(slug), form=HidingForm(None))


@endings.post("/hiding")
@guard(Act.APPROVE_PUBLICATION)
def hide(slug: str) -> Answer:
    """At once and by one person: whoever is in danger cannot wait for a second one (cases.md M14)."""
    petition = scope.petition(slug, lock=True)
    form = HidingForm(request.form)
    if not form.validate():
        return _page("hiding", petition, form=form), 422
    before = petition.state
    petition.hide(Petition.Removal(form.because.data))
    AuditEntry.write(
        db.session, current_member().public_id, "petition.hide", petition.public_id, before=before.value,
        because=form.because.data, reason=form.reason.data,
    )
    db.session.commit()
    flash(_("Hidden. Its page answers that it is gone; copies in caches go within a minute."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


@endings.get("/outcome")
@guard(Act.APPROVE_PUBLICATION)
def outcome(slug: str) -> str:
    petition = scope.petition(slug)
    return _page("outcome", petition, form=_outcome_form(petition))


@endings.post("/outcome")
@guard(Act.APPROVE_PUBLICATION)
def end(slug: str) -> Answer:
    petition = scope.petition(slug, lock=True)
    form = _outcome_form(petition, request.form)
    if not form.validate():
        return _page("outcome", petition, form=form), 422
    petition.end(Petition.Outcome(form.outcome.data), form.words)
    AuditEntry.write(
        db.session, current_member().public_id, "petition.end", petition.public_id, outcome=form.outcome.data
    )
    db.session.commit()
    flash(_("The outcome is on the petition's page."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


# -- below: how ---------------------------------------------------------------------------------------


def _ask(slug: str, page: str, kind: Approval.Kind) -> Answer:
    petition = scope.petition(slug, lock=True)
    form = ReasonForm(request.form)
    if not form.validate():
        return _page(page, petition, form=form), 422
    proposal = Proposal.ask(
        db.session, kind, petition.public_id, current_member(), petition=petition.public_id, slug=slug,
        reason=form.reason.data,
    )
    AuditEntry.write(
        db.session, current_member().public_id, f"{kind}.ask", petition.public_id, proposal=proposal.public_id
    )
    db.session.commit()
    flash(_("Asked. Another owner decides; until then nothing changes."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


def _outcome_form(petition: Petition, formdata: Any = None) -> OutcomeForm:
    return OutcomeForm.for_languages([(code, choice(code).name) for code in petition.languages], formdata)


def _page(name: str, petition: Petition, **values: Any) -> str:
    """The preview of an ending: whom it meets, in numbers."""
    wanted = _STATES[name]
    if petition.state not in Petition.states_before(wanted):
        raise IllegalTransition("petition", petition.state, wanted)
    settings = current_app.config["SETTINGS"]
    return render_template(
        f"organise/endings/{name}.html",
        petition=petition,
        pending=_count(select(func.count()).where(
            Signature.petition_id == petition.id, Signature.state == Signature.State.PENDING
        )),
        undelivered=_count(
            select(func.count())
            .select_from(Delivery)
            .join(Volume, Delivery.volume_id == Volume.id)
            .join(Document)
            .join(Edition)
            .where(Edition.petition_id == petition.id, Delivery.state == Delivery.State.READY)
        ),
        grace_hours=settings.confirm_grace_hours,
        moment=database_time(db.session),
        **values,
    )


_STATES = {
    "closing": Petition.State.CLOSED,
    "withdrawal": Petition.State.WITHDRAWN,
    "hiding": Petition.State.HIDDEN,
    "outcome": Petition.State.ENDED,
}


def _count(wanted: Any) -> int:
    return db.session.scalar(wanted) or 0
