"""Signing the evidence log: a checkpoint after each batch, and never one that takes back what was published.

Leaves are committed first and signed in another transaction: a crash between the two loses no leaf that was signed.
"""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime, log
from petitions import notes, watermark
from petitions.db import database_time, db
from petitions.keys import LogKeyMissing, log_key
from petitions.models import AuditEntry, Checkpoint, Edition, EvidenceLog, LogDamaged, Petition
from petitions.watermark import Departure

_BUT_FOR_KEYS = {"key_share": True}


class LogStopped(Exception):
    """The log is not the one that was published, so nothing more is signed: petitions doctor says why."""

    def __init__(self, departure: Departure) -> None:
        super().__init__(departure)
        self.departure = departure


def unsigned_logs(session: Session) -> set[int]:
    """The petitions whose log has grown since its last checkpoint."""
    newest = select(func.max(Checkpoint.size)).where(Checkpoint.petition_id == Petition.id).scalar_subquery()
    return set(session.scalars(select(Petition.id).where(Petition.log_size > func.coalesce(newest, 0))))


def try_to_sign(runtime: Runtime, petition_id: int) -> None:
    """Counting and checking go on without it; what is wrong is said by the doctor, the tasks and the check."""
    try:
        sign_log(runtime, petition_id)
    except (LogStopped, LogDamaged, LogKeyMissing) as error:
        log.error("log.unsigned", petition=petition_id, error=type(error).__name__)


def sign_log(runtime: Runtime, petition_id: int) -> None:
    """Looks whether the log still is what was published, then signs what is new. Raises LogStopped, LogDamaged,
    LogKeyMissing."""
    key = log_key(runtime.settings)
    public = key.public_key().public_bytes_raw()
    _catch_up(petition_id)
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id, with_for_update=_BUT_FOR_KEYS)
        evidence = EvidenceLog(session, petition.id)
        newest = Checkpoint.newest(session, petition.id)
        for note in (newest.note if newest else None, watermark.marked(runtime.settings, petition.public_id)):
            if note is None:
                continue
            if found := watermark.departure(note, public, evidence.size, evidence.root):
                _stop(session, petition, found)
                session.commit()
                raise LogStopped(found)
        _resume(session, petition)
        origin = runtime.settings.log_origin(petition.slug, petition.log_number)
        for size in _sizes(session, petition, newest.size if newest else 0):
            head = notes.TreeHead(origin, size, evidence.root(size))
            note = notes.signed(head, key)
            watermark.mark(runtime.settings, petition.public_id, note)
            session.add(
                Checkpoint(
                    petition_id=petition.id, size=size, root=head.root, origin=origin, note=note, public_key=public
                )
            )
        session.commit()


def _catch_up(petition_id: int) -> None:
    with db.reading() as session:
        whole = EvidenceLog(session, petition_id).size >= session.get_one(Petition, petition_id).log_size
    if whole:
        return
    with db.writing() as session:
        session.get_one(Petition, petition_id, with_for_update=_BUT_FOR_KEYS).log_caught_up(session)
        session.commit()


def _sizes(session: Session, petition: Petition, signed: int) -> Iterator[int]:
    """What to sign, smallest first: every edition has a checkpoint of its own size."""
    frozen = select(Edition.log_size).where(
        Edition.petition_id == petition.id, Edition.log_size > signed, Edition.log_size < petition.log_size
    )
    yield from session.scalars(frozen.distinct().order_by(Edition.log_size)).all()
    if petition.log_size > signed:
        yield petition.log_size


def _stop(session: Session, petition: Petition, found: Departure) -> None:
    if petition.log_stopped_at is None:
        petition.log_stopped_at = database_time(session)
        AuditEntry.write(session, "worker", "log.stop", petition.public_id, departure=found.value)


def _resume(session: Session, petition: Petition) -> None:
    """The right database is back."""
    if petition.log_stopped_at is not None:
        petition.log_stopped_at = None
        AuditEntry.write(session, "worker", "log.resume", petition.public_id)
