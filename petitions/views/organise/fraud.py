"""The fraud desk: what looks like one hand, conditions, and the preview of exactly the rows that they mean."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import database_time, db
from petitions.forms.organise.signatures import ConditionsForm
from petitions.i18n import present_language
from petitions.models import (
    AuditEntry,
    Invalidation,
    MailDomain,
    NobodyMatches,
    NothingAsked,
    Petition,
    Trend,
    TrendClosed,
)
from petitions.policy import Act
from petitions.views.organise import scope

SHOWN = 50
Answer = str | Response | tuple[str, int]

fraud = Blueprint("organise_fraud", __name__, url_prefix="/organise/petitions/<slug:slug>/signatures/fraud")


@fraud.get("")
@guard(Act.ASK_INVALIDATION)
def index(slug: str) -> str:
    petition = scope.petition(slug)
    return _index(petition, _form(petition, data=_prefilled(petition)))


@fraud.post("/previews")
@guard(Act.ASK_INVALIDATION)
def preview(slug: str) -> Answer:
    """Freezes what the conditions mean now; nothing happens to it yet."""
    petition = scope.petition(slug)
    form = _form(petition)
    if not form.validate():
        return _index(petition, form), 422
    try:
        made = Invalidation.preview(db.session, petition, current_member(), form.wanted, form.conditions)
    except NothingAsked:
        return _index(petition, form, _("Set at least one condition: without any, all signatures would be meant.")), 422
    except NobodyMatches:
        db.session.rollback()
        refusal = _("No signature meets these conditions. Widen them, and look again.")
        return _index(scope.petition(slug), form, refusal), 422
    db.session.commit()
    return redirect(url_for("organise_invalidations.show", slug=slug, public_id=made.public_id), 303)


@fraud.post("/trends/<public_id>/closure")
@guard(Act.HOLD)
def close_trend(slug: str, public_id: str) -> Answer:
    petition = scope.petition(slug)
    wanted = select(Trend).where(Trend.public_id == public_id, Trend.petition_id == petition.id)
    trend = scope.found(wanted, lock=Trend)
    try:
        trend.close(current_member(), database_time(db.session))
    except TrendClosed:
        flash(_("Somebody else has closed it."))
    else:
        AuditEntry.write(
            db.session, current_member().public_id, "trend.close", trend.public_id,
            kind=trend.kind.value, count=trend.count,
        )
        db.session.commit()
        flash(_("Closed. It comes back if it doubles."))
    return redirect(url_for(".index", slug=slug), 303)


# -- below: how -----------------------------------------------------------------------------------------


def _index(petition: Petition, form: ConditionsForm, refusal: str = "") -> str:
    trends = db.session.scalars(Trend.open().where(Trend.petition_id == petition.id).limit(SHOWN)).all()
    return render_template(
        "organise/fraud/index.html",
        petition=petition,
        form=form,
        refusal=refusal,
        trends=trends,
        domains={str(row): name for row, name in _domains(petition)},
        past=db.session.scalars(
            select(Invalidation)
            .where(
                Invalidation.petition_id == petition.id,
                Invalidation.state.not_in([Invalidation.State.PREVIEWED, Invalidation.State.DROPPED]),
            )
            .options(joinedload(Invalidation.asked_by))
            .order_by(Invalidation.id.desc())
            .limit(SHOWN)
        ).all(),
    )


def _form(petition: Petition, **keywords: Any) -> ConditionsForm:
    return ConditionsForm(present_language(), _domains(petition), **keywords)


def _domains(petition: Petition) -> list[tuple[int, str]]:
    """Those that may be named, by the number of letters."""
    rows = db.session.execute(
        select(MailDomain.id, MailDomain.name)
        .where(MailDomain.petition_id == petition.id, MailDomain.name.is_not(None))
        .order_by(MailDomain.letters.desc())
        .limit(SHOWN)
    )
    return [(row, name) for row, name in rows if name is not None]


def _prefilled(petition: Petition) -> dict[str, Any]:
    """From a link: of a trend, or of a row in the queue."""
    wanted = select(Trend).where(
        Trend.public_id == request.args.get("trend", "")[:24], Trend.petition_id == petition.id
    )
    trend = db.session.scalars(wanted).one_or_none()
    if trend is not None:
        return _conditions_of(trend)
    return {name: request.args.get(name, "")[:24] for name in ("network_of", "confirmed_from", "same_as")}


def _conditions_of(trend: Trend) -> dict[str, Any]:
    kinds: dict[Trend.Kind, dict[str, Any]] = {
        Trend.Kind.NETWORK: {"network_of": trend.example},
        Trend.Kind.CONFIRMATIONS: {"confirmed_from": trend.example, "quick": True},
        Trend.Kind.SAME_CONTENT: {"same_as": trend.example},
        Trend.Kind.MAIL_DOMAIN: {"mail_domain": trend.key, "from_day": trend.first_seen_at.date()},
    }
    return kinds[trend.kind]
