"""The gate in front of everything organisers see: who is there, whether the role allows it, whether to ask again.

It stands before every request under /organise and is closed unless the view names its act: a view that forgot to
is refused (and fails tests/views/organise/test_policy.py).
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from flask import Flask, abort, current_app, g, redirect, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug import Response
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, Unauthorized
from wtforms.validators import ValidationError

from petitions.config import Settings
from petitions.db import db
from petitions.i18n import speak
from petitions.login.sessions import DOOR, MEMBER_KEY, DeskSession, behind_the_door
from petitions.models import Member
from petitions.policy import STEP_UP, WHILE_FROZEN, Act
from petitions.security import FORM_BYTES
from petitions.tokens import token_hash

View = TypeVar("View", bound=Callable[..., Any])

LOGIN, STEP_UP_PAGE = f"{DOOR}/login", f"{DOOR}/verify"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
PROVED_AT = "fs_paa"  # Flask-Security's: when passkey or password were last given
GRACE_SECONDS = 600  # for the POST of a page that was opened in time


class BranchFrozen(HTTPException):
    """Somebody of the branch has frozen it; what was asked for changes or sends something."""

    code = 423
    description = "Locked"


class PageTooOld(BadRequest):
    """The form brought no token of this session: the login ended meanwhile, or the form is not ours."""


class LoggedOut(Unauthorized):
    """Something was sent by who is not logged in (any more)."""


def guard(act: Act) -> Callable[[View], View]:
    """Says what a view is an act of; who may do it is the policy's to say."""

    def mark(view: View) -> View:
        view.act = act  # type: ignore[attr-defined]
        return view

    return mark


def open_to_all(view: View) -> View:
    """For the pages before the login."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def needs_proof(view: View) -> View:
    """For what an open laptop must not do though the act as such is harmless: one's own keys."""
    view.needs_proof = True  # type: ignore[attr-defined]
    return view


def takes_upload(most_bytes: int, *, on_disk: bool = False) -> Callable[[View], View]:
    """Lets a view take a larger body than any other (security.py); `on_disk`: too large for the memory (app.py)."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        view.on_disk = on_disk  # type: ignore[attr-defined]
        return view

    return mark


def current_member() -> Member:
    """Who is logged in; belongs to the request's session. Only behind the gate."""
    member = present_member()
    if member is None:
        raise LoggedOut
    return member


def present_member() -> Member | None:
    if "member" not in g:
        g.member = _find_member()
    return g.member  # type: ignore[no-any-return]


def freshly_proved(seconds: int) -> bool:
    """Whether passkey or password were given within so many seconds."""
    return bool(session.get(MEMBER_KEY)) and time.time() - float(session.get(PROVED_AT, 0)) <= seconds


def admit(member: Member) -> None:
    """Logs in. Nothing of the session before is kept, its cookie least of all (cases.md G4)."""
    session.clear()
    cast(DeskSession, session).begins = True
    session[MEMBER_KEY] = member.fs_uniquifier
    prove()
    g.member = member


def prove() -> None:
    """Notes that passkey or password were given just now."""
    session[PROVED_AT] = time.time()


def dismiss() -> None:
    """Logs out."""
    session.clear()
    g.member = None


def present_token_hash() -> bytes:
    """Which of the member's sessions this is."""
    return token_hash(cast(DeskSession, session).token)


def way_back(asked: str | None) -> str:
    """Where to go after the login: a page of ours behind the door, whatever the address said."""
    parts = urlsplit(asked or "")
    plain = asked is not None and asked.isprintable() and "\\" not in asked  # nor a line break in a header
    ours = plain and not parts.scheme and not parts.netloc and behind_the_door(parts.path)
    return str(asked) if ours else DOOR + "/"


def stand_before(app: Flask, settings: Settings) -> None:
    """Installs the gate."""
    step_up_seconds = settings.step_up_minutes * 60
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session
    app.config["WTF_CSRF_SSL_STRICT"] = False  # origins are checked by security.py

    @app.before_request
    def gate() -> Response | None:
        view = app.view_functions.get(request.endpoint or "")
        most_bytes = getattr(view, "most_bytes", None)
        if most_bytes is not None:
            request.max_content_length = most_bytes
            # Werkzeug counts the 64 KiB that it reads at a time with what is left of those before.
            request.max_form_memory_size = 2 * FORM_BYTES
        if not behind_the_door(request.path):
            return None
        if view is None:
            return None if request.routing_exception else abort(404)
        return _pass(view, step_up_seconds)

    @app.context_processor
    def words() -> dict[str, object]:
        if not behind_the_door(request.path):
            return {"member": None}
        return {"member": present_member(), "may": _may, "may_reach": may_reach, "csrf_field": csrf_field}


def csrf_field() -> Markup:
    """The hidden field that every form of an organiser's page brings."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def may_reach(endpoint: str) -> bool:
    """Whether the member's role opens a page: what cannot be reached is not linked to."""
    member = present_member()
    act = getattr(current_app.view_functions.get(endpoint), "act", None)
    return member is not None and act is not None and member.may(act)


def _pass(view: Callable[..., Any], step_up_seconds: int) -> Response | None:
    member = present_member()
    if member is not None and member.language:
        speak(member.language)
    if request.method not in READING:
        _check_token(member)
    if getattr(view, "open_to_all", False):
        return None
    act: Act | None = getattr(view, "act", None)
    if act is None:
        raise Forbidden
    if member is None:
        if request.method not in READING:
            raise LoggedOut
        return redirect(_with_return(LOGIN, request.full_path.rstrip("?")))
    if not member.may(act):
        raise Forbidden
    if member.branch.frozen_at is not None and act not in WHILE_FROZEN:
        raise BranchFrozen
    if act in STEP_UP or getattr(view, "needs_proof", False):
        grace = 0 if request.method in READING else GRACE_SECONDS
        if not freshly_proved(step_up_seconds + grace):
            return redirect(_with_return(STEP_UP_PAGE, _page_asked_for()), 303)
    return None


def _check_token(member: Member | None) -> None:
    if session.get("csrf_token") is None and member is None:
        raise LoggedOut
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError:
        raise PageTooOld from None


def _find_member() -> Member | None:
    uniquifier = session.get(MEMBER_KEY)
    if not uniquifier:
        return None
    return db.session.scalars(
        select(Member)
        .where(Member.fs_uniquifier == str(uniquifier), Member.left_at.is_(None))
        .options(joinedload(Member.branch))
    ).one_or_none()


def _may(act: str) -> bool:
    member = present_member()
    return member is not None and member.may(Act(act))


def _page_asked_for() -> str:
    """What to open after the proof: the page, or the one whose form was sent."""
    if request.method in READING:
        return request.full_path.rstrip("?")
    return way_back(urlsplit(request.referrer or "").path or request.path)


def _with_return(page: str, back: str) -> str:
    return f"{page}?{urlencode({'next': back})}"
