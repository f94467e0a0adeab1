"""Pages that belong to no petition, and bare addresses, which lead to a language."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request
from sqlalchemy import exists, select, text
from werkzeug import Response as AnyResponse

from petitions.config import Settings
from petitions.db import db
from petitions.i18n import present_language
from petitions.models import Branch
from petitions.security import public_page
from petitions.views.petitions import search

SHOWN_AT_HOME = 12

pages = Blueprint("pages", __name__)


@pages.get("/")
@pages.get("/about")
@pages.get("/privacy")
@pages.get("/petitions/")
@pages.get("/report")
@pages.get("/petitions/<slug:slug>")
def choose_language(slug: str = "") -> AnyResponse:  # noqa: ARG001 - it stays in the path
    """The same address in the reader's language."""
    query = urlencode(list(request.args.items(multi=True)))
    answer = redirect(f"/{present_language()}{request.path}{'?' if query else ''}{query}", 302)
    answer.vary.add("Accept-Language")
    return answer


@pages.get("/<lang:language>/")
@public_page
def home() -> str:
    takes_reports = db.session.scalar(select(exists().where(Branch.takes_reports)))
    return render_template(
        "pages/home.html", petitions=search("", 1)[:SHOWN_AT_HOME], takes_reports=takes_reports
    )


@pages.get("/<lang:language>/about")
@public_page
def about() -> str:
    return render_template("pages/about.html")


@pages.get("/<lang:language>/privacy")
@public_page
def privacy() -> str:
    return render_template("pages/privacy.html")


@pages.get("/<lang:language>/shared-computer")
def shared_computer() -> Response:
    """For a reader who leaves a computer that is not hers: asks the browser to forget this site."""
    answer = Response(render_template("pages/shared_computer.html"))
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer


@pages.get("/health")
def health() -> Response:
    """For a supervisor: this process answers and reaches its database."""
    db.session.execute(text("SELECT 1"))
    return Response("ok\n", mimetype="text/plain")


@pages.get("/robots.txt")
@public_page
def robots() -> Response:
    return Response("User-agent: *\nDisallow: /s/\nDisallow: /dev/\n", mimetype="text/plain")


@pages.get("/.well-known/security.txt")
@public_page
def security_contact() -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    expires = (datetime.now(UTC) + timedelta(days=90)).strftime("%Y-%m-%dT00:00:00Z")
    return Response(f"Contact: mailto:{settings.mail_from}\nExpires: {expires}\n", mimetype="text/plain")
