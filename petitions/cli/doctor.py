"""`petitions doctor`: which promises hold for the configuration it finds, and what is wrong."""

import sys
from collections.abc import Callable, Iterable, Iterator

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from petitions import migrate
from petitions.cli import examine_keys, examine_log, examine_machine, examine_records
from petitions.cli.context import connected
from petitions.cli.findings import Finding, Level, good, problem
from petitions.cli.output import as_json, show_json
from petitions.cli.refusals import Refused, sentence
from petitions.config import Settings, SettingsRefused
from petitions.db import db

_STYLES = {Level.GOOD: "green", Level.NOTE: "cyan", Level.WARNING: "yellow", Level.PROBLEM: "bold red"}
_OF_RECORDS = (
    examine_records.roles,
    examine_keys.keys,
    examine_keys.promise,
    examine_records.work,
    examine_records.audit_chain,
    examine_log.logs,
)
_OF_MACHINE = (examine_machine.relay, examine_machine.time_stamps, examine_machine.broker, examine_machine.disk)


@click.command("doctor")
@as_json
def command(as_json: bool) -> None:
    """Say in plain words which promises hold here and what is wrong. Exit 1 if anything is.

    Run it where the worker runs, and once where the web runs: what each machine can open differs.
    """
    found = list(examine())
    if as_json:
        show_json({
            "healthy": not any(finding.level is Level.PROBLEM for finding in found),
            "findings": [finding._asdict() for finding in found],
        })
    else:
        _print(found)
    click.get_current_context().exit(1 if any(finding.level is Level.PROBLEM for finding in found) else 0)


def examine() -> Iterator[Finding]:
    """Every finding; what cannot be looked at is one of them."""
    try:
        settings = connected()
    except SettingsRefused as refusal:
        for line in str(refusal).splitlines():
            yield problem("settings", line)
        return
    except (Refused, migrate.SchemaDiffers) as refusal:
        yield problem("database", str(refusal))
        return
    except Exception as error:  # whatever a driver raises when a database is not there
        yield problem("database", sentence(error).format_message())
        return
    yield from examine_machine.profile(settings)
    yield good("database", f"{db.engine.dialect.name}, at revision {migrate.head()}")
    with db.reading() as session:
        for of_records in _OF_RECORDS:
            yield from _guarded(of_records, settings, session)
    for of_machine in _OF_MACHINE:
        yield from _guarded(of_machine, settings)


def _guarded(check: Callable[..., Iterable[Finding]], settings: Settings, *session: Session) -> list[Finding]:
    """One check that fails must not hide the others."""
    try:
        return list(check(settings, *session))
    except Exception as error:  # its text may quote what a server or a driver was told
        for failed in session:
            failed.rollback()  # PostgreSQL answers nothing more in a transaction that failed
        return [problem(check.__name__.replace("_", " "), f"could not be examined ({type(error).__name__})")]


def _print(found: list[Finding]) -> None:
    if not sys.stdout.isatty():
        for finding in found:
            click.echo("\t".join(finding))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    for finding in found:
        table.add_row(Text(finding.level, _STYLES[finding.level]), Text(finding.name), Text(finding.words))
    Console().print(table)
