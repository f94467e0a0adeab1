"""`petitions held`: signatures that wait for a moderator. Ids and circumstances; nobody's name."""

from datetime import timedelta

import click
from rich.console import Console
from rich.progress import track
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.cli import find
from petitions.cli.context import connected, moment, ring, writing
from petitions.cli.output import as_json, show_rows, stands_on_terminal
from petitions.cli.refusals import Refused
from petitions.db import db, is_state
from petitions.models import AuditEntry, MayNot, Member, SamePerson, Signature, moderation
from petitions.models.invalidation import ROWS_ALONE


@click.group("held")
def commands() -> None:
    """Signatures held for a moderator: they do not count until somebody has looked."""


@commands.command("list")
@click.option("--petition", "slug", metavar="SLUG", help="Of this petition only.")
@click.option("--limit", default=500, show_default=True, type=click.IntRange(1, 100_000))
@as_json
def list_held(slug: str | None, limit: int, as_json: bool) -> None:
    """What is held, oldest first: id, reason, country, age, disclosure."""
    connected()
    wanted = select(Signature).where(is_state(Signature.state, Signature.State.HELD))
    with db.reading() as session:
        if slug:
            wanted = wanted.where(Signature.petition_id == find.petition(session, slug).id)
        when = moment(session)
        found = [
            {
                "id": signature.public_id,
                "petition": signature.petition.slug,
                "reason": signature.held_reason,
                "country": signature.country,
                "age": _age(when - signature.created_hour),
                "age_hours": int((when - signature.created_hour).total_seconds() // 3600),
                "disclosure": signature.disclosure,
                "owner_said_yes": signature.owner_confirmed_on is not None,
            }
            for signature in session.scalars(wanted.order_by(Signature.created_hour, Signature.id).limit(limit))
        ]
    columns = ("id", "petition", "reason", "country", "age", "disclosure", "owner_said_yes")
    show_rows(found, columns, as_json=as_json, empty="Nothing is held.")


@commands.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--by", required=True, metavar="MEMBER", help="A moderator or an owner: e-mail or id.")
def release(ids: tuple[str, ...], by: str) -> None:
    """Let held signatures go on: the letter goes now; who had said yes already counts. All of them, or none."""
    settings = connected()
    with writing() as session:
        rows, member = _held(session, ids, by)
        rows_shown = track(rows, console=Console(stderr=True), disable=not stands_on_terminal(), transient=True)
        became = [moderation.release(session, row, member.public_id, settings.confirm_days) for row in rows_shown]
    ring(settings, "letters", "counting")
    pending, confirmed = became.count(Signature.State.PENDING), became.count(Signature.State.CONFIRMED)
    click.echo(f"Released {len(became)}: {pending} get their letter, {confirmed} count.")
    if void := became.count(Signature.State.VOID):
        click.echo(f"{void} became void: the same mailbox has another signature there, which stands.")


@commands.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--reason", required=True, metavar="WORD", help="A class such as “robot”, at most 40 characters.")
@click.option("--by", required=True, metavar="MEMBER", help="A moderator or an owner: e-mail or id.")
@click.option("--approved-by", metavar="MEMBER", help=f"An owner; needed for more than {ROWS_ALONE}.")
def invalidate(ids: tuple[str, ...], reason: str, by: str, approved_by: str | None) -> None:
    """Strike held signatures as false. All of them, or none.

    The reason is kept with the row and in the audit log; public totals say how many were struck, not why.
    """
    connected()
    said = " ".join(reason.split())
    if not 1 <= len(said) <= 40 or not said.isprintable():
        raise click.BadParameter("say it in 1 to 40 characters", param_hint="--reason")
    with writing() as session:
        rows, member = _held(session, ids, by)
        second = _second(session, rows, member, approved_by)
        for signature in track(rows, console=Console(stderr=True), disable=not stands_on_terminal(), transient=True):
            signature.invalidate(session, said)
            AuditEntry.write(
                session, member.public_id, "signature.invalidate", signature.public_id,
                reason=said, approved_by=second.public_id if second else None,
            )
    click.echo(f"Invalidated {len(rows)}.")


def _held(session: Session, ids: tuple[str, ...], by: str) -> tuple[list[Signature], Member]:
    """The rows, locked, and the member who may decide on all of them."""
    rows = find.signatures(session, ids)
    others = [signature.public_id for signature in rows if signature.state is not Signature.State.HELD]
    if others:
        raise Refused("Nothing was changed. These are not held:", *others)
    members = [
        find.moderating(session, by, branch)
        for branch in {signature.petition.branch_id: signature.petition.branch for signature in rows}.values()
    ]
    return rows, members[0]


def _second(session: Session, rows: list[Signature], member: Member, named: str | None) -> Member | None:
    if named is None:
        if len(rows) > ROWS_ALONE:
            raise MayNot(f"more than {ROWS_ALONE} at once need a second person: add --approved-by with an owner")
        return None
    second = find.approving(session, named, rows[0].petition.branch)
    if second.id == member.id:
        raise SamePerson("the member who asked cannot approve; another owner must")
    return second


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"
