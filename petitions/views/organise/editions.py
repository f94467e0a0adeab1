"""Editions of a petition: what the next would hold, asking for one, what the check found, the second person's yes, and
how far each document has got."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import undefer
from werkzeug import Response as Redirect

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.forms.organise.editions import AskForm, ChannelsForm, DeclineForm, channels_form
from petitions.models import (
    Approval,
    AuditEntry,
    Authority,
    CheckFailed,
    Document,
    DocumentProgress,
    Edition,
    EditionInProgress,
    IllegalTransition,
    NothingNew,
    NotPublic,
    Petition,
    RequestLapsed,
    SamePerson,
    TooSoon,
    look_ahead,
)
from petitions.policy import Act
from petitions.views.organise import scope

Answer = str | Redirect | tuple[str, int]

REFUSALS: dict[type[Exception], object] = {
    NotPublic: _l("Only a petition that has been published has editions. Publish it first."),
    EditionInProgress: _l("Another edition is under way. Finish or decline that one first."),
    NothingNew: _l("Nobody has signed since the last edition: there is nothing new to say."),
    TooSoon: _l("The last edition is too recent. Wait, or say that it is urgent and why."),
    SamePerson: _l("You asked for this edition yourself. Another owner has to approve it."),
    CheckFailed: _l("The check found what must be mended first. Decline this edition, mend it, and ask anew."),
    RequestLapsed: _l("Nobody approved in time. Ask anew, so that what is approved is what is true now."),
    IllegalTransition: _l("Somebody was faster: this edition is not waiting for that any more."),
}
REFUSED = tuple(REFUSALS)

editions = Blueprint("organise_editions", __name__, url_prefix="/organise/petitions/<slug:slug>/editions")


@editions.get("/")
@guard(Act.LOOK)
def index(slug: str) -> str:
    return _index(scope.petition(slug), AskForm())


@editions.post("/")
@guard(Act.ASK_EDITION)
def ask(slug: str) -> Answer:
    petition, form, member = scope.petition(slug, lock=True), AskForm(), current_member()
    if not form.validate():
        return _index(petition, form), 422
    urgent = bool(form.urgent.data)
    try:
        edition = Edition.freeze(
            db.session, petition, asked_by=member, urgent=urgent, reason=(form.reason.data or "") if urgent else "",
            gap_days=_gap_days(), drains=False,
        )
    except REFUSED as error:
        return _index(petition, form, error), 409
    AuditEntry.write(
        db.session, member.public_id, "edition.freeze", edition.public_id, log_size=edition.log_size, urgent=urgent
    )
    db.session.commit()
    ring("editions")
    flash(_("Frozen. The worker checks it now; then another owner approves."))
    return redirect(url_for(".show", slug=slug, number=edition.number), 303)


@editions.get("/<int:number>/")
@guard(Act.LOOK)
def show(slug: str, number: int) -> str:
    return _show(scope.edition(slug, number), DeclineForm())


@editions.get("/<int:number>/progress")
@guard(Act.LOOK)
def progress(slug: str, number: int) -> str:
    """A part of the page, for the script that keeps it fresh."""
    return render_template("organise/editions/_progress.html", **_far(scope.edition(slug, number)))


@editions.get("/<int:number>/approval")
@guard(Act.APPROVE_EDITION)
def approval(slug: str, number: int) -> str:
    edition = scope.edition(slug, number)
    return _approval(edition, channels_form(edition))


@editions.post("/<int:number>/approval")
@guard(Act.APPROVE_EDITION)
def approve(slug: str, number: int) -> Answer:
    edition, member = scope.edition(slug, number, lock=True), current_member()
    form = channels_form(edition)
    if not form.validate():
        return _approval(edition, form), 422
    try:
        edition.approve(db.session, member, _settings().approval_hours, form.chosen)
    except REFUSED as error:
        return _approval(edition, form, error), 409
    AuditEntry.write(db.session, member.public_id, "edition.approve", edition.public_id, channels=form.chosen)
    db.session.commit()
    ring("editions")
    flash(_("Approved. The worker compiles, seals and delivers it."))
    return redirect(url_for(".show", slug=slug, number=number), 303)


@editions.post("/<int:number>/refusal")
@guard(Act.ASK_EDITION)
def decline(slug: str, number: int) -> Answer:
    """The second person's no, or the asker thinks better of it."""
    edition, form, member = scope.edition(slug, number, lock=True), DeclineForm(), current_member()
    if not form.validate():
        return _show(edition, form), 422
    try:
        edition.decline(form.reason.data or "")
    except REFUSED as error:
        return _show(edition, form, error), 409
    AuditEntry.write(db.session, member.public_id, "edition.decline", edition.public_id, reason=form.reason.data)
    db.session.commit()
    flash(_("Declined. Nothing of it leaves."))
    return redirect(url_for(".show", slug=slug, number=number), 303)


@editions.post("/<int:number>/check")
@guard(Act.ASK_EDITION)
def recheck(slug: str, number: int) -> Answer:
    """One that failed, after what it failed at has been mended."""
    edition, member = scope.edition(slug, number, lock=True), current_member()
    try:
        edition.check_again(db.session)
    except IllegalTransition as error:
        return _show(edition, DeclineForm(), error), 409
    AuditEntry.write(db.session, member.public_id, "edition.retry", edition.public_id)
    db.session.commit()
    ring("editions")
    flash(_("The worker checks it anew. It needs a new approval."))
    return redirect(url_for(".show", slug=slug, number=number), 303)


@editions.get("/<int:number>/documents/<public_id>/front-matter.pdf")
@guard(Act.LOOK)
def front_matter(slug: str, number: int, public_id: str) -> Response:
    """The document's pages without a name: all of it that organisers see without a second person."""
    document = scope.found(
        select(Document)
        .join(Edition)
        .join(Petition)
        .where(
            Document.public_id == public_id,
            Edition.number == number,
            Petition.slug == slug,
            Petition.branch_id == scope.branch_id(),
        )
        .options(undefer(Document.front_matter))
    )
    if document.front_matter is None:
        abort(404)
    name = f"front-matter-{document.addressee.authority.slug}.pdf"
    return Response(
        document.front_matter,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


# -- the pages ---------------------------------------------------------------------------------------------


def _index(petition: Petition, form: AskForm, refusal: Exception | None = None) -> str:
    past = select(Edition).where(Edition.petition_id == petition.id).order_by(Edition.number.desc())
    return render_template(
        "organise/editions/index.html",
        petition=petition,
        form=form,
        refusal=_words(refusal),
        outlook=look_ahead(db.session, petition, database_time(db.session), gap_days=_gap_days()),
        editions=db.session.scalars(past).all(),
    )


def _show(edition: Edition, form: DeclineForm, refusal: Exception | None = None) -> str:
    return render_template(
        "organise/editions/show.html",
        form=form,
        refusal=_words(refusal),
        approvals=db.session.scalars(_approvals(edition)).all(),
        small_country=_settings().small_country,
        **_far(edition),
    )


def _approval(edition: Edition, form: ChannelsForm, refusal: Exception | None = None) -> str:
    return render_template(
        "organise/editions/approval.html",
        edition=edition,
        petition=edition.petition,
        form=form,
        own=edition.asked_by_id == current_member().id,
        refusal=_words(refusal),
        reported=_reported(edition),
    )


def _far(edition: Edition) -> dict[str, object]:
    """What the page and its part that is kept fresh both show."""
    steps = select(DocumentProgress).where(DocumentProgress.edition_id == edition.id)
    return {
        "edition": edition,
        "petition": edition.petition,
        "authorities": _authorities(edition),
        "reported": _reported(edition),
        "steps": {step.addressee_id: step for step in db.session.scalars(steps)},
        "live": {one.addressee_id: one for one in edition.documents if one.state is Document.State.LIVE},
    }


def _reported(edition: Edition) -> dict[str, dict[str, object]]:
    return {one["addressee"]: one for one in (edition.report or {}).get("documents", [])}


def _authorities(edition: Edition) -> dict[str, Authority]:
    """By slug: of the petition's addressees, and of those that were when it was checked."""
    slugs: Sequence[str] = [*_reported(edition), *(one.authority.slug for one in edition.petition.addressees)]
    return {one.slug: one for one in db.session.scalars(select(Authority).where(Authority.slug.in_(slugs)))}


def _approvals(edition: Edition) -> Select[Approval]:
    return select(Approval).where(Approval.kind == Approval.Kind.EDITION, Approval.subject == edition.public_id)


def _words(refusal: Exception | None) -> str:
    return str(REFUSALS[type(refusal)]) if refusal is not None else ""


def _gap_days() -> int:
    settings = _settings()
    return settings.edition_gap_days if settings.limits_apply else 0


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found
