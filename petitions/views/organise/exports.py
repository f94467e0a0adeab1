"""Exports of signers: off unless the operator allows them to the branch; two owners, one a day, sealed to the branch
key, fetched once (models/export.py, cases.md G15)."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.db import database_time, db
from petitions.forms.organise.delivery import ExportForm
from petitions.forms.organise.editions import DeclineForm
from petitions.member_letters import tell_owners
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    AuditEntry,
    Export,
    ExportsOff,
    ExportTooSoon,
    Handout,
    MayNot,
    Petition,
    Proposal,
    ProposalLapsed,
    SamePerson,
)
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.decisions import PAGES

Answer = str | Response | tuple[str, int]

REFUSALS: dict[type[Exception], object] = {
    ExportsOff: _l("The operator of this site has not allowed your branch to export signers."),
    ExportTooSoon: _l("Your branch has made an export within the last 24 hours. One a day is possible."),
    AlreadyAsked: _l("An export of this petition has been asked for already, and waits for another owner."),
    AlreadyDecided: _l("Somebody has decided before you."),
    MayNot: _l("Your role does not allow this."),
    SamePerson: _l("You asked for it yourself. Another owner has to decide."),
    ProposalLapsed: _l("Nobody decided in time. It must be asked for anew."),
}
REFUSED = tuple(REFUSALS)

exports = Blueprint("organise_exports", __name__, url_prefix="/organise")
PAGES[Proposal.Kind.EXPORT] = lambda proposal: url_for("organise_exports.decide", public_id=proposal.public_id)


@exports.get("/petitions/<slug:slug>/exports")
@guard(Act.ASK_EXPORT)
def index(slug: str) -> str:
    return _index(scope.petition(slug), ExportForm())


@exports.post("/petitions/<slug:slug>/exports")
@guard(Act.ASK_EXPORT)
def ask(slug: str) -> Answer:
    petition, form, member = scope.petition(slug), ExportForm(), current_member()
    if not form.validate():
        return _index(petition, form), 422
    try:
        Export.refuse_now(db.session, petition.branch, _allowed())
        Proposal.ask(db.session, Proposal.Kind.EXPORT, petition.public_id, member, reason=form.reason.data)
    except REFUSED as error:
        return _index(petition, form, error), 409
    entry = AuditEntry.write(
        db.session, member.public_id, "export.ask", petition.public_id, reason=form.reason.data
    )
    words = {"petition": petition.slug, "path": _path(petition)}
    tell_owners(db.session, petition.branch, entry, event="export_asked", **words)
    db.session.commit()
    ring("letters")
    flash(_("Asked. Another owner decides. All owners are told by letter."))
    return redirect(url_for(".index", slug=slug), 303)


@exports.get("/exports/<public_id>")
@guard(Act.APPROVE_EXPORT)
def decide(public_id: str) -> str:
    return _decide(_proposal(public_id), DeclineForm())


@exports.post("/exports/<public_id>/approval")
@guard(Act.APPROVE_EXPORT)
def approve(public_id: str) -> Answer:
    proposal, member = _proposal(public_id, lock=True), current_member()
    petition = _petition(proposal)
    try:
        Export.refuse_now(db.session, petition.branch, _allowed())
        proposal.approve(db.session, member)
    except REFUSED as error:
        return _decide(proposal, DeclineForm(None), error), 409
    export = Export.made_for(db.session, petition, proposal.asked_by, member, proposal.details["reason"])
    moment = database_time(db.session)
    Handout.grant(db.session, proposal.asked_by, moment, file_name=export.file_name, export=export)
    entry = AuditEntry.write(
        db.session, member.public_id, "export.approve", petition.public_id,
        export=export.public_id, number=export.number, who=proposal.asked_by.public_id,
    )
    words = {"petition": petition.slug, "path": _path(petition)}
    tell_owners(db.session, petition.branch, entry, event="export_approved", **words)
    db.session.commit()
    ring("letters")
    flash(_("Approved. %(name)s can fetch it once within 24 hours.", name=proposal.asked_by.name))
    return redirect(url_for(".index", slug=petition.slug), 303)


@exports.post("/exports/<public_id>/refusal")
@guard(Act.APPROVE_EXPORT)
def decline(public_id: str) -> Answer:
    proposal, form, member = _proposal(public_id, lock=True), DeclineForm(), current_member()
    if not form.validate():
        return _decide(proposal, form), 422
    try:
        proposal.decline(db.session, member, form.reason.data or "")
    except REFUSED as error:
        return _decide(proposal, form, error), 409
    AuditEntry.write(db.session, member.public_id, "export.decline", proposal.subject, reason=form.reason.data)
    db.session.commit()
    flash(_("Declined. No list is made."))
    return redirect(url_for(".index", slug=_petition(proposal).slug), 303)


# -- below: how ------------------------------------------------------------------------------------------------


def _proposal(public_id: str, *, lock: bool = False) -> Proposal:
    return scope.found(
        select(Proposal).where(
            Proposal.public_id == public_id,
            Proposal.branch_id == scope.branch_id(),
            Proposal.kind == Proposal.Kind.EXPORT,
        ),
        lock=Proposal if lock else None,
    )


def _petition(proposal: Proposal) -> Petition:
    return scope.found(
        select(Petition).where(Petition.public_id == proposal.subject, Petition.branch_id == scope.branch_id())
    )


def _index(petition: Petition, form: ExportForm, refusal: Exception | None = None) -> str:
    waiting = select(Proposal).where(
        Proposal.kind == Proposal.Kind.EXPORT,
        Proposal.subject == petition.public_id,
        Proposal.state == Proposal.State.WAITING,
    )
    past = select(Export).where(Export.petition_id == petition.id).order_by(Export.id.desc())
    moment, member = database_time(db.session), current_member()
    granted = db.session.scalars(select(Handout).join(Export).where(Export.petition_id == petition.id)).all()
    return render_template(
        "organise/exports/index.html",
        petition=petition,
        form=form,
        refusal=_words(refusal),
        allowed=petition.branch.slug in _allowed(),
        waiting=db.session.scalars(waiting).one_or_none(),
        exports=db.session.scalars(past).all(),
        fetchable={one.export_id: one for one in granted if one.open_to(member, moment)},
    )


def _decide(proposal: Proposal, form: DeclineForm, refusal: Exception | None = None) -> str:
    return render_template(
        "organise/exports/decide.html",
        proposal=proposal,
        petition=_petition(proposal),
        own=proposal.asked_by_id == current_member().id,
        form=form,
        refusal=_words(refusal),
    )


def _path(petition: Petition) -> str:
    return url_for(".index", slug=petition.slug)


def _allowed() -> list[str]:
    allowed: list[str] = current_app.config["SETTINGS"].export_branches
    return allowed


def _words(refusal: Exception | None) -> str:
    return str(REFUSALS[type(refusal)]) if refusal is not None else ""
