"""Cases: who is in prison, what is known, what is still missing before anything is published."""

from enum import StrEnum

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import db
from petitions.forms.organise.parts import lines_of
from petitions.forms.organise.prisoners import HARM_WORDS, KIND_WORDS, PrisonerForm
from petitions.models import AuditEntry, Prisoner, Report
from petitions.models.timeline import petitions_of
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.cases import gate_steps, petition_states
from petitions.views.situation import Status, situation_of

Answer = str | Response | tuple[str, int]
PAGE_SIZE, LAST_PAGE = 50, 1_000

prisoners = Blueprint("organise_prisoners", __name__, url_prefix="/organise/prisoners")


class Shown(StrEnum):
    """Which cases the list shows."""

    ALL = "all"
    MISSING = "missing"  # not to be published yet
    READY = "ready"
    REVIEW = "review"  # the consent has to be asked for again
    OVER = "over"  # released, or died


@prisoners.get("")
@guard(Act.LOOK)
def index() -> str:
    wanted = request.args.get("q", "")[:80].strip()
    shown = Shown(request.args["show"]) if request.args.get("show") in set(Shown) else Shown.ALL
    page = max(1, min(request.args.get("page", 1, int), LAST_PAGE))
    every = Prisoner.named(db.session, scope.branch_id(), wanted)
    found = [prisoner for prisoner in every if shown is Shown.ALL or shown in _groups(prisoner)]
    start = (page - 1) * PAGE_SIZE
    return render_template(
        "organise/prisoners/index.html", found=found[start : start + PAGE_SIZE], wanted=wanted, shown=shown, page=page,
        counts={one: sum(one in _groups(prisoner) for prisoner in every) for one in Shown}, all=len(every),
        more=len(found) > start + PAGE_SIZE, situation_of=situation_of, Shown=Shown,
    )


@prisoners.get("/new")
@guard(Act.DRAFT)
def new() -> str:
    return render_template("organise/prisoners/new.html", form=PrisonerForm(), report=None)


@prisoners.post("")
@guard(Act.DRAFT)
def create() -> Answer:
    """Once more with “none of these” where the same person may be there already."""
    member, form, report = current_member(), PrisonerForm(), _report()
    if not form.validate():
        return render_template("organise/prisoners/new.html", form=form, report=report), 422
    if "none_of_these" not in request.form and (alike := _alike(form)):
        ours = [prisoner for prisoner in alike if prisoner.branch_id == member.branch_id]
        typed = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
        return render_template(
            "organise/prisoners/alike.html", ours=ours, elsewhere=len(ours) < len(alike), typed=typed, form=form,
            report=report,
        ), 409
    prisoner = Prisoner(branch=member.branch)
    form.write_to(prisoner)
    db.session.add(prisoner)
    db.session.flush()
    if report is not None:
        report.join(prisoner)
        AuditEntry.write(db.session, member.public_id, "report.join", report.public_id, prisoner=prisoner.public_id)
    AuditEntry.write(db.session, member.public_id, "prisoner.new", prisoner.public_id)
    db.session.commit()
    flash(_("The case is saved. Below stands what is still missing before anything can be published."))
    return redirect(url_for(".show", public_id=prisoner.public_id), 303)


@prisoners.get("/<public_id>")
@guard(Act.LOOK)
def show(public_id: str) -> str:
    prisoner = scope.prisoner(public_id)
    petitions = petitions_of(db.session, prisoner)
    reports = db.session.scalars(select(Report).where(Report.prisoner_id == prisoner.id).order_by(Report.id)).all()
    return render_template(
        "organise/prisoners/show.html", prisoner=prisoner, petitions=petition_states(petitions), reports=reports,
        gate=gate_steps(prisoner), KIND_WORDS=KIND_WORDS, HARM_WORDS=HARM_WORDS, situation=situation_of(prisoner),
    )


@prisoners.get("/<public_id>/edit")
@guard(Act.DRAFT)
def edit(public_id: str) -> str:
    prisoner = scope.prisoner(public_id)
    return render_template("organise/prisoners/edit.html", prisoner=prisoner, form=PrisonerForm.showing(prisoner))


@prisoners.post("/<public_id>")
@guard(Act.DRAFT)
def update(public_id: str) -> Answer:
    prisoner, form = scope.prisoner(public_id), PrisonerForm()
    if not form.validate():
        return render_template("organise/prisoners/edit.html", prisoner=prisoner, form=form), 422
    form.write_to(prisoner)
    AuditEntry.write(db.session, current_member().public_id, "prisoner.edit", prisoner.public_id)
    db.session.commit()
    flash(_("The case is saved. Editions that are frozen already keep what was known on their day."))
    return redirect(url_for(".show", public_id=public_id), 303)


def _alike(form: PrisonerForm) -> list[Prisoner]:
    names = [*form.names.data.values(), *lines_of(form.other_spellings.data)]
    return Prisoner.perhaps_same(db.session, names, form.birth_year.data)


def _report() -> Report | None:
    """The one that this case is made from, if any."""
    public_id = request.form.get("report")
    if not public_id:
        return None
    return scope.found(
        select(Report).where(Report.public_id == public_id, Report.branch_id == scope.branch_id()), lock=Report
    )


def _groups(prisoner: Prisoner) -> set[Shown]:
    over = situation_of(prisoner).status in {Status.RELEASED, Status.DIED}
    groups = {Shown.ALL, Shown.READY if prisoner.publishable else Shown.MISSING}
    return groups | ({Shown.REVIEW} if prisoner.review_overdue() else set()) | ({Shown.OVER} if over else set())
