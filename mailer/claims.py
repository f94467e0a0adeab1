"""Claims on rows of work that end by themselves: one mechanism for whatever derives from `Work`.

A claim counts a crash before the work and a recorded result takes it back, so a row that kills its process three
times is parked. The owner is one answer to the bell; while it is at work one thread renews its leases, so a lease
ends when the process has died or the answer broke off. What it records carries `WHERE lease_owner = me`: a worker
that slept through its lease cannot write late. All times are the database's.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from petitions.db import database_time, insert_or_ignore, is_state, now
from petitions.models import Delivery, NamedLease
from petitions.models.work import Work

LEASE_SECONDS = 60
RENEWALS = 4  # in the time of one lease
CRASHES_TO_PARK = 3
LEASES_TO_WAIT = 10  # before the last try of a row that was held at two deaths
CLOCK_SLACK = 60  # seconds; a period that ends later than it can was begun under a clock that jumped

KINDS: tuple[type[Work], ...] = tuple(Work.__subclasses__())


def new_owner() -> str:
    """A name for whoever holds leases: nobody before or after has the same."""
    return uuid.uuid4().hex


def claim(
    session: Session, model: type[Work], owner: str, limit: int, *, lease: float = LEASE_SECONDS
) -> list[int]:
    """Takes up to `limit` due rows for `owner`; the caller commits before it does the work.

    Rows that were held when a worker died are taken by few, and then each alone: should one of them kill again, it
    takes no innocent one with it.
    """
    found = (
        select(model.id, model.crashes)
        .where(
            model.due(),
            model.not_before <= now(),
            model.lease_owner.is_(None),
            model.crashes < CRASHES_TO_PARK,
        )
        .order_by(model.not_before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(found).all()
    if not rows:
        return []
    first = rows[0][1]
    most = (limit, max(1, limit // 10), 1)[first]
    ids = [row for row, crashes in rows if crashes == first][:most]
    session.execute(
        update(model)
        .where(model.id.in_(ids))
        .values(lease_owner=owner, lease_until=now(lease), crashes=model.crashes + 1)
        .execution_options(synchronize_session=False)
    )
    return ids


def release(session: Session, model: type[Work], owner: str, ids: Sequence[int], **values: Any) -> int:
    """Records a result for rows still ours and lets them go; returns how many were ours."""
    result = session.connection().execute(
        update(model.__table__)
        .where(model.id.in_(ids), model.lease_owner == owner)
        .values(lease_owner=None, lease_until=None, crashes=0, **values)
    )
    return result.rowcount


def mark(
    session: Session, model: type[Work], owner: str, row: int, *, lease: float = LEASE_SECONDS, **values: Any
) -> bool:
    """Records a step for a row that stays ours; False if it is not ours any more, and then nothing may be done."""
    result = session.connection().execute(
        update(model.__table__)
        .where(model.id == row, model.lease_owner == owner, model.lease_until > now())
        .values(lease_until=now(lease), **values)
    )
    return result.rowcount == 1


def retry(
    session: Session, model: type[Work], owner: str, row: int, *, tries: int, seconds: float, reason: str
) -> int:
    """Lets a row go until `seconds` from now."""
    return release(
        session, model, owner, [row], tries=tries, not_before=now(seconds), last_error_class=reason
    )


def renew(session: Session, owners: Collection[str], *, lease: float = LEASE_SECONDS) -> None:
    """Extends the leases of those at work. One that has ended stays ended: `mark` has refused it, or will."""
    for model in KINDS:
        session.execute(
            update(model)
            .where(model.lease_owner.in_(owners), model.lease_until > now())
            .values(lease_until=now(lease))
            .execution_options(synchronize_session=False)
        )


def sweep(session: Session, *, lease: float = LEASE_SECONDS) -> dict[str, int]:
    """Frees rows whose worker died: an authority's in the middle of transmission becomes `uncertain`, never ready
    again by itself; a row that killed three workers is parked; the rest may be claimed anew, at once or, after a
    second death, later: who is killed for another reason should not be there a third time. Returns counts."""
    moment = database_time(session)  # one for all that follows: a lease that ends in between waits for the next sweep
    ended = {model: _ended(model, moment) for model in KINDS}
    nobodys = ended[Delivery] | Delivery.lease_owner.is_(None)
    uncertain = _set(
        session,
        Delivery,
        [nobodys, is_state(Delivery.state, Delivery.State.TRANSMITTING)],
        state=Delivery.State.UNCERTAIN,
        last_error_class="worker_died",
        settled_at=now(),
        crashes=0,
    )
    parked = freed = 0
    later = {"not_before": now(lease * LEASES_TO_WAIT)}
    for model in KINDS:
        worn_out = [ended[model], model.due(), model.crashes >= CRASHES_TO_PARK]
        parked += _set(session, model, worn_out, last_error_class="crashed", **model.parked())
        freed += _set(session, model, [ended[model], model.crashes == CRASHES_TO_PARK - 1], **later)
        freed += _set(session, model, [ended[model]])
    return {"uncertain": uncertain, "parked": parked, "freed": freed}


def waiting(session: Session, model: type[Work]) -> bool:
    """Whether any row is due now and free."""
    found = select(model.id).where(
        model.due(), model.not_before <= now(), model.lease_owner.is_(None), model.crashes < CRASHES_TO_PARK
    )
    return session.scalar(found.limit(1)) is not None


def every(session: Session, job: str, owner: str, seconds: float) -> bool:
    """True for one caller in `seconds`, over all workers: how periodic jobs run once (cases.md K15).

    A clock that was ahead and was put right stops no job for as long (K10).
    """
    ended = or_(NamedLease.lease_until <= now(), NamedLease.lease_until > now(seconds + CLOCK_SLACK))
    if insert_or_ignore(session, NamedLease, {"name": job, "owner": owner, "lease_until": _moment(session, seconds)}):
        return True
    result = session.connection().execute(
        update(NamedLease.__table__)  # type: ignore[arg-type]
        .where(NamedLease.name == job, ended)
        .values(owner=owner, lease_until=now(seconds))
    )
    return result.rowcount == 1


def _ended(model: type[Work], moment: datetime) -> ColumnElement[bool]:
    return model.lease_owner.is_not(None) & or_(model.lease_until.is_(None), model.lease_until < moment)


def _set(session: Session, model: type[Work], where: Iterable[ColumnElement[bool]], **values: Any) -> int:
    result = session.connection().execute(
        update(model.__table__).where(*where).values(lease_owner=None, lease_until=None, **values)
    )
    return result.rowcount


def _moment(session: Session, seconds: float) -> Any:
    return session.scalar(select(now(seconds)))
