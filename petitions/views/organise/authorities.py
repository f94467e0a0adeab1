"""The directory of authorities, shared by all branches: found, read, begun, corrected, verified again.

Where documents go is not changed here but in channels.py, which may need two people.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, String, cast, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from werkzeug import Response as Redirect

from petitions.auth import current_member, guard
from petitions.authorities.csv_files import written
from petitions.authorities.profiles import defaults, deviations, profile_of
from petitions.authorities.rows import facts_of, set_row
from petitions.db import database_time, db
from petitions.forms.organise.authorities import AuthorityForm, VerificationForm, WhereForm
from petitions.i18n import countries, country_name, present_language
from petitions.models import Addressee, AuditEntry, Authority, Channel, ChannelChange, Petition
from petitions.models.authority import VERIFIED_DAYS
from petitions.policy import Act
from petitions.translit import matches
from petitions.views.organise import scope
from petitions.views.organise.directory_words import directory_words

Answer = str | Redirect | tuple[str, int]

PAGE_SIZE, LAST_PAGE = 50, 1_000
SHOWN = {"old", "failing", "incomplete"}

authorities = Blueprint("organise_authorities", __name__, url_prefix="/organise/authorities")
authorities.context_processor(directory_words)


@authorities.get("/")
@guard(Act.LOOK)
def index() -> str:
    """Searched in Python: names are in many scripts, and a directory has thousands of rows, not millions."""
    asked = _asked()
    rows = db.session.execute(
        select(Authority.id, Authority.country, Authority.kind, Authority.slug, Authority.names).where(*_where(asked))
    ).all()
    language, words = present_language(), asked["q"]
    named = [(row, str(row.names.get(language) or next(iter(row.names.values()), row.slug))) for row in rows]
    found = sorted(
        (country_name(row.country, language), row.kind.value, name, row.id)
        for row, name in named
        if not words or matches(words, [*map(str, row.names.values()), row.slug.replace("-", " ")])
    )
    page = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    ids = [row[-1] for row in found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    loaded = {one.id: one for one in db.session.scalars(_whole().where(Authority.id.in_(ids)))}
    return render_template(
        "organise/authorities/index.html",
        authorities=[loaded[id_] for id_ in ids],
        count=len(found),
        asked=asked,
        filtered=any(asked.values()),
        page=page,
        more=len(found) > page * PAGE_SIZE,
        countries=_countries(language),
        languages_accepted=_languages(),
        waiting=db.session.scalars(ChannelChange.still_open()).all(),
        today=datetime.now(UTC).date(),
    )


@authorities.get("/directory.csv")
@guard(Act.LOOK)
def download() -> Response:
    text = written(db.session.scalars(_whole().order_by(Authority.country, Authority.slug)))
    headers = {"Content-Disposition": 'attachment; filename="authorities.csv"'}
    return Response("\ufeff" + text, mimetype="text/csv", headers=headers)


@authorities.get("/new")
@guard(Act.DRAFT)
def new() -> str:
    """First country and kind, then everything else, begun as the law there says."""
    kind = next((kind for kind in Authority.Kind if kind.value == request.args.get("kind")), None)
    country = request.args.get("country", "")
    if kind is None or (country not in countries("en")) != (kind is Authority.Kind.INTERNATIONAL):
        return render_template("organise/authorities/where.html", form=WhereForm(request.args), asked=kind is not None)
    begun = {"time_zone": "UTC", "opens": time(9), "closes": time(17), "working_days": [0, 1, 2, 3, 4]}
    values = AuthorityForm.values_of(defaults(country, kind))
    return _form(AuthorityForm(**{**begun, **values, "kind": kind.value, "country": country}))


@authorities.post("/")
@guard(Act.DRAFT)
def create() -> Answer:
    form = AuthorityForm()
    if not form.validate():
        return _form(form), 422
    authority = Authority(slug=form.row.slug, country="", names={}, salutations={}, clocks={}, languages=[])
    set_row(authority, form.row)
    db.session.add(authority)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        form.slug.errors = [_("Another authority has this short name. Choose another, or look for that one first.")]
        return _form(form), 422
    return _saved(authority, "authority.new", _("The authority is in the directory. Say now how it takes documents."))


@authorities.get("/<slug:slug>")
@guard(Act.LOOK)
def show(slug: str) -> str:
    authority = found(slug)
    changes = db.session.scalars(ChannelChange.of(authority)).all()
    return render_template(
        "organise/authorities/show.html",
        authority=authority,
        profile=profile_of(authority),
        deviations=deviations(authority),
        open_changes={change.kind: change for change in changes if change.open},
        past_changes=[change for change in changes if not change.open],
        missing=[kind for kind in Channel.Kind if authority.channel(kind) is None],
        petitions=db.session.scalars(_own_petitions(authority)).all(),
        used=ChannelChange.guards(db.session, authority),
        moment=database_time(db.session),
        form=VerificationForm(),
    )


@authorities.get("/<slug:slug>/edit")
@guard(Act.DRAFT)
def edit(slug: str) -> str:
    authority = found(slug)
    values = AuthorityForm.values_of(facts_of(authority))
    form = AuthorityForm(
        slug=authority.slug, **{**values, "opens": authority.opens, "closes": authority.closes}
    )
    return _form(_without_post(form, authority), authority)


@authorities.post("/<slug:slug>")
@guard(Act.DRAFT)
def update(slug: str) -> Answer:
    authority = found(slug)
    form = _without_post(AuthorityForm(slug=authority.slug), authority)
    if not form.validate():
        return _form(form, authority), 422
    fields = set_row(authority, form.row)
    return _saved(authority, "authority.change", _("Saved."), fields=fields)


@authorities.post("/<slug:slug>/verification")
@guard(Act.DRAFT)
def verify(slug: str) -> Answer:
    authority, form = found(slug), VerificationForm()
    if not form.validate():
        return render_template("organise/authorities/verification.html", authority=authority, form=form), 422
    today = database_time(db.session).date()
    authority.verify(today, form.source.data or "", current_member().branch)
    said = _("Marked as verified today, and the source is kept.")
    return _saved(authority, "authority.verify", said, source=form.source.data)


def found(slug: str) -> Authority:
    """Of any branch: the directory is shared."""
    return scope.found(_whole().where(Authority.slug == slug))


# -- below: how ---------------------------------------------------------------------------------------


def _whole() -> Select[Authority]:
    return select(Authority).options(selectinload(Authority.channels))


def _asked() -> dict[str, str]:
    """What is looked for; what makes no sense is not heard."""
    names = ("q", "country", "kind", "language", "show")
    asked = {name: request.args.get(name, "")[:100].strip() for name in names}
    asked["kind"] = asked["kind"] if asked["kind"] in set(Authority.Kind) else ""
    asked["show"] = asked["show"] if asked["show"] in SHOWN else ""
    return asked


def _where(asked: dict[str, str]) -> list[ColumnElement[bool]]:
    live = Channel.retired_at.is_(None) & (Channel.authority_id == Authority.id)
    conditions: list[ColumnElement[bool]] = []
    if asked["country"]:
        conditions.append(Authority.country == ("" if asked["country"] == "--" else asked["country"]))
    if asked["kind"]:
        conditions.append(Authority.kind == Authority.Kind(asked["kind"]))
    if asked["language"]:  # a list in JSON: the quotes keep "en" from being found in "enm"
        conditions.append(cast(Authority.languages, String).contains(f'"{asked["language"]}"', autoescape=True))
    if asked["show"] == "old":
        oldest = database_time(db.session).date() - timedelta(days=VERIFIED_DAYS)
        conditions.append(or_(Authority.verified_on.is_(None), Authority.verified_on < oldest))
    if asked["show"] == "failing":
        conditions.append(exists().where(live, Channel.failing_since.is_not(None)))
    if asked["show"] == "incomplete":
        conditions.append(~exists().where(live, Channel.address != "", Channel.failing_since.is_(None)))
    return conditions


def _countries(language: str) -> list[tuple[str, str]]:
    codes = db.session.scalars(select(Authority.country).distinct())
    named = sorted((country_name(code, language) or code, code) for code in codes if code)
    return [(code, name) for name, code in named]


def _languages() -> list[str]:
    return sorted({code for codes in db.session.scalars(select(Authority.languages)) for code in codes})


def _own_petitions(authority: Authority) -> Select[Petition]:
    """What of other branches writes there is their business."""
    return (
        select(Petition)
        .join(Addressee, Addressee.petition_id == Petition.id)
        .where(Addressee.authority_id == authority.id, Petition.branch_id == scope.branch_id())
        .order_by(Petition.slug)
    )


def _without_post(form: AuthorityForm, authority: Authority) -> AuthorityForm:
    """Where the post goes to this address, it is changed as that channel is."""
    if authority.channel(Channel.Kind.POST) is not None:
        del form.postal_address
    return form


def _form(form: AuthorityForm, authority: Authority | None = None) -> str:
    return render_template("organise/authorities/form.html", form=form, authority=authority)


def _saved(authority: Authority, verb: str, said: str, **details: Any) -> Redirect:
    member = current_member()
    authority.changed_at, authority.changed_by = database_time(db.session), member.branch
    AuditEntry.write(db.session, member.public_id, verb, authority.public_id, slug=authority.slug, **details)
    db.session.commit()
    flash(said)
    return redirect(url_for("organise_authorities.show", slug=authority.slug), 303)
