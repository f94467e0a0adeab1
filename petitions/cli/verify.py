"""`petitions verify`: is this PDF ours and whole, and which edition is it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.bundle import MOST_BYTES, BundleRefused, code_hash, export, opened
from petitions.cli import find
from petitions.cli.context import connected, moment
from petitions.cli.keymaking import state_of
from petitions.cli.output import as_json, show_record
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.inspection import Inspection, Problem
from petitions.keys import seal_key
from petitions.models import Branch, Document, Edition, Volume
from petitions.verify import inspect

SENTENCES = {
    Problem.NONE: "The seal is ours and the file is whole.",
    Problem.NOT_PDF: "This is not a PDF.",
    Problem.NOT_SEALED: "This PDF carries no seal: it is not a document of ours.",
    Problem.ALTERED: "This file was altered after it was sealed, or its seal is not valid.",
    Problem.UNKNOWN_SEAL: "This PDF carries a seal that is not ours.",
    Problem.APPENDED: "Something was added to this file after it was sealed.",
    Problem.ENCRYPTED: "This PDF is encrypted: ours never are.",
    Problem.TRUNCATED: "This file is cut short: its end is missing.",
    Problem.BROKEN: "This file is damaged and cannot be read.",
    Problem.TOO_HARD: "This file cannot be read in reasonable time.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    authentic: bool
    sentence: str
    record: dict[str, Any]


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class FileFirst(click.Group):
    """`petitions verify FILE` checks a file; what else there is to verifying has a name of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [check_file.name or "", *args]
        return super().parse_args(ctx, args)


@click.group("verify", cls=FileFirst)
def command() -> None:
    """Say whether a file is a document of ours: petitions verify FILE. More: petitions verify file --help."""


@command.command("file")
@click.argument("file", type=_FILE)
@click.option("--certificate", "certificates", multiple=True, type=_FILE,
              help="Check against this seal certificate (PEM or DER) alone, without any database; may be repeated.")
@click.option("--bundle", type=_FILE, help="Check against this bundle alone (petitions verify export-bundle).")
@click.option("--code", metavar="CODE", help="The code printed at the foot of its pages: must be this very document's.")
@as_json
def check_file(
    file: Path, certificates: tuple[Path, ...], bundle: Path | None, code: str | None, as_json: bool
) -> None:
    """Say whether FILE is a document of ours, unaltered. Exit 0: authentic; 1: not.

    With the database at hand it also says which edition it is and whether a newer one took its place. With --bundle
    or --certificate it needs neither database nor network; a certificate proves who sealed the file, a bundle also
    that it was issued.
    """
    if bundle and certificates:
        raise click.UsageError("--bundle and --certificate are two ways; take one")
    if bundle:
        answer = _with_bundle(file, bundle)
    else:
        answer = _offline(file, certificates) if certificates else _with_records(file)
    if code is not None and answer.authentic:
        answer = _compared(answer, "".join(char for char in code.upper() if char.isalnum()))
    if as_json:
        show_record({"file": file.name, "authentic": answer.authentic, **answer.record}, as_json=True)
    else:
        click.echo(f"{'AUTHENTIC' if answer.authentic else 'NOT AUTHENTIC'}. {answer.sentence}\n")
        if bundle:
            click.echo("That is what the bundle says. Compare bundle_signed_by with a fingerprint that you know.\n")
        show_record(answer.record, as_json=False)
    click.get_current_context().exit(0 if answer.authentic else 1)


@command.command("export-bundle")
@click.argument("branch")
@click.argument("output", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export_bundle(branch: str, output: Path) -> None:
    """Write what anybody needs to check the documents of BRANCH without us, signed with its seal.

    Certificates, former ones too, hashes of all documents and codes, the newest checkpoints of the evidence logs. No
    name, no document; of petitions that are not public nothing but hashes. Run it where the worker runs, after each
    edition, and put the file where officials find it.
    """
    settings = connected()
    with db.reading() as session:
        of = find.branch(session, branch)
        if state_of(settings, of).seal != "here":
            raise Refused("The branch's seal is not on this machine; run this where the worker runs.")
        kept = seal_key(settings, of.public_id)
        key, _certificate, _chain = load_key_and_certificates(kept.pkcs12, kept.passphrase)
        assert isinstance(key, RSAPrivateKey)  # nothing else is ever taken for a seal
        made = export(session, of, key, site=settings.base_url, made_at=moment(session))
    output.write_bytes(made)
    content = opened(made).content
    click.echo(f"{output}: {len(content['documents'])} files, {len(content['seals'])} seals")


def _with_bundle(file: Path, bundle: Path) -> Answer:
    if bundle.stat().st_size > MOST_BYTES:
        raise Refused(f"{bundle.name}: this is too large for a bundle")
    try:
        known = opened(bundle.read_bytes())
    except BundleRefused as error:
        raise Refused(f"{bundle.name}: {error}") from None
    with file.open("rb") as pdf:
        seen = inspect(pdf, known.seals)
    issued = known.document(seen.sha256)
    record = _seal(seen) | {"bundle_made_at": known.content["made_at"], "bundle_signed_by": known.signed_by}
    record |= {"known": issued is not None, **(issued or {})}
    if not seen.bottom_line:
        return Answer(False, SENTENCES[seen.problem], record)
    if issued is None:
        return Answer(False, "The seal is ours, but the bundle knows no such document. Is the bundle older?", record)
    if issued.get("superseded"):
        return Answer(True, "It is ours and whole, but another document has taken its place.", record)
    return Answer(True, "It is ours and whole.", record)


def _compared(answer: Answer, code: str) -> Answer:
    """With the code on paper: a genuine file beside the pages of another document proves nothing about those."""
    if answer.record.get("code") in {code, code_hash(code)}:
        return answer
    return Answer(False, "The file is ours, but it is not the document whose code this is.", answer.record)


def _offline(file: Path, certificates: tuple[Path, ...]) -> Answer:
    with file.open("rb") as pdf:
        seen = inspect(pdf, [_der(path) for path in certificates])
    return Answer(seen.bottom_line, SENTENCES[seen.problem], _seal(seen))


def _with_records(file: Path) -> Answer:
    connected()
    with db.reading() as session, file.open("rb") as pdf:
        ours = [certificate for branch in session.scalars(select(Branch)) for certificate in branch.seals]
        seen = inspect(pdf, ours)
        volume, about = Volume.by_hash(session, seen.sha256), Document.by_letter(session, seen.sha256)
        letter = about is not None  # of one page, which went where the document itself is fetched by a link
        volume = about.volumes[0] if about is not None else volume
        record = _seal(seen) | (_edition(session, volume) | {"letter": letter} if volume else {"known": False})
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
        "stamped_at": seen.stamped_at,
        "stamped_by": seen.stamped_by,
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
    live = document.successor(session)
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
