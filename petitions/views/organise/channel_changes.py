"""The second look at where an authority takes documents: agreed to by another owner, stopped by any owner concerned."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.authorities.notices import tell_owners
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.authorities import ReasonForm
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    Approval,
    AuditEntry,
    ChannelChange,
    Delivery,
    IllegalTransition,
    MayNot,
    Proposal,
    ProposalLapsed,
    SamePerson,
)
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.decisions import PAGES
from petitions.views.organise.directory_words import directory_words

Answer = str | Response | tuple[str, int]

REFUSALS: dict[type[Exception], Any] = {
    SamePerson: _l("You asked for this yourself. Another owner must decide."),
    MayNot: _l("Only an owner of the branch that asked can decide, and only an owner concerned can stop it."),
    AlreadyAsked: _l("This was taken up in the meantime. It waits for another owner."),
    AlreadyDecided: _l("This was decided or taken back in the meantime. Nothing was changed by you."),
    ProposalLapsed: _l("This was asked for too long ago. Ask again, so that what is approved is what is true now."),
    IllegalTransition: _l("This was decided or taken back in the meantime. Nothing was changed by you."),
}

channel_changes = Blueprint("organise_channel_changes", __name__, url_prefix="/organise/channel-changes")
channel_changes.context_processor(directory_words)


@channel_changes.get("/<public_id>")
@guard(Act.LOOK)
def show(public_id: str) -> str:
    return _page("show", _change(public_id))


@channel_changes.post("/<public_id>/adoption")
@guard(Act.APPROVE_CHANNEL)
def take_up(public_id: str) -> Answer:
    """What the operator brought becomes an owner's own request."""
    change = _change(public_id, lock=True)
    change.take_up(db.session, current_member())
    return _done(change, "take_up", "channel_change_asked", _("Taken up. Another owner has to agree to it now."))


@channel_changes.get("/<public_id>/approval")
@guard(Act.APPROVE_CHANNEL)
def approval(public_id: str) -> str:
    """Behind the step-up, so that nothing typed is lost on the way."""
    return _page("approval", _change(public_id), ReasonForm())


@channel_changes.post("/<public_id>/approval")
@guard(Act.APPROVE_CHANNEL)
def approve(public_id: str) -> Answer:
    change, settings = _change(public_id, lock=True), current_app.config["SETTINGS"]
    hold = timedelta(hours=settings.channel_hold_hours if settings.limits_apply else 0)
    change.approve(
        db.session, _proposal(change), current_member(), hold, lapse_hours=settings.approval_hours
    )
    said = _("Agreed to. It takes effect after the wait, unless an owner concerned stops it. All of them are told.")
    return _done(change, "approve", "channel_change_approved", said)


@channel_changes.post("/<public_id>/refusal")
@guard(Act.APPROVE_CHANNEL)
def decline(public_id: str) -> Answer:
    change, form = _change(public_id, lock=True), ReasonForm()
    if not form.validate():
        return _page("approval", change, form), 422
    change.decline(db.session, _proposal(change), current_member(), form.reason.data or "")
    return _done(change, "decline", "", _("Declined. The channel stays as it is."))


@channel_changes.get("/<public_id>/stop")
@guard(Act.PAUSE)
def stopping(public_id: str) -> str:
    return _page("stop", _change(public_id), ReasonForm())


@channel_changes.post("/<public_id>/stop")
@guard(Act.PAUSE)
def stop(public_id: str) -> Answer:
    """Possible without a step-up and in a frozen branch: it only keeps things as they are."""
    change, form = _change(public_id, lock=True), ReasonForm()
    if not form.validate():
        return _page("stop", change, form), 422
    change.stop(db.session, current_member(), form.reason.data or "")
    said = _("Stopped. The channel stays as it is, and what was waiting goes on.")
    return _done(change, "stop", "channel_change_stopped", said)


# -- below: how ---------------------------------------------------------------------------------------


PAGES[Approval.Kind.CHANNEL] = lambda proposal: url_for(
    "organise_channel_changes.approval", public_id=proposal.subject
)


def _change(public_id: str, *, lock: bool = False) -> ChannelChange:
    """Of any branch: the directory is shared, and owners of others may stop it."""
    wanted = select(ChannelChange).where(ChannelChange.public_id == public_id)
    return scope.found(wanted, lock=ChannelChange if lock else None)


def _proposal(change: ChannelChange) -> Proposal:
    """The one that waits. Raises AlreadyDecided."""
    found = Proposal.of(db.session, Approval.Kind.CHANNEL, change.public_id)
    if found is None:
        raise AlreadyDecided
    return found


def _page(name: str, change: ChannelChange, form: ReasonForm | None = None, refusal: str = "") -> str:
    member = current_member()
    proposal = db.session.scalars(
        select(Proposal).where(
            Proposal.subject == change.public_id, Proposal.state == Proposal.State.WAITING
        )
    ).one_or_none()
    channel = change.authority.channel(change.kind)
    waiting = select(Delivery.id).where(
        Delivery.channel_id == (channel.id if channel else None), Delivery.state.in_(Delivery.WAITING)
    )
    return render_template(
        f"organise/channel_changes/{name}.html",
        change=change,
        authority=change.authority,
        deliveries=len(db.session.scalars(waiting).all()),
        decidable=proposal is not None and proposal.decidable_by(member),
        stoppable=change.stoppable_by(db.session, member),
        hold_hours=current_app.config["SETTINGS"].channel_hold_hours,
        form=form,
        refusal=refusal,
    )


@channel_changes.errorhandler(AlreadyAsked)
@channel_changes.errorhandler(AlreadyDecided)
@channel_changes.errorhandler(IllegalTransition)
@channel_changes.errorhandler(MayNot)
@channel_changes.errorhandler(ProposalLapsed)
@channel_changes.errorhandler(SamePerson)
def _refused(refusal: Exception) -> tuple[str, int]:
    """The page again, as it is by now, with why nothing was done."""
    db.session.rollback()
    change = _change(str((request.view_args or {})["public_id"]))
    return _page("show", change, refusal=str(REFUSALS[type(refusal)])), 409


def _done(change: ChannelChange, verb: str, event: str, said: str) -> Response:
    member = current_member()
    if event:
        tell_owners(db.session, change, event, member)
    AuditEntry.write(
        db.session, member.public_id, f"channel_change.{verb}", change.public_id, authority=change.authority.slug
    )
    db.session.commit()
    ring("letters")
    ring("authorities")
    flash(said)
    return redirect(url_for(".show", public_id=change.public_id), 303)
