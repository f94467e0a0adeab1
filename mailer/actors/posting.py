"""Handing letters to the relay and recording what it said: the same for every kind of letter to a person.

A letter sent twice after a crash carries the same Message-ID: it may come twice, never not at all.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.runtime import Runtime
from mailer.addresses import return_path
from mailer.letters import Mail
from mailer.replies import Outcome, Result
from petitions.db import database_time, db, now
from petitions.models import Letter, UpdateLetter

GROUP = 10  # results committed together; a crash sends at most so many again
DOT_SECONDS = 60.0  # to wait for the answer to a letter's final dot
RETRY_MINUTES = (1, 5, 15, 30, 60, 120, 240)
GIVE_UP_HOURS = 48
KEY_MISSING_SECONDS = 900  # an operator puts the branch's private key where it belongs; then its letters go
NOT_TRIED = "not_tried"  # given back before its turn came
REASONS_TO_PAUSE = {"connect", "tls", "auth", "timeout", "dropped"}  # the relay's trouble, not this letter's
REASONS_TO_MEND = {"policy", "no_8bitmime"}  # refused for good as things are: the operator may change them

Kind = type[Letter] | type[UpdateLetter]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter that is to go now. `ends_at`: later it would be of no use to its reader."""

    letter_id: int
    public_id: str
    tries: int
    created_at: datetime
    mail: Mail
    ends_at: datetime | None = None


def send(runtime: Runtime, kind: Kind, batch: Sequence[Outgoing]) -> int:
    """Says how many left. No transaction is open while the network is in use; results are committed in groups."""
    sent = 0
    results: list[tuple[Outgoing, Result]] = []
    domain, transport = runtime.settings.mail_domain, runtime.transport
    for index, letter in enumerate(batch):
        if runtime.stopping.is_set():
            _give_back(runtime, kind, batch[index:])
            break
        path = return_path(letter.public_id, runtime.index_key, domain)
        result = transport.send(path, letter.mail.recipient, letter.mail.data, dot_timeout=DOT_SECONDS)
        results.append((letter, result))
        sent += result.outcome is Outcome.ACCEPTED
        if len(results) >= GROUP:
            _record(runtime, kind, results)
            results.clear()
        if result.outcome is Outcome.TEMPORARY and result.reason in REASONS_TO_PAUSE:
            _record(runtime, kind, results)
            results.clear()
            _give_back(runtime, kind, batch[index + 1 :], seconds=30)
            break
    _record(runtime, kind, results)
    return sent


def settle(runtime: Runtime, session: Session, kind: Kind, row: int, state: Letter.State, reason: str) -> None:
    """It does not go, and why."""
    claims.release(session, kind, runtime.owner, [row], state=state, reason=reason, **kind.emptied())


def _record(runtime: Runtime, kind: Kind, results: Sequence[tuple[Outgoing, Result]]) -> None:
    if not results:
        return
    accepted = [letter.letter_id for letter, result in results if result.outcome is Outcome.ACCEPTED]
    with db.writing() as session:
        if accepted:
            session.connection().execute(_sent(kind), [{"row": row, "owner": runtime.owner} for row in accepted])
        for letter, result in results:
            if result.outcome is Outcome.PERMANENT and result.reason not in REASONS_TO_MEND:
                settle(runtime, session, kind, letter.letter_id, Letter.State.FAILED, result.reason)
            elif result.outcome is not Outcome.ACCEPTED:
                _try_again(session, runtime, kind, letter, result.reason)
        session.commit()


def _try_again(session: Session, runtime: Runtime, kind: Kind, letter: Outgoing, reason: str) -> None:
    moment = database_time(session)
    ended = letter.ends_at is not None and moment >= letter.ends_at
    if ended or moment - letter.created_at > timedelta(hours=GIVE_UP_HOURS):
        settle(runtime, session, kind, letter.letter_id, Letter.State.FAILED, reason)
        return
    minutes = RETRY_MINUTES[min(letter.tries, len(RETRY_MINUTES) - 1)]
    seconds = minutes * 60 * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
    claims.retry(
        session, kind, runtime.owner, letter.letter_id, tries=letter.tries + 1, seconds=seconds, reason=reason
    )


def _give_back(runtime: Runtime, kind: Kind, letters: Sequence[Outgoing], seconds: float = 0) -> None:
    """Rows claimed but not tried: no try is counted, and the caps do not count them again."""
    if letters:
        ids = [letter.letter_id for letter in letters]
        with db.writing() as session:
            claims.release(session, kind, runtime.owner, ids, not_before=now(seconds), last_error_class=NOT_TRIED)
            session.commit()


@cache
def _sent(kind: Kind) -> Any:
    """Built once: building it costs more than running it."""
    table = kind.__table__
    return (
        update(table)
        .where(table.c.id == bindparam("row"), table.c.lease_owner == bindparam("owner"))
        .values(
            state=Letter.State.SENT, sent_at=now(), lease_owner=None, lease_until=None, crashes=0, **kind.emptied()
        )
    )
