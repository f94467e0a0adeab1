"""News of petitions: one letter for each subscription, in a stream that leaves the relay room for everything else.

All letters of an update are written before the first one goes. Each batch asks the rows again: whoever presses stop,
freezes the branch or throws the switch holds back all that has not left.
"""

import time
from collections.abc import Sequence

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.posting import Outgoing, send
from mailer.actors.runtime import Runtime
from mailer.actors.update_letters import compose
from petitions.bell import bell
from petitions.db import database_time, db, is_state, new_public_id, now
from petitions.models import Approval, AuditEntry, Letter, PetitionUpdate, Subscription, UpdateLetter

WRITTEN_AT_ONCE = 1_000
MOST_AT_ONCE = 10  # letters claimed at once: the most that still leave after stop was pressed
TURN_SECONDS = 60.0  # one answer to the bell; RabbitMQ takes a message back from who keeps it for long


def advance_updates(runtime: Runtime) -> None:
    """Writes the letters of what is due, and closes what has been sent."""
    while not runtime.stopping.is_set() and _write_letters(runtime):
        pass
    _finish()


def send_updates(runtime: Runtime) -> int:
    """Sends for a while. Returns how many left."""
    advance_updates(runtime)
    sent, ends = 0, time.monotonic() + TURN_SECONDS
    batch_size = max(1, min(MOST_AT_ONCE, runtime.settings.updates_per_minute // 6))
    seconds = batch_size * 60 / runtime.settings.updates_per_minute
    while not runtime.stopping.is_set() and _my_turn(runtime, seconds):
        began = time.monotonic()
        batch = _claim(runtime, batch_size)
        if batch is None:
            _finish()
            return sent
        sent += send(runtime, UpdateLetter, batch)
        if time.monotonic() > ends:
            bell.ring("updates")
            return sent
        runtime.stopping.wait(max(0.0, seconds - (time.monotonic() - began)))
    return sent


def _my_turn(runtime: Runtime, seconds: float) -> bool:
    """One batch in so many seconds over all workers: that is the rate. Who has no turn does not wait for one."""
    with db.writing() as session:
        mine = claims.every(session, "updates:turn", runtime.owner, seconds)
        session.commit()
    return mine


def _claim(runtime: Runtime, size: int) -> list[Outgoing] | None:
    with db.writing() as session:
        ids = claims.claim(session, UpdateLetter, runtime.owner, size, lease=runtime.settings.lease_seconds)
        session.commit()
    if not ids:
        return None
    with db.writing() as session:
        batch = list(compose(runtime, session, ids))
        session.commit()
    return batch


# -- before the first leaves ---------------------------------------------------------------------------------


def _write_letters(runtime: Runtime) -> bool:
    """Takes one update whose time has come, and writes its letters; taken up where it broke off. False if none is."""
    with db.writing() as session:
        claimed = claims.claim(session, PetitionUpdate, runtime.owner, 1, lease=runtime.settings.lease_seconds)
        session.commit()
    if not claimed:
        return False
    while not runtime.stopping.is_set() and _write_some(runtime, claimed[0]):
        pass
    return True


def _write_some(runtime: Runtime, update_id: int) -> bool:
    """Whether there may be more."""
    with db.writing() as session:
        update = session.get_one(PetitionUpdate, update_id, with_for_update=True)
        if update.lease_owner != runtime.owner or update.state is not PetitionUpdate.State.SCHEDULED:
            claims.release(session, PetitionUpdate, runtime.owner, [update_id])  # called back meanwhile
            session.commit()
            return False
        if not update.written_to and _grew_too_large(session, update, runtime.settings.update_alone):
            claims.release(session, PetitionUpdate, runtime.owner, [update_id], state=PetitionUpdate.State.DRAFT)
            AuditEntry.write(session, "worker", "update.grown", update.public_id)
            session.commit()
            return False
        readers = _next_readers(session, update)
        if readers:
            session.execute(
                insert(UpdateLetter),
                [{"public_id": new_public_id(), "update_id": update_id, "subscription_id": row} for row in readers],
            )
            update.written_to = readers[-1]
            session.flush()
        more = len(readers) == WRITTEN_AT_ONCE
        if not more:
            begun = {"state": PetitionUpdate.State.SENDING, "published_at": now()}
            claims.release(session, PetitionUpdate, runtime.owner, [update_id], **begun)
        session.commit()
    return more


def _grew_too_large(session: Session, update: PetitionUpdate, alone: int) -> bool:
    """Planned by one person for few readers, who have become many since: back to its writer, who asks a second one."""
    approved = exists().where(Approval.kind == Approval.Kind.UPDATE, Approval.subject == update.public_id)
    readers = sum(Subscription.count_by_language(session, update.petition_id).values())
    return readers > alone and not session.scalar(select(approved))


def _next_readers(session: Session, update: PetitionUpdate) -> Sequence[int]:
    return session.scalars(
        select(Subscription.id)
        .where(
            Subscription.petition_id == update.petition_id,
            Subscription.ended_at.is_(None),
            Subscription.id > update.written_to,
        )
        .order_by(Subscription.id)
        .limit(WRITTEN_AT_ONCE)
    ).all()


# -- after the last has left ---------------------------------------------------------------------------------


def _finish() -> None:
    ready = exists().where(
        UpdateLetter.update_id == PetitionUpdate.id, is_state(UpdateLetter.state, Letter.State.READY)
    )
    with db.writing() as session:
        done = session.scalars(
            select(PetitionUpdate)
            .where(PetitionUpdate.state == PetitionUpdate.State.SENDING, ~ready)
            .with_for_update(skip_locked=True)
        ).all()
        for update in done:
            update.move_to(PetitionUpdate.State.SENT)
            progress = update.finish(session, database_time(session))
            AuditEntry.write(
                session, "worker", "update.sent", update.public_id, sent=progress.sent, refused=progress.refused
            )
        session.commit()
