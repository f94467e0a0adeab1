"""What comes round by itself: counting, thresholds, names for the public list, expiry, the nightly recount.

Each job runs once in its period over all workers (`claims.every`). What erases for good waits until the database's
clock has run steadily for a day: a clock that jumped must not erase early (cases.md K10).
"""

import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from petitions.bell import bell
from petitions.db import database_time, db, is_state, now
from petitions.models import (
    AuditEntry,
    Branch,
    DataKey,
    Edition,
    EditionInProgress,
    Letter,
    MailCap,
    NamedLease,
    NothingNew,
    NotPublic,
    Petition,
    Signature,
    Slot,
    TooSoon,
)

HOUR, DAY = 3_600, 86_400
LETTERS_KEPT_DAYS = 30
UNFINISHED_HOURS = 6
JUMP_HOURS = 26  # between two hourly looks at the clock: more means that it jumped, or that nobody worked
MOST_DRIFT = timedelta(minutes=10)  # between two looks of one process: more means that it was set
STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine sleeps, where it can
BATCH = 500


def run_due(runtime: Runtime) -> None:
    """Runs the jobs whose time has come; a job that fails is reported and comes round again."""
    for name, seconds, job in _jobs(runtime):
        if runtime.stopping.is_set():
            return
        with db.writing() as session:
            mine = claims.every(session, f"job:{name}", runtime.owner, seconds)
            session.commit()
        if not mine:
            continue
        try:
            job(runtime)
        except Exception as error:
            log.error("job.failed", job=name, error=type(error).__name__)


def count_signatures(runtime: Runtime) -> int:
    """Answers a hint; counts at most once in `count_seconds`, so that no confirmation can be seen in the number."""
    with db.writing() as session:
        mine = claims.every(session, "job:count", runtime.owner, runtime.settings.count_seconds)
        session.commit()
    return _count(runtime) if mine else 0


def _jobs(runtime: Runtime) -> list[tuple[str, float, Callable[[Runtime], object]]]:
    return [
        ("count", runtime.settings.count_seconds, _count),
        ("list", 60, _write_public_names),
        ("lapse", HOUR, _lapse),
        ("recount", DAY, _recount),
        ("purge", HOUR, _purge),
    ]


def _count(runtime: Runtime) -> int:
    """Counts each petition's new confirmations and fires its thresholds, one petition a transaction."""
    with db.reading() as session:
        fresh = set(
            session.scalars(
                select(Signature.petition_id)
                .where(is_state(Signature.state, Signature.State.CONFIRMED), Signature.position.is_(None))
                .distinct()
            )
        )
        waiting = {petition.id for petition in session.scalars(select(Petition)) if petition.due_triggers()}
    counted = 0
    for petition_id in fresh | waiting:
        try:
            with db.writing() as session:
                petition = session.get_one(Petition, petition_id)
                counted += petition.count_new(session)
                session.commit()
            _fire(runtime, petition_id)
        except Exception as error:  # one petition's trouble must not stop the others' count
            log.error("count.failed", petition=petition_id, error=type(error).__name__)
    return counted


def _fire(runtime: Runtime, petition_id: int) -> None:
    """The highest threshold reached asks for an edition; lower ones are met by the same one."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        due = petition.due_triggers()
        if not due:
            return
        try:
            edition = Edition.freeze(
                session,
                petition,
                asked_by=due[-1].asked_by,
                trigger=due[-1],
                gap_days=runtime.settings.edition_gap_days if runtime.settings.limits_apply else 0,
            )
        except (EditionInProgress, TooSoon, NothingNew, NotPublic) as reason:
            log.info("trigger.waits", petition=petition.public_id, reason=type(reason).__name__)
            return
        for trigger in due:
            trigger.fired_at = edition.trigger.fired_at if edition.trigger else None
        AuditEntry.write(session, "worker", "edition.freeze", edition.public_id, threshold=due[-1].threshold)
        session.commit()
    bell.ring("editions")


def _write_public_names(runtime: Runtime) -> int:
    """Opens the names of those confirmed signers who asked to be listed on the page."""
    with db.writing() as session:
        rows = session.execute(
            select(
                Signature.id,
                Signature.public_id,
                Signature.name_key_id,
                Signature.name_box,
                Signature.country,
                Petition.count_only_countries,
            )
            .join(Petition, Signature.petition_id == Petition.id)
            .where(
                is_state(Signature.state, Signature.State.CONFIRMED),
                Signature.wants_listing,
                Signature.public_name.is_(None),
                Signature.name_box.is_not(None),
                ~Petition.forbids_naming,
            )
            .limit(BATCH)
        ).all()
        if not rows:
            return 0
        runtime.learn_keys(session, {row.name_key_id for row in rows if row.name_key_id})
        for row, record, key, box, country, count_only in rows:
            if key is None or box is None or (count_only and country in {"", *count_only}):
                continue
            name = runtime.unsealer.fields("name", record, key, box)[0]
            session.execute(
                update(Signature)
                .where(
                    Signature.id == row,
                    Signature.wants_listing,
                    Signature.state == Signature.State.CONFIRMED,
                    Signature.name_box.is_not(None),
                )
                .values(public_name=name)
                .execution_options(synchronize_session=False)
            )
        session.commit()
    return len(rows)


def _lapse(runtime: Runtime) -> int:
    """Requests that nobody approved in time: what is approved later must be true later. A threshold whose edition
    lapsed may fire again."""
    oldest = now(-runtime.settings.approval_hours * HOUR)
    with db.writing() as session:
        lapsed = session.scalars(
            select(Edition)
            .where(Edition.state == Edition.State.CHECKED, Edition.requested_at < oldest)
            .with_for_update(skip_locked=True)
        ).all()
        for edition in lapsed:
            edition.move_to(Edition.State.LAPSED)
            if edition.trigger is not None:
                edition.trigger.fired_at, edition.trigger = None, None
            log.warning("edition.lapsed", edition=edition.public_id, problems=len(edition.problems))
        session.flush()
        for edition in lapsed:
            AuditEntry.write(session, "worker", "edition.lapse", edition.public_id, problems=len(edition.problems))
        session.commit()
    return len(lapsed)


def _recount(_runtime: Runtime) -> None:
    """Counts all rows again at night; a difference is corrected and said."""
    with db.reading() as session:
        petitions = list(session.scalars(select(Petition.id)))
    for petition_id in petitions:
        with db.writing() as session:
            petition = session.get_one(Petition, petition_id)
            difference = petition.recount(session)
            if difference:
                log.error("recount.differs", petition=petition.public_id, difference=difference)
                AuditEntry.write(session, "worker", "petition.recount", petition.public_id, difference=difference)
            session.commit()


# -- erasing what has had its time ------------------------------------------------------------------------


def _purge(runtime: Runtime) -> None:
    with db.writing() as session:
        steady = _clock_steady(session, runtime)
        session.commit()
    if not steady:
        log.info("purge.waits", reason="the clock has not run steadily for a day")
        return
    for step in _PURGES:
        while not runtime.stopping.is_set():
            with db.writing() as session:
                done = step(session, runtime)
                session.commit()
            if done < BATCH:
                break
    with db.reading() as session:
        branches = list(session.scalars(select(Branch.public_key)))
    for public_key in branches[:1]:  # one archive folder, whoever's files
        Archive(runtime.settings.archive, public_key).sweep(timedelta(hours=UNFINISHED_HOURS))


def _clock_steady(session: Session, runtime: Runtime) -> bool:
    """True once hourly looks at the database's clock have shown no jump for a day.

    A worker that has looked before compares it with a clock that nobody sets; the first look of a process can tell
    only what is out of the question.
    """
    moment, ticks = database_time(session), time.clock_gettime(STEADY_CLOCK)
    drift = timedelta()
    if runtime.clock_seen is not None:
        drift = moment - runtime.clock_seen[0] - timedelta(seconds=ticks - runtime.clock_seen[1])
    runtime.clock_seen = moment, ticks
    rows = {row.name: row for row in session.scalars(select(NamedLease).where(NamedLease.name.like("clock:%")))}
    seen, steady = rows.get("clock:seen"), rows.get("clock:steady")
    if seen is None or steady is None:
        for name in {"clock:seen", "clock:steady"} - set(rows):
            session.add(NamedLease(name=name, owner=runtime.owner, lease_until=moment))
        return False
    pause = moment - seen.lease_until
    jumped = pause < timedelta() or pause > timedelta(hours=JUMP_HOURS) or abs(drift) > MOST_DRIFT
    seen.lease_until = moment
    if jumped:
        log.error("clock.jumped")
        steady.lease_until = moment
    return moment - steady.lease_until >= timedelta(days=1)


def _expire(session: Session, _runtime: Runtime) -> int:
    """Rows their owners never confirmed."""
    rows = session.scalars(
        select(Signature)
        .where(
            is_state(Signature.state, Signature.State.PENDING, Signature.State.HELD),
            Signature.expires_at < now(),
            Signature.owner_confirmed_on.is_(None),
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)  # an owner may be saying yes at this moment
    ).all()
    for signature in rows:
        signature.move_to(Signature.State.EXPIRED)
        session.flush()
        signature.forget(session)
    return len(rows)


def _forget_void(session: Session, _runtime: Runtime) -> int:
    """Rows that another of the same mailbox has made void, once their link has ended."""
    rows = session.scalars(
        select(Signature)
        .where(
            Signature.state == Signature.State.VOID,
            Signature.erased_at.is_(None),
            Signature.expires_at < now(),
        )
        .limit(BATCH)
    ).all()
    for signature in rows:
        signature.forget(session)
    return len(rows)


def _forget_old(session: Session, runtime: Runtime) -> int:
    """Sealed data is kept so long at most, as the page promised; state, day and position stay for the count."""
    rows = session.scalars(
        select(Signature)
        .where(Signature.created_hour < now(-runtime.settings.sealed_data_days * DAY), Signature.erased_at.is_(None))
        .limit(BATCH)
    ).all()
    for signature in rows:
        signature.forget(session, keeps_slot=not signature.petition.over)
    return len(rows)


def _free_slots(session: Session, _runtime: Runtime) -> int:
    """Mailboxes of forgotten signatures, kept while a second one could have been counted."""
    rows = session.execute(
        select(Slot.id)
        .join(Signature, Slot.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .where(Slot.tag.is_not(None), Signature.erased_at.is_not(None), Petition.state.in_(Petition.OVER))
        .limit(BATCH)
    ).scalars()
    ids = list(rows)
    session.execute(
        update(Slot).where(Slot.id.in_(ids)).values(tag=None).execution_options(synchronize_session=False)
    )
    return len(ids)


def _drop_data_keys(session: Session, runtime: Runtime) -> int:
    """Keys whose rows are all forgotten (a key seals for 15 minutes): unexpired backups lose those rows with them."""
    oldest = now(-(runtime.settings.sealed_data_days + 2) * DAY)
    ids = session.scalars(select(DataKey.id).where(DataKey.created_at < oldest).limit(BATCH)).all()
    session.execute(delete(DataKey).where(DataKey.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _drop_net_tags(session: Session, runtime: Runtime) -> int:
    ids = session.scalars(
        select(Signature.id)
        .where(Signature.net_tag.is_not(None), Signature.created_hour < now(-runtime.settings.net_tag_days * DAY))
        .limit(BATCH)
    ).all()
    session.execute(
        update(Signature)
        .where(Signature.id.in_(ids))
        .values(net_tag=None)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _drop_letters(session: Session, _runtime: Runtime) -> int:
    ids = session.scalars(
        select(Letter.id)
        .where(Letter.created_at < now(-LETTERS_KEPT_DAYS * DAY), Letter.state != Letter.State.READY)
        .limit(BATCH)
    ).all()
    session.execute(delete(Letter).where(Letter.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _drop_caps(session: Session, _runtime: Runtime) -> int:
    ids = session.scalars(select(MailCap.id).where(MailCap.hour < now(-2 * DAY)).limit(BATCH)).all()
    session.execute(delete(MailCap).where(MailCap.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


_PURGES = (
    _expire, _forget_void, _forget_old, _free_slots, _drop_data_keys, _drop_net_tags, _drop_letters, _drop_caps,
)
