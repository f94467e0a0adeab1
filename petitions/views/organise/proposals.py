"""The second person's page: all that a yes would mean, and the two answers. For every kind that is about a petition."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.authorities.requirements import required_contents
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.addressees import CIRCLES
from petitions.forms.organise.publication import WhyNot
from petitions.forms.organise.triggers import KINDS as TRIGGER_KINDS
from petitions.models import AuditEntry, Authority, Petition, PetitionNotReady, Proposal
from petitions.models.decision import KINDS, carry_out, let_drop, opening_of, text_of, trigger_of
from petitions.models.suggestions import suggestion
from petitions.policy import Act
from petitions.readiness import findings, ready
from petitions.views.organise import decisions, scope
from petitions.views.organise.comparison import comparison
from petitions.views.organise.petitions import lines_of
from petitions.views.organise.refusals import answer_refusals

Answer = str | Response | tuple[str, int]
Kind = Proposal.Kind

proposals = Blueprint("organise_proposals", __name__, url_prefix="/organise/petitions/<slug:slug>/proposals")
answer_refusals(proposals)


@proposals.get("/<public_id>")
@guard(Act.APPROVE_PUBLICATION)
def show(slug: str, public_id: str) -> str:
    petition, proposal = _proposal(slug, public_id)
    return _page(petition, proposal, WhyNot(None))


@proposals.post("/<public_id>/approval")
@guard(Act.APPROVE_PUBLICATION)
def approve(slug: str, public_id: str) -> Response:
    petition, proposal = _proposal(slug, public_id, lock=True)
    if proposal.kind is Kind.PUBLICATION and not ready(lines_of(petition)):
        raise PetitionNotReady([])
    proposal.approve(db.session, current_member(), lapse_hours=current_app.config["SETTINGS"].approval_hours)
    carry_out(db.session, petition, proposal, current_member())
    _record("approve", petition, proposal)
    db.session.commit()
    ring("counting")  # a standing order may be due at once
    flash(_("Approved. It is in effect."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


@proposals.post("/<public_id>/refusal")
@guard(Act.APPROVE_PUBLICATION)
def decline(slug: str, public_id: str) -> Answer:
    petition, proposal = _proposal(slug, public_id, lock=True)
    form = WhyNot(request.form)
    if not form.validate():
        return _page(petition, proposal, form), 422
    proposal.decline(db.session, current_member(), form.reason.data or "")
    let_drop(db.session, petition, proposal)
    _record("decline", petition, proposal)
    db.session.commit()
    flash(_("Sent back. Whoever asked sees your reason."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


@proposals.post("/<public_id>/retraction")
@guard(Act.ASK_PUBLICATION)
def retract(slug: str, public_id: str) -> Response:
    """Whoever asked thinks better of it."""
    petition, proposal = _proposal(slug, public_id, lock=True)
    proposal.withdraw(db.session, current_member())
    let_drop(db.session, petition, proposal)
    _record("retract", petition, proposal)
    db.session.commit()
    flash(_("Taken back. Nothing was changed."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


def address(proposal: Proposal) -> str:
    return url_for("organise_proposals.show", slug=proposal.details["slug"], public_id=proposal.public_id)


decisions.PAGES.update(dict.fromkeys(KINDS, address))


# -- below: how ---------------------------------------------------------------------------------------


def _proposal(slug: str, public_id: str, *, lock: bool = False) -> tuple[Petition, Proposal]:
    petition = scope.petition(slug, lock=lock)
    wanted = select(Proposal).where(
        Proposal.public_id == public_id, Proposal.branch_id == petition.branch_id, Proposal.kind.in_(KINDS)
    )
    proposal = scope.found(wanted, lock=Proposal if lock else None)
    if proposal.details.get("petition") != petition.public_id:
        abort(404)
    return petition, proposal


def _record(verb: str, petition: Petition, proposal: Proposal) -> None:
    AuditEntry.write(
        db.session, current_member().public_id, f"{proposal.kind}.{verb}", petition.public_id,
        proposal=proposal.public_id, asked_by=proposal.asked_by.public_id, about=proposal.subject,
    )


def _page(petition: Petition, proposal: Proposal, form: WhyNot) -> str:
    return render_template(
        "organise/proposals/show.html",
        petition=petition,
        proposal=proposal,
        form=form,
        own=proposal.asked_by_id == current_member().id,
        waits=proposal.state is Proposal.State.WAITING,
        **_subject(petition, proposal),
    )


def _subject(petition: Petition, proposal: Proposal) -> dict[str, Any]:
    """What the page of each kind shows."""
    if proposal.kind is Kind.PUBLICATION:
        return {
            "lines": lines_of(petition),
            "found": findings(petition),
            "opens_at": opening_of(proposal),
            "text_changes": [comparison(petition.text_in(text.language), text) for text in petition.newest_texts],
            "required": required_contents,
            "trigger_kinds": TRIGGER_KINDS,
        }
    if proposal.kind is Kind.TEXT:
        text = text_of(petition, proposal)
        return {"change": comparison(petition.text_in(text.language), text), "found": findings(petition, text.language)}
    if proposal.kind is Kind.TRIGGER and proposal.state is Proposal.State.WAITING:
        return {"order": trigger_of(petition, proposal), "trigger_kinds": TRIGGER_KINDS}
    if proposal.kind is Kind.ADDRESSEE:
        authority = scope.found(select(Authority).where(Authority.public_id == proposal.details["authority"]))
        return {"found": suggestion(petition, authority), "circles": CIRCLES, "required": required_contents}
    return {}
