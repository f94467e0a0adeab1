"""One decision on many signatures: its frozen rows, a reason, perhaps a second person, the worker's progress, undoing.

What is decided is what was shown (petitions/models/invalidation.py).
"""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import db
from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.signatures import ClassForm, RefusalForm
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    AuditEntry,
    Conditions,
    IllegalTransition,
    Invalidation,
    InvalidationRow,
    MailDomain,
    MayNot,
    Petition,
    Proposal,
    ProposalLapsed,
    SamePerson,
    Signature,
)
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.decisions import PAGES

SAMPLE = 12
Answer = str | Response | tuple[str, int]
State = Invalidation.State

REFUSALS: dict[type[Exception], Any] = {
    AlreadyAsked: _l("A second person has been asked already."),
    AlreadyDecided: _l("This was decided or taken back in the meantime. Nothing was changed by you."),
    IllegalTransition: _l("It stands elsewhere by now. Look at it again, then decide."),
    MayNot: _l("Your role does not allow you to decide this."),
    ProposalLapsed: _l("This was asked for too long ago. Ask again, so that what is approved is what is true now."),
    SamePerson: _l("You asked for this yourself. Another owner must decide."),
}
REFUSED = tuple(REFUSALS)

invalidations = Blueprint(
    "organise_invalidations", __name__, url_prefix="/organise/petitions/<slug:slug>/signatures/fraud/<public_id>"
)


@invalidations.get("")
@guard(Act.ASK_INVALIDATION)
def show(slug: str, public_id: str) -> str:
    return _page("show", _invalidation(slug, public_id), ClassForm())


@invalidations.post("/request")
@guard(Act.ASK_INVALIDATION)
def ask(slug: str, public_id: str) -> Answer:
    """With a reason: done at once where one person may decide, else put before a second one."""
    scope.petition(slug, lock=True)  # what one person decides on within a day is counted: two at once take turns
    invalidation, form = _invalidation(slug, public_id, lock=True), ClassForm()
    if not form.validate():
        return _page("show", invalidation, form), 422
    try:
        invalidation.give_reason(form.wanted, form.reason.data or "")
        _go_on(invalidation, State.ASKED, "invalidation.ask", "invalidation.begin")
    except REFUSED as error:
        return _refused("show", slug, public_id, error)
    return redirect(url_for(".show", slug=slug, public_id=public_id), 303)


@invalidations.post("/undo")
@guard(Act.ASK_INVALIDATION)
def undo(slug: str, public_id: str) -> Answer:
    """Back to what they were, by the same rule."""
    invalidation = _invalidation(slug, public_id, lock=True)
    try:
        _go_on(invalidation, State.UNDO_ASKED, "invalidation.ask_undo", "invalidation.begin_undo")
    except REFUSED as error:
        return _refused("show", slug, public_id, error)
    return redirect(url_for(".show", slug=slug, public_id=public_id), 303)


@invalidations.get("/decision")
@guard(Act.APPROVE_INVALIDATION)
def decide(slug: str, public_id: str) -> str:
    return _page("decide", _invalidation(slug, public_id), RefusalForm())


@invalidations.post("/approval")
@guard(Act.APPROVE_INVALIDATION)
def approve(slug: str, public_id: str) -> Answer:
    invalidation, member = _invalidation(slug, public_id, lock=True), current_member()
    settings: Settings = current_app.config["SETTINGS"]
    try:
        _waiting(invalidation).approve(db.session, member, lapse_hours=settings.approval_hours)
        back = invalidation.state is State.UNDO_ASKED
        invalidation.begin(db.session)
    except REFUSED as error:
        return _refused("decide", slug, public_id, error)
    _record("invalidation.approve_undo" if back else "invalidation.approve", invalidation)
    db.session.commit()
    ring("invalidations")
    flash(_("Approved. The worker has begun."))
    return redirect(url_for(".show", slug=slug, public_id=public_id), 303)


@invalidations.post("/refusal")
@guard(Act.APPROVE_INVALIDATION)
def decline(slug: str, public_id: str) -> Answer:
    invalidation, form = _invalidation(slug, public_id, lock=True), RefusalForm()
    if not form.validate():
        return _page("decide", invalidation, form), 422
    try:
        _waiting(invalidation).decline(db.session, current_member(), form.reason.data or "")
        invalidation.drop()
    except REFUSED as error:
        return _refused("decide", slug, public_id, error)
    _record("invalidation.decline", invalidation)
    db.session.commit()
    flash(_("Declined. Nothing was changed."))
    return redirect(url_for(".show", slug=slug, public_id=public_id), 303)


# -- below: how -----------------------------------------------------------------------------------------

_FROM = {  # no way round the reason: what was only previewed cannot be undone, what is done not begun again
    State.ASKED: {State.PREVIEWED, State.ASKED},
    State.UNDO_ASKED: {State.DONE, State.UNDO_ASKED, State.STOPPED},
}


def _go_on(invalidation: Invalidation, asked: State, ask_verb: str, begin_verb: str) -> None:
    """Commits. Raises AlreadyAsked, IllegalTransition."""
    if invalidation.state not in _FROM[asked]:
        raise IllegalTransition("invalidation", invalidation.state, asked)
    if invalidation.needs_second_person:
        if invalidation.state is not asked:  # asked before, and nobody decided in time: asked again
            invalidation.move_to(asked)
        Proposal.ask(
            db.session, Proposal.Kind.INVALIDATION, invalidation.public_id, current_member(),
            matched=invalidation.matched, undo=asked is State.UNDO_ASKED,
        )
        _record(ask_verb, invalidation)
        db.session.commit()
        flash(_("Another owner has to approve it. Until then nothing happens."))
        return
    invalidation.begin(db.session)
    _record(begin_verb, invalidation)
    db.session.commit()
    ring("invalidations")
    flash(_("The worker has begun."))


def _waiting(invalidation: Invalidation) -> Proposal:
    proposal = Proposal.of(db.session, Proposal.Kind.INVALIDATION, invalidation.public_id)
    if proposal is None:
        raise AlreadyDecided
    return proposal


def _record(verb: str, invalidation: Invalidation) -> None:
    AuditEntry.write(
        db.session, current_member().public_id, verb, invalidation.public_id,
        act=invalidation.act.value, matched=invalidation.matched, confirmed=invalidation.matched_confirmed,
        reason_class=invalidation.reason_class.value if invalidation.reason_class else None,
    )


def _page(view: str, invalidation: Invalidation, form: DeskForm, refusal: object = None) -> str:
    conditions = Conditions.from_json(invalidation.conditions)
    domain = db.session.get(MailDomain, conditions.mail_domain) if conditions.mail_domain is not None else None
    waiting = select(Proposal).where(
        Proposal.kind == Proposal.Kind.INVALIDATION,
        Proposal.subject == invalidation.public_id,
        Proposal.state == Proposal.State.WAITING,
    )
    return render_template(
        f"organise/invalidations/{view}.html",
        petition=invalidation.petition,
        invalidation=invalidation,
        conditions=conditions,
        domain=domain.name if domain is not None else "",
        were=_by_word(invalidation.count_by(db.session, InvalidationRow.was)),
        now=_by_word(Signature.count_by_state(db.session, invalidation.petition_id)),
        sample=invalidation.sample(db.session, SAMPLE),
        proposal=db.session.scalars(waiting).one_or_none(),
        form=form,
        refusal=refusal,
    )


def _by_word(counted: dict[Signature.State, int]) -> dict[str, int]:
    return {state.value: count for state, count in counted.items()}


def _refused(view: str, slug: str, public_id: str, error: Exception) -> tuple[str, int]:
    """The page again, as things stand, and why nothing was changed."""
    db.session.rollback()
    refusal = next(words for kind, words in REFUSALS.items() if isinstance(error, kind))
    form = RefusalForm() if view == "decide" else ClassForm()
    return _page(view, _invalidation(slug, public_id), form, refusal), 409


def _invalidation(slug: str, public_id: str, *, lock: bool = False) -> Invalidation:
    petition = scope.petition(slug)
    wanted = select(Invalidation).where(
        Invalidation.public_id == public_id, Invalidation.petition_id == petition.id
    )
    return scope.found(wanted, lock=Invalidation if lock else None)


def _decision_page(proposal: Proposal) -> str:
    slug = db.session.scalar(
        select(Petition.slug)
        .join(Invalidation, Invalidation.petition_id == Petition.id)
        .where(Invalidation.public_id == proposal.subject)
    )
    return url_for("organise_invalidations.decide", slug=slug, public_id=proposal.subject)


PAGES[Proposal.Kind.INVALIDATION] = _decision_page
