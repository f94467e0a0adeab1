"""News on its way: when, with whose yes, how far it has got, and stop."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.forms.organise.updates import NoForm, SendForm
from petitions.member_letters import tell_owners
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    AuditEntry,
    IllegalTransition,
    MayNot,
    NothingWritten,
    PetitionUpdate,
    Proposal,
    ProposalLapsed,
    SamePerson,
    Subscription,
    TooManyUpdates,
)
from petitions.policy import Act
from petitions.views.organise import decisions
from petitions.views.organise.updates import found, letters_of, page, updates

Answer = str | Response | tuple[str, int]
KIND = Proposal.Kind.UPDATE
REFUSALS = {
    IllegalTransition: _l("It is further by now. This is how it stands; nothing was changed."),
    AlreadyAsked: _l("A second person has been asked already."),
    AlreadyDecided: _l("Somebody has decided it meanwhile."),
    ProposalLapsed: _l("It was asked for too long ago. Take it back and ask again, so that it is true when it goes."),
    SamePerson: _l("You asked for it, so another owner must decide."),
    MayNot: _l("Your role does not allow this."),
}

sending = Blueprint("organise_sending", __name__, url_prefix="/organise/petitions/<slug:slug>/updates/<public_id>")


@sending.post("/sending")
@guard(Act.ASK_UPDATE)
def send(slug: str, public_id: str) -> Answer:
    """To few readers at once or at its time; to many, only when a second person agrees."""
    update, form = found(slug, public_id, lock=True), SendForm()
    if not form.validate():
        return page(update, form), 422
    when = form.moment(database_time(db.session))
    readers = sum(Subscription.count_by_language(db.session, update.petition_id).values())
    alone = readers <= _settings().update_alone
    try:
        if alone:
            update.schedule(db.session, when, _settings().updates_per_week)
        else:
            update.await_second(db.session, when, _settings().updates_per_week)
    except TooManyUpdates:
        form.when.errors = [_l("This week has its share of news already. Choose a later day.")]
        return page(update, form), 409
    except NothingWritten:
        form.when.errors = [_l("Write it first: there is no text yet.")]
        return page(update, form), 409
    if alone:
        _record(update, "update.schedule", readers=readers)
        flash(_("It is planned. You can call it back, and stop it while it goes."))
    else:
        _ask(update, readers)
        flash(_("A second person is asked. Nothing goes before their yes."))
    return _done(update, "updates", "letters")


@sending.get("/decision")
@guard(Act.APPROVE_UPDATE)
def decision(slug: str, public_id: str) -> Answer:
    update = found(slug, public_id)
    proposal = Proposal.of(db.session, KIND, update.public_id, lock=False)
    if proposal is None:
        return _to(update)
    return _decision_page(update, proposal, NoForm(None))


@sending.post("/approval")
@guard(Act.APPROVE_UPDATE)
def approve(slug: str, public_id: str) -> Answer:
    update = found(slug, public_id, lock=True)
    proposal = _waiting(update)
    proposal.approve(db.session, current_member(), lapse_hours=_settings().approval_hours)
    try:
        update.schedule(
            db.session, max(update.not_before, database_time(db.session)), _settings().updates_per_week
        )
    except TooManyUpdates:
        flash(_("This week has its share of news already. It can be planned for a later day."))
        return _to(update)
    _record(update, "update.approve", asked_by=proposal.asked_by.public_id)
    flash(_("It goes. You can stop it at any time."))
    return _done(update, "updates")


@sending.post("/refusal")
@guard(Act.APPROVE_UPDATE)
def decline(slug: str, public_id: str) -> Answer:
    update, form = found(slug, public_id, lock=True), NoForm()
    proposal = _waiting(update)
    if not form.validate():
        return _decision_page(update, proposal, form), 422
    proposal.decline(db.session, current_member(), form.reason.data or "")
    update.rewrite()
    _record(update, "update.decline", asked_by=proposal.asked_by.public_id)
    flash(_("It goes back to its writer with your reason. Nobody got it."))
    return _done(update)


@sending.post("/draft")
@guard(Act.ASK_UPDATE)
def recall(slug: str, public_id: str) -> Response:
    """Back to the desk before the first letter has left; who was asked is asked no more."""
    update = found(slug, public_id, lock=True)
    update.rewrite()
    if (proposal := Proposal.of(db.session, KIND, update.public_id)) is not None:
        proposal.lapse(database_time(db.session))
    _record(update, "update.recall")
    flash(_("It is a draft again. Nobody got it."))
    return _done(update)


@sending.post("/stop")
@guard(Act.PAUSE)
def stop(slug: str, public_id: str) -> Response:
    """For whoever sees first that something is wrong: one button, no questions."""
    update = found(slug, public_id, lock=True)
    update.stop(database_time(db.session))
    _record(update, "update.stop")
    flash(_("Stopped. What has not left is kept back."))
    return _done(update)


@sending.post("/resumption")
@guard(Act.ASK_UPDATE)
def resume(slug: str, public_id: str) -> Response:
    update = found(slug, public_id, lock=True)
    update.go_on()
    _record(update, "update.resume")
    flash(_("It goes on."))
    return _done(update, "updates")


@sending.post("/end")
@guard(Act.ASK_UPDATE)
def end(slug: str, public_id: str) -> Response:
    update = found(slug, public_id, lock=True)
    withheld = update.end(db.session, database_time(db.session))
    _record(update, "update.end", withheld=withheld)
    flash(_("Ended. The rest of the letters will not be sent."))
    return _done(update)


@sending.post("/discarding")
@guard(Act.ASK_UPDATE)
def discard(slug: str, public_id: str) -> Response:
    update = found(slug, public_id, lock=True)
    update.move_to(PetitionUpdate.State.DISCARDED)
    _record(update, "update.discard")
    db.session.commit()
    flash(_("The draft is gone."))
    return redirect(url_for("organise_updates.index", slug=slug), 303)


def refuse(error: Exception) -> Response:
    values = request.view_args or {}
    flash(str(REFUSALS[type(error)]))
    return redirect(url_for("organise_updates.show", slug=values["slug"], public_id=values["public_id"]), 303)


for kind in REFUSALS:
    sending.register_error_handler(kind, refuse)
    updates.register_error_handler(kind, refuse)


def address(proposal: Proposal) -> str:
    return url_for("organise_sending.decision", slug=proposal.details["slug"], public_id=proposal.subject)


decisions.PAGES[KIND] = address


# -- below: how ---------------------------------------------------------------------------------------


def _ask(update: PetitionUpdate, readers: int) -> None:
    slug, member = update.petition.slug, current_member()
    Proposal.ask(db.session, KIND, update.public_id, member, slug=slug, readers=readers)
    entry = _record(update, "update.ask", readers=readers)
    path = url_for("organise_sending.decision", slug=slug, public_id=update.public_id)
    tell_owners(db.session, member.branch, entry, event="update_asked", path=path)


def _waiting(update: PetitionUpdate) -> Proposal:
    proposal = Proposal.of(db.session, KIND, update.public_id)
    if proposal is None:
        raise AlreadyDecided
    return proposal


def _record(update: PetitionUpdate, verb: str, **details: object) -> AuditEntry:
    return AuditEntry.write(
        db.session, current_member().public_id, verb, update.public_id,
        petition=update.petition.public_id, **details,
    )


def _decision_page(update: PetitionUpdate, proposal: Proposal, form: NoForm) -> str:
    return render_template(
        "organise/sending/decision.html",
        petition=update.petition,
        update=update,
        proposal=proposal,
        mails=letters_of(update),
        form=form,
        own=proposal.asked_by_id == current_member().id,
    )


def _done(update: PetitionUpdate, *queues: str) -> Response:
    db.session.commit()
    for queue in queues:
        ring(queue)
    return _to(update)


def _to(update: PetitionUpdate) -> Response:
    address = url_for("organise_updates.show", slug=update.petition.slug, public_id=update.public_id)
    return redirect(address, 303)


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
