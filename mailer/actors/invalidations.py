"""Strikes or holds the signatures that were shown and decided on, in steps; and takes it back the same way.

Each step is one transaction that marks its rows, so that a worker that dies goes on where it was. The petition's row
is locked before its signatures, as counting does, so that the two cannot wait for each other.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.runtime import Runtime
from petitions.bell import bell
from petitions.db import database_time, db
from petitions.models import (
    AlreadySigned,
    AuditEntry,
    IllegalTransition,
    Invalidation,
    InvalidationRow,
    Petition,
    Signature,
    blocked,
    moderation,
)

STEP = 200

Outcome = InvalidationRow.Outcome


def carry_out_invalidations(runtime: Runtime) -> int:
    """Says how many rows were worked on."""
    done = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, Invalidation, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        while step := _step(runtime, ids[0]):
            done += step
            if runtime.stopping.is_set():
                _let_go(runtime, ids[0])
                break
    return done


def forget_previews(_runtime: Runtime) -> int:
    """Rows frozen for a decision that nobody took within a day."""
    with db.writing() as session:
        dropped = Invalidation.drop_forgotten(session, limit=5_000)
        session.commit()
    return dropped


def _step(runtime: Runtime, invalidation_id: int) -> int:
    """One transaction's rows; 0 when there are no more, or it is not ours any more."""
    with db.writing() as session:
        if not claims.mark(
            session, Invalidation, runtime.owner, invalidation_id, lease=runtime.settings.lease_seconds
        ):
            return 0
        invalidation = session.get_one(Invalidation, invalidation_id)
        petition = session.get_one(Petition, invalidation.petition_id, with_for_update={"key_share": True})
        if blocked(session, petition.branch_id):  # goes on when the branch is unfrozen
            claims.release(session, Invalidation, runtime.owner, [invalidation_id])
            session.commit()
            return 0
        rows = invalidation.next_rows(session, STEP)
        if not rows:
            _end(runtime, session, invalidation)
            session.commit()
            return 0
        by_id = {row.signature_id: row for row in rows}
        locked = select(Signature).where(Signature.id.in_(by_id)).order_by(Signature.id).with_for_update()
        for signature in session.scalars(locked).all():
            row = by_id[signature.id]
            row.outcome = _apply(runtime, session, invalidation, row, signature)
        invalidation.done += len(rows)
        invalidation.skipped += sum(row.outcome in {Outcome.SKIPPED, Outcome.KEPT} for row in rows)
        session.commit()
    return len(rows)


def _end(runtime: Runtime, session: Session, invalidation: Invalidation) -> None:
    back = invalidation.state is Invalidation.State.UNDOING
    invalidation.move_to(Invalidation.State.UNDONE if back else Invalidation.State.DONE)
    invalidation.ended_at = database_time(session)
    session.flush()
    claims.release(session, Invalidation, runtime.owner, [invalidation.id])
    AuditEntry.write(
        session, "worker", "invalidation.undone" if back else "invalidation.done", invalidation.public_id,
        act=invalidation.act.value, done=invalidation.done - invalidation.skipped, skipped=invalidation.skipped,
    )
    bell.ring("letters")


def _let_go(runtime: Runtime, invalidation_id: int) -> None:
    """This process ends; another goes on at once."""
    with db.writing() as session:
        claims.release(session, Invalidation, runtime.owner, [invalidation_id])
        session.commit()


def _apply(
    runtime: Runtime, session: Session, invalidation: Invalidation, row: InvalidationRow, signature: Signature
) -> Outcome:
    """Forth: only a row that is still as it was shown. Back: what it was, unless that cannot be any more."""
    if invalidation.state is Invalidation.State.RUNNING:
        if signature.state is not row.was:
            return Outcome.SKIPPED
        reason = (invalidation.reason_class or Invalidation.Class.OTHER).value
        act = signature.invalidate if invalidation.act is Invalidation.Act.STRIKE else signature.hold
        act(session, reason)
        return Outcome.DONE
    try:
        if invalidation.act is Invalidation.Act.STRIKE:
            signature.reinstate(session, row.was)
        else:
            occasion = f"undo:{invalidation.public_id}"
            moderation.let_go(session, signature, runtime.settings.confirm_days, occasion)
    except (IllegalTransition, AlreadySigned):  # erased, withdrawn, or its mailbox has signed again
        return Outcome.KEPT
    return Outcome.UNDONE
