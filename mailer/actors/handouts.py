"""Puts the bytes of what was granted to somebody where only that person's token opens them (models/handout.py)."""

import hashlib

from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.exports import export_file
from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from petitions import parcel
from petitions.bell import bell
from petitions.db import db, now
from petitions.models import (
    AuditEntry,
    Delivery,
    Document,
    Handout,
    Stop,
    blocked,
    require_releasable,
)

RETRY_SECONDS = 30
TRIES = 4


class DocumentStale(Exception):
    """Somebody named in the document has withdrawn since: it must not leave, by whatever way."""


def make_handouts(runtime: Runtime) -> int:
    """Makes what is due until nothing is. Returns how many were made."""
    made = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, Handout, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        made += _make(runtime, ids[0])
    return made


def _make(runtime: Runtime, handout_id: int) -> bool:
    try:
        with db.reading() as session:
            handout = session.get_one(Handout, handout_id)
            if stop := blocked(session, handout.branch_id):
                return _wait(runtime, handout_id, stop)
            assert handout.sealed_token is not None
            private_key = runtime.unsealer.private_key(handout.branch.public_id)
            token = parcel.open_token(handout.sealed_token, handout.public_id, private_key)
            content = _content(runtime, session, handout, private_key)
            sealed = parcel.seal_under_token(token, handout.public_id, content)
    except DocumentStale:
        _renew(runtime, handout_id)
        return False
    except Exception as error:  # recorded with the row; its schedule decides
        log.error("handout.failed_try", handout=handout_id, error=type(error).__name__)
        _try_again(runtime, handout_id, type(error).__name__[:80])
        return False
    with db.writing() as session:
        values = {"state": Handout.State.READY, "content": sealed, "sealed_token": None, "made_at": now()}
        kept = claims.release(session, Handout, runtime.owner, [handout_id], last_error_class=None, **values)
        if kept:  # else it was begun anew meanwhile, with another token
            _record(session, handout_id, content)
        session.commit()
    return bool(kept)


def _wait(runtime: Runtime, handout_id: int, stop: Stop) -> bool:
    """Until the branch is unfrozen; that is no try."""
    with db.writing() as session:
        claims.release(
            session, Handout, runtime.owner, [handout_id], not_before=now(RETRY_SECONDS), last_error_class=stop
        )
        session.commit()
    return False


def _content(runtime: Runtime, session: Session, handout: Handout, private_key: bytes) -> bytes:
    if handout.export is not None:
        return export_file(runtime, session, handout.export)
    assert handout.delivery is not None
    require_releasable(handout.delivery)  # once more: it may have been held or stopped since
    volume = handout.delivery.volume
    if volume.document.stale(session):
        raise DocumentStale
    return Archive(runtime.settings.archive, handout.branch.public_key).read(volume.sha256, private_key)


def _record(session: Session, handout_id: int, content: bytes) -> None:
    handout = session.get_one(Handout, handout_id)
    sha256 = hashlib.sha256(content).hexdigest()
    if handout.export is not None:
        handout.export.made_at, handout.export.sha256 = handout.made_at, sha256
    AuditEntry.write(session, "worker", "handout.make", handout.public_id, sha256=sha256, size=len(content))


def _renew(runtime: Runtime, handout_id: int) -> None:
    """The document is superseded and the same edition compiled again; its new delivery must be released anew."""
    with db.writing() as session:
        handout = session.get_one(Handout, handout_id)
        assert handout.delivery is not None
        document = session.get_one(Document, handout.delivery.volume.document_id, with_for_update=True)
        if document.state is Document.State.LIVE and handout.delivery.state is not Delivery.State.TRANSMITTING:
            document.supersede(session)
            AuditEntry.write(
                session, "worker", "document.supersede", document.public_id, edition=document.edition.public_id
            )
        _give_up(session, runtime, handout_id, "DocumentStale")
        session.commit()
    bell.ring("editions")


def _try_again(runtime: Runtime, handout_id: int, reason: str) -> None:
    with db.writing() as session:
        tries = session.get_one(Handout, handout_id).tries + 1
        if tries < TRIES:
            claims.retry(
                session, Handout, runtime.owner, handout_id, tries=tries, seconds=RETRY_SECONDS, reason=reason
            )
        else:
            _give_up(session, runtime, handout_id, reason)
        session.commit()


def _give_up(session: Session, runtime: Runtime, handout_id: int, reason: str) -> None:
    values = {"state": Handout.State.FAILED, "sealed_token": None, "token_hash": None, "last_error_class": reason}
    if claims.release(session, Handout, runtime.owner, [handout_id], **values):
        handout = session.get_one(Handout, handout_id)
        AuditEntry.write(session, "worker", "handout.fail", handout.public_id, reason=reason)
