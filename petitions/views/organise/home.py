"""The desk: what needs somebody now, and how the petitions go."""

from datetime import date, timedelta
from typing import NamedTuple

from flask import Blueprint, current_app, render_template
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from petitions.auth import current_member, guard
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.models import Petition, Signature
from petitions.policy import Act
from petitions.views.organise import charts, scope
from petitions.views.organise.tasks import tasks_of

LINE_DAYS = 30
PETITIONS_SHOWN = 50

home = Blueprint("organise_home", __name__, url_prefix="/organise")


class Going(NamedTuple):
    """A petition and its last month."""

    petition: Petition
    chart: charts.Line
    week: int  # confirmed in the last seven days


@home.get("/")
@guard(Act.LOOK)
def show() -> str:
    settings: Settings = current_app.config["SETTINGS"]
    today = database_time(db.session).date()
    return render_template(
        "organise/home/show.html",
        tasks=tasks_of(db.session, current_member(), today, settings.approval_hours),
        going=_going(today),
        days=LINE_DAYS,
        today=today,
    )


def _going(today: date) -> list[Going]:
    """Published and not over, newest first."""
    petitions = db.session.scalars(
        select(Petition)
        .where(
            Petition.branch_id == scope.branch_id(),
            Petition.state.in_([Petition.State.OPEN, Petition.State.PAUSED]),
        )
        .options(selectinload(Petition.texts), selectinload(Petition.prisoner))
        .order_by(Petition.opened_at.desc(), Petition.id.desc())
        .limit(PETITIONS_SHOWN)
    ).all()
    days = [today - timedelta(days=step) for step in reversed(range(LINE_DAYS))]
    counted = _confirmed_by_day([petition.id for petition in petitions], days[0])
    made = []
    for petition in petitions:
        line = [(day, counted.get((petition.id, day), 0)) for day in days]
        made.append(Going(petition, charts.spark(line), sum(count for _, count in line[-7:])))
    return made


def _confirmed_by_day(petitions: list[int], since: date) -> dict[tuple[int, date], int]:
    rows = db.session.execute(
        select(Signature.petition_id, Signature.confirmed_on, func.count())
        .where(
            Signature.petition_id.in_(petitions),
            Signature.state == Signature.State.CONFIRMED,
            Signature.confirmed_on >= since,
        )
        .group_by(Signature.petition_id, Signature.confirmed_on)
    )
    return {(petition, day): count for petition, day, count in rows if day is not None}
