"""Web servers as `petitions web` starts them, and what they cost."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.measure import tree_cpu
from petitions import supervisor

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 40


class DidNotStart(Exception):
    """Its log says why."""


class Server(NamedTuple):
    port: int
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds that it has used so far, all its processes together."""
        return tree_cpu(self.pid)


@contextmanager
def serving(application: str, log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """One process with one thread, as on SQLite, for as long as the block runs."""
    port = supervisor.free_port()
    *command, _ = supervisor.web_command("127.0.0.1", port, 1)
    with running([*command, application], log, environment) as process:
        if not supervisor.wait_for_port(port, READY_SECONDS, lambda: process.poll() is None):
            raise DidNotStart(application)
        yield Server(port, process.pid)


@contextmanager
def running(
    command: list[str], log: Path, environment: Mapping[str, str] | None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process from the project's root, with its log in a file, as a service manager would keep it."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(supervisor.SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
