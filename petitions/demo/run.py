"""The demonstration as processes: sink, broker, worker and web on loopback, until Ctrl-C or until once is done."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from rich.console import Console

from petitions import logs, migrate, supervisor
from petitions.config import Profile, Settings, load
from petitions.db import db
from petitions.demo import data, once
from petitions.demo.crowd import Failed
from petitions.demo.load import load_once
from petitions.demo.owners import Way, ways_in
from petitions.keys import with_kept_secrets

COUNT_SECONDS = 3  # the demonstration counts often: who tries it wants to see it happen
READY_SECONDS = 40


def demonstrate(folder: Path, port: int, *, signers: int | None, as_json: bool) -> int:
    """Runs until Ctrl-C, or with `signers` once and unattended. Returns the exit code."""
    console = Console(stderr=as_json)
    logs.configure()
    if signers is not None:
        folder = _unused(folder)
    settings = _settings(folder, supervisor.free_port(port))
    migrate.upgrade(settings.database)
    db.connect(settings.database)
    load_once(settings, () if signers else data.THRESHOLDS)
    with (
        supervisor.ends_on_signals() as ended,
        _broker(settings) as broker_url,
        _processes(settings, broker_url, ended) as came_up,
    ):
        if not came_up():
            console.print(f"[red]The demonstration did not start; see the logs in {settings.var / 'logs'}[/red]")
            return 1
        if signers is None:
            _say_where(console, settings, ways_in(settings))
            ended.wait()
            return 0
        return _once(settings, broker_url, console, signers, as_json, ended)


def _once(
    settings: Settings, broker_url: str, console: Console, signers: int, as_json: bool, ended: threading.Event
) -> int:
    try:
        figures = once.run(settings, broker_url, signers, console, ended)
    except Failed as failure:
        console.print(f"[red]{failure}[/red]")
        return 1
    once.print_table(console, figures)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    return 0


def _unused(folder: Path) -> Path:
    """The folder itself, or where an earlier demonstration lies in it a new one inside: once begins with nothing."""
    runs = (folder / f"once-{number}" for number in count(2))
    return folder if not (folder / "petitions.db").exists() else next(run for run in runs if not run.exists())


def _settings(folder: Path, port: int) -> Settings:
    return with_kept_secrets(
        load(
            profile=Profile.DEMONSTRATION,
            var=folder,
            bind_port=port,
            base_url=f"http://localhost:{port}",
            count_seconds=COUNT_SECONDS,
        )
    )


@contextmanager
def _processes(settings: Settings, broker_url: str, ended: threading.Event) -> Iterator[Callable[[], bool]]:
    """All child processes while the block runs; gives a function that waits for them to come up."""
    environment = {
        "PETITIONS_PROFILE": settings.profile.value,
        "PETITIONS_VAR": str(settings.var),
        "PETITIONS_DATABASE_URL": settings.database,
        "PETITIONS_BASE_URL": settings.base_url,
        "PETITIONS_BIND_PORT": str(settings.bind_port),
        "PETITIONS_COUNT_SECONDS": str(settings.count_seconds),
        "PETITIONS_BROKER_URL": broker_url,
    }
    logs_folder = settings.var / "logs"
    web = supervisor.web_command("127.0.0.1", settings.bind_port, 1)
    children = [
        supervisor.Child("worker", supervisor.worker_command(), environment, logs_folder / "worker.log"),
        supervisor.Child("web", web, environment, logs_folder / "web.log"),
    ]
    if not settings.smtp_url.get_secret_value():  # a relay named by the environment is used instead of ours
        port = supervisor.free_port()
        environment["PETITIONS_SMTP_URL"] = f"smtp://127.0.0.1:{port}?tls=none"
        sink = [sys.executable, "-m", "petitions.demo.sink", "--port", str(port), "--dir", str(settings.outbox)]
        children.insert(0, supervisor.Child("sink", sink, environment, logs_folder / "sink.log"))
    for child in children:
        child.start()
    done = threading.Event()
    keeper = threading.Thread(target=supervisor.supervise, args=(children, done), name="supervisor")
    keeper.start()
    try:
        yield lambda: supervisor.wait_for_port(
            settings.bind_port, READY_SECONDS, lambda: not ended.is_set() and not _failed(children)
        )
    finally:
        done.set()
        keeper.join()


def _failed(children: list[supervisor.Child]) -> bool:
    return any(child.falls >= 3 for child in children)


@contextmanager
def _broker(settings: Settings) -> Iterator[str]:
    if settings.broker_url != "embedded":
        yield settings.broker_url
        return
    with supervisor.embedded_broker(settings.var / "broker") as url:
        yield url


def _say_where(console: Console, settings: Settings, ways: list[Way]) -> None:
    console.print()
    console.print(f"[bold]The demonstration runs at {settings.base_url}/[/bold]")
    console.print(f"  Mail it would have sent:  {settings.base_url}/dev/outbox")
    console.print(f"  Everything it keeps:      {settings.var}")
    console.print(f"  At {data.THRESHOLDS[0]} confirmed signatures the first edition is delivered by itself.")
    console.print(f"  The organisers' desk:     {settings.base_url}/organise/")
    for way in ways:
        console.print(f"  {way.name}, to begin:")
        console.print(f"    {way.link}", soft_wrap=True)
    if ways:
        console.print("  Open each in a browser of its own, such as a private window: what matters needs two people.")
    console.print("  Ctrl-C ends all of it.")
    console.print()


