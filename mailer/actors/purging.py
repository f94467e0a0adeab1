"""Erasing what has had its time (privacy.md, "Retention"): row by row what is kept for days, and what was marked.

What erases for good waits until the database's clock has run steadily for a day (clock.py).
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from mailer.actors.clock import runs_steadily
from mailer.actors.erasing import erase_marked, mark_due
from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from petitions import retention
from petitions.config import Settings
from petitions.db import Base, db, now
from petitions.models import (
    Branch,
    DataKey,
    Letter,
    MailCap,
    MemberSession,
    Petition,
    Report,
    Signature,
    Slot,
    Subscription,
    Trend,
    UpdateLetter,
)

DAY = 86_400
UNFINISHED_HOURS = 6
NEWS_KEY_DAYS = 2  # a key without a subscription yet may just have been made
BATCH = 500

Step = Callable[[Session, Runtime], int]


def purge(runtime: Runtime) -> None:
    with db.writing() as session:
        steady = runs_steadily(session, runtime)
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
    erase_marked(runtime)
    mark_due(runtime)
    with db.reading() as session:
        branches = list(session.scalars(select(Branch.public_key)))
    for public_key in branches[:1]:  # one archive folder, whoever's files
        Archive(runtime.settings.archive, public_key).sweep(timedelta(hours=UNFINISHED_HOURS))


def _expire(session: Session, runtime: Runtime) -> int:
    rows = _signatures(session, runtime, retention.never_confirmed, skip_locked=True)  # an owner may say yes just now
    for signature in rows:
        signature.move_to(Signature.State.EXPIRED)
        session.flush()
        signature.forget(session)
    return len(rows)


def _forget_void(session: Session, runtime: Runtime) -> int:
    rows = _signatures(session, runtime, retention.void)
    for signature in rows:
        signature.forget(session)
    return len(rows)


def _forget_old(session: Session, runtime: Runtime) -> int:
    """State, day and position stay for the count."""
    rows = _signatures(session, runtime, retention.too_old)
    for signature in rows:
        signature.forget(session, keeps_slot=not signature.petition.over)
    return len(rows)


def _signatures(
    session: Session, runtime: Runtime, rows: Callable[[Settings], retention.Rows], *, skip_locked: bool = False
) -> list[Signature]:
    wanted = select(Signature).where(Signature.id.in_(rows(runtime.settings))).limit(BATCH)
    return list(session.scalars(wanted.with_for_update(skip_locked=True) if skip_locked else wanted))


def _free_slots(session: Session, _runtime: Runtime) -> int:
    """Mailboxes of forgotten signatures, kept while a second one could have been counted."""
    ids = session.scalars(
        select(Slot.id)
        .join(Signature, Slot.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .where(Slot.tag.is_not(None), Signature.erased_at.is_not(None), Petition.state.in_(Petition.OVER))
        .limit(BATCH)
    ).all()
    session.execute(
        update(Slot).where(Slot.id.in_(ids)).values(tag=None).execution_options(synchronize_session=False)
    )
    return len(ids)


def _drop_data_keys(session: Session, runtime: Runtime) -> int:
    """Keys whose rows are all forgotten (a key seals for 15 minutes): unexpired backups lose those rows with them.
    Subscriptions outlive signatures: their keys go with the last of them."""
    oldest = now(-(runtime.settings.sealed_data_days + 2) * DAY)
    news = DataKey.purpose == DataKey.Purpose.UPDATES
    used = exists().where(Subscription.key_id == DataKey.id)
    unused = news & ~used & (DataKey.created_at < now(-NEWS_KEY_DAYS * DAY))
    ids = session.scalars(
        select(DataKey.id).where((~news & (DataKey.created_at < oldest)) | unused).limit(BATCH)
    ).all()
    session.execute(delete(DataKey).where(DataKey.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _emptying(rows: Callable[[Settings], retention.Rows], **values: None) -> Step:
    """A step that empties columns of signatures."""

    def step(session: Session, runtime: Runtime) -> int:
        ids = session.scalars(rows(runtime.settings).limit(BATCH)).all()
        session.execute(
            update(Signature)
            .where(Signature.id.in_(ids))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        return len(ids)

    return step


def _dropping(model: type[Base], rows: Callable[[Settings], retention.Rows]) -> Step:
    """A step that deletes rows."""

    def step(session: Session, runtime: Runtime) -> int:
        ids = session.scalars(rows(runtime.settings).limit(BATCH)).all()
        session.execute(delete(model).where(model.id.in_(ids)).execution_options(synchronize_session=False))
        return len(ids)

    return step


def _drop_trends(session: Session, runtime: Runtime) -> int:
    """A trend's key is a tag: it goes as tags go, and what was seen stays."""
    ids = session.scalars(
        select(Trend.id)
        .where(
            Trend.key != Trend.public_id,
            Trend.last_seen_at < now(-runtime.settings.net_tag_days * DAY),
        )
        .limit(BATCH)
    ).all()
    session.execute(
        update(Trend)
        .where(Trend.id.in_(ids))
        .values(key=Trend.public_id, example="")
        .execution_options(synchronize_session=False)
    )
    return len(ids)


_PURGES: tuple[Step, ...] = (
    _expire,
    _forget_void,
    _forget_old,
    _free_slots,
    _drop_data_keys,
    _drop_trends,
    _emptying(retention.net_tags, net_tag=None, confirm_net_tag=None),
    _emptying(retention.paces, confirm_pace=None),
    _dropping(Letter, retention.letters),
    _dropping(UpdateLetter, retention.update_letters),
    _dropping(Subscription, retention.ended_subscriptions),
    _dropping(MailCap, retention.mail_caps),
    _dropping(MemberSession, retention.member_sessions),
    _dropping(Report, retention.settled_reports),
)
