"""`petitions edition`: freeze, look at the check, approve as a second person, follow it out."""

from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.cli import find
from petitions.cli.context import connected, ring, writing
from petitions.cli.output import as_json, folded, show_record, show_rows
from petitions.cli.refusals import Refused
from petitions.cli.waiting import await_worker
from petitions.config import Settings
from petitions.db import db
from petitions.models import Approval, AuditEntry, Document, Edition, Signature

_BY = click.option("--by", required=True, metavar="MEMBER", help="Who acts: e-mail or id.")
_WAIT = click.option("--wait", is_flag=True, help="Until the worker is done; exit 1 if it found something wrong.")
_TIMEOUT = click.option("--timeout", default=600.0, show_default=True, metavar="SECONDS", help="With --wait.")


@click.group("edition")
def commands() -> None:
    """Editions: a petition and its signatures frozen at a moment, numbered."""


@commands.command("list")
@click.argument("slug")
@as_json
def list_editions(slug: str, as_json: bool) -> None:
    """The editions of a petition."""
    connected()
    with db.reading() as session:
        petition = find.petition(session, slug)
        editions = session.scalars(select(Edition).where(Edition.petition_id == petition.id).order_by(Edition.number))
        found = [_line(edition) for edition in editions]
    columns = ("number", "state", "confirmed", "requested_at", "compiled_at", "urgent", "threshold", "problems")
    show_rows(found, columns, as_json=as_json, empty=f"“{slug}” has no edition yet; petitions edition freeze {slug} …")


@commands.command()
@click.argument("slug")
@click.argument("number", type=int)
@as_json
def show(slug: str, number: int, as_json: bool) -> None:
    """What the check found, the documents, and where they are."""
    settings = connected()
    with db.reading() as session:
        record = _record(session, settings, find.edition(session, slug, number))
    show_record(record, as_json=as_json)


@commands.command()
@click.argument("slug")
@_BY
@click.option("--urgent", is_flag=True, help="Sooner after the last one than the usual gap.")
@_WAIT
@_TIMEOUT
@as_json
def freeze(slug: str, by: str, urgent: bool, wait: bool, timeout: float, as_json: bool) -> None:
    """Freeze the signatures so far as the next edition. The worker checks it; then a second person approves."""
    settings = connected()
    with writing() as session:
        petition = find.petition(session, slug)
        member = find.asking(session, by, petition.branch)
        gap = settings.edition_gap_days if settings.limits_apply else 0
        edition = Edition.freeze(session, petition, asked_by=member, urgent=urgent, gap_days=gap)
        AuditEntry.write(
            session, member.public_id, "edition.freeze", edition.public_id, log_size=edition.log_size, urgent=urgent
        )
        edition_id, number = edition.id, edition.number
    ring(settings, "editions")
    if not as_json:
        click.echo(f"Froze edition {number} of “{slug}”. The worker checks it.")
    _finish(settings, edition_id, timeout if wait else None, as_json=as_json)


@commands.command()
@click.argument("slug")
@click.argument("number", type=int)
@_BY
@_WAIT
@_TIMEOUT
@as_json
def approve(slug: str, number: int, by: str, wait: bool, timeout: float, as_json: bool) -> None:
    """The second person's yes: the worker compiles, seals and delivers."""
    settings = connected()
    with writing() as session:
        edition = find.edition(session, slug, number, lock=True)
        member = find.approving(session, by, edition.petition.branch)
        edition.approve(session, member, settings.approval_hours)
        AuditEntry.write(session, member.public_id, "edition.approve", edition.public_id)
        edition_id = edition.id
    ring(settings, "editions")
    if not as_json:
        click.echo(f"Approved edition {number} of “{slug}”. The worker compiles and delivers it.")
    _finish(settings, edition_id, timeout if wait else None, as_json=as_json)


@commands.command()
@click.argument("slug")
@click.argument("number", type=int)
@_BY
def decline(slug: str, number: int, by: str) -> None:
    """Say no to an edition that was asked for, or give up one that failed."""
    connected()
    with writing() as session:
        edition = find.edition(session, slug, number, lock=True)
        member = find.asking(session, by, edition.petition.branch)
        edition.decline()
        AuditEntry.write(session, member.public_id, "edition.decline", edition.public_id)
    click.echo(f"Declined edition {number} of “{slug}”.")


@commands.command()
@click.argument("slug")
@click.argument("number", type=int)
@_BY
def retry(slug: str, number: int, by: str) -> None:
    """Have an edition that failed checked anew. It needs a new approval: the old one was for the old check."""
    settings = connected()
    with writing() as session:
        edition = find.edition(session, slug, number, lock=True)
        member = find.asking(session, by, edition.petition.branch)
        if edition.state is not Edition.State.FAILED:
            raise Refused(f"Edition {number} is {edition.state}; only one that failed can be tried again.")
        edition.check_again(session)
        AuditEntry.write(session, member.public_id, "edition.retry", edition.public_id)
    ring(settings, "editions")
    click.echo(f"The worker checks edition {number} of “{slug}” anew.")


def _finish(settings: Settings, edition_id: int, timeout: float | None, *, as_json: bool) -> None:
    """Shows where the edition stands; waits for the worker first where that was asked for."""
    state = await_worker(edition_id, timeout) if timeout is not None else None
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        if as_json or state is not None:
            show_record(_record(session, settings, edition), as_json=as_json)
        problems, reason = edition.problems, edition.last_error_class
    if state is Edition.State.FAILED:
        raise Refused(f"The edition failed ({reason}). Mend that, then: petitions edition retry")
    if state is not None and problems:
        raise Refused("The check found what must be mended before anyone can approve:", *problems)


def _line(edition: Edition) -> dict[str, Any]:
    return {
        "number": edition.number,
        "state": edition.state,
        "confirmed": edition.totals["confirmed"],
        "log_size": edition.log_size,
        "requested_at": edition.requested_at,
        "checked_at": edition.checked_at,
        "compiled_at": edition.compiled_at,
        "urgent": edition.urgent,
        "threshold": edition.trigger.threshold if edition.trigger else None,
        "asked_by": edition.asked_by.public_id if edition.asked_by else None,
        "problems": len(edition.problems),
        "last_error": edition.last_error_class,
    }


def _record(session: Session, settings: Settings, edition: Edition) -> dict[str, Any]:
    report = edition.report or {}
    numbers = {**edition.totals, "by_country": folded(edition.totals["by_country"], settings.small_country)}
    approvals = session.scalars(
        select(Approval).where(Approval.kind == Approval.Kind.EDITION, Approval.subject == edition.public_id)
    )
    return {
        "petition": edition.petition.slug,
        **_line(edition),
        "id": edition.public_id,
        "approved_by": [approval.approved_by.public_id for approval in approvals],
        "totals": numbers,
        "texts": {language: f"version {text['version']}" for language, text in edition.texts.items()},
        "missing_glyphs": report.get("missing_glyphs", {}),
        "problems": list(edition.problems),
        "check": report.get("documents", []),
        "documents": [_document(document) for document in edition.documents],
        "deliveries": [
            {
                "id": delivery.public_id,
                "addressee": document.addressee.authority.slug,
                "channel": delivery.channel.kind,
                "state": delivery.state,
                "not_before": delivery.not_before,
                "hold_reason": delivery.hold_reason,
                "tries": delivery.tries,
            }
            for document in edition.documents
            for volume in document.volumes
            for delivery in volume.deliveries
        ],
        "new_since": _new_since(session, edition),
    }


def _document(document: Document) -> dict[str, Any]:
    return {
        "addressee": document.addressee.authority.slug,
        "circle": document.addressee.circle,
        "language": document.language,
        "state": document.state,
        "names": document.names,
        "count_only": document.count_only,
        "pages": sum(volume.pages for volume in document.volumes),
        "size": sum(volume.size for volume in document.volumes),
        "code": document.verification_code,
        "sha256": [volume.sha256 for volume in document.volumes],
    }


def _new_since(session: Session, edition: Edition) -> int:
    """Signatures confirmed under the petition after this edition was frozen."""
    found = session.scalar(
        select(func.count()).where(
            Signature.petition_id == edition.petition_id,
            Signature.state == Signature.State.CONFIRMED,
            (Signature.position.is_(None)) | (Signature.position > edition.log_size),
        )
    )
    return found or 0
