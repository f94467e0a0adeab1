"""The count of each petition: one writer, every so many seconds, never in the way of a signature; and its thresholds.

At night all rows are counted again, and a difference is corrected and said.
"""

from sqlalchemy import select

from mailer import claims
from mailer.actors.evidence import try_to_sign, unsigned_logs
from mailer.actors.runtime import Runtime, log
from mailer.actors.standing_orders import due_petitions, fire
from petitions.db import db
from petitions.models import AuditEntry, Petition, Signature


def count_signatures(runtime: Runtime) -> int:
    """Answers a hint; counts at most once in `count_seconds`, so that no confirmation can be seen in the number."""
    with db.writing() as session:
        mine = claims.every(session, "job:count", runtime.owner, runtime.settings.count_seconds)
        session.commit()
    return count(runtime) if mine else 0


def count(runtime: Runtime) -> int:
    """Counts each petition's new confirmations, appends them and withdrawals to its log, signs that, and fires its
    thresholds: one petition a transaction."""
    with db.reading() as session:
        fresh = set(session.scalars(select(Signature.petition_id).where(Signature.uncounted()).distinct()))
        fresh |= set(session.scalars(select(Signature.petition_id).where(Signature.unlogged()).distinct()))
        waiting = due_petitions(runtime, session)
        unsigned = unsigned_logs(session)
    counted = 0
    for petition_id in fresh | waiting | unsigned:
        try:
            if petition_id not in unsigned - fresh - waiting:
                counted += _count_one(petition_id)
            try_to_sign(runtime, petition_id)
            fire(runtime, petition_id)
        except Exception as error:  # one petition's trouble must not stop the others' count
            log.error("count.failed", petition=petition_id, error=type(error).__name__)
    return counted


def _count_one(petition_id: int) -> int:
    with db.writing() as session:
        counted = session.get_one(Petition, petition_id).count_new(session)
        session.commit()
    return counted


def recount(runtime: Runtime) -> None:
    """Counts all rows again at night; a difference is corrected and said. Looks whether the log is what was published.
    """
    with db.reading() as session:
        petitions = list(session.scalars(select(Petition.id)))
    for petition_id in petitions:
        with db.writing() as session:
            petition = session.get_one(Petition, petition_id)
            difference = petition.recount(session)
            if difference:
                log.error("recount.differs", petition=petition.public_id, difference=difference)
                AuditEntry.write(session, "worker", "petition.recount", petition.public_id, difference=difference)
            begun = petition.log_size > 0
            session.commit()
        if begun:
            try_to_sign(runtime, petition_id)
