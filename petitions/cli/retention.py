"""`petitions retention`: what goes when, and the two steps by hand. Numbers only."""

import click
from sqlalchemy import delete, select

from petitions import retention
from petitions.cli.context import OPERATOR, connected, moment, writing
from petitions.cli.output import as_json, show_rows
from petitions.db import db
from petitions.models import AuditEntry, Erasure, NamedLease, Petition


@click.group("retention")
def commands() -> None:
    """What is kept, until when; marking and erasing what has had its time."""


@commands.command("plan")
@as_json
def show_plan(as_json: bool) -> None:
    """The dry run: what goes day by day, and of each petition what there is and when it goes."""
    settings = connected()
    with db.reading() as session:
        daily = [
            {"petition": "", "what": name, "rows": count, "goes_at": "now" if count else ""}
            for name, count in retention.count_daily(session, settings).items()
        ]
        marked = {(one.petition_id, one.kind) for one in session.scalars(select(Erasure)) if one.state == "marked"}
        of_petitions = [
            {
                "petition": petition.slug,
                "what": due.kind.value,
                "rows": due.count,
                "goes_at": "marked" if (petition.id, due.kind) in marked else due.at or "not yet",
            }
            for petition in session.scalars(select(Petition).order_by(Petition.id))
            for due in retention.plan(session, settings, petition)
            if due.count
        ]
    columns = ("petition", "what", "rows", "goes_at")
    show_rows([*daily, *of_petitions], columns, as_json=as_json, empty="Nothing is kept.")


@commands.command()
def mark() -> None:
    """Mark what has come to the end of its term. It is erased a day later; the worker marks by itself every hour."""
    settings = connected()
    done = 0
    with writing() as session:
        when = moment(session)
        for petition in session.scalars(select(Petition).where(Petition.state.in_(Petition.OVER))):
            for due in retention.plan(session, settings, petition):
                if due.is_due(when) and Erasure.mark(session, petition, due.kind, OPERATOR, due.count):
                    done += 1
                    AuditEntry.write(
                        session, OPERATOR, "retention.mark", petition.public_id, kind=due.kind.value, rows=due.count
                    )
    click.echo(f"{done} marked. They are erased in 24 hours.")


@commands.command()
def erase() -> None:
    """Let the worker erase now what was marked a day ago, instead of within the hour. It still refuses while the
    database's clock has not run steadily for a day."""
    connected()
    with writing() as session:
        ready = session.scalars(Erasure.due()).all()
        session.execute(delete(NamedLease).where(NamedLease.name == "job:purge"))
    click.echo(f"{len(ready)} marked a day ago or longer. The worker looks at them now.")
