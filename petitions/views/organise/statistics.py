"""How a petition fares, drawn: by day, country, language, choice, text and mail domain."""

from flask import Blueprint, current_app, render_template
from flask_babel import gettext as _

from petitions.auth import guard
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.i18n import choice, country_name, present_language
from petitions.models import statistics as figures
from petitions.models import totals
from petitions.policy import Act
from petitions.views.organise import charts, scope

statistics = Blueprint("organise_statistics", __name__, url_prefix="/organise/petitions/<slug:slug>/statistics")


@statistics.get("")
@guard(Act.SEE_STATISTICS)
def show(slug: str) -> str:
    petition = scope.petition(slug)
    settings: Settings = current_app.config["SETTINGS"]
    days = figures.by_day(db.session, petition, database_time(db.session).date())
    weekly = len(days) > figures.DAYS_BY_DAY
    countries, elsewhere = figures.by_country(db.session, petition, settings.small_country)
    texts = figures.by_text(db.session, petition)
    domains = figures.by_domain(db.session, petition)
    numbers = totals(db.session, petition, petition.log_size)
    return render_template(
        "organise/statistics/show.html",
        petition=petition,
        numbers=numbers,
        over_time=charts.line(figures.weekly(days) if weekly else days),
        weekly=weekly,
        today=days[-1][1],
        countries=charts.bars([*_named(countries), *([(_("Other, or not said"), elsewhere)] if elsewhere else [])]),
        small_country=settings.small_country,
        languages_signed=charts.bars(_by_language(texts)),
        texts=charts.bars((f"{choice(language).name}, {version}", count) for language, version, count in texts),
        disclosures=charts.parts(numbers["by_disclosure"].items()),
        domains=domains,
        letters=sum(domain.letters for domain in domains),
        confirmed=sum(domain.confirmed for domain in domains),
        refusals=figures.refusals(db.session, petition),
    )


def _named(countries: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(country_name(code, present_language()) or code, count) for code, count in countries]


def _by_language(texts: list[tuple[str, int, int]]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for language, _version, count in texts:
        sums[language] = sums.get(language, 0) + count
    return [(choice(language).name, count) for language, count in sorted(sums.items(), key=lambda pair: -pair[1])]
