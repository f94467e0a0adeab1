"""Opens the names that a moderator has asked to see, into copies that live for 72 hours."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.opening import keys_not_opened
from mailer.actors.posting import KEY_MISSING_SECONDS
from mailer.actors.runtime import Runtime, log
from petitions import crypto
from petitions.db import db
from petitions.models import HeldCopy, Signature

BATCH = 50


def open_held_copies(runtime: Runtime) -> int:
    """Says how many were opened."""
    opened = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, HeldCopy, runtime.owner, BATCH, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        with db.writing() as session:
            opened += _open(runtime, session, ids)
            session.commit()
    return opened


def forget_copies(_runtime: Runtime) -> int:
    """Those that have had their hours. A clock that is ahead only means that somebody asks again."""
    with db.writing() as session:
        dropped = HeldCopy.drop_expired(session, limit=10 * BATCH)
        session.commit()
    return dropped


def _open(runtime: Runtime, session: Session, ids: Sequence[int]) -> int:
    rows = session.execute(
        select(
            HeldCopy.id, HeldCopy.tries, Signature.public_id, Signature.state, Signature.name_key_id, Signature.name_box
        )
        .join(Signature, HeldCopy.signature_id == Signature.id)
        .where(HeldCopy.id.in_(ids))
    ).all()
    closed = keys_not_opened(runtime, session, {row.name_key_id for row in rows})
    opened = 0
    for row in rows:
        if row.state is not Signature.State.HELD or row.name_box is None or row.name_key_id is None:
            _close(runtime, session, row.id)
        elif row.name_key_id in closed:
            claims.retry(
                session, HeldCopy, runtime.owner, row.id,
                tries=row.tries + 1, seconds=KEY_MISSING_SECONDS, reason="key_missing",
            )
        else:
            opened += _write(runtime, session, row.id, row.public_id, row.name_key_id, row.name_box)
    return opened


def _write(runtime: Runtime, session: Session, copy: int, record: str, key: int, box: bytes) -> int:
    try:
        name, city = runtime.unsealer.fields("name", record, key, box)[:2]
    except crypto.BoxDamaged:
        log.error("held_copy.box_damaged", signature=record)
        _close(runtime, session, copy)
        return 0
    opened = {"state": HeldCopy.State.OPENED, "name": name[:200], "city": city[:200]}
    return claims.release(session, HeldCopy, runtime.owner, [copy], **opened)


def _close(runtime: Runtime, session: Session, copy: int) -> None:
    claims.release(session, HeldCopy, runtime.owner, [copy], state=HeldCopy.State.CLOSED)
