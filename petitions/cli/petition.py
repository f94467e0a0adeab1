"""`petitions petition`: drafts from files, two people to open; what one decides is in petition_life.py."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.cli import find, petition_life, trigger
from petitions.cli.approvals import APPROVED_BY, BY, approve
from petitions.cli.context import OPERATOR, connected, moment, writing
from petitions.cli.output import as_json, folded, show_record, show_rows
from petitions.cli.petition_file import EXAMPLE, read_petition
from petitions.cli.petition_import import draft
from petitions.db import db
from petitions.models import (
    Approval,
    AuditEntry,
    Branch,
    Member,
    Petition,
    Proposal,
    SamePerson,
    Trigger,
    totals,
)


@click.group("petition")
def commands() -> None:
    """Petitions and their standing orders."""


for command in (trigger.commands, *petition_life.commands):
    commands.add_command(command)


@commands.command("list")
@click.option("--state", type=click.Choice([state.value for state in Petition.State]))
@as_json
def list_petitions(state: str | None, as_json: bool) -> None:
    """All petitions."""
    connected()
    wanted = select(Petition).join(Branch).order_by(Petition.id)
    if state:
        wanted = wanted.where(Petition.state == Petition.State(state))
    with db.reading() as session:
        found = [_line(petition) for petition in session.scalars(wanted)]
    columns = ("slug", "branch", "state", "confirmed", "goal", "counted_at", "closes_at", "needs_review")
    show_rows(found, columns, as_json=as_json, empty="No petition here; bring one with: petitions petition import")


@commands.command()
@click.argument("slug")
@as_json
def show(slug: str, as_json: bool) -> None:
    """One petition: numbers, texts, addressees, thresholds, and what it still needs."""
    settings = connected()
    with db.reading() as session:
        petition = find.petition(session, slug)
        numbers = totals(session, petition, petition.log_size)
        numbers["by_country"] = folded(numbers["by_country"], settings.small_country)
        record = {
            **_line(petition),
            "id": petition.public_id,
            "outcome": petition.outcome,
            "opened_at": petition.opened_at,
            "closed_at": petition.closed_at,
            "forbids_naming": petition.forbids_naming,
            "count_only_countries": petition.count_only_countries,
            "missing_for_opening": [] if petition.opened_at else petition.missing_for_opening(),
            "totals": numbers,
            "texts": [
                {
                    "language": text.language,
                    "version": text.version,
                    "title": text.title,
                    "approved_at": text.approved_at,
                    "hash": text.hash,
                }
                for text in petition.texts
            ],
            "addressees": [
                {
                    "authority": one.authority.slug,
                    "circle": one.circle,
                    "language": one.language,
                    "channels": [channel.kind for channel in one.usable_channels],
                }
                for one in petition.addressees
            ],
            "thresholds": [
                {"threshold": one.threshold, "approved": one.approved_by_id is not None, "fired_at": one.fired_at}
                for one in petition.triggers
                if one.kind is Trigger.Kind.COUNT
            ],
        }
    show_record(record, as_json=as_json)


@commands.command(
    "import",
    help="Make a draft from a TOML or JSON file: all of it, or nothing.\n\n"
    "Opening the draft is another command, with a second person. The file looks like this:\n\n"
    + "\n\n".join(f"\b\n{part}" for part in EXAMPLE.split("\n\n")),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@BY
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
def import_file(file: Path, by: str, dry_run: bool) -> None:
    settings = connected()
    read = read_petition(file)
    with db.writing() as session:
        petition = draft(session, read, [*dict.fromkeys(settings.languages + settings.document_languages)], by)
        session.flush()
        missing = [need for need in petition.missing_for_opening() if "an approved text" not in need]
        if not dry_run:
            member = find.member(session, by)
            AuditEntry.write(session, member.public_id, "petition.import", petition.public_id, slug=petition.slug)
            session.commit()
    for need in missing:
        click.echo(f"To be opened it still needs {need}.")
    slug = read.petition.slug
    click.echo(
        "The file is in order. Nothing was changed."
        if dry_run
        else f"Made the draft “{slug}”. Next: petitions petition open {slug} --by … --approved-by …"
    )


@commands.command("open")
@click.argument("slug")
@BY
@APPROVED_BY
def open_petition(slug: str, by: str, approved_by: str) -> None:
    """Publish a draft, or take up again a paused petition. Needs two people.

    The second person approves with it the newest text in each language and the thresholds not approved yet.
    """
    connected()
    with writing() as session:
        petition = find.petition(session, slug, lock=True)
        asking, owner = find.asking(session, by, petition.branch), find.approving(session, approved_by, petition.branch)
        if petition.state is Petition.State.DRAFT:
            petition.move_to(Petition.State.IN_REVIEW)
        when = moment(session)
        approve(session, Approval.Kind.PUBLICATION, petition.public_id, asking, owner)
        _approve_texts(petition, owner, when)
        left = _approve_triggers(session, petition, owner)
        if petition.stopped:
            petition.resume(when)
        else:
            petition.open(when)
        if asked := Proposal.of(session, Approval.Kind.PUBLICATION, petition.public_id):
            asked.lapse(when)  # what was asked for on the screens has been decided here
        AuditEntry.write(
            session, owner.public_id, "petition.open", petition.public_id, asked_by=asking.public_id,
            texts=[text.hash for text in petition.texts if text.approved_at],
        )
    click.echo(f"“{slug}” is open.")
    for threshold in left:
        click.echo(f"The threshold {threshold} still needs a second person: petitions petition trigger add {slug} …")


@commands.command()
@click.argument("slug")
def recount(slug: str) -> None:
    """Count all its signatures again and correct the number; the worker does it every night."""
    connected()
    with writing() as session:
        petition = find.petition(session, slug)
        difference = petition.recount(session)
        count = petition.confirmed_count
        if difference:
            AuditEntry.write(session, OPERATOR, "petition.recount", petition.public_id, difference=difference)
    said = f"corrected by {difference:+}" if difference else "it was right"
    click.echo(f"“{slug}” has {count} confirmed signatures ({said}).")


def _line(petition: Petition) -> dict[str, Any]:
    return {
        "slug": petition.slug,
        "branch": petition.branch.slug,
        "state": petition.state,
        "confirmed": petition.confirmed_count,
        "goal": petition.goal,
        "counted_at": petition.counted_at,
        "closes_at": petition.closes_at,
        "needs_review": petition.needs_review,
    }


def _approve_texts(petition: Petition, owner: Member, when: datetime) -> None:
    newest = {text.language: text for text in petition.texts}  # in order of version
    for text in newest.values():
        if text.approved_at is None:
            text.approved_by_id, text.approved_at = owner.id, when


def _approve_triggers(session: Session, petition: Petition, owner: Member) -> list[int]:
    """Approves the standing orders others asked for; returns the thresholds that need somebody else."""
    left = []
    for order in petition.triggers:
        if order.approved_by_id is not None or order.kind is not Trigger.Kind.COUNT:
            continue
        try:
            approve(session, Approval.Kind.TRIGGER, order.public_id, order.asked_by, owner)
        except SamePerson:
            left.append(order.threshold or 0)
            continue
        order.approved_by = owner
    return left
