"""What a petition's evidence log says to everybody: its newest checkpoint, its key, and that it only ever grows."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from petitions import notes
from petitions.db import db
from petitions.models import Checkpoint, EvidenceLog, LogDamaged
from petitions.security import public_page, reads_arguments
from petitions.views.facts import public_petition

evidence = Blueprint("evidence", __name__, url_prefix="/log/<slug:slug>")


@evidence.get("/checkpoint")
@public_page
def checkpoint(slug: str) -> Response:
    """C2SP tlog-checkpoint."""
    return _plain(_newest(slug).note)


@evidence.get("/key")
@public_page
def key(slug: str) -> Response:
    """As the tools of other transparency logs take it."""
    newest = _newest(slug)
    return _plain(notes.LogKey(newest.origin, newest.public_key).text + "\n")


@evidence.get("/proof")
@public_page
@reads_arguments
def proof(slug: str) -> Response:
    """That the log of `from` leaves is the beginning of that of `to` leaves, by default the newest: RFC 9162 hashes
    in base64, one a line."""
    newest = _newest(slug)
    small, large = request.args.get("from", 0, int), request.args.get("to", newest.size, int)
    if not 0 < small <= large <= newest.size:  # what is not signed yet is not said
        raise NotFound
    try:
        return _plain(notes.lines_of(EvidenceLog(db.session, newest.petition_id).consistency_proof(small, large)))
    except LogDamaged:
        raise NotFound from None


def _newest(slug: str) -> Checkpoint:
    found = Checkpoint.newest(db.session, public_petition(db.session, slug).id)
    if found is None:
        raise NotFound
    return found


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain")
