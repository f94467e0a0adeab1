"""`petitions petition trigger`: standing orders of two people."""

import click

from petitions.cli import find
from petitions.cli.approvals import APPROVED_BY, BY, approve
from petitions.cli.context import connected, ring, writing
from petitions.cli.refusals import Refused
from petitions.models import Approval, AuditEntry, Trigger


@click.group("trigger")
def commands() -> None:
    """Standing orders: an edition when so many have signed."""


@commands.command()
@click.argument("slug")
@click.argument("threshold", type=click.IntRange(min=1))
@BY
@APPROVED_BY
def add(slug: str, threshold: int, by: str, approved_by: str) -> None:
    """Freeze, compile and deliver an edition by itself at THRESHOLD confirmed signatures."""
    settings = connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        asking, owner = find.asking(session, by, petition.branch), find.approving(session, approved_by, petition.branch)
        order = next((one for one in petition.triggers if one.threshold == threshold), None)
        if order is None:
            order = Trigger(petition_id=petition.id, threshold=threshold)
            session.add(order)
        elif order.approved_by_id is not None:
            raise Refused(f"“{slug}” has this threshold already; see: petitions petition show {slug}")
        order.asked_by, order.approved_by = asking, owner
        session.flush()
        approve(session, Approval.Kind.TRIGGER, order.public_id, asking, owner)
        AuditEntry.write(
            session, owner.public_id, "trigger.approve", order.public_id, petition=petition.public_id,
            threshold=threshold, asked_by=asking.public_id,
        )
        reached = petition.confirmed_count >= threshold
    ring(settings, "counting")
    click.echo(f"“{slug}” gets an edition at {threshold} confirmed signatures.")
    if reached:
        click.echo("So many have signed already: the edition is asked for at the next count.")
