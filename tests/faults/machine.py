"""One installation as in production: a database, keys, a relay, a broker or none, and real worker processes.

The worker is started as its users start it and killed with SIGKILL; nothing in it knows that it is being tested.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import time as time_of_day
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime
from petitions import keys, migrate
from petitions.config import Settings
from petitions.db import db
from petitions.keyring import keyring
from petitions.models import Authority, Branch, Member, Petition, Trigger
from petitions.supervisor import free_port, wait_for_port, web_command, worker_command
from tests import factories
from tests.faults.nursery import ROOT, Child, Nursery

LEASE_SECONDS = 2
PATIENCE = 60.0  # seconds: what delivery.md promises for a lost hint


@dataclass
class Machine:
    """`settings` are what its processes run with. The records are written by the test, through the same models."""

    var: Path
    smtp_url: str
    database_url: str = ""
    broker_url: str = "none"
    more: dict[str, Any] = field(default_factory=dict)
    nursery: Nursery | None = None  # without one, workers are started as the service manager starts them

    def __enter__(self) -> Self:
        self.settings = self._settings()
        keyring.forget()
        if self.settings.embedded_database:  # on PostgreSQL it is a copy of the fixtures' template
            self.settings.var.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self.settings.var / "petitions.db"
            file.touch(mode=0o600)
            file.write_bytes(_migrated())
        db.connect(self.settings.database)
        return self

    def __exit__(self, *_: object) -> None:
        db.unbind()
        db.dispose()
        keyring.forget()

    @contextmanager
    def worker(self, *arguments: str, **more: Any) -> Iterator["Worker"]:
        """A running worker; killed at the end if the test has not ended it."""
        started = self.start_worker(*arguments, **more)
        try:
            started.wait_until_up()
            yield started
        finally:
            started.kill()
        assert not (said := started.failures()), said

    def start_worker(self, *arguments: str, **more: Any) -> "Worker":
        """A worker that has just begun; the test kills it."""
        log = self.var / f"worker-{time.monotonic_ns()}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = self._environment(**more)
        if self.nursery is not None:
            return Worker(self.nursery.start(environment, log, arguments), log)
        return Worker(_begun(worker_command(*arguments), environment, log), log)

    @contextmanager
    def web(self) -> Iterator[int]:
        """The web process behind a reverse proxy, as in production; gives its port."""
        port = free_port()
        environment = self._environment(trusted_proxies=1)
        log = self.var / f"web-{port}.log"
        process = _begun(web_command("127.0.0.1", port, 1), environment, log)
        try:
            assert wait_for_port(port, PATIENCE, lambda: process.poll() is None), log.read_text()
            yield port
        finally:
            process.terminate()
            process.wait(60)

    @contextmanager
    def runtime(self, **changes: Any) -> Iterator[Runtime]:
        """What a worker works with, for a test that answers the bell itself."""
        made = Runtime(self.settings.model_copy(update=changes))
        try:
            yield made
        finally:
            made.close()

    def petition(self, session: Session, **fields: Any) -> Petition:
        """An open petition to three authorities that are always in office, with its branch's keys in place."""
        made = factories.petition(session, **fields)
        self.arm(session, made.branch)
        for addressee in made.addressees:
            always_open(addressee.authority)
        session.flush()
        return made

    def arm(self, session: Session, branch: Branch) -> None:
        """Puts a branch's private key and seal where the worker looks for them."""
        folder = self.settings.keys
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pkcs12, passphrase, certificate = _seal()
        for name, content in (
            (f"branch-{branch.public_id}.key", factories.PRIVATE_KEY),
            (f"seal-{branch.public_id}.p12", pkcs12),
            (f"seal-{branch.public_id}.pass", passphrase),
            ("log.key", factories.LOG_KEY),
        ):
            (folder / name).write_bytes(content)
        branch.seal_certificate = certificate
        session.flush()

    def standing_order(self, session: Session, petition: Petition, threshold: int) -> None:
        """A threshold that two members have approved."""
        editor = factories.member(session, petition.branch, Member.Role.EDITOR)
        owner = factories.member(session, petition.branch)
        petition.triggers.append(Trigger(threshold=threshold, asked_by_id=editor.id, approved_by_id=owner.id))
        session.flush()

    def _settings(self) -> Settings:
        values = {key.removeprefix("PETITIONS_").lower(): value for key, value in self._environment().items()}
        return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]

    def _environment(self, **more: Any) -> dict[str, str]:
        values = {
            "var": self.var,
            "database_url": self.database_url,
            "broker_url": self.broker_url,
            "smtp_url": self.smtp_url,
            "base_url": "https://petitions.example.org",
            "secret_key": factories.SECRET_KEY,
            "index_key": factories.INDEX_KEY,
            "lease_seconds": LEASE_SECONDS,
            "count_seconds": 1,
            "worker_threads": 2,
            **self.more,
            **more,
        }
        return {f"PETITIONS_{name.upper()}": str(value) for name, value in values.items()}


class Worker:
    """A worker process. What it prints goes to `log`."""

    def __init__(self, process: "subprocess.Popen[bytes] | Child", log: Path) -> None:
        self._process, self.log, self.pid = process, log, process.pid
        self._begun = time.monotonic()

    def wait_until_up(self) -> None:
        eventually(lambda: self.says("worker.started") or not self.alive, "the worker did not start")
        assert self.alive, self.log.read_text()

    def says(self, words: str) -> bool:
        return self.log.exists() and words in self.log.read_text()

    def failures(self) -> list[str]:
        """Errors that the worker has reported."""
        return [line for line in self.log.read_text().splitlines() if '"level": "error"' in line or "Traceback" in line]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, and gone when this returns."""
        self.shoot()
        self._process.wait()

    def shoot(self) -> None:
        """SIGKILL, without waiting: for a callback that must answer the worker's own connection."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive:  # else its number may be another's by now
                os.kill(self.pid, signal.SIGKILL)

    def has_run_for(self, seconds: float) -> bool:
        return self.alive and time.monotonic() - self._begun > seconds

    def end(self, within: float = 60) -> float:
        """SIGTERM; the seconds it took to end by itself."""
        begun = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        assert self._process.wait(within) == 0, self.log.read_text()
        return time.monotonic() - begun


def eventually(condition: Callable[[], Any], complaint: str, seconds: float = PATIENCE) -> Any:
    """Waits until the condition holds, and gives what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, complaint
        time.sleep(0.05)


def states(model: Any) -> list[str]:
    """The states of all rows of a kind, in order of their ids."""
    with db.reading() as session:
        return [state.value for state in session.scalars(select(model.state).order_by(model.id))]


def always_open(authority: Authority) -> None:
    authority.opens, authority.closes = time_of_day(0), time_of_day.max
    authority.working_days = list(range(7))


def _begun(command: list[str], environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            env={**kept, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@cache
def _migrated() -> bytes:
    """An empty SQLite file at the head revision: the migrations take half a second."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "petitions.db")
        migrate.upgrade(f"sqlite:///{file}")
        return file.read_bytes()


@cache
def _seal() -> tuple[bytes, bytes, bytes]:
    """PKCS#12, its passphrase and the certificate: made once, since an RSA key takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            var=Path(folder),
            base_url="https://petitions.example.org",
            secret_key=SecretStr(factories.SECRET_KEY),
            index_key=SecretStr(factories.INDEX_KEY),
        )
        certificate = keys.new_seal(settings, "test", "Open Door Association")
        return (
            (settings.keys / "seal-test.p12").read_bytes(),
            (settings.keys / "seal-test.pass").read_bytes(),
            certificate,
        )


