"""Freezing a branch in seconds, by anyone of it who acts; unfreezing it by two owners (cases.md G16)."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug import Response

from petitions import freezing as how
from petitions.auth import current_member, guard, open_to_all
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.branch import FreezingForm
from petitions.member_letters import tell_owners
from petitions.models import AuditEntry, Proposal
from petitions.policy import Act
from petitions.views.organise import decisions
from petitions.views.organise.branch import REFUSALS, REFUSED, make_room

Answer = str | Response | tuple[str, int]

freezing = Blueprint("organise_freezing", __name__, url_prefix="/organise/branch")


@freezing.get("/freezing")
@guard(Act.FREEZE_BRANCH)
def new() -> str:
    return render_template("organise/freezing/new.html", form=FreezingForm(), branch=current_member().branch)


@freezing.post("/freezing")
@guard(Act.FREEZE_BRANCH)
def freeze() -> Response:
    """Ends every login of the branch, the presser's too: the next page is one that needs none."""
    member = current_member()
    how.freeze(db.session, member.branch, by=member.public_id, reason=FreezingForm().reason.data or "")
    db.session.commit()
    ring("letters")
    return redirect(url_for(".frozen"), 303)


@freezing.get("/frozen")
@open_to_all
def frozen() -> str:
    return render_template("organise/freezing/frozen.html")


@freezing.get("/unfreezing")
@guard(Act.UNFREEZE_BRANCH)
def show() -> str:
    return _page()


@freezing.post("/unfreezing")
@guard(Act.UNFREEZE_BRANCH)
def unfreeze() -> Answer:
    """The first owner asks; the second one's press is the yes."""
    member = current_member()
    branch = member.branch
    if branch.frozen_at is None:
        return redirect(url_for("organise_branch.show"), 303)
    proposal = Proposal.of(db.session, Proposal.Kind.UNFREEZE, branch.public_id)
    try:
        if proposal is None:
            Proposal.ask(db.session, Proposal.Kind.UNFREEZE, branch.public_id, member)
            entry = AuditEntry.write(db.session, member.public_id, "branch.ask_unfreeze", branch.public_id)
            tell_owners(db.session, branch, entry, event="branch_unfreeze_asked", path=url_for(".show"))
            flash(_("Now another owner must agree. All owners are told by letter."))
        else:
            proposal.approve(db.session, member, lapse_hours=current_app.config["SETTINGS"].approval_hours)
            how.unfreeze(db.session, branch, by=member.public_id)
            flash(_("The branch is unfrozen. What waited goes on. All owners are told by letter."))
    except REFUSED as error:
        make_room(proposal, error)
        return _page(error), 409
    db.session.commit()
    for queue in ("letters", "editions", "authorities"):
        ring(queue)
    return redirect(url_for("organise_branch.show"), 303)


@freezing.post("/unfreezing/refusal")
@guard(Act.UNFREEZE_BRANCH)
def refuse() -> Answer:
    """Stays frozen: the second owner's no, or the first one's second thought."""
    member = current_member()
    proposal = Proposal.of(db.session, Proposal.Kind.UNFREEZE, member.branch.public_id)
    if proposal is not None:
        if proposal.asked_by_id == member.id:
            proposal.withdraw(db.session, member)
        else:
            proposal.decline(db.session, member)
        AuditEntry.write(db.session, member.public_id, "branch.decline_unfreeze", member.branch.public_id)
        db.session.commit()
    flash(_("The branch stays frozen."))
    return redirect(url_for("organise_branch.show"), 303)


def _page(refusal: Exception | None = None) -> str:
    member = current_member()
    waiting = db.session.scalars(
        Proposal.waiting(member.branch_id).where(Proposal.kind == Proposal.Kind.UNFREEZE)
    ).first()
    return render_template(
        "organise/freezing/show.html",
        branch=member.branch,
        proposal=waiting,
        own=waiting is not None and waiting.asked_by_id == member.id,
        refusal=None if refusal is None else REFUSALS[type(refusal)],
    )


decisions.PAGES[Proposal.Kind.UNFREEZE] = lambda _proposal: url_for("organise_freezing.show")
