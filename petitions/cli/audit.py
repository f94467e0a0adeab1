"""`petitions audit`: the append-only log of who did what, and whether its chain holds."""

import click
from sqlalchemy import func, select

from petitions.cli.context import connected
from petitions.cli.output import as_json, show_record, show_rows
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.models import AuditEntry


@click.group("audit")
def commands() -> None:
    """The audit log."""


@commands.command()
@as_json
def check(as_json: bool) -> None:
    """Follow the chain from the first entry to the last; exit 1 where it does not hold.

    Keep the head somewhere else: an entry cut off at the end shows only against a head you noted before.
    """
    connected()
    with db.reading() as session:
        broken = AuditEntry.first_broken(session)
        entries = session.scalar(select(func.count(AuditEntry.id)))
        head = session.scalar(select(AuditEntry.hash).order_by(AuditEntry.sequence.desc()).limit(1))
    whole = broken is None
    record = {"whole": whole, "entries": entries, "first_broken": broken, "head": head.hex() if head else None}
    show_record(record, as_json=as_json)
    if not whole:
        raise Refused(
            f"The audit log does not hold from entry {broken} on: entries were changed, removed or put in. "
            "Stop all deliveries, keep the database as it is, and compare it with a backup."
        )


@commands.command("list")
@click.option("--last", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--subject", metavar="ID", help="About this record only.")
@as_json
def list_entries(last: int, subject: str | None, as_json: bool) -> None:
    """The newest entries, oldest first."""
    connected()
    wanted = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(last)
    if subject:
        wanted = wanted.where(AuditEntry.subject == subject)
    with db.reading() as session:
        found = [
            {
                "sequence": entry.sequence,
                "happened_at": entry.happened_at,
                "actor": entry.actor,
                "verb": entry.verb,
                "subject": entry.subject,
                "details": entry.details,
            }
            for entry in reversed(session.scalars(wanted).all())
        ]
    columns = ("sequence", "happened_at", "actor", "verb", "subject", "details")
    show_rows(found, columns, as_json=as_json, empty="The audit log is empty.")
