"""Letters end to end: from the row, opened, decided, counted, rendered, handed over, to the result committed.

One worker process under production's rules against plain smtplib with as many connections, the same bytes and the same
sink, by turns.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import world
from bench.measure import figure, median, note, run, tree_cpu
from bench.server import running
from petitions import supervisor
from petitions.bell import bell, make_broker
from petitions.config import Settings

LETTERS, WARM, ROUNDS = 3_000, 300, 3
PATIENCE = 120.0
LOOK_SECONDS = 0.01


class NotSent(Exception):
    pass


class Sent(NamedTuple):
    seconds: float
    cpu: float


def main(work: Path) -> None:
    with sink() as port, supervisor.embedded_broker(work / "broker") as broker:
        settings = world.settings_in(work / "site", smtp_url=f"smtp://127.0.0.1:{port}?tls=none", broker_url=broker)
        world.found(settings)
        bell.hang(make_broker(broker))
        worker = supervisor.worker_command("--queues", "letters")
        with running(worker, work / "worker.log", world.environment(settings)) as process:
            ours, raw = _by_turns(settings, process.pid, port)
    _say(ours, raw, settings.worker_threads)


def _by_turns(settings: Settings, pid: int, port: int) -> tuple[list[Sent], list[Sent]]:
    ours, raw = [], []
    first = 1
    for turn in range(ROUNDS + 1):
        count = LETTERS if turn else WARM  # the first warms up
        world.add_letters(settings, count, first)
        first += count
        sent = _send(settings, pid)
        plain = run("bench.raw_smtp", port, count, settings.worker_threads).said
        note(f"  ours {count / sent.seconds:.0f} a second, plain smtplib {count / plain['wall']:.0f}")
        if turn:
            ours.append(sent)
            raw.append(Sent(plain["wall"], plain["cpu"]))
    return ours, raw


def _send(settings: Settings, pid: int) -> Sent:
    """Rings once for each thread, as a burst of signatures does, and waits until every letter's result is stored."""
    began, used = time.perf_counter(), tree_cpu(pid)
    for _ in range(settings.worker_threads):
        bell.send("letters")
    with closing(sqlite3.connect(settings.var / "petitions.db")) as connection:
        while connection.execute("SELECT 1 FROM letters WHERE state = 'ready' LIMIT 1").fetchone():
            if time.perf_counter() - began > PATIENCE:
                raise NotSent
            time.sleep(LOOK_SECONDS)
        other = connection.execute("SELECT count(*) FROM letters WHERE state != 'sent'").fetchone()
        if other != (0,):
            raise NotSent
    return Sent(time.perf_counter() - began, tree_cpu(pid) - used)


@contextmanager
def sink() -> Iterator[int]:
    """The port of a counting mail server; says how many mails it took when the block ends."""
    process = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        taken = json.loads(process.stdout.readline())["taken"]
        process.wait()
        note(f"  the sink took {taken} mails")


def _say(ours: list[Sent], raw: list[Sent], connections: int) -> None:
    seconds, plain = median(one.seconds for one in ours), median(one.seconds for one in raw)
    figure("letters connections", connections)
    figure("letters a second", LETTERS / seconds)
    figure("letters cpu ms each", median(one.cpu for one in ours) / LETTERS * 1000)
    figure("letters smtplib a second", LETTERS / plain)
    figure("letters smtplib cpu ms each", median(one.cpu for one in raw) / LETTERS * 1000)
    figure("letters rate ratio smtplib", plain / seconds)
    figure("letters cpu ratio smtplib", median(one.cpu for one in ours) / median(one.cpu for one in raw))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
