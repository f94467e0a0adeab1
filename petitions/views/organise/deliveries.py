"""The board: every delivery of the branch in the lane where it stands, with the clocks that run on it."""

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from petitions.auth import guard
from petitions.db import database_time, db
from petitions.models import Addressee, Authority, Clock, Delivery, Document, Edition, Petition, Volume
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.board import SETTLED, Card, lanes, of_branch

SHOWN = 300  # the newest so many; who looks for older ones filters
UNSETTLED_FIRST = Delivery.state.in_(SETTLED)

deliveries = Blueprint("organise_deliveries", __name__, url_prefix="/organise/deliveries")


@deliveries.get("")
@guard(Act.LOOK)
def index() -> str:
    slug, authority = request.args.get("petition", "")[:80], request.args.get("authority", "")[:80]
    wanted = of_branch(scope.branch_id())
    if slug:
        wanted = wanted.where(Petition.slug == slug)
    if authority:
        wanted = (
            wanted.join(Addressee, Document.addressee_id == Addressee.id)
            .join(Authority, Addressee.authority_id == Authority.id)
            .where(Authority.slug == authority)
        )
    found = db.session.scalars(
        wanted.order_by(None)
        .order_by(UNSETTLED_FIRST, Delivery.created_at.desc(), Delivery.id.desc())
        .limit(SHOWN + 1)
        .options(
            joinedload(Delivery.channel),
            joinedload(Delivery.volume).joinedload(Volume.document).joinedload(Document.edition),
            joinedload(Delivery.volume).joinedload(Volume.document).selectinload(Document.volumes),
            joinedload(Delivery.volume)
            .joinedload(Volume.document)
            .joinedload(Document.addressee)
            .selectinload(Addressee.authority),
        )
    ).all()
    moment = database_time(db.session)
    return render_template(
        "organise/deliveries/index.html",
        lanes=lanes(_cards(found[:SHOWN])),
        more=len(found) > SHOWN,
        any=bool(found),
        petitions=_petitions(),
        authorities=_authorities(),
        slug=slug,
        authority=authority,
        moment=moment,
        today=moment.date(),
    )


def _cards(found: Sequence[Delivery]) -> list[Card]:
    clocks: dict[int, list[Clock]] = {}
    for clock in db.session.scalars(
        select(Clock)
        .where(Clock.delivery_id.in_([delivery.id for delivery in found]))
        .order_by(Clock.due_on, Clock.id)
    ):
        clocks.setdefault(clock.delivery_id, []).append(clock)
    return [Card(delivery, tuple(clocks.get(delivery.id, ()))) for delivery in found]


def _petitions() -> Sequence[Petition]:
    """Those that have editions."""
    with_editions = select(Edition.petition_id)
    return db.session.scalars(
        select(Petition)
        .where(Petition.branch_id == scope.branch_id(), Petition.id.in_(with_editions))
        .options(selectinload(Petition.texts))
        .order_by(Petition.slug)
    ).all()


def _authorities() -> Sequence[Authority]:
    """Those that a document was made for."""
    addressed = (
        select(Addressee.authority_id)
        .join(Petition, Addressee.petition_id == Petition.id)
        .where(Petition.branch_id == scope.branch_id())
    )
    return db.session.scalars(select(Authority).where(Authority.id.in_(addressed)).order_by(Authority.slug)).all()
