"""The worker process: answers the bell, sweeps, keeps its leases, ends cleanly.

`python -m mailer.worker [--queues letters,authorities]`, started by `petitions worker` or a service manager.
Without a broker, or while the broker is away, the sweep does the work itself.
"""

import argparse
import random
import signal
import sys
import threading
from collections.abc import Callable

import dramatiq
from dramatiq import Worker

from mailer import claims
from mailer.actors.deliveries import deliver_documents
from mailer.actors.editions import advance_editions
from mailer.actors.letters import send_letters
from mailer.actors.periodic import count_signatures, run_due
from mailer.actors.runtime import Runtime, log
from petitions import logs, migrate
from petitions.bell import ACTORS, bell, make_broker
from petitions.config import SettingsRefused, load
from petitions.db import db
from petitions.keys import KeysMissing, with_kept_secrets
from petitions.models import Delivery, Edition, Letter

SWEEP_SECONDS = (5.0, 15.0)
SWEEP_SECONDS_ALONE = (0.5, 1.0)  # no broker: the sweep is the bell
TICK_SECONDS = 1.0
WAIT_FOR_MESSAGES_MS = 100  # dramatiq's own default keeps an idle Redis waiting ten times as long
SECONDS_TO_END = 55

ANSWERS: dict[str, Callable[[Runtime], int]] = {
    "letters": send_letters,
    "authorities": deliver_documents,
    "editions": advance_editions,
    "counting": count_signatures,
}
_WORK: dict[str, type[Letter] | type[Delivery] | type[Edition]] = {"letters": Letter, "authorities": Delivery, "editions": Edition}


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
    except (SettingsRefused, KeysMissing, migrate.SchemaDiffers, ValueError) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    serve(runtime, queues)
    return 0


def serve(runtime: Runtime, queues: list[str]) -> None:
    """Works until SIGTERM or SIGINT."""
    broker = make_broker(runtime.settings.broker_url)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    threads = [
        threading.Thread(target=_keep_leases, args=(runtime,), name="leases"),
        threading.Thread(target=_keep_sweeping, args=(runtime, queues), name="sweep"),
    ]
    worker = None
    if broker is not None:
        bell.hang(broker)
        declare(broker, runtime)
        worker = Worker(
            broker,
            queues=set(queues),
            worker_timeout=WAIT_FOR_MESSAGES_MS,
            worker_threads=runtime.settings.worker_threads,
        )
        worker.start()
    for thread in threads:
        thread.start()
    log.info("worker.started", owner=runtime.owner, queues=queues, broker=broker is not None)
    ended.wait()
    log.info("worker.stopping")
    runtime.stop()
    if worker is not None:
        worker.stop(timeout=SECONDS_TO_END * 1000)
    for thread in threads:
        thread.join(SECONDS_TO_END)
    db.dispose()
    log.info("worker.stopped")


def declare(broker: dramatiq.Broker, runtime: Runtime) -> None:
    """Makes the actors: thin, named, on this broker (the default broker would silently be another)."""
    for queue, actor_name in ACTORS.items():
        dramatiq.actor(actor_name=actor_name, queue_name=queue, broker=broker)(_answer(queue, runtime))


def _answer(queue: str, runtime: Runtime) -> Callable[[], None]:
    def answer() -> None:
        try:
            ANSWERS[queue](runtime)
        except Exception as error:  # its text may quote what was typed; the rows are safe and come round again
            log.error("actor.failed", queue=queue, error=type(error).__name__)

    return answer


def _keep_leases(runtime: Runtime) -> None:
    while not runtime.stopping.wait(claims.RENEW_SECONDS):
        try:
            with db.writing() as session:
                claims.renew(session, runtime.owner)
                session.commit()
        except Exception as error:
            log.error("leases.not_renewed", error=type(error).__name__)


def _keep_sweeping(runtime: Runtime, queues: list[str]) -> None:
    """One thread for all that comes round: free what died, ring for what is due, run the periodic jobs."""
    alone = runtime.settings.broker_url in {"", "none"}
    until_sweep = 0.0
    while not runtime.stopping.is_set():
        try:
            if until_sweep <= 0:
                until_sweep = random.uniform(*(SWEEP_SECONDS_ALONE if alone else SWEEP_SECONDS))  # noqa: S311
                sweep_once(runtime, queues)
            if "counting" in queues:
                run_due(runtime)
        except Exception as error:
            log.error("sweep.failed", error=type(error).__name__)
        pause = min(TICK_SECONDS, max(until_sweep, 0.05))
        runtime.stopping.wait(pause)
        until_sweep -= pause


def sweep_once(runtime: Runtime, queues: list[str]) -> None:
    """Frees what dead workers held; rings for what is due; where no broker takes the hint, does the work here."""
    with db.writing() as session:
        found = claims.sweep(session)
        session.commit()
    if any(found.values()):
        log.warning("sweep.found", **found)
    with db.reading() as session:
        due = [queue for queue in queues if queue in _WORK and claims.waiting(session, _WORK[queue])]
    for queue in due:
        if not bell.send(queue):
            ANSWERS[queue](runtime)


if __name__ == "__main__":
    sys.exit(main())
