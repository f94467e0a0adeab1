"""What an authority fetches that did not come attached: the token in the address is the key to the files.

GET shows what there is, only the button downloads and counts: mail scanners follow links. No line is written about who
fetched; a refused file is named by the link's id alone.
"""

from datetime import datetime

import structlog
from flask import Blueprint, current_app, make_response, render_template, request
from werkzeug import Response
from werkzeug.exceptions import TooManyRequests

from petitions import tokens
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.i18n import speak
from petitions.limits import HOUR, Limits
from petitions.linkfiles import LinkFileMissing, LinkFiles
from petitions.models import Document, Link, LinkOver, Volume
from petitions.views.own import LinkWrong

log = structlog.get_logger(__name__)

links = Blueprint("links", __name__, url_prefix="/d/<token>")


@links.get("")
def show(token: str) -> Response:
    link, moment = _found(token), database_time(db.session)
    if not link.live(moment):
        return _over(link, moment)
    document = link.delivery.volume.document
    return make_response(render_template("links/show.html", link=link, token=token, **_facts(document)))


@links.post("/volumes/<int:number>")
def download(token: str, number: int) -> Response:
    """One file, as it was sealed."""
    if _limits().too_many_downloads(request.remote_addr):
        raise TooManyRequests(retry_after=HOUR)
    link, moment = _found(token, lock=True), database_time(db.session)
    volume = next((one for one in link.delivery.volume.document.volumes if one.number == number), None)
    if volume is None:
        raise LinkWrong
    try:
        link.count_download(moment)
        content = LinkFiles(_settings().links).open(token, link.public_id, volume.sha256)
    except LinkOver:
        return _over(link, moment)
    except LinkFileMissing as error:
        db.session.rollback()
        log.error("link.file_missing", link=link.public_id, volume=number, why=str(error))
        return make_response(render_template("links/missing.html", **_facts(link.delivery.volume.document)), 503)
    answer = Response(content, mimetype="application/pdf", headers=_headers(volume))
    db.session.commit()
    return answer


def _headers(volume: Volume) -> dict[str, str]:
    return {
        "Content-Length": str(volume.size),
        "Content-Disposition": f"attachment; filename={volume.file_name}",  # plain ASCII (mailer/document.py)
    }


def _found(token: str, *, lock: bool = False) -> Link:
    """The link; the page then speaks the language of its letter. Raises LinkWrong."""
    link = Link.with_token(db.session, token, lock=lock) if tokens.looks_like_token(token) else None
    if link is None:
        if _limits().too_many_wrong_tokens(request.remote_addr):
            raise TooManyRequests(retry_after=HOUR)
        raise LinkWrong
    speak(link.delivery.volume.document.language)
    return link


def _over(link: Link, moment: datetime) -> Response:
    document = link.delivery.volume.document
    ran_out = moment >= link.expires_at and link.revoked_at is None
    return make_response(render_template("links/over.html", link=link, ran_out=ran_out, **_facts(document)), 410)


def _facts(document: Document) -> dict[str, object]:
    return {"document": document, "edition": document.edition, "branch": document.edition.petition.branch}


def _limits() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
