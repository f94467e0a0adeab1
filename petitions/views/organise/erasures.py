"""Erasing what is sealed of a petition's signers before its time: one owner asks, another decides, a day passes."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.retention import EraseForm, TermForm
from petitions.forms.organise.updates import NoForm
from petitions.member_letters import tell_owners
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    AuditEntry,
    Erasure,
    IllegalTransition,
    Petition,
    Proposal,
    ProposalLapsed,
    SamePerson,
)
from petitions.policy import Act
from petitions.retention import kept, quiet_since
from petitions.views.organise import decisions, scope
from petitions.views.organise.retention import page, settings

Answer = str | Response | tuple[str, int]
KIND = Proposal.Kind.ERASURE
SIGNERS = Erasure.Kind.SIGNERS


class StillNeeded(Exception):
    """The petition is open, or something of it is on its way: without names it could not be finished."""


REFUSALS = {
    AlreadyAsked: _l("Another owner has been asked already."),
    AlreadyDecided: _l("Somebody has decided it meanwhile."),
    IllegalTransition: _l("It is erased, or the mark was taken off before."),
    ProposalLapsed: _l("It was asked for too long ago. Ask again."),
    SamePerson: _l("You asked for it, so another owner must decide."),
    StillNeeded: _l("Close the petition first, and let what is on its way arrive or cancel it. Then it can be erased."),
}

erasures = Blueprint("organise_erasures", __name__, url_prefix="/organise/retention/<slug:slug>/erasure")


@erasures.post("")
@guard(Act.ERASE)
def ask(slug: str) -> Answer:
    petition, form, member = scope.petition(slug, lock=True), EraseForm(), current_member()
    if not form.validate():
        return page(petition, TermForm(data={"days": petition.retention_days}), form), 422
    planned = _ready(petition)
    Proposal.ask(db.session, KIND, petition.public_id, member, slug=slug, signers=planned, reason=form.reason.data)
    entry = _record("retention.ask", petition, signers=planned, reason=form.reason.data)
    path = url_for("organise_erasures.decision", slug=slug)
    tell_owners(db.session, member.branch, entry, event="erasure_asked", path=path)
    flash(_("Another owner is asked. Nothing is erased before their yes, and not on the same day."))
    return _done(slug, "letters")


@erasures.get("/decision")
@guard(Act.ERASE)
def decision(slug: str) -> Answer:
    petition = scope.petition(slug)
    proposal = Proposal.of(db.session, KIND, petition.public_id, lock=False)
    if proposal is None:
        return redirect(url_for("organise_retention.show", slug=slug), 303)
    return _decision_page(petition, proposal, NoForm(None))


@erasures.post("/approval")
@guard(Act.ERASE)
def approve(slug: str) -> Answer:
    petition, member = scope.petition(slug, lock=True), current_member()
    proposal = _waiting(petition)
    proposal.approve(db.session, member, lapse_hours=settings().approval_hours)
    planned = _ready(petition)
    Erasure.mark(db.session, petition, SIGNERS, member.public_id, planned)
    _record("retention.mark", petition, signers=planned, asked_by=proposal.asked_by.public_id)
    flash(_("Marked. It is erased in 24 hours; until then any owner can take the mark off."))
    return _done(slug)


@erasures.post("/refusal")
@guard(Act.ERASE)
def decline(slug: str) -> Answer:
    petition, form = scope.petition(slug, lock=True), NoForm()
    proposal = _waiting(petition)
    if not form.validate():
        return _decision_page(petition, proposal, form), 422
    proposal.decline(db.session, current_member(), form.reason.data or "")
    _record("retention.decline", petition, asked_by=proposal.asked_by.public_id)
    flash(_("Declined. Nothing is erased before its time."))
    return _done(slug)


@erasures.post("/sparing")
@guard(Act.ERASE)
def spare(slug: str) -> Response:
    """Takes the mark off what owners have marked. What a term has ended is promised, and goes."""
    petition = scope.petition(slug, lock=True)
    erasure = scope.found(
        select(Erasure).where(
            Erasure.petition_id == petition.id, Erasure.kind == SIGNERS, Erasure.state == Erasure.State.MARKED
        ),
        lock=Erasure,
    )
    if not erasure.early or erasure.erased:
        raise IllegalTransition("erasure", erasure.state, Erasure.State.SPARED)
    erasure.spare()
    _record("retention.spare", petition)
    flash(_("The mark is off. Nothing was erased."))
    return _done(slug)


def refuse(error: Exception) -> Response:
    flash(str(REFUSALS[type(error)]))
    return redirect(url_for("organise_retention.show", slug=(request.view_args or {})["slug"]), 303)


for kind in REFUSALS:
    erasures.register_error_handler(kind, refuse)


def address(proposal: Proposal) -> str:
    return url_for("organise_erasures.decision", slug=proposal.details["slug"])


decisions.PAGES[KIND] = address


# -- below: how ---------------------------------------------------------------------------------------


def _ready(petition: Petition) -> int:
    """How many it would be. Raises StillNeeded."""
    if quiet_since(db.session, petition) is None:
        raise StillNeeded
    return db.session.scalar(kept(petition, SIGNERS)) or 0


def _waiting(petition: Petition) -> Proposal:
    proposal = Proposal.of(db.session, KIND, petition.public_id)
    if proposal is None:
        raise AlreadyDecided
    return proposal


def _record(verb: str, petition: Petition, **details: object) -> AuditEntry:
    return AuditEntry.write(db.session, current_member().public_id, verb, petition.public_id, **details)


def _decision_page(petition: Petition, proposal: Proposal, form: NoForm) -> str:
    return render_template(
        "organise/retention/decision.html",
        petition=petition,
        proposal=proposal,
        form=form,
        own=proposal.asked_by_id == current_member().id,
        count=db.session.scalar(kept(petition, SIGNERS)) or 0,
    )


def _done(slug: str, *queues: str) -> Response:
    db.session.commit()
    for queue in queues:
        ring(queue)
    return redirect(url_for("organise_retention.show", slug=slug), 303)
