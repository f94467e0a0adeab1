"""The list of petitions, a petition, its count."""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from petitions.db import db
from petitions.forms.signatures import SignatureForm
from petitions.i18n import present_language
from petitions.models import Petition, PetitionUpdate, PrisonerEvent, Signature
from petitions.security import public_page, reads_arguments
from petitions.views.answers import awaited_answers
from petitions.views.facts import facts_of, public_petition
from petitions.views.situation import situation

PAGE_SIZE, LAST_PAGE = 50, 1_000
SEARCHED = 1_000  # the newest so many are looked through
NAMES_SHOWN = 100
DRAW = 2**31 - 1  # a prime: multiplying by a number below it deals every id a place of its own

petitions = Blueprint("petitions", __name__, url_prefix="/<lang:language>/petitions")


@petitions.get("/")
@public_page
@reads_arguments
def index() -> str:
    wanted = request.args.get("q", "")[:80].strip()
    page = max(1, min(request.args.get("page", 1, int), LAST_PAGE))
    found = search(wanted, page)
    return render_template(
        "petitions/index.html", petitions=found[:PAGE_SIZE], wanted=wanted, page=page, more=len(found) > PAGE_SIZE
    )


@petitions.get("/<slug:slug>")
@public_page
def show(slug: str) -> str:
    petition = public_petition(db.session, slug)
    facts = facts_of(petition)
    language = present_language()
    events = [
        event for event in petition.prisoner.events if event.visibility is PrisonerEvent.Visibility.PUBLIC
    ]
    return render_template(
        "petitions/show.html",
        petition=petition,
        facts=facts,
        text=facts.text_in(language),
        events=events,
        situation=situation(events, datetime.now(UTC).date()),
        awaited=awaited_answers(db.session, petition, datetime.now(UTC).date()),
        public_names=public_names(petition),
        news=PetitionUpdate.last_on_page(db.session, petition.id),
        runs=petition.branch,
        form=SignatureForm(facts.asked(language)),
    )


@petitions.get("/<slug:slug>/count.json")
@public_page
def count(slug: str) -> Response:
    petition = public_petition(db.session, slug)
    return jsonify(
        confirmed=petition.confirmed_count,
        counted_at=petition.counted_at.isoformat() if petition.counted_at else None,
        goal=petition.goal,
    )


def search(wanted: str, page: int) -> list[Petition]:
    """Public petitions, newest first, with the words in a title or a name; one more than a page holds."""
    public = (
        select(Petition)
        .where(Petition.state.in_(_LISTED))
        .order_by(Petition.opened_at.desc(), Petition.id.desc())
        .options(selectinload(Petition.texts), selectinload(Petition.prisoner))
    )
    if not wanted:
        return list(db.session.scalars(public.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)))
    words = wanted.casefold().split()
    newest = db.session.scalars(public.limit(SEARCHED))
    matching = [petition for petition in newest if all(word in _searched(petition) for word in words)]
    return matching[(page - 1) * PAGE_SIZE : page * PAGE_SIZE + 1]


class PublicNames(NamedTuple):
    shown: list[str]
    all: int


def public_names(petition: Petition) -> PublicNames:
    """Signers who asked to be shown here, by the alphabet: their order says nothing about time (cases.md E5).

    Of many, a sample: another one every day, the same all day long, so that it cannot be drawn until all are known.
    """
    if petition.forbids_naming:
        return PublicNames([], 0)
    listed = _listed_here(petition)
    seed = hashlib.sha256(f"{petition.public_id} {datetime.now(UTC).date()}".encode()).digest()
    place = Signature.id * (int.from_bytes(seed[:4]) % (DRAW - 1) + 1) % DRAW
    names = db.session.scalars(
        select(Signature.public_name).where(*listed).order_by(place, Signature.id).limit(NAMES_SHOWN)
    )
    shown = sorted((name for name in names if name), key=str.casefold)
    count = len(shown)
    if count == NAMES_SHOWN:
        count = db.session.scalar(select(func.count()).where(*listed)) or 0
    return PublicNames(shown, count)


def _listed_here(petition: Petition) -> list[ColumnElement[bool]]:
    """Whatever was written when the petition's rules were others, they hold as they are now."""
    counted_only = [*petition.count_only_countries, ""] if petition.count_only_countries else []
    return [
        Signature.petition_id == petition.id,
        Signature.public_name.is_not(None),
        Signature.state == Signature.State.CONFIRMED,
        Signature.country.not_in(counted_only),
    ]


_LISTED = [Petition.State.OPEN, Petition.State.PAUSED, Petition.State.CLOSED, Petition.State.ENDED]


def _searched(petition: Petition) -> str:
    titles = [text.title for text in petition.texts if text.approved_at]
    names = [str(name) for name in petition.prisoner.names.values()]
    return " ".join([*titles, *names, *petition.prisoner.other_spellings]).casefold()
