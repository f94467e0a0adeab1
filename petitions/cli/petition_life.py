"""`petitions petition pause|close|end|withdraw|hide|reviewed`: what one person decides in a petition's life."""

from datetime import timedelta

import click
from sqlalchemy.orm import Session

from petitions.cli import find
from petitions.cli.approvals import BY
from petitions.cli.context import connected, moment, writing
from petitions.cli.fields import checked
from petitions.cli.refusals import Refused
from petitions.models import AuditEntry, Petition
from petitions.shapes import Line

OWNER = click.option("--by", required=True, metavar="MEMBER", help="An owner: e-mail or id.")
REASON = click.option("--reason", required=True, metavar="TEXT",
                      help="5 to 80 characters for the audit log, where it is kept for good: no personal data.")


@click.command()
@click.argument("slug")
@click.option("--by", required=True, metavar="MEMBER", help="Any member of the branch: e-mail or id.")
def pause(slug: str, by: str) -> None:
    """Stop it at once: no new signatures, nothing is delivered. One person is enough."""
    connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        member = find.stopping(session, by, petition.branch)
        petition.pause(moment(session))
        AuditEntry.write(session, member.public_id, "petition.pause", petition.public_id)
    click.echo(f"“{slug}” is paused. Take it up again with: petitions petition open {slug} --by … --approved-by …")


@click.command()
@click.argument("slug")
@BY
def close(slug: str, by: str) -> None:
    """End the signing; the page stays. Links that were mailed still confirm for a while."""
    settings = connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        member = find.asking(session, by, petition.branch)
        petition.close(moment(session))
        AuditEntry.write(session, member.public_id, "petition.close", petition.public_id)
    click.echo(f"“{slug}” is closed. Confirmations count for another {settings.confirm_grace_hours} hours.")


@click.command()
@click.argument("slug")
@click.option("--outcome", required=True, type=click.Choice([outcome.value for outcome in Petition.Outcome]))
@OWNER
def end(slug: str, outcome: str, by: str) -> None:
    """Say what became of a closed petition; its page stays. Nobody can confirm a signature any more."""
    settings = connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        member = find.approving(session, by, petition.branch)
        if petition.state in {Petition.State.OPEN, Petition.State.PAUSED}:
            raise Refused(f"“{slug}” is {petition.state}; first: petitions petition close {slug} --by …")
        in_grace = _in_grace(session, petition, settings.confirm_grace_hours)
        petition.end(Petition.Outcome(outcome))
        AuditEntry.write(session, member.public_id, "petition.end", petition.public_id, outcome=outcome)
    click.echo(f"“{slug}” has ended: {outcome.replace('_', ' ')}.")
    if in_grace:
        click.echo("It was closed a short while ago: links that were mailed before do not confirm any more.")


@click.command()
@click.argument("slug")
@REASON
@OWNER
def withdraw(slug: str, reason: str, by: str) -> None:
    """Give the petition up: its page says that the organisers withdrew it. There is no way back; `pause` has one.

    No signature, no confirmation, no delivery from now on. What was delivered cannot be called back.
    """
    said = _reason(reason)
    connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        member = find.approving(session, by, petition.branch)
        before = petition.state
        petition.withdraw()
        AuditEntry.write(
            session, member.public_id, "petition.withdraw", petition.public_id, before=before.value, reason=said
        )
    click.echo(f"“{slug}” is withdrawn. Nothing more is delivered for it.")


@click.command()
@click.argument("slug")
@REASON
@click.option("--by", required=True, metavar="MEMBER", help="A moderator or an owner: e-mail or id.")
def hide(slug: str, reason: str, by: str) -> None:
    """Take its page away, for the protection of a person. One is enough; there is no way back; `pause` has one.

    No signature, no confirmation, no delivery from now on. Pages in a cache last PETITIONS_COUNT_SECONDS longer.
    """
    said = _reason(reason)
    connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        member = find.moderating(session, by, petition.branch)
        before = petition.state
        petition.hide()
        AuditEntry.write(
            session, member.public_id, "petition.hide", petition.public_id, before=before.value, reason=said
        )
    click.echo(f"“{slug}” is hidden. Nothing more is delivered for it.")


@click.command()
@click.argument("slug")
@OWNER
def reviewed(slug: str, by: str) -> None:
    """Say that addressees, texts and demand still fit after what happened to the prisoner: it may deliver again.

    A hold that was put on a delivery meanwhile stays until somebody lifts it: petitions delivery list --held
    """
    connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        member = find.approving(session, by, petition.branch)
        if not petition.needs_review:
            raise Refused(f"“{slug}” does not need a review.")
        petition.reviewed()
        AuditEntry.write(session, member.public_id, "petition.reviewed", petition.public_id)
        delivers = petition.may_deliver
    click.echo(f"“{slug}” is reviewed." if delivers else f"“{slug}” is reviewed; something else stops its deliveries.")
    click.echo("Deliveries that were held meanwhile: petitions delivery list --held")


commands: list[click.Command] = [pause, close, end, withdraw, hide, reviewed]


def _reason(typed: str) -> str:
    said = checked(Line, typed, "--reason")
    if not 5 <= len(said) <= 80:
        raise click.BadParameter("say it in 5 to 80 characters", param_hint="--reason")
    return said


def _in_grace(session: Session, petition: Petition, hours: int) -> bool:
    return petition.closed_at is not None and moment(session) < petition.closed_at + timedelta(hours=hours)
