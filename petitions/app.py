"""Puts the web application together: configuration, database, protection, pages."""

import hashlib
import secrets
import time
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from wsgiref.headers import Headers

import structlog
from flask import Flask, Response, current_app, g, request
from flask import Request as FlaskRequest
from itsdangerous import URLSafeTimedSerializer
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from petitions import auth, i18n, logs, security
from petitions.config import Settings, load
from petitions.db import NotConnected, db
from petitions.limits import Limits
from petitions.login import accounts
from petitions.login.sessions import Sessions
from petitions.logs import ExcInfo
from petitions.pagecache import PageCache
from petitions.views.documents import documents
from petitions.views.errors import answer_errors
from petitions.views.evidence import evidence
from petitions.views.facts import FactsCache
from petitions.views.links import links
from petitions.views.media import media
from petitions.views.organise.doors import BLUEPRINTS
from petitions.views.outbox import outbox
from petitions.views.own import own
from petitions.views.pages import pages
from petitions.views.petitions import petitions
from petitions.views.prose import prose
from petitions.views.reports import reports
from petitions.views.signatures import signatures
from petitions.views.subscriptions import subscriptions

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
READING = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger(__name__)


class Request(FlaskRequest):
    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        """In memory: Werkzeug would write a large upload to a temporary file as it came, unsealed. What is too large
        for that and nobody's secret goes to a file without a name, which is gone when the request is over."""
        view = current_app.view_functions.get(self.endpoint or "")
        return TemporaryFile() if getattr(view, "on_disk", False) else BytesIO()


class Site(Flask):
    request_class = Request

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Type and place; Flask's own would print the message, and with it what was typed."""
        log.error("request.failed", request_id=g.get("request_id"), **logs.place_of(exc_info))


def create_app(settings: Settings | None = None) -> Flask:
    settings = settings or load()
    logs.configure()
    app = Site(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.session_interface = Sessions(settings)
    app.config["SETTINGS"] = settings
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value() or secrets.token_urlsafe()
    app.config["INDEX_KEY"] = settings.index_key.get_secret_value().encode()
    app.config["SECRET_KEY_FALLBACKS"] = [key.get_secret_value() for key in settings.secret_key_fallbacks]
    app.config["CHECK_TOKEN_SECONDS"] = settings.check_token_hours * 3600
    app.extensions["check_tokens"] = URLSafeTimedSerializer(
        [*(key.get_secret_value() for key in settings.secret_key_fallbacks), app.config["SECRET_KEY"]],
        salt="check page",
    )
    app.extensions["limits"] = Limits(settings)
    app.extensions["petition_facts"] = FactsCache()
    _use_database(app, settings)
    _log_requests(app)
    app.url_map.converters["slug"] = security.Slug
    i18n.teach(app, settings.languages)
    cache = _wrap(app, settings)
    security.protect(app, settings, cache)
    auth.stand_before(app, settings)
    accounts.install(app, settings)
    _set_up_templates(app, settings)
    for blueprint in (
        pages, petitions, signatures, own, links, subscriptions, documents, evidence, media, reports, *BLUEPRINTS
    ):
        app.register_blueprint(blueprint)
    if settings.demonstration:
        app.register_blueprint(outbox)
    answer_errors(app)
    return app


def _use_database(app: Flask, settings: Settings) -> None:
    try:
        _ = db.engine
    except NotConnected:
        db.connect(settings.database)

    @app.before_request
    def bind_session() -> None:
        db.bind(db.reading() if request.method in READING else db.writing())

    @app.teardown_request
    def unbind_session(_error: BaseException | None) -> None:
        db.unbind()


def _log_requests(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.request_id = secrets.token_hex(6)
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        milliseconds = round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None
        log.info(
            "request", id=g.get("request_id"), route=request.endpoint, status=response.status_code, ms=milliseconds
        )
        return response


def _set_up_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(prose=prose, partial_date=i18n.partial_date, momentformat=i18n.moment)

    @app.context_processor
    def words() -> dict[str, object]:
        language = i18n.present_language()
        return {
            "asset": asset,
            "country_name": i18n.country_name,
            "country_options": i18n.country_options,
            "direction": i18n.choice(language).direction,
            "language": language,
            "language_name": language_name,
            "languages": app.config["LANGUAGES"],
            "site": settings,
        }


def _wrap(app: Flask, settings: Settings) -> PageCache:
    """From the outside in: kept pages, static files, the proxies we trust, the app."""
    inner = app.wsgi_app
    if settings.trusted_proxies:
        inner = ProxyFix(inner, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)
    headers = security.all_headers(settings)

    def add_headers(to: Headers, _path: str, _url: str) -> None:
        for name, value in headers:
            to[name] = value

    files = WhiteNoise(
        inner,
        root=STATIC,
        prefix="static",
        allow_all_origins=False,
        add_headers_function=add_headers,
        immutable_file_test=lambda _path, _url: True,  # every address of a file carries its hash
    )
    cache = PageCache(files, settings.count_seconds)
    app.wsgi_app = cache  # type: ignore[method-assign]
    return cache


def language_name(code: str) -> str:
    """In the language itself."""
    return i18n.choice(code).name


@lru_cache(maxsize=64)
def asset(path: str) -> str:
    """The address of a static file, with its hash: it may be kept for ever."""
    return f"/static/{path}?v={hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]}"
