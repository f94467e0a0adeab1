"""`petitions keys`: on the worker's machine, where the private halves live."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import select

from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, moment, writing
from petitions.cli.keymaking import complete, make_log_key, state_of, undone_on_error
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.cli.seal_file import opened, require_replaceable, why_unfit
from petitions.db import db
from petitions.keys import replacing_seal
from petitions.models import AuditEntry, Branch


@click.group("keys")
def commands() -> None:
    """Key pairs and seals of branches (files under PETITIONS_VAR/keys, readable by their owner only)."""


@commands.command()
@click.option("--branch", "slug", metavar="SLUG", help="This branch only; all that lack keys by default.")
def new(slug: str | None) -> None:
    """Make the key pair and the seal of a branch that has none, and the key of the evidence logs. Nothing is ever
    overwritten.

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
        if make_log_key(session, settings):
            made["evidence logs"] = ["key"]
    for branch_slug, parts in made.items():
        click.echo(f"{branch_slug}: made its {' and '.join(parts)} in {settings.keys}")
    if not made:
        click.echo("Nothing to make: every branch has its key pair and its seal.")


@commands.command("import-seal")
@click.argument("branch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", required=True, metavar="MEMBER", help="An owner of the branch: e-mail or id.")
def import_seal(branch: str, file: Path, by: str) -> None:
    """Seal the documents to come with the organisation's own certificate, from a PKCS#12 FILE (.p12, .pfx).

    RSA, valid today, meant for signing. It is opened with PETITIONS_SEAL_PASSPHRASE; if that is empty or does not open
    it, the passphrase is asked for. What the former certificate sealed stays ours: it is kept with the branch.

    Run it where the worker runs, while no edition is being compiled. FILE itself is not changed.
    """
    settings = connected()
    content = file.read_bytes()
    seal = opened(content, settings.seal_passphrase.get_secret_value()) or opened(content, _asked_passphrase())
    if seal is None:
        raise Refused(f"{file.name} does not open: the passphrase is wrong, or it is no PKCS#12.")
    if unfit := why_unfit(seal):
        raise Refused(f"{file.name} cannot seal documents:", *unfit)
    fingerprint = hashlib.sha256(seal.der).hexdigest()
    with db.writing() as session:
        of = find.branch(session, branch)
        owner = find.approving(session, by, of)
        require_replaceable(session, settings, of, seal.der)
        former = hashlib.sha256(of.seal_certificate).hexdigest() if of.seal_certificate else None
        of.replace_seal(seal.der, moment(session))
        AuditEntry.write(
            session, owner.public_id, "keys.import_seal", of.public_id, seal=fingerprint, former=former
        )
        with replacing_seal(settings, of.public_id, seal.key, seal.certificate, seal.chain):
            session.commit()
    click.echo(f"“{branch}” seals with {fingerprint} from now on. Every other worker's machine needs the new files.")
    click.echo(f"The former seal lies beside it in {settings.keys} (former-…): move it somewhere offline.")


@commands.command("list")
@as_json
def list_keys(as_json: bool) -> None:
    """Fingerprints, where the private halves are, and when the seals expire."""
    settings = connected()
    with db.reading() as session:
        found = [asdict(state_of(settings, branch)) for branch in session.scalars(select(Branch).order_by(Branch.id))]
    columns = ("branch", "private_half", "seal", "seal_expires_at", "public_key", "seal_certificate")
    show_rows(found, columns, as_json=as_json, empty="There is no branch yet; make one with: petitions branch new")


def _asked_passphrase() -> str:
    said: str = click.prompt("Passphrase of the file", hide_input=True, default="", show_default=False, err=True)
    return said
