"""Whole documents for the one named person who must print or file them: asked for, agreed to by a second person,
fetched once (models/handout.py). The web has neither the archive nor its key: the worker brings the bytes under a
token that only the page of that member has."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response as Redirect

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.crypto import BoxDamaged
from petitions.db import database_time, db
from petitions.forms.organise.delivery import ReleaseForm
from petitions.forms.organise.editions import DeclineForm
from petitions.member_letters import write_to
from petitions.models import (
    AlreadyAsked,
    AlreadyDecided,
    AuditEntry,
    DeliveriesStopped,
    Delivery,
    Handout,
    HandoutOver,
    Letter,
    MayNot,
    Member,
    NotByPerson,
    NotMade,
    OnHold,
    Proposal,
    ProposalLapsed,
    SamePerson,
    require_releasable,
)
from petitions.policy import Act
from petitions.tokens import looks_like_token
from petitions.views.organise import scope
from petitions.views.organise.decisions import PAGES

Answer = str | Redirect | tuple[str, int]

REFUSALS: dict[type[Exception], object] = {
    AlreadyAsked: _l("This document has been asked for already, and waits for a second person."),
    AlreadyDecided: _l("Somebody has decided before you."),
    MayNot: _l("Your role does not allow this."),
    SamePerson: _l("You asked for it yourself. Another owner has to decide."),
    ProposalLapsed: _l("Nobody decided in time. It must be asked for anew."),
    HandoutOver: _l("It has been fetched, or the time for it is over. Ask for it anew."),
    NotByPerson: _l("Nobody has to print or file this delivery, so its document is released to nobody."),
    OnHold: _l("A hold stops this delivery. Lift the hold first, if its reason is gone."),
    DeliveriesStopped: _l("Deliveries of this petition are stopped. Nothing of it leaves until they go on."),
    NotMade: _l("The worker has not put it there yet. Load this page again in some seconds."),
}
REFUSED = tuple(REFUSALS)
NOT_FETCHED: tuple[type[Exception], ...] = (*REFUSED, BoxDamaged)

handouts = Blueprint("organise_handouts", __name__, url_prefix="/organise")
PAGES[Proposal.Kind.RELEASE] = lambda proposal: url_for("organise_handouts.release", public_id=proposal.public_id)


# -- asking, and the second person -----------------------------------------------------------------------------


@handouts.get("/deliveries/<public_id>/release")
@guard(Act.ASK_RELEASE)
def new(public_id: str) -> str:
    return _new(scope.delivery(public_id), _who(ReleaseForm()))


@handouts.post("/deliveries/<public_id>/release")
@guard(Act.ASK_RELEASE)
def ask(public_id: str) -> Answer:
    row, form, member = scope.delivery(public_id), _who(ReleaseForm()), current_member()
    if not form.validate():
        return _new(row, form), 422
    who = _fetcher(form.who.data)
    try:
        require_releasable(row)
        Proposal.ask(
            db.session, Proposal.Kind.RELEASE, row.public_id, member, who=who.public_id, reason=form.reason.data
        )
    except REFUSED as error:
        return _new(row, form, error), 409
    AuditEntry.write(
        db.session, member.public_id, "release.ask", row.public_id, who=who.public_id, reason=form.reason.data
    )
    db.session.commit()
    flash(_("Asked. Another owner decides; then it can be fetched once, within a day."))
    return redirect(url_for("organise_delivery.show", public_id=row.public_id), 303)


@handouts.get("/releases/<public_id>")
@guard(Act.APPROVE_RELEASE)
def release(public_id: str) -> str:
    return _release(_proposal(public_id), DeclineForm())


@handouts.post("/releases/<public_id>/approval")
@guard(Act.APPROVE_RELEASE)
def approve(public_id: str) -> Answer:
    proposal, member = _proposal(public_id, lock=True), current_member()
    row, who = scope.delivery(proposal.subject), _fetcher(proposal.details["who"])
    try:
        require_releasable(row)
        proposal.approve(db.session, member)
    except REFUSED as error:
        return _release(proposal, DeclineForm(None), error), 409
    moment = database_time(db.session)
    handout, *others = [
        Handout.grant(db.session, who, moment, file_name=one.volume.file_name, delivery=one)
        for one in (row, *(one for one in row.together if one is not row and one.state is row.state))
    ]  # every volume of the document, each a file of its own
    until = handout.expires_at.isoformat()
    path = url_for(".index") if others else url_for(".start", public_id=handout.public_id)
    words = {"event": "handout_granted", "until_at": until, "path": path}
    write_to(db.session, who, Letter.Kind.MEMBER_NOTICE, cause=f"handout:{handout.public_id}", words=words)
    AuditEntry.write(
        db.session, member.public_id, "release.approve", row.public_id, who=who.public_id, handout=handout.public_id
    )
    db.session.commit()
    ring("letters")
    flash(_("Released. %(name)s can fetch it once within 24 hours, and is told so by letter.", name=who.name))
    return redirect(url_for("organise_delivery.show", public_id=row.public_id), 303)


@handouts.post("/releases/<public_id>/refusal")
@guard(Act.APPROVE_RELEASE)
def decline(public_id: str) -> Answer:
    proposal, form, member = _proposal(public_id, lock=True), DeclineForm(), current_member()
    if not form.validate():
        return _release(proposal, form), 422
    try:
        proposal.decline(db.session, member, form.reason.data or "")
    except REFUSED as error:
        return _release(proposal, form, error), 409
    AuditEntry.write(db.session, member.public_id, "release.decline", proposal.subject, reason=form.reason.data)
    db.session.commit()
    flash(_("Declined. Nobody gets the document."))
    return redirect(url_for("organise_delivery.show", public_id=proposal.subject), 303)


# -- fetching ------------------------------------------------------------------------------------------------


@handouts.get("/handouts/")
@guard(Act.LOOK)
def index() -> str:
    """What has been released to whoever looks."""
    begun = [Handout.State.GRANTED, Handout.State.ASKED, Handout.State.READY]
    mine = select(Handout).where(Handout.member_id == current_member().id, Handout.state.in_(begun))
    return render_template(
        "organise/handouts/index.html",
        handouts=db.session.scalars(mine.order_by(Handout.expires_at)).all(),
        moment=database_time(db.session),
    )


@handouts.get("/handouts/<public_id>/start")
@guard(Act.FETCH)
def start(public_id: str) -> str:
    return _start(_granted(public_id))


@handouts.post("/handouts/<public_id>/start")
@guard(Act.FETCH)
def begin(public_id: str) -> Answer:
    """Asks the worker for the bytes. Done again, what was begun before is worth nothing."""
    handout, member = _granted(public_id, lock=True), current_member()
    try:
        token = handout.begin(database_time(db.session))
    except REFUSED as error:
        return _start(handout, error), 409
    AuditEntry.write(db.session, member.public_id, "handout.begin", handout.public_id)
    db.session.commit()
    ring("handouts")
    return redirect(url_for(".show", token=token), 303)


@handouts.get("/handouts/<token>")
@guard(Act.FETCH)
def show(token: str) -> str | tuple[str, int]:
    """Waits for the worker, then has the button."""
    handout = _mine(token)
    if handout is None:
        return _over(), 404
    return render_template("organise/handouts/show.html", handout=handout, token=token, refusal="")


@handouts.get("/handouts/<token>/waiting")
@guard(Act.FETCH)
def waiting(token: str) -> str | tuple[str, int]:
    """A part of the page, for the script that keeps it fresh."""
    handout = _mine(token)
    if handout is None:
        return _over(), 404
    return render_template("organise/handouts/_waiting.html", handout=handout, token=token)


@handouts.post("/handouts/<token>")
@guard(Act.FETCH)
def fetch(token: str) -> Response | tuple[str, int]:
    """The bytes leave the row in this transaction: whatever becomes of the answer, there is no second one."""
    handout, member = _mine(token, lock=True), current_member()
    if handout is None:
        return _over(), 404
    try:
        content = handout.fetch(token, database_time(db.session))
    except NOT_FETCHED as error:
        words = str(REFUSALS.get(type(error), REFUSALS[HandoutOver]))
        return render_template("organise/handouts/show.html", handout=handout, token=token, refusal=words), 409
    subject = handout.delivery.public_id if handout.delivery is not None else handout.public_id
    AuditEntry.write(db.session, member.public_id, "handout.fetch", subject, handout=handout.public_id)
    db.session.commit()
    return Response(
        content,
        mimetype="application/octet-stream",  # saved, never shown: what a browser shows it also keeps
        headers={"Content-Disposition": f'attachment; filename="{handout.file_name}"'},
    )


# -- below: how ------------------------------------------------------------------------------------------------


def _fetchers() -> list[Member]:
    """To whom a document of this branch can be released."""
    here = select(Member).where(Member.branch_id == scope.branch_id()).order_by(Member.name)
    return [one for one in db.session.scalars(here) if one.may(Act.FETCH)]


def _fetcher(public_id: str) -> Member:
    return scope.found(
        select(Member).where(Member.public_id == public_id, Member.branch_id == scope.branch_id())
    )


def _who(form: ReleaseForm) -> ReleaseForm:
    form.who.choices = {one.public_id: one.name for one in _fetchers()}
    form.who.data = form.who.data or current_member().public_id
    return form


def _proposal(public_id: str, *, lock: bool = False) -> Proposal:
    return scope.found(
        select(Proposal).where(
            Proposal.public_id == public_id,
            Proposal.branch_id == scope.branch_id(),
            Proposal.kind == Proposal.Kind.RELEASE,
        ),
        lock=Proposal if lock else None,
    )


def _granted(public_id: str, *, lock: bool = False) -> Handout:
    """Somebody else's is 404, also for who released it."""
    return scope.found(
        select(Handout).where(Handout.public_id == public_id, Handout.member_id == current_member().id),
        lock=Handout if lock else None,
    )


def _mine(token: str, *, lock: bool = False) -> Handout | None:
    if not looks_like_token(token):
        return None
    return Handout.with_token(db.session, token, current_member(), lock=lock)


def _new(row: Delivery, form: ReleaseForm, refusal: Exception | None = None) -> str:
    return _page("new", row, form=form, refusal=_words(refusal))


def _release(proposal: Proposal, form: DeclineForm, refusal: Exception | None = None) -> str:
    row = scope.delivery(proposal.subject)
    who = _fetcher(proposal.details["who"])
    own = proposal.asked_by_id == current_member().id
    return _page("release", row, proposal=proposal, who=who, own=own, form=form, refusal=_words(refusal))


def _page(name: str, row: Delivery, **more: Any) -> str:
    document = row.volume.document
    return render_template(
        f"organise/handouts/{name}.html",
        delivery=row,
        document=document,
        edition=document.edition,
        petition=document.edition.petition,
        authority=document.addressee.authority,
        **more,
    )


def _start(handout: Handout, refusal: Exception | None = None) -> str:
    return render_template(
        "organise/handouts/start.html",
        handout=handout,
        open=handout.open_to(current_member(), database_time(db.session)),
        refusal=_words(refusal),
    )


def _over() -> str:
    return render_template("organise/handouts/over.html")


def _words(refusal: Exception | None) -> str:
    return str(REFUSALS[type(refusal)]) if refusal is not None else ""
