"""`petitions authority`: the directory of who decides, and how they take documents."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from petitions.cli import find
from petitions.cli.authority_file import COLUMNS, AuthorityRow, read_authorities
from petitions.cli.context import OPERATOR, connected, writing
from petitions.cli.fields import FileRefused
from petitions.cli.output import as_json, show_record, show_rows
from petitions.db import db
from petitions.models import Addressee, AuditEntry, Authority, Channel

_COLUMNS_HELP = "\n".join(f"  {name}: {words}" for name, words in COLUMNS.items())


@click.group("authority")
def commands() -> None:
    """The directory of authorities."""


@commands.command(
    "import",
    help="Add or change authorities from a CSV file: all of them, or none.\n\n"
    "UTF-8, at most 1 MB and 5,000 rows, with , or ; between the cells. Columns:\n\n"
    f"\b\n{_COLUMNS_HELP}\n\n"
    "The e-mail address of an authority that a petition is addressed to cannot be changed this way: "
    "whoever could change it alone could take the next list of names.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
def import_file(file: Path, dry_run: bool) -> None:
    connected()
    rows = read_authorities(file)
    if dry_run:
        with db.reading() as session, session.no_autoflush:
            done = _apply(session, rows)
    else:
        with writing() as session:
            done = _apply(session, rows)
            AuditEntry.write(session, OPERATOR, "authority.import", "authorities", **done)
    said = ", ".join(f"{count} {what}" for what, count in done.items())
    click.echo(f"Would be: {said}. Nothing was changed." if dry_run else f"Imported: {said}.")


@commands.command("list")
@click.option("--country", help="Of this country only.")
@as_json
def list_authorities(country: str | None, as_json: bool) -> None:
    """All authorities."""
    connected()
    wanted = select(Authority).options(selectinload(Authority.channels)).order_by(Authority.country, Authority.slug)
    if country is not None:
        wanted = wanted.where(Authority.country == country.upper())
    with db.reading() as session:
        found = [_record(authority) for authority in session.scalars(wanted)]
    columns = ("slug", "kind", "country", "name", "channels", "verified_on", "verified_lately")
    show_rows(found, columns, as_json=as_json, empty="The directory is empty; fill it with: petitions authority import")


@commands.command()
@click.argument("slug")
@as_json
def show(slug: str, as_json: bool) -> None:
    """All that the directory knows of one authority."""
    connected()
    with db.reading() as session:
        authority = find.authority(session, slug)
        record = {
            **_record(authority),
            "names": authority.names,
            "salutations": authority.salutations,
            "time_zone": authority.time_zone,
            "office_hours": f"{authority.opens:%H:%M}-{authority.closes:%H:%M}",
            "working_days": authority.working_days,
            "languages": authority.languages,
            "postal_address": authority.postal_address,
            "publishes_received": authority.publishes_received,
            "verified_by": authority.verified_by,
            "channels": [
                {
                    "kind": channel.kind,
                    "address": channel.address,
                    "legal_effect": channel.legal_effect,
                    "max_bytes": channel.max_bytes,
                    "required": channel.required,
                    "usable": channel.usable,
                    "failing_since": channel.failing_since,
                    "note": channel.note,
                    "source": channel.source,
                }
                for channel in authority.channels
            ],
        }
    show_record(record, as_json=as_json)


def _record(authority: Authority) -> dict[str, Any]:
    return {
        "slug": authority.slug,
        "kind": authority.kind,
        "country": authority.country,
        "name": authority.name_in("en"),
        "channels": [f"{channel.kind} ({channel.legal_effect})" for channel in authority.channels if channel.usable],
        "verified_on": authority.verified_on,
        "verified_lately": authority.verified_lately(datetime.now(UTC).date()),
    }


def _apply(session: Session, rows: list[tuple[int, AuthorityRow]]) -> dict[str, int]:
    """Brings the directory to what the rows say; returns how many were new, changed and unchanged."""
    slugs = [row.slug for _, row in rows]
    known = {
        authority.slug: authority
        for authority in session.scalars(
            select(Authority).where(Authority.slug.in_(slugs)).options(selectinload(Authority.channels))
        )
    }
    guarded = set(session.scalars(select(Authority.slug).where(exists().where(Addressee.authority_id == Authority.id))))
    errors, done = [], Counter({"new": 0, "changed": 0, "unchanged": 0})
    for number, row in rows:
        authority = known.get(row.slug)
        if authority is None:
            session.add(_new(row))
            done["new"] += 1
            continue
        if row.slug in guarded and row.email is not None and row.email != _email(authority):
            errors.append(
                f"row {number}, email: a petition is addressed to this authority; its address cannot change by import"
            )
        done["changed" if _change(authority, row) else "unchanged"] += 1
    if errors:
        raise FileRefused(errors)
    return dict(done)


def _new(row: AuthorityRow) -> Authority:
    authority = Authority(slug=row.slug, clocks={})
    _change(authority, row)
    return authority


def _change(authority: Authority, row: AuthorityRow) -> bool:
    """Sets what differs; says whether anything did."""
    changed = _set(
        authority,
        names=dict(row.names),
        salutations=dict(row.salutations),
        kind=row.kind,
        country=row.country or "",
        time_zone=row.time_zone,
        languages=list(row.languages),
        postal_address=row.postal_address,
        verified_on=row.verified_on,
    )
    if row.email is None:
        return changed
    channel = next((one for one in authority.channels if one.kind is Channel.Kind.EMAIL), None)
    if channel is None:
        channel = Channel(kind=Channel.Kind.EMAIL)
        authority.channels.append(channel)
    if channel.address != row.email:
        channel.failing_since = None  # another address has not failed yet
    channel_changed = _set(
        channel,
        address=row.email,
        legal_effect=row.legal_effect,
        max_bytes=row.max_bytes,
        required=list(row.required),
        note=row.note,
        source=row.source,
    )
    return changed or channel_changed


def _set(record: Authority | Channel, **values: Any) -> bool:
    differing = {name: value for name, value in values.items() if getattr(record, name) != value}
    for name, value in differing.items():
        setattr(record, name, value)
    return bool(differing)


def _email(authority: Authority) -> str | None:
    return next((one.address for one in authority.channels if one.kind is Channel.Kind.EMAIL), None)
