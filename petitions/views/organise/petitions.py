"""A branch's petitions: the list, a new one, and the overview of one with what it still needs."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import exists, select
from sqlalchemy.orm import selectinload
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.forms.organise.petitions import LimitsForm, NewPetitionForm, suggested_slug
from petitions.i18n import present_language
from petitions.models import AuditEntry, Member, Petition, Prisoner, Proposal, UnderReview
from petitions.policy import Act
from petitions.readiness import Line, checklist
from petitions.views.organise import scope
from petitions.views.organise.refusals import answer_refusals
from petitions.views.organise.standing import STATES, next_step

Answer = str | Response | tuple[str, int]

petitions = Blueprint("organise_petitions", __name__, url_prefix="/organise/petitions")
answer_refusals(petitions)


@petitions.get("/")
@guard(Act.LOOK)
def index() -> str:
    found = db.session.scalars(
        select(Petition)
        .where(Petition.branch_id == scope.branch_id())
        .order_by(Petition.id.desc())
        .options(selectinload(Petition.texts), selectinload(Petition.prisoner))
    ).all()
    live = [petition for petition in found if not petition.over]
    return render_template(
        "organise/petitions/index.html",
        live=live,
        over=[petition for petition in found if petition.over],
        next_steps={petition.id: next_step(petition) for petition in found},
        states=STATES,
    )


@petitions.get("/new")
@guard(Act.DRAFT)
def new() -> str:
    form = NewPetitionForm(_cases(), formdata=None)
    form.prisoner.data = request.args.get("prisoner", "")
    return render_template("organise/petitions/new.html", form=form)


@petitions.post("/")
@guard(Act.DRAFT)
def create() -> Answer:
    form = NewPetitionForm(_cases(), formdata=request.form)
    if not form.validate():
        return render_template("organise/petitions/new.html", form=form), 422
    prisoner = scope.prisoner(form.prisoner.data)
    slug = form.slug.data or suggested_slug(prisoner.name_in("en")) or prisoner.public_id
    if db.session.scalar(select(exists().where(Petition.slug == slug))):
        form.slug.data = slug = _free(slug)
        form.slug.errors = [_("Another petition has this address. “%(slug)s” is free.", slug=slug)]
        return render_template("organise/petitions/new.html", form=form), 422
    petition = Petition(branch_id=prisoner.branch_id, prisoner=prisoner, slug=slug, goal=form.goal.data)
    petition.count_only_countries = []
    db.session.add(petition)
    db.session.flush()
    AuditEntry.write(db.session, current_member().public_id, "petition.new", petition.public_id, slug=slug)
    db.session.commit()
    flash(_("The petition is a draft now. Nobody sees it until two of you have published it."))
    return redirect(url_for(".show", slug=slug), 303)


@petitions.get("/<slug:slug>")
@guard(Act.LOOK)
def show(slug: str) -> str:
    petition = scope.petition(slug)
    unpublished = petition.opened_at is None and not petition.over
    return render_template(
        "organise/petitions/show.html",
        petition=petition,
        states=STATES,
        next=next_step(petition),
        lines=lines_of(petition) if unpublished else [],
        waiting=waiting_for(petition),
        asked_by_me=current_member().id,
        stage=petition.stage(),
    )


@petitions.get("/<slug:slug>/limits")
@guard(Act.DRAFT)
def limits(slug: str) -> str:
    petition = scope.petition(slug)
    return _limits_page(petition, _limits_form(petition))


@petitions.post("/<slug:slug>/limits")
@guard(Act.DRAFT)
def change_limits(slug: str) -> Answer:
    petition = scope.petition(slug, lock=True)
    form = _limits_form(petition)
    if not form.validate():
        return _limits_page(petition, form), 422
    if not petition.editable:
        raise UnderReview
    petition.limit(forbids_naming=form.forbids_naming.data, count_only_countries=form.countries)
    petition.goal, petition.closes_at = form.goal.data or petition.goal, form.closes_at
    AuditEntry.write(
        db.session, current_member().public_id, "petition.limits", petition.public_id, goal=petition.goal,
        closes_at=petition.closes_at.isoformat() if petition.closes_at else "",
        forbids_naming=petition.forbids_naming, count_only_countries=petition.count_only_countries,
    )
    db.session.commit()
    flash(_("Saved."))
    return redirect(url_for(".show", slug=slug), 303)


@petitions.get("/<slug:slug>/review")
@guard(Act.APPROVE_PUBLICATION)
def review(slug: str) -> str:
    petition = scope.petition(slug)
    return render_template("organise/petitions/review.html", petition=petition, stage=petition.stage())


@petitions.post("/<slug:slug>/review")
@guard(Act.APPROVE_PUBLICATION)
def end_review(slug: str) -> Response:
    """Somebody has looked: addressees, texts and demand still fit after what happened to the prisoner."""
    petition = scope.petition(slug, lock=True)
    petition.reviewed()
    AuditEntry.write(db.session, current_member().public_id, "petition.reviewed", petition.public_id)
    db.session.commit()
    flash(_("Reviewed. Deliveries that were held meanwhile wait on the delivery board until somebody releases them."))
    return redirect(url_for(".show", slug=slug), 303)


# -- below: how ---------------------------------------------------------------------------------------


def lines_of(petition: Petition) -> list[Line]:
    """The checklist as it is for whoever looks; in review, for whoever asked."""
    asked = [one for one in waiting_for(petition) if one.kind is Proposal.Kind.PUBLICATION]
    owners = db.session.scalars(
        select(Member.id).where(
            Member.branch_id == petition.branch_id, Member.role == Member.Role.OWNER, Member.left_at.is_(None)
        )
    )
    asking = asked[0].asked_by_id if asked else current_member().id
    return checklist(petition, list(owners), asking)


def waiting_for(petition: Petition) -> list[Proposal]:
    """What waits for a second person on this petition."""
    waiting = db.session.scalars(Proposal.waiting(petition.branch_id))
    return [proposal for proposal in waiting if proposal.details.get("petition") == petition.public_id]


def _cases() -> list[tuple[str, str]]:
    prisoners = db.session.scalars(select(Prisoner).where(Prisoner.branch_id == scope.branch_id()))
    named = sorted((prisoner.name_in(present_language()), prisoner.public_id) for prisoner in prisoners)
    return [(public_id, name) for name, public_id in named]


def _free(slug: str) -> str:
    """The address with the first number that no petition has."""
    taken = set(db.session.scalars(select(Petition.slug).where(Petition.slug.like(f"{slug[:70]}%"))))
    number = next(number for number in range(2, len(taken) + 3) if f"{slug[:70]}-{number}" not in taken)
    return f"{slug[:70]}-{number}"


def _limits_form(petition: Petition) -> LimitsForm:
    settings: Settings = current_app.config["SETTINGS"]
    formdata = request.form if request.method == "POST" else None
    return LimitsForm(petition, settings.punishing_countries, present_language(), formdata)


def _limits_page(petition: Petition, form: LimitsForm) -> str:
    return render_template(
        "organise/petitions/limits.html", petition=petition, form=form, now=database_time(db.session)
    )
