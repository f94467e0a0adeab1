"""The worker process: answers the bell, sweeps, keeps its leases, ends cleanly.

`python -m mailer.worker [--queues letters,authorities]`, started by `petitions worker` or a service manager.
Without a broker, or while the broker is away, the sweep does the work itself.
"""

import argparse
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable

import dramatiq
from dramatiq import Worker

from mailer import claims
from mailer.actors.counting import count_signatures
from mailer.actors.deliveries import deliver_documents
from mailer.actors.editions import advance_editions
from mailer.actors.handouts import make_handouts
from mailer.actors.held_copies import open_held_copies
from mailer.actors.invalidations import carry_out_invalidations
from mailer.actors.letters import send_letters
from mailer.actors.periodic import run_due
from mailer.actors.photos import prepare_photos
from mailer.actors.previews import make_previews
from mailer.actors.reports import open_reports
from mailer.actors.runtime import Runtime, log
from mailer.actors.updates import send_updates
from petitions import logs, migrate
from petitions.bell import ACTORS, bell, make_broker
from petitions.config import SettingsRefused, load
from petitions.db import db
from petitions.keys import KeysMissing, with_kept_secrets
from petitions.models import (
    Delivery,
    Edition,
    Handout,
    HeldCopy,
    Invalidation,
    Letter,
    Photo,
    Preview,
    ReportCopy,
    UpdateLetter,
)
from petitions.models.work import Work

SWEEP_SECONDS = (5.0, 15.0)
SWEEP_SECONDS_ALONE = (0.5, 1.0)  # no broker, or it is away: the sweep is the bell
TICK_SECONDS = 1.0
WAIT_FOR_MESSAGES_MS = 100  # dramatiq's own default keeps an idle Redis waiting ten times as long
SECONDS_TO_END = 55.0  # less than a service manager's or our supervisor's patience

ANSWERS: dict[str, Callable[[Runtime], int]] = {
    "letters": send_letters,
    "authorities": deliver_documents,
    "editions": advance_editions,
    "counting": count_signatures,
    "updates": send_updates,
    "held_copies": open_held_copies,
    "invalidations": carry_out_invalidations,
    "previews": make_previews,
    "handouts": make_handouts,
    "media": prepare_photos,
    "reports": open_reports,
}
_WORK: dict[str, type[Work]] = {
    "letters": Letter,
    "authorities": Delivery,
    "editions": Edition,
    "held_copies": HeldCopy,
    "invalidations": Invalidation,
    "handouts": Handout,
    "media": Photo,
    "reports": ReportCopy,
    "previews": Preview,
    "updates": UpdateLetter,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="petitions worker", description=__doc__.splitlines()[0])
    parser.add_argument("--queues", default=",".join(ACTORS), help="comma-separated; all by default")
    queues = [name for name in parser.parse_args(arguments).queues.split(",") if name]
    if unknown := set(queues) - set(ACTORS):
        parser.error(f"no queue {', '.join(sorted(unknown))}; there are {', '.join(ACTORS)}")
    try:
        settings = with_kept_secrets(load())
        logs.configure()
        db.connect(settings.database)
        migrate.require_current(db.engine)
        runtime = Runtime(settings)
    except (SettingsRefused, KeysMissing, migrate.SchemaDiffers, ValueError, OSError) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    serve(runtime, queues)
    return 0


def serve(runtime: Runtime, queues: list[str]) -> None:
    """Works until SIGTERM or SIGINT, then settles what is under way and ends."""
    broker = make_broker(runtime.settings.broker_url)
    ended, settled = threading.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    alone = Alone(runtime, queues, without_broker=broker is None)
    keeping_leases = _started("leases", _keep_leases, runtime, settled)
    consumers = None
    if broker is not None:
        bell.hang(broker)
        declare(broker, runtime)
        consumers = Worker(
            broker,
            queues=set(queues),
            worker_timeout=WAIT_FOR_MESSAGES_MS,
            worker_threads=runtime.settings.worker_threads,
        )
        consumers.start()
    sweeping = _started("sweep", _keep_sweeping, runtime, queues, alone)
    log.info("worker.started", owner=runtime.name, queues=queues, broker=broker is not None)
    ended.wait()
    deadline = time.monotonic() + SECONDS_TO_END
    log.info("worker.stopping")
    runtime.stop()
    alone.stop()
    if consumers is not None:
        consumers.stop(timeout=int(SECONDS_TO_END * 1000))
    _wait_for([sweeping, *alone.threads], deadline)
    settled.set()
    _wait_for([keeping_leases], time.monotonic() + 1)
    runtime.close()
    log.info("worker.stopped")


def declare(broker: dramatiq.Broker, runtime: Runtime) -> None:
    """Makes the actors: thin, named, on this broker (the default broker would silently be another)."""

    def answering(queue: str) -> Callable[[], None]:
        return lambda: answer(runtime, queue)

    for queue, actor_name in ACTORS.items():
        dramatiq.actor(actor_name=actor_name, queue_name=queue, broker=broker)(answering(queue))


def answer(runtime: Runtime, queue: str) -> None:
    """Does what is due in a queue. An error ends this answer; what it held comes round again."""
    with runtime.at_work():
        try:
            ANSWERS[queue](runtime)
        except Exception as error:  # its text may quote what was typed
            log.error("actor.failed", queue=queue, error=type(error).__name__)


class Alone:
    """One thread a queue for the time without a broker: a long queue of letters holds up neither an edition nor
    the sweep."""

    def __init__(self, runtime: Runtime, queues: Iterable[str], *, without_broker: bool) -> None:
        self.unheard = without_broker  # the broker did not take the last hint
        self.unanswered: set[str] = set()  # rung for at the last sweep
        self._runtime = runtime
        self._asked = {queue: threading.Event() for queue in queues}
        self.threads = [_started(f"alone-{queue}", self._keep_answering, queue) for queue in self._asked]

    def ask(self, queue: str) -> None:
        self._asked[queue].set()

    def stop(self) -> None:
        for asked in self._asked.values():
            asked.set()

    def _keep_answering(self, queue: str) -> None:
        asked = self._asked[queue]
        while True:
            asked.wait()
            asked.clear()
            if self._runtime.stopping.is_set():
                return
            answer(self._runtime, queue)


def sweep_once(runtime: Runtime, queues: list[str], alone: Alone) -> None:
    """Frees what dead workers held; rings for what is due. Where no broker takes the hint, or nobody has answered
    the last one, the work is done here."""
    with db.writing() as session:
        found = claims.sweep(session, lease=runtime.settings.lease_seconds)
        session.commit()
    if any(found.values()):
        log.warning("sweep.found", **found)
    with db.reading() as session:
        due = [queue for queue in queues if queue in _WORK and claims.waiting(session, _WORK[queue])]
    heard = [queue for queue in due if bell.send(queue)]
    for queue in due:
        if queue not in heard or queue in alone.unanswered:
            alone.ask(queue)
    alone.unanswered = set(heard)
    if due:
        alone.unheard = len(heard) < len(due)


def _keep_leases(runtime: Runtime, settled: threading.Event) -> None:
    """Until the last answer is settled: a sender may wait at the dot for longer than a lease after SIGTERM."""
    lease = runtime.settings.lease_seconds
    while not settled.wait(lease / claims.RENEWALS):
        try:
            if owners := runtime.owners_at_work:
                with db.writing() as session:
                    claims.renew(session, owners, lease=lease)
                    session.commit()
        except Exception as error:
            log.error("leases.not_renewed", error=type(error).__name__)


def _keep_sweeping(runtime: Runtime, queues: list[str], alone: Alone) -> None:
    """One thread for all that comes round: free what died, ring for what is due, run the periodic jobs."""
    until_sweep = 0.0
    while not runtime.stopping.is_set():
        try:
            if until_sweep <= 0:
                until_sweep = SWEEP_SECONDS[0]  # should it fail
                sweep_once(runtime, queues, alone)
                seconds = SWEEP_SECONDS_ALONE if alone.unheard else SWEEP_SECONDS
                until_sweep = random.uniform(*seconds)  # noqa: S311 - spreads load, guards nothing
            if "counting" in queues:
                run_due(runtime)
        except Exception as error:
            log.error("sweep.failed", error=type(error).__name__)
        pause = min(TICK_SECONDS, max(until_sweep, 0.05))
        runtime.stopping.wait(pause)
        until_sweep -= pause


def _started(name: str, target: Callable[..., None], *args: object) -> threading.Thread:
    """A daemon: what cannot be settled in time must not keep the process; its lease ends and it comes round."""
    thread = threading.Thread(target=target, args=args, name=name, daemon=True)
    thread.start()
    return thread


def _wait_for(threads: Iterable[threading.Thread], deadline: float) -> None:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
