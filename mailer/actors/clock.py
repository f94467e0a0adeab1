"""Whether the database's clock can be trusted with erasing for good: a clock that jumped must not erase early
(cases.md K10)."""

import time
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime, log
from petitions.db import database_time
from petitions.models import NamedLease

JUMP_HOURS = 26  # between two hourly looks at the clock: more means that it jumped, or that nobody worked
MOST_DRIFT = timedelta(minutes=10)  # between two looks of one process: more means that it was set
STEADY_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while the machine sleeps, where it can


def runs_steadily(session: Session, runtime: Runtime) -> bool:
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
