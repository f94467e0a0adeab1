"""`petitions log`: the evidence logs, their checks, and the answer to "your signatures are invented"."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from petitions import leaves, watermark
from petitions.cli import find
from petitions.cli.context import connected, writing
from petitions.cli.examine_log import examination
from petitions.cli.fields import checked
from petitions.cli.log_files import FILE, Sha256, file_of_leaves, verify_leaves, verify_proof
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.models import AuditEntry, Edition, EvidenceLog, Petition, Signature
from petitions.shapes import Filled

PART = 500  # signatures looked up at once


@click.group("log")
def commands() -> None:
    """The evidence logs: every counted signature is a leaf, and none is ever rewritten."""


commands.add_command(verify_proof)
commands.add_command(verify_leaves)


@commands.command()
@click.option("--petition", "slug", metavar="SLUG", help="This one only; all by default.")
@click.option("--checkpoint", "saved", type=FILE, multiple=True,
              help="A checkpoint kept elsewhere (from /log/…/checkpoint); needs --petition. May be repeated.")
@as_json
def check(slug: str | None, saved: tuple[Path, ...], as_json: bool) -> None:
    """Compare every leaf with its record and every checkpoint with the tree; exit 1 where they differ.

    A database that was put back, or rewritten together with its checkpoints, shows only against a checkpoint kept
    elsewhere: the worker's own (PETITIONS_VAR/log, looked at where it is), or one that you give.
    """
    if saved and not slug:
        raise click.UsageError("--checkpoint needs --petition")
    settings = connected()
    kept = [path.read_text() for path in saved]
    with db.reading() as session:
        wanted = [find.petition(session, slug)] if slug else session.scalars(select(Petition).order_by(Petition.id))
        found = [examination(settings, session, petition, kept) for petition in wanted]
    show_rows(found, ("petition", "leaves", "checkpoints", "root", "problems"), as_json=as_json,
              empty="There is no petition yet.")
    if wrong := [f"{one['petition']}: {said}" for one in found for said in one["problems"]]:
        raise Refused("An evidence log does not hold:", *wrong)


@commands.command()
@click.argument("petition")
@click.option("--edition", "number", type=click.IntRange(1), help="As of this edition; else as it is now.")
@click.option("--out", type=click.File("w", encoding="utf-8", lazy=True), default="-", help="A file; else stdout.")
def export(petition: str, number: int | None, out: Any) -> None:
    """The leaf hashes, for whoever wants to compute a printed root again. They name nobody."""
    settings = connected()
    with db.reading() as session:
        of = find.petition(session, petition)
        origin = settings.log_origin(of.slug, of.log_number)
        evidence = EvidenceLog(session, of.id)
        size = _edition(session, of, number).log_size if number else evidence.size
        out.writelines(file_of_leaves(origin, size, evidence.leaves(size)))


@commands.command()
@click.argument("petition", required=False)
@click.option("--edition", "number", type=click.IntRange(1), help="The edition that is doubted.")
@click.option("--root", type=Sha256(), help="Without the records: the root it prints,")
@click.option("--size", type=click.IntRange(1), help="and the size.")
@click.option("--nonce", required=True, metavar="TEXT", help="Chosen by whoever doubts, after the edition was printed.")
@click.option("--count", default=60, show_default=True, type=click.IntRange(1, 10_000), help="How many leaves.")
@as_json
def sample(
    petition: str | None, number: int | None, root: bytes | None, size: int | None, nonce: str, count: int,
    as_json: bool,
) -> None:
    """Draw leaves by lot, so that neither side can have chosen them: from the printed root and the doubter's nonce.

    The doubter runs it with --root and --size and needs nothing else; the organisation with PETITION and --edition, and
    sees which signatures are to be asked. Both find the same numbers.
    """
    if root is not None and size is not None:
        rows: list[dict[str, Any]] = [{"leaf": index} for index in leaves.drawn(root, size, nonce, count)]
    elif petition and number:
        connected()
        with db.reading() as session:
            of = find.petition(session, petition)
            size = _edition(session, of, number).log_size
            drawn = leaves.drawn(EvidenceLog(session, of.id).root(size), size, nonce, count)
            parts = (drawn[start : start + PART] for start in range(0, len(drawn), PART))
            rows = [row for part in parts for row in _signatures(session, of, part)]
    else:
        raise click.UsageError("give PETITION and --edition, or --root and --size")
    columns = ("leaf", "signature", "kind", "state", "can_be_asked") if petition else ("leaf",)
    show_rows(rows, columns, as_json=as_json, empty="There is no leaf.")
    part = leaves.most_invented(len(rows))
    click.echo(f"If all {len(rows)} are genuine, with 95 % confidence fewer than {part:.1%} of all are not.", err=True)


@commands.command("begin-anew")
@click.argument("petition")
@click.option("--reason", required=True, metavar="TEXT", help="What was lost; kept in the audit log for good.")
@click.option("--by", required=True, metavar="MEMBER", help="An owner of the branch: e-mail or id.")
def begin_anew(petition: str, reason: str, by: str) -> None:
    """Only where the newest database is lost for good: begin another log, under another name, with the leaves that are
    left. The old one can never be gone on with; whoever holds its checkpoints sees that it ended. Say so in public.

    Run it where the worker runs.
    """
    settings = connected()
    said = checked(Filled, reason, "--reason")
    with writing() as session:
        of = find.petition(session, petition)
        session.refresh(of, with_for_update={"key_share": True})
        owner = find.approving(session, by, of.branch)
        if of.log_stopped_at is None:
            raise Refused("This log goes on from what was published: there is no reason to begin another.")
        former, published = of.log_number, watermark.marked(settings, of.public_id)
        of.begin_log_anew(session)
        AuditEntry.write(
            session, owner.public_id, "log.begin_anew", of.public_id, reason=said, number=of.log_number,
            published=published,
        )
        name = settings.log_origin(of.slug, of.log_number)
        public_id = of.public_id
    watermark.lay_aside(settings, public_id, former)
    click.echo(f"The log of “{petition}” is {name} from now on; the worker signs it with the next batch.")


@commands.command()
@click.argument("petition")
@click.option("--edition", "number", required=True, type=click.IntRange(1))
@click.option("--addressee", required=True, metavar="SLUG", help="Of the authority whose document it is.")
@as_json
def serials(petition: str, number: int, addressee: str, as_json: bool) -> None:
    """Which leaf stands behind each printed name: the numbers of a document's Annex A, and their leaves.

    To find whom an addressee means who doubts a name. Do not hand out the list: leaves are in the order of signing, so
    it tells the minute to whoever watched the log grow. The signer's own file opens her leaf, and hers only.
    """
    connected()
    with db.reading() as session:
        edition = _edition(session, find.petition(session, petition), number)
        to = next((one for one in edition.petition.addressees if one.authority.slug == addressee), None)
        if to is None:
            raise Refused(f"“{addressee}” is no addressee of “{petition}”; see: petitions petition show")
        places = session.scalars(edition.roll_for(to, Signature.position)).all()
    rows = [{"serial": serial, "leaf": place - 1} for serial, place in enumerate(places, start=1)]
    show_rows(rows, ("serial", "leaf"), as_json=as_json, empty="Nobody is named to this addressee.")


def _signatures(session: Session, petition: Petition, indices: list[int]) -> list[dict[str, Any]]:
    places = [index + 1 for index in indices]
    found = session.scalars(
        select(Signature).where(
            Signature.petition_id == petition.id,
            or_(Signature.position.in_(places), Signature.withdrawal_position.in_(places)),
        )
    ).all()
    by_place = {row.position: (row, leaves.Kind.CONFIRM) for row in found}
    by_place |= {row.withdrawal_position: (row, leaves.Kind.WITHDRAW) for row in found if row.withdrawal_position}
    return [_row(index, *by_place[index + 1]) for index in indices]


def _row(index: int, signature: Signature, kind: leaves.Kind) -> dict[str, Any]:
    return {
        "leaf": index,
        "signature": signature.public_id,
        "kind": kind,
        "state": signature.state,
        "can_be_asked": signature.state is Signature.State.CONFIRMED and signature.erased_at is None,
    }


def _edition(session: Session, petition: Petition, number: int) -> Edition:
    found = session.scalars(
        select(Edition).where(Edition.petition_id == petition.id, Edition.number == number)
    ).one_or_none()
    if found is None:
        raise Refused(f"There is no edition {number} of “{petition.slug}”; see: petitions edition list")
    return found
