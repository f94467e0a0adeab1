"""`petitions switch`: the operator stops something for the whole site, and lets it go on."""

import click
from sqlalchemy import select

from petitions.cli.context import OPERATOR, connected, ring, writing
from petitions.cli.fields import checked
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.models import AuditEntry, Switch
from petitions.shapes import Line

NAME = click.argument("name", type=click.Choice([name.value for name in Switch.Name]))
QUEUES = {Switch.Name.DELIVERIES: "authorities", Switch.Name.LETTERS: "letters", Switch.Name.UPDATES: "updates"}
SHORTEST_REASON, LONGEST_REASON = 5, 80


@click.group("switch")
def commands() -> None:
    """Stop signing, deliveries, letters to signers or updates for all branches at once."""


@commands.command("list")
@as_json
def list_switches(as_json: bool) -> None:
    """What is stopped, since when and why."""
    connected()
    with db.reading() as session:
        found = [
            {"name": one.name, "thrown_at": one.thrown_at, "by": one.thrown_by, "reason": one.reason}
            for one in session.scalars(select(Switch).order_by(Switch.thrown_at))
        ]
    show_rows(found, ("name", "thrown_at", "by", "reason"), as_json=as_json, empty="Nothing is stopped.")


@commands.command()
@NAME
@click.option("--reason", required=True, metavar="TEXT",
              help="5 to 80 characters; organisers see it, and the audit log keeps it: no personal data.")
def throw(name: str, reason: str) -> None:
    """Stop NAME at once. What waits is kept and goes on after: petitions switch reset NAME."""
    connected()
    which = Switch.Name(name)
    why = checked_reason(reason)
    with writing() as session:
        if not Switch.throw(session, which, by=OPERATOR, reason=why):
            raise Refused(f"“{name}” is stopped already; see: petitions switch list")
        AuditEntry.write(session, OPERATOR, "switch.throw", name, reason=why)
    click.echo(f"“{name}” is stopped. What is under way at this moment is still finished.")


@commands.command()
@NAME
def reset(name: str) -> None:
    """Let NAME go on."""
    settings = connected()
    which = Switch.Name(name)
    with writing() as session:
        if not Switch.reset(session, which):
            raise Refused(f"“{name}” is not stopped; see: petitions switch list")
        AuditEntry.write(session, OPERATOR, "switch.reset", name)
    if which in QUEUES:
        ring(settings, QUEUES[which])
    click.echo(f"“{name}” goes on.")


def checked_reason(typed: str) -> str:
    """Long enough to say something, short enough for the log."""
    reason = checked(Line, typed, "--reason")
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise click.BadParameter(f"write {SHORTEST_REASON} to {LONGEST_REASON} characters", param_hint="--reason")
    return reason
