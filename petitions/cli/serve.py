"""Commands that start processes: web, worker, run (all of one machine), demo."""

import os
import sys
from pathlib import Path

import click

from petitions import logs, migrate, supervisor
from petitions.config import Settings, SettingsRefused, load
from petitions.db import db
from petitions.demo.run import demonstrate


@click.command()
def web() -> None:
    """Serve the pages (one process on SQLite, two on PostgreSQL unless set)."""
    settings = _settings()
    _become(_web_command(settings))


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--queues", help="Comma-separated: letters, authorities, editions, counting. All by default.")
def worker(queues: str | None) -> None:
    """Do the work: letters, editions, deliveries. Start as many as you like; each row is claimed once."""
    _settings()
    _become(supervisor.worker_command(*(["--queues", queues] if queues else [])))


@click.command()
def run() -> None:
    """Everything on one machine: embedded broker, worker and web, restarted when they fall."""
    logs.configure()
    settings = _settings()
    db.connect(settings.database)
    try:
        migrate.require_current(db.engine)
    except migrate.SchemaDiffers as refusal:
        raise click.ClickException(str(refusal)) from None
    finally:
        db.dispose()
    with supervisor.ends_on_signals() as ended:
        if settings.broker_url != "embedded":
            supervisor.supervise(_children(settings, settings.broker_url), ended)
            return
        with supervisor.embedded_broker(settings.var / "broker") as broker_url:
            supervisor.supervise(_children(settings, broker_url), ended)


@click.command()
@click.option("--once", is_flag=True, help="Unattended: sign, confirm, freeze, deliver, verify, print figures, end.")
@click.option("--signers", default=5_000, show_default=True, type=click.IntRange(1, 1_000_000), help="With --once.")
@click.option("--var", "folder", default="var/demo", show_default=True, type=click.Path(path_type=Path),
              help="Where everything is kept.")
@click.option("--port", default=8000, show_default=True, help="Of the pages; another is taken if it is in use.")
@click.option("--json", "as_json", is_flag=True, help="With --once: the last line is one JSON object.")
def demo(once: bool, signers: int, folder: Path, port: int, as_json: bool) -> None:
    """The whole job on this machine with invented persons and a local mail sink. Nothing leaves loopback."""
    sys.exit(demonstrate(folder.resolve(), port, signers=signers if once else None, as_json=as_json))


commands: list[click.Command] = [web, worker, run, demo]


def web_processes(settings: Settings) -> int:
    return settings.web_processes or (1 if settings.embedded_database else 2)


def _children(settings: Settings, broker_url: str) -> list[supervisor.Child]:
    environment = {"PETITIONS_BROKER_URL": broker_url}
    return [
        supervisor.Child("worker", supervisor.worker_command(), environment),
        supervisor.Child("web", _web_command(settings), environment),
    ]


def _web_command(settings: Settings) -> list[str]:
    return supervisor.web_command(
        settings.bind_host, settings.bind_port, web_processes(settings), settings.web_threads
    )


def _settings() -> Settings:
    try:
        return load()
    except SettingsRefused as refusal:
        raise click.ClickException(str(refusal)) from None


def _become(command: list[str]) -> None:
    """This process becomes the server: a service manager's signals reach it directly."""
    os.execve(command[0], command, {**os.environ, **supervisor.imports()})  # noqa: S606 - our own command
