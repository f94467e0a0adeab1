"""`petitions keys`: on the worker's machine, where the private halves live."""

from dataclasses import asdict

import click
from sqlalchemy import select

from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, writing
from petitions.cli.keymaking import complete, state_of, undone_on_error
from petitions.cli.output import as_json, show_rows
from petitions.db import db
from petitions.models import AuditEntry, Branch


@click.group("keys")
def commands() -> None:
    """Key pairs and seals of branches (files under PETITIONS_VAR/keys, readable by their owner only)."""


@commands.command()
@click.option("--branch", "slug", metavar="SLUG", help="This branch only; all that lack keys by default.")
def new(slug: str | None) -> None:
    """Make the key pair and the seal of a branch that has none. Nothing is ever overwritten.

    Run it where the worker runs, and keep a copy of the folder somewhere safe and offline: without the key pair
    nobody can ever open the names, and the editions to come would be empty.
    """
    settings = connected()
    made = {}
    with undone_on_error(settings), writing() as session:
        branches = [find.branch(session, slug)] if slug else session.scalars(select(Branch).order_by(Branch.id)).all()
        for branch in branches:
            if parts := complete(session, settings, branch):
                made[branch.slug] = parts
                AuditEntry.write(session, OPERATOR, "keys.new", branch.public_id, made=parts)
    for branch_slug, parts in made.items():
        click.echo(f"{branch_slug}: made its {' and '.join(parts)} in {settings.keys}")
    if not made:
        click.echo("Nothing to make: every branch has its key pair and its seal.")


@commands.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """Fingerprints, where the private halves are, and when the seals expire."""
    settings = connected()
    with db.reading() as session:
        found = [asdict(state_of(settings, branch)) for branch in session.scalars(select(Branch).order_by(Branch.id))]
    columns = ("branch", "private_half", "seal", "seal_expires_at", "public_key", "seal_certificate")
    show_rows(found, columns, as_json=as_json, empty="There is no branch yet; make one with: petitions branch new")
