"""`petitions export`: opening an export of signers, on the machine that has the branch's private key."""

import csv
import io
import os
from pathlib import Path

import click
from sqlalchemy import select

from petitions import crypto, parcel
from petitions.cli.context import OPERATOR, connected, writing
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.export_marks import mark_key, reference_of
from petitions.models import AuditEntry, Export, Signature


@click.group("export")
def commands() -> None:
    """Exports of signers that two owners have agreed to (PETITIONS_EXPORT_BRANCHES)."""


@commands.command("open")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("to", type=click.Path(dir_okay=False, path_type=Path))
def open_export(file: Path, to: Path) -> None:
    """Open the sealed FILE and write the list it holds to TO, a new file that only you can read.

    Run it where the worker runs. The list names people who may be in danger for it: keep it on this machine, and delete
    it when it has served.
    """
    settings = connected()
    sealed = file.read_bytes()
    if (addressed := parcel.addressed_to(sealed)) is None:
        raise Refused("This file is not an export of signers.")
    branch, export = addressed
    try:
        private_key = (settings.keys / f"branch-{branch}.key").read_bytes()
        content = parcel.open_for_branch(sealed, private_key)
    except OSError:
        raise Refused(f"The private key of branch {branch} is not on this machine; take the file to the worker's.") \
            from None
    except crypto.BoxDamaged:
        raise Refused("The file does not open: it is damaged, or sealed to another key.") from None
    try:
        with open(to, "xb", opener=_for_me_alone) as out:
            out.write(content)
    except FileExistsError:
        raise Refused(f"{to} is there already; name another file.") from None
    with writing() as session:
        AuditEntry.write(session, OPERATOR, "export.open", export)
    click.echo(f"Wrote {to}. It is marked: whoever passes it on can be found.")


@commands.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def trace(file: Path, as_json: bool) -> None:
    """From which export a leaked list comes. FILE is any text that holds lines of it with their references."""
    settings = connected()
    words = _words(file.read_text(encoding="utf-8-sig", errors="replace"))
    index_key = settings.index_key.get_secret_value().encode()
    found = []
    with db.reading() as session:
        for export in session.scalars(select(Export).order_by(Export.id)):
            key = mark_key(index_key, export.public_id)
            signatures = session.scalars(
                select(Signature.public_id).where(Signature.petition_id == export.petition_id)
            )
            if lines := sum(reference_of(key, signature) in words for signature in signatures):
                found.append({
                    "export": export.number,
                    "branch": export.branch.slug,
                    "petition": export.petition.slug,
                    "made_for": export.asked_by.public_id,
                    "approved_at": export.approved_at,
                    "lines": lines,
                })
    columns = ("export", "branch", "petition", "made_for", "approved_at", "lines")
    show_rows(found, columns, as_json=as_json, empty="No line of it comes from an export of this installation.")


def _words(text: str) -> set[str]:
    return {cell.strip().strip("'") for row in csv.reader(io.StringIO(text)) for cell in row}


def _for_me_alone(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
