"""`petitions delivery`: where documents are, and what a person settles: what became of an uncertain one."""

from typing import Any

import click
from sqlalchemy import Select, select

from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, moment, ring, writing
from petitions.cli.fields import checked
from petitions.cli.output import as_json, show_record, show_rows
from petitions.config import Settings
from petitions.db import db
from petitions.models import AuditEntry, Clock, Delivery, Document, Edition, Link, Petition, Volume
from petitions.shapes import Line


@click.group("delivery")
def commands() -> None:
    """Deliveries of documents to authorities."""


@commands.command("list")
@click.option("--state", type=click.Choice([state.value for state in Delivery.State]))
@click.option("--petition", "slug", metavar="SLUG", help="Of this petition only.")
@click.option("--held", is_flag=True, help="Only those that a hold stops.")
@as_json
def list_deliveries(state: str | None, slug: str | None, held: bool, as_json: bool) -> None:
    """Deliveries with their states."""
    settings = connected()
    wanted = select(Delivery).order_by(Delivery.id)
    if state:
        wanted = wanted.where(Delivery.state == Delivery.State(state))
    if held:
        wanted = wanted.where(Delivery.hold_reason.is_not(None))
    with db.reading() as session:
        if slug:
            wanted = _of_petition(wanted, find.petition(session, slug))
        found = [_line(settings, delivery) for delivery in session.scalars(wanted)]
    columns = ("id", "petition", "edition", "addressee", "channel", "state", "hold_reason", "not_before", "tries")
    show_rows(found, columns, as_json=as_json, empty="No such delivery.")


@commands.command()
@click.argument("delivery_id", metavar="ID")
@as_json
def show(delivery_id: str, as_json: bool) -> None:
    """One delivery with every attempt and what the mail server said."""
    settings = connected()
    with db.reading() as session:
        delivery = find.delivery(session, delivery_id)
        record = {
            **_line(settings, delivery),
            "address": delivery.channel.address,
            "legal_effect": delivery.channel.legal_effect,
            "by_link": delivery.by_link,
            "links": [
                {
                    "id": link.public_id,
                    "expires_at": link.expires_at,
                    "downloads": link.downloads,
                    "last_downloaded_at": link.last_downloaded_at,
                    "revoked_at": link.revoked_at,
                }
                for link in Link.all_of(session, delivery)
            ],
            "file_name": delivery.volume.file_name,
            "sha256": delivery.volume.sha256,
            "size": delivery.volume.size,
            "mail_sha256": delivery.mail_sha256,
            "created_at": delivery.created_at,
            "transmitting_at": delivery.transmitting_at,
            "settled_at": delivery.settled_at,
            "last_error": delivery.last_error_class,
            "attempts": [
                {
                    "happened_at": attempt.happened_at,
                    "outcome": attempt.outcome,
                    "reason": attempt.reason,
                    "code": attempt.code,
                    "reply": attempt.reply,
                }
                for attempt in delivery.attempts
            ],
        }
    show_record(record, as_json=as_json)


@commands.command()
@click.argument("delivery_id", metavar="ID")
@click.option("--as", "answer", required=True, type=click.Choice(list(Delivery.ANSWERS)),
              help="not-sent: it may go again. Say so only when you know that it did not leave.")
@click.option("--evidence", required=True, metavar="TEXT",
              help="How you know: the relay's log line, a bounce, a call. No personal data: it is kept for good.")
@click.option("--by", required=True, metavar="MEMBER", help="An owner: e-mail or id.")
def resolve(delivery_id: str, answer: str, evidence: str, by: str) -> None:
    """Settle what only a person can: above all a delivery whose outcome is uncertain.

    After the final dot was sent and no answer came, nothing sends it again by itself. Look for its Message-ID
    (petitions delivery show) in the relay's log, or ask the authority; then say here what became of it.
    """
    settings = connected()
    said = checked(Line, evidence, "--evidence")
    if len(said) < 5:
        raise click.BadParameter("say in a sentence how you know", param_hint="--evidence")
    with writing() as session:
        delivery = find.delivery(session, delivery_id, lock=True)
        member = find.approving(session, by, _petition(delivery).branch)
        before = delivery.state
        delivery.resolve(answer, said, moment(session), member)
        if delivery.state is Delivery.State.ACCEPTED:
            Clock.start_for(session, delivery)
        AuditEntry.write(
            session, member.public_id, "delivery.resolve", delivery.public_id,
            before=before.value, after=delivery.state.value, evidence=said,
        )
    if answer == "not-sent":
        ring(settings, "authorities")
    click.echo(f"The delivery is {Delivery.ANSWERS[answer]} now.")


@commands.command()
@click.argument("delivery_id", metavar="ID")
@click.option("--by", required=True, metavar="MEMBER", help="An owner: e-mail or id.")
def lift(delivery_id: str, by: str) -> None:
    """Lift the hold of a delivery: it goes as soon as its time has come."""
    settings = connected()
    with writing() as session:
        delivery = find.delivery(session, delivery_id, lock=True)
        member = find.approving(session, by, _petition(delivery).branch)
        AuditEntry.write(session, member.public_id, "delivery.lift", delivery.public_id, reason=delivery.lift())
    ring(settings, "authorities")
    click.echo("The hold is lifted.")


@commands.command()
@click.argument("delivery_id", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="At most 80 characters, no personal data.")
@click.option("--by", metavar="MEMBER", help="Any member of the branch; without it the operator is recorded.")
def hold(delivery_id: str, reason: str, by: str | None) -> None:
    """Stop a delivery until an owner lifts the hold. One person is enough."""
    connected()
    said = checked(Line, reason, "--reason")
    if not 1 <= len(said) <= 80:
        raise click.BadParameter("say it in 1 to 80 characters", param_hint="--reason")
    with writing() as session:
        delivery = find.delivery(session, delivery_id, lock=True)
        actor = find.stopping(session, by, _petition(delivery).branch).public_id if by else OPERATOR
        delivery.hold(said)
        AuditEntry.write(session, actor, "delivery.hold", delivery.public_id, reason=said)
    click.echo("The delivery is held.")


def _line(settings: Settings, delivery: Delivery) -> dict[str, Any]:
    document = delivery.volume.document
    return {
        "id": delivery.public_id,
        "petition": _petition(delivery).slug,
        "edition": document.edition.number,
        "addressee": document.addressee.authority.slug,
        "language": document.language,
        "volume": delivery.volume.number,
        "channel": delivery.channel.kind,
        "state": delivery.state,
        "hold_reason": delivery.hold_reason,
        "not_before": delivery.not_before,
        "tries": delivery.tries,
        "message_id": f"<{delivery.message_id_local}@{settings.mail_domain}>",
    }


def _petition(delivery: Delivery) -> Petition:
    return delivery.volume.document.edition.petition


def _of_petition(wanted: Select[Delivery], petition: Petition) -> Select[Delivery]:
    return (
        wanted.join(Volume, Delivery.volume_id == Volume.id)
        .join(Document, Volume.document_id == Document.id)
        .join(Edition, Document.edition_id == Edition.id)
        .where(Edition.petition_id == petition.id)
    )
