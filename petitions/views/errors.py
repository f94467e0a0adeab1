"""Refusals and failures, in words that say what to do. Never a trace, never what was typed."""

import sys

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from petitions.db import DatabaseBusy
from petitions.login.sessions import behind_the_door
from petitions.logs import place_of
from petitions.models import JustLetIn
from petitions.replycode import CodesBusy
from petitions.views.own import LinkWrong

RETRY_SECONDS = 5

log = structlog.get_logger(__name__)


def answer_errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(SecurityError, wrong_host)
    app.register_error_handler(LinkWrong, link_wrong)
    app.register_error_handler(JustLetIn, just_let_in)
    for kind in (CodesBusy, DatabaseBusy, OperationalError, PoolExhausted):
        app.register_error_handler(kind, busy)


def refused(error: HTTPException) -> AnyResponse:
    code = error.code or 500
    answer = make_response(_page(code), code)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            answer.headers[name] = value
    return answer


def wrong_host(_error: SecurityError) -> AnyResponse:
    """No page of ours: its links would lead to the host that was asked for."""
    return Response(_("This site does not answer to that name.") + "\n", 400, mimetype="text/plain")


def link_wrong(_error: LinkWrong) -> AnyResponse:
    return make_response(render_template("own/wrong.html"), 404)


def just_let_in(_error: JustLetIn) -> AnyResponse:
    return make_response(render_template("organise/just_let_in.html"), 409)


def busy(_error: Exception) -> AnyResponse:
    """The database did not take it in time; nothing was stored."""
    log.warning("request.database_busy", request_id=g.get("request_id"), **place_of(sys.exc_info()))
    answer = make_response(_page(503), 503)
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _page(code: int) -> str:
    if behind_the_door(request.path):
        return render_template("organise/refused.html", code=code, request_id=g.get("request_id"))
    return render_template(
        "errors/error.html",
        code=code,
        gone_state=g.get("gone_state"),
        gone_because=g.get("gone_because"),
        request_id=g.get("request_id"),
    )
