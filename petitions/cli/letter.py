"""`petitions letter`: mail to signers and members. Ids, states and classes of reasons; never a name or an address."""

import click
from sqlalchemy import select

from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, moment, ring, writing
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.models import AuditEntry, Letter, Signature

WITH_LINK = {Letter.Kind.MEMBER_INVITATION, Letter.Kind.MEMBER_RESET}
RETRIED = {Letter.State.PARKED, Letter.State.FAILED}


@click.group("letter")
def commands() -> None:
    """Letters to signers and members: what became of them, and once more for those that broke."""


@commands.command("list")
@click.option("--state", type=click.Choice([state.value for state in Letter.State]))
@click.option("--petition", "slug", metavar="SLUG", help="Of this petition only.")
@click.option("--limit", default=500, show_default=True, type=click.IntRange(1, 100_000))
@as_json
def list_letters(state: str | None, slug: str | None, limit: int, as_json: bool) -> None:
    """Letters, newest first: id, kind, state, reason, when."""
    connected()
    wanted = select(Letter).outerjoin(Signature).order_by(Letter.id.desc()).limit(limit)
    if state:
        wanted = wanted.where(Letter.state == Letter.State(state))
    with db.reading() as session:
        if slug:
            wanted = wanted.where(Signature.petition_id == find.petition(session, slug).id)
        found = [
            {
                "id": letter.public_id,
                "kind": letter.kind,
                "state": letter.state,
                "reason": letter.reason,
                "tries": letter.tries,
                "last_error": letter.last_error_class,
                "created_at": letter.created_at,
                "not_before": letter.not_before,
                "sent_at": letter.sent_at,
            }
            for letter in session.scalars(wanted)
        ]
    columns = ("id", "kind", "state", "reason", "tries", "last_error", "created_at")
    show_rows(found, columns, as_json=as_json, empty="No such letter.")


@commands.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
def retry(ids: tuple[str, ...]) -> None:
    """Send again letters that are parked or failed, where the signature still waits for its yes. All, or none.

    Mend first what stopped them: petitions letter list --state failed shows the class of the reason.
    """
    settings = connected()
    with writing() as session:
        letters = find.letters(session, ids)
        when = moment(session)
        if settled := [letter.public_id for letter in letters if letter.state not in RETRIED]:
            raise Refused("Nothing was changed. These are neither parked nor failed:", *settled)
        over = [
            letter.public_id
            for letter in letters
            if letter.signature is not None
            and (letter.signature.state is not Signature.State.PENDING or letter.signature.expires_at <= when)
        ]
        if over:
            raise Refused("Nothing was changed. The signatures of these are not pending any more:", *over)
        emptied = [letter.public_id for letter in letters if letter.kind in WITH_LINK and letter.secret_box is None]
        if emptied:
            raise Refused("Nothing was changed. The links of these are forgotten; ask for new letters:", *emptied)
        for letter in letters:
            before, reason = letter.state, letter.reason
            letter.retry(when)
            AuditEntry.write(
                session, OPERATOR, "letter.retry", letter.public_id, before=before.value, reason=reason
            )
    ring(settings, "letters")
    click.echo(f"{len(letters)} go once more.")
