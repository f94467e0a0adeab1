"""Erasing petition by petition, in two steps: marked when its term has ended, erased a day later, with a certificate.

Where two owners have marked it before its time, only what is still under way spares it. Called by the purge, once the
clock has run steadily (purging.py).
"""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from petitions import retention
from petitions.db import database_time, db, now
from petitions.linkfiles import LinkFiles
from petitions.models import (
    AuditEntry,
    DataKey,
    Delivery,
    Document,
    Edition,
    Erasure,
    Link,
    Petition,
    Signature,
    Subscription,
    Volume,
)

BATCH = 500
WORKER = "worker"


def mark_due(runtime: Runtime) -> int:
    """Marks what has come to the end of its term. Returns how many kinds of how many petitions."""
    marked = 0
    with db.reading() as session:
        over = session.scalars(select(Petition.id).where(Petition.state.in_(Petition.OVER))).all()
    for petition_id in over:
        with db.writing() as session:
            petition, moment = session.get_one(Petition, petition_id), database_time(session)
            for due in retention.plan(session, runtime.settings, petition):
                if due.is_due(moment):
                    marked += Erasure.mark(session, petition, due.kind, WORKER, due.count)
            session.commit()
    return marked


def erase_marked(runtime: Runtime) -> int:
    """Erases what was marked a day ago and still has reason to go. Returns how many were done."""
    with db.reading() as session:
        due = [erasure.id for erasure in session.scalars(Erasure.due())]
    done = 0
    for erasure_id in due:
        if not _still_due(runtime, erasure_id):
            continue
        while not runtime.stopping.is_set() and _erase_some(runtime, erasure_id):
            pass
        done += _certify(erasure_id)
    return done


def _still_due(runtime: Runtime, erasure_id: int) -> bool:
    with db.writing() as session:
        erasure = session.get_one(Erasure, erasure_id, with_for_update=True)
        petition = erasure.petition
        if erasure.state is not Erasure.State.MARKED or (erasure.early and petition.branch.frozen_at is not None):
            return False
        due = next(one for one in retention.plan(session, runtime.settings, petition) if one.kind is erasure.kind)
        begun = erasure.erased > 0
        quiet = retention.quiet_since(session, petition) is not None
        if begun or (quiet if erasure.early else due.at is not None and due.at <= database_time(session)):
            return True
        erasure.spare()
        AuditEntry.write(session, WORKER, "retention.spare", erasure.public_id, kind=erasure.kind.value)
        session.commit()
        log.info("erasure.spared", erasure=erasure.public_id)
    return False


def _erase_some(runtime: Runtime, erasure_id: int) -> bool:
    """A part of it, counted in the same transaction. Whether there may be more."""
    with db.writing() as session:
        erasure = session.get_one(Erasure, erasure_id)
        done = _STEPS[erasure.kind](session, runtime, erasure.petition)
        erasure.erased += done
        session.commit()
    return done == BATCH


def _certify(erasure_id: int) -> bool:
    """The numbers and the day, in the audit log; the row keeps that entry's hash. Only when nothing is left."""
    with db.writing() as session:
        erasure = session.get_one(Erasure, erasure_id)
        if session.scalar(retention.kept(erasure.petition, erasure.kind)):
            return False
        _drop_keys(session, erasure)
        erasure.move_to(Erasure.State.ERASED)
        erasure.erased_at = database_time(session)
        session.flush()
        entry = AuditEntry.write(
            session, WORKER, "retention.erase", erasure.public_id,
            petition=erasure.petition.public_id, kind=erasure.kind.value, planned=erasure.planned,
            erased=erasure.erased, marked_by=erasure.by, marked_at=erasure.marked_at.isoformat(),
        )
        erasure.audit_hash = entry.hash
        session.commit()
    return True


def _erase_signers(session: Session, _runtime: Runtime, petition: Petition) -> int:
    rows = session.scalars(
        select(Signature).where(Signature.petition_id == petition.id, Signature.erased_at.is_(None)).limit(BATCH)
    ).all()
    for signature in rows:
        signature.forget(session)
    return len(rows)


def _erase_readers(session: Session, _runtime: Runtime, petition: Petition) -> int:
    running = select(Subscription.id).where(
        Subscription.petition_id == petition.id, Subscription.ended_at.is_(None)
    )
    ids = session.scalars(running.limit(BATCH)).all()
    session.execute(
        update(Subscription)
        .where(Subscription.id.in_(ids))
        .values(ended_at=now(), **Subscription.EMPTY)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _erase_documents(session: Session, runtime: Runtime, petition: Petition) -> int:
    """The files first: should the rows not follow, they are looked for once more and found gone."""
    volumes = session.scalars(
        select(Volume)
        .join(Document)
        .join(Edition)
        .where(Edition.petition_id == petition.id, Volume.erased_at.is_(None))
        .limit(BATCH)
    ).all()
    archive = Archive(runtime.settings.archive, petition.branch.public_key)
    files = LinkFiles(runtime.settings.links)
    for volume in volumes:
        mails = session.scalars(select(Delivery.mail_sha256).where(Delivery.volume_id == volume.id))
        links = session.scalars(select(Link).join(Delivery).where(Delivery.volume_id == volume.id)).all()
        for sha256 in {volume.sha256, *filter(None, mails), *(link.mail_sha256 for link in links if link.mail_sha256)}:
            archive.remove(sha256)
        for link in links:
            files.remove(link.public_id)
            link.removed_at = link.removed_at or database_time(session)
        volume.erased_at = database_time(session)
        volume.document.front_matter = volume.document.letter = None
    return len(volumes)


def _drop_keys(session: Session, erasure: Erasure) -> None:
    """With its keys a petition's boxes are gone from unexpired backups too (cases.md M2)."""
    purposes = {
        Erasure.Kind.SIGNERS: [DataKey.Purpose.NAMES, DataKey.Purpose.MAIL],
        Erasure.Kind.READERS: [DataKey.Purpose.UPDATES],
        Erasure.Kind.DOCUMENTS: [],
    }[erasure.kind]
    session.execute(
        delete(DataKey)
        .where(DataKey.petition_id == erasure.petition_id, DataKey.purpose.in_(purposes))
        .execution_options(synchronize_session=False)
    )


_STEPS = {
    Erasure.Kind.SIGNERS: _erase_signers,
    Erasure.Kind.READERS: _erase_readers,
    Erasure.Kind.DOCUMENTS: _erase_documents,
}
