"""Organisers' sessions: rows of the database, so that they can be ended from elsewhere; signers have none.

Only paths under /organise know a session. Until somebody is logged in it is a signed cookie, so that a flood of the
login page writes no row; from then on the cookie is 256 random bits, the row holds their hash, and the contents are
the row's. Logging in therefore always means a new cookie (cases.md G4).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload
from werkzeug.datastructures import CallbackDict

from petitions.config import Settings
from petitions.db import database_time, db
from petitions.models import Member, MemberSession
from petitions.tokens import looks_like_token, new_token, token_hash

COOKIE = "__Host-organiser"
DOOR = "/organise"
MEMBER_KEY = "_user_id"  # Flask-Login's: the member's `fs_uniquifier`
TOUCH_SECONDS = 60  # how exactly idle time is known: a write for every page would be one too many


class DeskSession(CallbackDict[str, Any], SessionMixin):
    """The session of one request; `token` is empty as long as nobody is logged in."""

    def __init__(self, initial: dict[str, Any] | None = None, token: str = "", member_id: int | None = None) -> None:
        super().__init__(initial or {}, _mark_modified)
        self.token = token
        self.member_id = member_id
        self.touches = False
        self.begins = False  # somebody logs in: whatever was there before ends
        self.modified = False


def _mark_modified(session: Any) -> None:
    session.modified = True


class Sessions(SecureCookieSessionInterface):
    session_class = DeskSession  # type: ignore[assignment]

    def __init__(self, settings: Settings) -> None:
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self._absolute = timedelta(hours=settings.session_hours)
        # Only the demonstration, on loopback, is served without TLS; there not every browser takes a secure cookie.
        self._secure = not settings.demonstration
        self._cookie = COOKIE if self._secure else COOKIE.removeprefix("__Host-")

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:  # type: ignore[override]
        if not behind_the_door(request.path):
            return self.make_null_session(app)
        cookie = request.cookies.get(self._cookie, "")
        if looks_like_token(cookie):
            return self._living(cookie) or DeskSession()
        return self._unsigned(app, cookie)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, DeskSession)
        present = session.get(MEMBER_KEY)
        if session.token and not present:
            _writing(lambda bound: _end(bound, session.token))
            session.token = ""
        if not session.modified and not session.touches:
            return
        if present:
            self._store(session, str(present))
            self._give_cookie(response, session.token)
        elif session:
            signer = self.get_signing_serializer(app)
            assert signer is not None
            self._give_cookie(response, str(signer.dumps(dict(session))))
        else:
            response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")
        response.vary.add("Cookie")

    def _unsigned(self, app: Flask, cookie: str) -> DeskSession:
        signer = self.get_signing_serializer(app)
        if not cookie or signer is None:
            return DeskSession()
        try:
            contents = signer.loads(cookie, max_age=int(self._idle.total_seconds()))
        except BadSignature:
            return DeskSession()
        contents.pop(MEMBER_KEY, None)  # only a row makes a member
        return DeskSession(contents)

    def _living(self, token: str) -> DeskSession | None:
        with db.reading() as session:
            row = session.scalars(
                select(MemberSession)
                .where(MemberSession.token_hash == token_hash(token))
                .options(joinedload(MemberSession.member))
            ).one_or_none()
            moment = database_time(session)
            if row is None or not row.lasts(moment, idle=self._idle, absolute=self._absolute):
                return None
            found = DeskSession(dict(row.data), token, row.member_id)
            found.touches = (moment - row.seen_at).total_seconds() > TOUCH_SECONDS
            return found

    def _store(self, session: DeskSession, uniquifier: str) -> None:
        def store(bound: Session) -> None:
            member_id = bound.scalar(
                select(Member.id).where(Member.fs_uniquifier == uniquifier, Member.left_at.is_(None))
            )
            if member_id is None:
                return
            moment = database_time(bound)
            if session.token and member_id == session.member_id and not session.begins:
                _update(bound, session, moment)
                return
            if session.token:
                _end(bound, session.token)
            session.token = new_token()
            bound.add(
                MemberSession(token_hash=token_hash(session.token), member_id=member_id, data=dict(session))
            )

        _writing(store)

    def _give_cookie(self, response: Response, value: str) -> None:
        response.set_cookie(self._cookie, value, path="/", secure=self._secure, httponly=True, samesite="Lax")


def behind_the_door(path: str) -> bool:
    return path == DOOR or path.startswith(f"{DOOR}/")


def _update(bound: Session, session: DeskSession, moment: datetime) -> None:
    bound.execute(
        update(MemberSession)
        .where(MemberSession.token_hash == token_hash(session.token), MemberSession.ended_at.is_(None))
        .values(data=dict(session), seen_at=moment)
        .execution_options(synchronize_session=False)
    )


def _end(bound: Session, token: str) -> None:
    bound.execute(
        update(MemberSession)
        .where(MemberSession.token_hash == token_hash(token), MemberSession.ended_at.is_(None))
        .values(ended_at=database_time(bound), data={})
        .execution_options(synchronize_session=False)
    )


def _writing(act: Callable[[Session], None]) -> None:
    """In a transaction of its own, after the view's: what a view did not commit is not committed here. The request's
    session is given back first, because on SQLite it may hold the one lock of all writers."""
    db.unbind()
    with db.writing() as session:
        act(session)
        session.commit()
