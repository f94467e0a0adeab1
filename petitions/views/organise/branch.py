"""A branch: what its letters say, its seal, the branches below it. What is printed is changed by two owners."""

from datetime import datetime

from cryptography import x509
from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.db import database_time, db
from petitions.forms.organise.branch import BranchForm
from petitions.member_letters import tell_owners
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    Approval,
    AuditEntry,
    Branch,
    MayNot,
    Member,
    Proposal,
    ProposalLapsed,
    SamePerson,
    Switch,
)
from petitions.models.tree import below
from petitions.policy import Act
from petitions.views.organise import decisions, scope

Answer = str | Response | tuple[str, int]

REFUSALS = {
    SamePerson: _l("You asked for this yourself. Another owner must decide."),
    MayNot: _l("Your role does not allow you to decide this."),
    AlreadyDecided: _l("This was decided or taken back in the meantime. Nothing was changed by you."),
    ProposalLapsed: _l("This was asked for too long ago. Ask again, so that what is approved is what is true now."),
    AlreadyAsked: _l("Another change of the same kind is waiting for a second owner. Decide that one first."),
}
REFUSED = tuple(REFUSALS)
FIELD_NAMES = {
    "legal_name": _l("Legal name"),
    "representative": _l("Representative"),
    "representative_role": _l("Role of the representative"),
    "postal_address": _l("Postal address"),
    "place": _l("Place where letters are dated"),
    "reply_email": _l("E-mail address for replies"),
}

branch = Blueprint("organise_branch", __name__, url_prefix="/organise/branch")


@branch.app_context_processor
def switches() -> dict[str, object]:
    """`thrown_switches()` for the banner of every organiser's page."""
    return {"thrown_switches": lambda: db.session.scalars(select(Switch).order_by(Switch.thrown_at)).all()}


@branch.get("/")
@guard(Act.LOOK)
def show() -> str:
    shown = _branch()
    moment = database_time(db.session)
    return render_template(
        "organise/branch/show.html",
        branch=shown,
        below=below(db.session, shown.id),
        seal_ends=_seal_ends(shown),
        moment=moment,
        frozen_by=_name_of(shown.frozen_by),
        change=_waiting(Proposal.Kind.BRANCH),
        unfreezing=_waiting(Proposal.Kind.UNFREEZE),
        unfreeze_hours=current_app.config["SETTINGS"].unfreeze_hours,
    )


@branch.get("/change")
@guard(Act.MANAGE_MEMBERS)
def edit() -> str:
    return _edit_page(BranchForm(obj=_branch()))


@branch.post("/change/check")
@guard(Act.MANAGE_MEMBERS)
def check() -> Answer:
    """Shows what would be printed; changes nothing."""
    form = BranchForm()
    if not form.validate():
        return _edit_page(form), 422
    changes = form.changes(_branch())
    return render_template(
        "organise/branch/check.html", branch=_branch(), form=form, changes=changes, field_names=FIELD_NAMES
    )


@branch.post("/change")
@guard(Act.MANAGE_MEMBERS)
def ask() -> Answer:
    form = BranchForm()
    if not form.validate():
        return _edit_page(form), 422
    member, changed = current_member(), _branch()
    changes = form.changes(changed)
    if not changes:
        return _edit_page(form), 422
    try:
        proposal = Proposal.ask(db.session, Proposal.Kind.BRANCH, changed.public_id, member, changes=changes)
    except REFUSED as error:
        return _edit_page(form, error), 409
    _tell(changed, "branch.ask_change", "branch_change_asked", decisions.page_of(proposal), fields=sorted(changes))
    flash(_("Another owner must approve this. All owners are told by letter."))
    return redirect(url_for(".show"), 303)


@branch.get("/changes/<public_id>")
@guard(Act.MANAGE_MEMBERS)
def change(public_id: str) -> str:
    return _change_page(_proposal(public_id))


@branch.post("/changes/<public_id>/approval")
@guard(Act.MANAGE_MEMBERS)
def approve(public_id: str) -> Answer:
    proposal, changed = _proposal(public_id, lock=True), _branch()
    try:
        proposal.approve(db.session, current_member(), lapse_hours=current_app.config["SETTINGS"].approval_hours)
    except REFUSED as error:
        make_room(proposal, error)
        return _change_page(proposal, error), 409
    changed.reprint({name: new for name, (_old, new) in proposal.details["changes"].items()})
    _tell(changed, "branch.change", "branch_changed", url_for(".show"), fields=sorted(proposal.details["changes"]))
    flash(_("It is changed. Letters and documents made from now on say so."))
    return redirect(url_for(".show"), 303)


@branch.post("/changes/<public_id>/refusal")
@guard(Act.MANAGE_MEMBERS)
def refuse(public_id: str) -> Answer:
    """The second owner's no, or the first one's second thought."""
    proposal, member = _proposal(public_id, lock=True), current_member()
    try:
        if proposal.asked_by_id == member.id:
            proposal.withdraw(db.session, member)
        else:
            proposal.decline(db.session, member)
    except REFUSED as error:
        return _change_page(proposal, error), 409
    AuditEntry.write(db.session, member.public_id, "branch.decline_change", _branch().public_id)
    db.session.commit()
    flash(_("Nothing is changed."))
    return redirect(url_for(".show"), 303)


def make_room(proposal: Proposal | None, error: Exception) -> None:
    """What was asked for too long ago must not stand in the way of asking anew."""
    if proposal is not None and isinstance(error, ProposalLapsed):
        proposal.lapse(database_time(db.session))
        db.session.commit()


# -- below: how ---------------------------------------------------------------------------------------


def _branch() -> Branch:
    return current_member().branch


def _proposal(public_id: str, *, lock: bool = False) -> Proposal:
    wanted = select(Proposal).where(
        Proposal.public_id == public_id,
        Proposal.branch_id == scope.branch_id(),
        Proposal.kind == Proposal.Kind.BRANCH,
    )
    return scope.found(wanted, lock=Proposal if lock else None)


def _waiting(kind: Approval.Kind) -> Proposal | None:
    return db.session.scalars(Proposal.waiting(scope.branch_id()).where(Proposal.kind == kind)).first()


def _name_of(actor: str) -> str:
    """Of a member of this branch; else as the audit log names it."""
    wanted = select(Member.name).where(Member.public_id == actor, Member.branch_id == scope.branch_id())
    return db.session.scalar(wanted) or actor


def _seal_ends(of: Branch) -> datetime | None:
    if of.seal_certificate is None:
        return None
    return x509.load_der_x509_certificate(of.seal_certificate).not_valid_after_utc


def _edit_page(form: BranchForm, refusal: Exception | None = None) -> str:
    return render_template(
        "organise/branch/edit.html", form=form, refusal=None if refusal is None else REFUSALS[type(refusal)]
    )


def _change_page(proposal: Proposal, refusal: Exception | None = None) -> str:
    return render_template(
        "organise/branch/change.html",
        proposal=proposal,
        branch=_branch(),
        field_names=FIELD_NAMES,
        refusal=None if refusal is None else REFUSALS[type(refusal)],
        may_decide=proposal.decidable_by(current_member()),
        own=proposal.asked_by_id == current_member().id,
    )


def _tell(changed: Branch, verb: str, event: str, path: str | None, *, fields: list[str]) -> None:
    entry = AuditEntry.write(db.session, current_member().public_id, verb, changed.public_id, fields=fields)
    tell_owners(db.session, changed, entry, event=event, path=path)
    db.session.commit()
    ring("letters")


decisions.PAGES[Proposal.Kind.BRANCH] = lambda proposal: url_for("organise_branch.change", public_id=proposal.public_id)
