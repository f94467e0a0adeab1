"""`petitions verify`: is this PDF ours and whole, and which edition is it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.cli.context import connected
from petitions.cli.output import as_json, show_record
from petitions.db import db
from petitions.models import Branch, Document, Edition, Volume
from petitions.verify import Inspection, Problem, inspect

SENTENCES = {
    Problem.NONE: "The seal is ours and the file is whole.",
    Problem.NOT_PDF: "This is not a PDF.",
    Problem.NOT_SEALED: "This PDF carries no seal: it is not a document of ours.",
    Problem.ALTERED: "This file was altered after it was sealed, or its seal is not valid.",
    Problem.UNKNOWN_SEAL: "This PDF carries a seal that is not ours.",
    Problem.APPENDED: "Something was added to this file after it was sealed.",
    Problem.BROKEN: "This file is damaged and cannot be read.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    authentic: bool
    sentence: str
    record: dict[str, Any]


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("file", type=_FILE)
@click.option("--certificate", "certificates", multiple=True, type=_FILE,
              help="Check against this seal certificate (PEM or DER) alone, without any database; may be repeated.")
@as_json
def command(file: Path, certificates: tuple[Path, ...], as_json: bool) -> None:
    """Say whether FILE is a document of ours, unaltered. Exit 0: authentic; 1: not.

    With the database at hand it also says which edition it is and whether a newer one took its place; with
    --certificate it needs nothing but the file and the certificate.
    """
    answer = _offline(file, certificates) if certificates else _with_records(file)
    if as_json:
        show_record({"file": file.name, "authentic": answer.authentic, **answer.record}, as_json=True)
    else:
        click.echo(f"{'AUTHENTIC' if answer.authentic else 'NOT AUTHENTIC'}. {answer.sentence}\n")
        show_record(answer.record, as_json=False)
    click.get_current_context().exit(0 if answer.authentic else 1)


def _offline(file: Path, certificates: tuple[Path, ...]) -> Answer:
    with file.open("rb") as pdf:
        seen = inspect(pdf, [_der(path) for path in certificates])
    return Answer(seen.bottom_line, SENTENCES[seen.problem], _seal(seen))


def _with_records(file: Path) -> Answer:
    connected()
    with db.reading() as session, file.open("rb") as pdf:
        ours = [certificate for branch in session.scalars(select(Branch)) for certificate in branch.seals]
        seen = inspect(pdf, ours)
        volume = session.scalars(
            select(Volume).where(Volume.sha256 == seen.sha256).order_by(Volume.id.desc()).limit(1)
        ).one_or_none()
        record = _seal(seen) | (_edition(session, volume) if volume else {"known": False})
    if not seen.bottom_line:
        return Answer(False, SENTENCES[seen.problem], record)
    if volume is None:
        return Answer(False, "The seal is ours, but our records know no such document: it was never delivered.", record)
    if record["superseded_by"]:
        return Answer(True, "It is ours and whole, but another document has taken its place.", record)
    return Answer(True, "It is ours and whole.", record)


def _seal(seen: Inspection) -> dict[str, Any]:
    return {
        "problem": seen.problem,
        "sha256": seen.sha256,
        "sealed": seen.sealed,
        "intact": seen.intact,
        "trusted": seen.trusted,
        "covers_whole": seen.covers_whole,
        "sealed_at": seen.signed_at,
        "fingerprint": seen.fingerprint,
    }


def _edition(session: Session, volume: Volume) -> dict[str, Any]:
    document = volume.document
    edition, authority = document.edition, document.addressee.authority
    text = edition.texts.get(document.language) or next(iter(edition.texts.values()))
    return {
        "known": True,
        "petition": edition.petition.slug,
        "title": text["title"],
        "edition": edition.number,
        "volume": f"{volume.number} of {len(document.volumes)}",
        "addressee": authority.slug,
        "circle": document.addressee.circle,
        "language": document.language,
        "compiled_at": document.compiled_at,
        "names": document.names,
        "count_only": document.count_only,
        "pages": volume.pages,
        "code": document.verification_code,
        "superseded_by": _successor(session, document),
        "newest_edition": session.scalar(
            select(func.max(Edition.number)).where(
                Edition.petition_id == edition.petition_id, Edition.state == Edition.State.COMPILED
            )
        ),
    }


def _successor(session: Session, document: Document) -> dict[str, Any] | None:
    """What took the place of a superseded document; its code is empty until the worker has compiled it."""
    if document.state is not Document.State.SUPERSEDED:
        return None
    live = session.scalars(
        select(Document).where(
            Document.edition_id == document.edition_id,
            Document.addressee_id == document.addressee_id,
            Document.state == Document.State.LIVE,
        )
    ).one_or_none()
    return {
        "code": live.verification_code if live else None,
        "sha256": [volume.sha256 for volume in live.volumes] if live else [],
    }


def _der(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        if b"-----BEGIN" in content:
            return x509.load_pem_x509_certificate(content).public_bytes(Encoding.DER)
        return x509.load_der_x509_certificate(content).public_bytes(Encoding.DER)
    except ValueError:
        words = f"{path.name} is not a certificate in PEM or DER"
        raise click.BadParameter(words, param_hint="--certificate") from None
