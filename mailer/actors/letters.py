"""Letters that are due, to signers and to members: confirmations and what an account needs, never behind news.

Claimed in batches; each kind is composed by a module of its own, and all are handed over together.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors import confirmations, member_letters, update_letters
from mailer.actors.posting import Outgoing, send
from mailer.actors.runtime import Runtime
from petitions.db import db, now
from petitions.models import Letter, Switch

BATCH = 50
STOPPED_SECONDS = 300  # how soon letters to signers look again whether the operator's switch still stops them


def send_letters(runtime: Runtime) -> int:
    """Sends what is due until nothing is. Returns how many left."""
    sent = 0
    while not runtime.stopping.is_set():
        batch = _claim(runtime)
        if batch is None:
            break
        sent += send(runtime, Letter, batch)
    return sent


def _claim(runtime: Runtime) -> list[Outgoing] | None:
    """Claims and commits, so that what kills this process is counted; then opens, decides and counts against the
    caps in one short transaction. None when nothing was due."""
    with db.writing() as session:
        ids = claims.claim(session, Letter, runtime.owner, BATCH, lease=runtime.settings.lease_seconds)
        session.commit()
    if not ids:
        return None
    with db.writing() as session:
        batch = list(_compose(runtime, session, ids))
        session.commit()
    return batch


def _compose(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[Outgoing]:
    kinds = session.execute(select(Letter.id, Letter.kind).where(Letter.id.in_(ids)).order_by(Letter.id)).all()
    signers = [row for row, kind in kinds if kind is Letter.Kind.CONFIRM_SIGNATURE]
    if signers and Switch.thrown(session, Switch.Name.LETTERS):
        claims.release(session, Letter, runtime.owner, signers, not_before=now(STOPPED_SECONDS))
    elif signers:
        yield from confirmations.compose(runtime, session, signers)
    if tests := [row for row, kind in kinds if kind is Letter.Kind.UPDATE_TEST]:
        yield from update_letters.compose_tests(runtime, session, tests)
    if members := [row for row, _ in kinds if row not in {*signers, *tests}]:
        yield from member_letters.compose(runtime, session, members)
