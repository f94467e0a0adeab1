"""The moderators' desk of one petition: its numbers, and the held signatures that wait for somebody to look.

Rows are shown by id and circumstances. Names are read a few at a time, from copies that the worker opens on request
and that live for 72 hours (petitions/models/held_copy.py).
"""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, func, select
from werkzeug import Response

from petitions import crypto
from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.forms.organise.signatures import ClassForm, ReleaseForm, SearchForm, TickedForm
from petitions.mailboxes import canonical
from petitions.models import (
    AuditEntry,
    Conditions,
    HeldCopy,
    IllegalTransition,
    Invalidation,
    NobodyMatches,
    Petition,
    Signature,
    TooManyCopies,
    Trend,
    moderation,
    totals,
)
from petitions.models.held_copy import COPIES_A_DAY, COPIES_AT_ONCE, TooManyInADay
from petitions.policy import Act
from petitions.text import Refusal, checked_email
from petitions.views.organise import scope
from petitions.views.organise.clusters import letters_of

PAGE_SIZE, LAST_PAGE = 100, 1_000
State = Signature.State
Answer = str | Response | tuple[str, int]

signatures = Blueprint("organise_signatures", __name__, url_prefix="/organise/petitions/<slug:slug>/signatures")


@signatures.get("")
@guard(Act.LOOK)
def index(slug: str) -> str:
    return _index(scope.petition(slug), TickedForm(), SearchForm())


@signatures.post("/copies")
@guard(Act.HOLD)
def copy(slug: str) -> Answer:
    """Asks the worker for the names of the ticked rows."""
    petition, form = scope.petition(slug), TickedForm()
    if not form.validate():
        return _index(petition, form, SearchForm()), 422
    rows = _held_among(petition, form.ticked)
    try:
        asked = HeldCopy.ask(db.session, [row.id for row in rows], current_member().id)
    except TooManyCopies as refusal:
        db.session.rollback()
        form.ids.errors = [_too_many(refusal)]
        return _index(scope.petition(slug), form, SearchForm()), 422
    for row in rows:
        AuditEntry.write(db.session, current_member().public_id, "signature.read", row.public_id)
    db.session.commit()
    ring("held_copies")
    flash(
        ngettext(
            "%(num)s name is being opened. Load this page again in a moment.",
            "%(num)s names are being opened. Load this page again in a moment.",
            asked,
        )
    )
    return redirect(url_for(".index", slug=slug, _anchor="held"), 303)


@signatures.post("/releases/check")
@guard(Act.HOLD)
def check_release(slug: str) -> Answer:
    """The preview: changes nothing."""
    petition, form = scope.petition(slug), TickedForm()
    if not form.validate():
        return _index(petition, form, SearchForm()), 422
    return _release_page(petition, form.ticked, ReleaseForm(formdata=None))


@signatures.post("/releases")
@guard(Act.HOLD)
def release(slug: str) -> Answer:
    petition, form = scope.petition(slug), ReleaseForm()
    if not form.validate():
        return _release_page(petition, form.ticked, form), 422
    member, settings = current_member(), _settings()
    became = [
        moderation.release(db.session, row, member.public_id, settings.confirm_days)
        for row in _held_among(petition, form.ticked, lock=True)
    ]
    AuditEntry.write(
        db.session, member.public_id, "signatures.release", petition.public_id,
        released=len(became), reason=form.reason.data,
    )
    db.session.commit()
    ring("letters")
    ring("counting")
    flash(
        _(
            "Released: %(letters)s get their letter now, %(count)s count, %(void)s gave way to another signature of "
            "the same mailbox.",
            letters=became.count(State.PENDING),
            count=became.count(State.CONFIRMED),
            void=became.count(State.VOID),
        )
    )
    return redirect(url_for(".index", slug=slug), 303)


@signatures.post("/strikes")
@guard(Act.ASK_INVALIDATION)
def strike(slug: str) -> Answer:
    """Freezes the ticked rows for the fraud desk's preview; nothing is struck yet."""
    petition, form = scope.petition(slug), TickedForm()
    if not form.validate():
        return _index(petition, form, SearchForm()), 422
    try:
        made = Invalidation.preview(
            db.session, petition, current_member(), Invalidation.Act.STRIKE, Conditions(ids=tuple(form.ticked))
        )
    except NobodyMatches:
        db.session.rollback()
        flash(_("None of these can be struck any more. See where they stand now."))
        return redirect(url_for(".index", slug=slug), 303)
    db.session.commit()
    return redirect(url_for("organise_invalidations.show", slug=slug, public_id=made.public_id), 303)


@signatures.post("/search")
@guard(Act.HOLD)
def search(slug: str) -> Answer:
    """By id, or by the tag of an address: there is no list to look through. Who asks is in the audit log."""
    petition, form = scope.petition(slug), SearchForm()
    if not form.validate():
        return _index(petition, TickedForm(formdata=None), form), 422
    found = db.session.scalars(_meant(petition, form.wanted.data or "")).all()
    AuditEntry.write(
        db.session, current_member().public_id, "signature.search", petition.public_id, found=len(found)
    )
    db.session.commit()
    return render_template("organise/signatures/search.html", petition=petition, found=found)


@signatures.get("/<public_id>")
@guard(Act.HOLD)
def show(slug: str, public_id: str) -> str:
    return _show(_signature(slug, public_id), ClassForm())


@signatures.post("/<public_id>/hold")
@guard(Act.HOLD)
def hold(slug: str, public_id: str) -> Answer:
    signature, form = _signature(slug, public_id, lock=True), ClassForm()
    if not form.validate():
        return _show(signature, form), 422
    try:
        signature.hold(db.session, form.wanted.value)
    except IllegalTransition:
        return _show(signature, form), 409
    AuditEntry.write(
        db.session, current_member().public_id, "signature.hold", public_id,
        reason_class=form.wanted.value, reason=form.reason.data,
    )
    db.session.commit()
    flash(_("It is held: it does not count until somebody releases it."))
    return redirect(url_for(".show", slug=slug, public_id=public_id), 303)


# -- below: how -----------------------------------------------------------------------------------------


def _index(petition: Petition, ticked: TickedForm, searched: SearchForm) -> str:
    page = max(1, min(request.args.get("page", 1, int), LAST_PAGE))
    reason = request.args.get("reason", "")[:40]
    held = _held(petition)
    wanted = held.where(Signature.held_reason == reason) if reason else held
    rows = db.session.scalars(
        wanted.order_by(Signature.created_hour, Signature.public_id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE + 1)
    ).all()
    shown = rows[:PAGE_SIZE]
    return render_template(
        "organise/signatures/index.html",
        petition=petition,
        numbers=totals(db.session, petition, petition.log_size),
        pending=db.session.scalar(
            select(func.count()).where(Signature.petition_id == petition.id, Signature.state == State.PENDING)
        ),
        rows=shown,
        reasons=_reasons(petition),
        reason=reason,
        page=page,
        more=len(rows) > PAGE_SIZE,
        copies=HeldCopy.readable(db.session, [row.id for row in shown]),
        networks=letters_of(row.net_tag for row in shown),
        contents=letters_of(row.content_tag for row in shown),
        trends=db.session.scalar(
            select(func.count()).where(Trend.petition_id == petition.id, Trend.closed_at.is_(None))
        ),
        ticked=ticked,
        searched=searched,
        moment=database_time(db.session),
    )


def _too_many(refusal: TooManyCopies) -> str:
    words: str = ngettext("Names are read %(num)s at a time.", "Names are read %(num)s at a time.", COPIES_AT_ONCE)
    if isinstance(refusal, TooManyInADay):
        words = _("You have opened %(num)s names within a day, the most there are. Go on tomorrow.", num=COPIES_A_DAY)
    return words


def _release_page(petition: Petition, ticked: list[str], form: ReleaseForm) -> str:
    return render_template(
        "organise/signatures/check_release.html", petition=petition, rows=_held_among(petition, ticked), form=form
    )


def _show(signature: Signature, form: ClassForm) -> str:
    return render_template(
        "organise/signatures/show.html",
        petition=signature.petition,
        signature=signature,
        copy=HeldCopy.readable(db.session, [signature.id]).get(signature.id),
        form=form,
        holdable=signature.state in Invalidation.ACTS_ON[Invalidation.Act.HOLD],
        strikable=signature.state in Invalidation.ACTS_ON[Invalidation.Act.STRIKE],
    )


def _held(petition: Petition) -> Select[Signature]:
    return select(Signature).where(Signature.petition_id == petition.id, Signature.state == State.HELD)


def _held_among(petition: Petition, public_ids: list[str], *, lock: bool = False) -> Sequence[Signature]:
    """Those that are still held; others were decided on meanwhile."""
    wanted = _held(petition).where(Signature.public_id.in_(public_ids[:PAGE_SIZE])).order_by(Signature.id)
    return db.session.scalars(wanted.with_for_update() if lock else wanted).all()


def _reasons(petition: Petition) -> list[tuple[str, int]]:
    rows = db.session.execute(
        select(Signature.held_reason, func.count())
        .where(Signature.petition_id == petition.id, Signature.state == State.HELD)
        .group_by(Signature.held_reason)
        .order_by(func.count().desc())
    )
    return [(reason or "", count) for reason, count in rows]


def _signature(slug: str, public_id: str, *, lock: bool = False) -> Signature:
    petition = scope.petition(slug)
    wanted = select(Signature).where(Signature.public_id == public_id, Signature.petition_id == petition.id)
    return scope.found(wanted, lock=Signature if lock else None)


def _meant(petition: Petition, typed: str) -> Select[Any]:
    address = checked_email(typed)
    found = select(Signature).where(Signature.petition_id == petition.id).order_by(Signature.id).limit(PAGE_SIZE)
    if isinstance(address, Refusal):
        return found.where(Signature.public_id == typed.lower())
    key = crypto.petition_tag_key(current_app.config["INDEX_KEY"], petition.public_id)
    return found.where(Signature.dedup_tag == crypto.tag(key, "mailbox", canonical(address)))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
