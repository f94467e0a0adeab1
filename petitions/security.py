"""What every answer carries and every form must bring: headers, cache rules, trusted hosts, same-origin forms."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.routing import BaseConverter

from petitions.config import Door, Settings
from petitions.login.sessions import behind_the_door
from petitions.pagecache import PageCache

P = ParamSpec("P")
R = TypeVar("R")

ONE_CLICK = "subscriptions.end"  # mail providers press it for their readers (RFC 8058)
FORM_BYTES = 64 * 1024
FORM_PARTS = 40
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    ("Content-Security-Policy", CONTENT_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # with "no-referrer" browsers send `Origin: null` from our own forms
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"),
)
HSTS = ("Strict-Transport-Security", "max-age=31536000")


class Slug(BaseConverter):
    """What a petition's address may be made of; anything else is no page, and reaches no header and no database."""

    regex = "[a-z0-9-]{1,80}"


def protect(app: Flask, settings: Settings, cache: PageCache) -> None:
    """Installs everything of this module on the app."""
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = FORM_BYTES
    app.config["MAX_FORM_PARTS"] = FORM_PARTS
    app.config["TRUSTED_HOSTS"] = trusted_hosts(settings)
    headers = all_headers(settings)
    app.config["PAGE_SECONDS"] = settings.count_seconds
    own_origin = _origin(settings.base_url)

    @app.before_request
    def keep_to_the_door() -> None:
        if settings.door is not Door.BOTH and behind_the_door(request.path) != (settings.door is Door.ORGANISERS):
            abort(404)

    @app.before_request
    def refuse_foreign_forms() -> None:
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            _refuse_other_types()
            if request.endpoint != ONE_CLICK:
                _refuse_other_origins(own_origin)

    @app.after_request
    def finish(response: Response) -> Response:
        for name, value in headers:
            response.headers.setdefault(name, value)  # a view may be stricter (views/media.py)
        page_seconds = g.get("page_seconds")
        if page_seconds is None or response.status_code != 200:
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
            return response
        response.headers["Cache-Control"] = f"public, max-age={page_seconds}"  # stale nowhere: pages get hidden (M14)
        plain = not g.get("reads_arguments")
        if request.method == "GET" and (plain or not request.query_string):
            host = request.environ.get("HTTP_HOST", "")
            cache.keep(request.environ["PATH_INFO"], host, response, any_query=plain)
        return response


def public_page(view: Callable[P, R]) -> Callable[P, R]:
    """The same for every reader: may be kept by caches, ours and others'. All else is in no cache and no index."""

    @wraps(view)
    def answer(*args: P.args, **keywords: P.kwargs) -> R:
        g.page_seconds = current_app.config["PAGE_SECONDS"]
        return view(*args, **keywords)

    return answer


def reads_arguments(view: Callable[P, R]) -> Callable[P, R]:
    """For a public page that is another one with another query; all others are shown whatever stands after the `?`."""

    @wraps(view)
    def answer(*args: P.args, **keywords: P.kwargs) -> R:
        g.reads_arguments = True
        return view(*args, **keywords)

    return answer


def all_headers(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Also for static files, which do not pass through the app."""
    return (*HEADERS, HSTS) if settings.base_url.startswith("https://") else HEADERS


def trusted_hosts(settings: Settings) -> list[str]:
    hosts = [settings.host, *settings.trusted_hosts]
    return [*hosts, "localhost", "127.0.0.1", "[::1]"] if settings.demonstration else hosts


def _refuse_other_types() -> None:
    if request.mimetype not in FORM_TYPES and (request.mimetype or request.content_length):
        raise UnsupportedMediaType


def _refuse_other_origins(own_origin: str) -> None:
    """A form on another site may not act here (cases.md F-4). Browsers that send neither header pass: every form
    also brings a token, in a field or in its address."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        abort(403)
    if origin is None or (origin == "null" and site == "same-origin"):
        return
    if origin != own_origin and _host(origin) != request.host:
        abort(403)


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as "http://["
        return None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
