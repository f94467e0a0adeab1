"""Editions: checked before anyone approves, then compiled, sealed and archived for each addressee.

Compiling again after a crash leaves what is done and does the rest: one live document an addressee (constraint).
"""

import errno
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.binding import Binder
from mailer.actors.checking import report
from mailer.actors.evidence import sign_log, try_to_sign
from mailer.actors.planning import plan_deliveries
from mailer.actors.runtime import Runtime, log
from mailer.actors.stamping import stamped
from mailer.timestamps import NoTimeStamp, Stamper
from petitions.bell import bell
from petitions.db import database_time, db, insert_or_ignore, now
from petitions.models import (
    Addressee,
    Approval,
    AuditEntry,
    Document,
    DocumentProgress,
    Edition,
    blocked,
)

RETRY_SECONDS = (60, 300, 900, 3600)
TRIES = 5
DISK_FULL = "disk_full"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
STAMP_SECONDS = 300  # between two looks whether the time stamp authority answers again
STOPPED_SECONDS = 60  # how soon an edition looks again whether its branch is still frozen


def advance_editions(runtime: Runtime) -> int:
    """Checks and compiles what is due until nothing is. Returns how many editions moved on."""
    done = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, Edition, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        done += _advance(runtime, ids[0])
    return done


def _advance(runtime: Runtime, edition_id: int) -> int:
    try:
        with db.reading() as session:
            edition = session.get_one(Edition, edition_id)
            state, stop = edition.state, blocked(session, edition.petition.branch_id)
        if stop:
            _wait(runtime, edition_id, stop, STOPPED_SECONDS)
            return 0
        if state is Edition.State.REQUESTED:
            _check(runtime, edition_id)
        else:
            _compile(runtime, edition_id)
    except NoTimeStamp as silent:
        log.warning("edition.no_time_stamp", edition=edition_id, why=str(silent))
        _wait(runtime, edition_id, type(silent).__name__, STAMP_SECONDS)
        return 0
    except Exception as error:  # recorded with the row; its schedule decides, the worker lives
        log.error("edition.failed_try", edition=edition_id, error=type(error).__name__)
        _try_again(runtime, edition_id, _class_of(error))
        return 0
    return 1


def _wait(runtime: Runtime, edition_id: int, reason: str, seconds: int) -> None:
    """Until the branch is unfrozen, or the time stamp authority answers; that is no try."""
    with db.writing() as session:
        claims.release(
            session, Edition, runtime.owner, [edition_id], not_before=now(seconds), last_error_class=reason
        )
        session.commit()


# -- checking -----------------------------------------------------------------------------------------


def _check(runtime: Runtime, edition_id: int) -> None:
    try_to_sign(runtime, _petition_of(edition_id))
    with _snapshot() as session:
        edition = session.get_one(Edition, edition_id)
        found_out = report(runtime, session, edition)
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id, with_for_update=True)
        found: dict[str, Any] = {"state": Edition.State.CHECKED, "report": found_out, "checked_at": now()}
        found["last_error_class"] = None  # whatever it waited for
        if edition.state is not Edition.State.REQUESTED:
            found = {}  # declined meanwhile: nobody asks for it any more
        settled = claims.release(session, Edition, runtime.owner, [edition_id], **found)
        if settled and found:
            session.refresh(edition)
            _approve_standing_order(session, edition)
            AuditEntry.write(
                session, "worker", "edition.check", edition.public_id,
                problems=len(found_out["problems"]), state=edition.state.value,
            )
        session.commit()


def _approve_standing_order(session: Session, edition: Edition) -> None:
    """A threshold's edition was approved by two members when the threshold was set."""
    if edition.problems or not edition.approved_by_standing_order():
        return
    trigger = edition.trigger
    assert trigger is not None
    assert trigger.approved_by is not None
    session.add(Approval.given(Approval.Kind.EDITION, edition.public_id, trigger.asked_by, trigger.approved_by))
    edition.move_to(Edition.State.APPROVED)


# -- compiling ----------------------------------------------------------------------------------------


def _compile(runtime: Runtime, edition_id: int) -> None:
    """Until every addressee has a document: one may be superseded while the others are being compiled."""
    sign_log(runtime, _petition_of(edition_id))
    while not _finish(runtime, edition_id):
        with db.reading() as session:
            missing = _without_document(session.get_one(Edition, edition_id))
        for addressee_id in missing:
            if runtime.stopping.is_set():
                _give_back(runtime, edition_id)
                return
            if not _compile_document(runtime, edition_id, addressee_id):
                return


def _without_document(edition: Edition) -> list[int]:
    live = {document.addressee_id for document in edition.documents if document.state is Document.State.LIVE}
    return [addressee.id for addressee in edition.petition.addressees if addressee.id not in live]


def _compile_document(runtime: Runtime, edition_id: int, addressee_id: int) -> bool:
    """Makes one document and records it. False if the edition is not ours any more."""
    _note(edition_id, addressee_id, begun_at=now(), rendered_at=None, sealed_at=None, archived_at=None)
    with _snapshot() as session:
        edition, addressee = session.get_one(Edition, edition_id), session.get_one(Addressee, addressee_id)

        def note(step: str) -> None:
            _note(edition_id, addressee_id, **{step: now()})

        def bound(stamper: Stamper | None) -> Document:
            return Binder(runtime, session, edition, addressee, note, stamper).document()

        document = stamped(runtime, bound)
    with db.writing() as session:
        ours = _still_ours(session, runtime, edition_id)
        if ours and not _has_live(session, edition_id, addressee_id):
            session.add(document)
        session.commit()
    return ours


def _finish(runtime: Runtime, edition_id: int) -> bool:
    """Once all documents are there: their deliveries are made, one a volume and channel (constraint). False as
    long as one is missing; True also if the edition is not ours any more."""
    with db.writing() as session:
        if not _still_ours(session, runtime, edition_id):
            return True
        edition = session.get_one(Edition, edition_id)
        if _without_document(edition):
            return False
        plan_deliveries(session, runtime, edition, database_time(session))
        AuditEntry.write(
            session, "worker", "edition.compile", edition.public_id,
            sha256=[volume.sha256 for document in edition.documents for volume in document.volumes],
        )
        claims.release(
            session, Edition, runtime.owner, [edition_id],
            state=Edition.State.COMPILED, compiled_at=now(), last_error_class=None, tries=0,
        )
        session.commit()
    bell.ring("authorities")
    return True


def _give_back(runtime: Runtime, edition_id: int) -> None:
    """This process ends: what is compiled stays, another goes on from there."""
    with db.writing() as session:
        claims.release(session, Edition, runtime.owner, [edition_id])
        session.commit()


# -- below: how ---------------------------------------------------------------------------------------


def _snapshot() -> Session:
    """A reading session whose queries all see one state of the database."""
    session = db.reading()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session


def _petition_of(edition_id: int) -> int:
    with db.reading() as session:
        return session.get_one(Edition, edition_id).petition_id


def _still_ours(session: Session, runtime: Runtime, edition_id: int) -> bool:
    row = session.execute(
        select(Edition.lease_owner).where(Edition.id == edition_id).with_for_update()
    ).scalar_one()
    return row == runtime.owner


def _has_live(session: Session, edition_id: int, addressee_id: int) -> bool:
    found = select(Document.id).where(
        Document.edition_id == edition_id,
        Document.addressee_id == addressee_id,
        Document.state == Document.State.LIVE,
    )
    return session.scalar(found) is not None


def _note(edition_id: int, addressee_id: int, **reached: Any) -> None:
    """How far the document of an addressee has got, for whoever waits for it."""
    with db.writing() as session:
        insert_or_ignore(session, DocumentProgress, {"edition_id": edition_id, "addressee_id": addressee_id})
        session.execute(
            update(DocumentProgress)
            .where(DocumentProgress.edition_id == edition_id, DocumentProgress.addressee_id == addressee_id)
            .values(**reached)
            .execution_options(synchronize_session=False)
        )
        session.commit()


def _try_again(runtime: Runtime, edition_id: int, reason: str) -> None:
    """A full disk is somebody's to mend: it is tried on until there is room, without a new approval."""
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        tries = edition.tries + 1
        if reason in _FINAL or (tries >= TRIES and reason != DISK_FULL):
            claims.release(
                session, Edition, runtime.owner, [edition_id],
                state=Edition.State.FAILED, tries=tries, last_error_class=reason,
            )
            AuditEntry.write(session, "worker", "edition.fail", edition.public_id, reason=reason)
        else:
            seconds = RETRY_SECONDS[min(tries - 1, len(RETRY_SECONDS) - 1)]
            claims.retry(session, Edition, runtime.owner, edition_id, tries=tries, seconds=seconds, reason=reason)
        session.commit()


_FINAL = {
    "KeysMissing", "SealKeyMissing", "SealKeyRefused", "SealExpired", "SealNotOurs",
    "GlyphsMissing", "PrivateKeyMissing", "TooManyVolumes", "LogStopped", "LogDamaged", "LogKeyMissing",
}


def _class_of(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return DISK_FULL
    return type(error).__name__[:80]
