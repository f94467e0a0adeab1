"""`petitions authority`: the directory of who decides, and how they take documents.

The operator adds entries and corrects them. Where documents go to an authority that petitions are addressed to, not
even the operator changes alone: two owners have to agree on their screens (cases.md G13).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from petitions.authorities.csv_files import COLUMNS, read_rows, written
from petitions.authorities.directory import Done, Outcome, Planned, Wanted, carry_out, plan
from petitions.authorities.notices import tell_owners
from petitions.authorities.profiles import directory
from petitions.authorities.seed import load_seed, plan_seed, proposals
from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, ring, writing
from petitions.cli.fields import FileRefused, small_file
from petitions.cli.output import as_json, show_record, show_rows
from petitions.db import db
from petitions.models import AuditEntry, Authority, ChannelChange

ERRORS_SHOWN = 50
_COLUMNS_HELP = "\n".join(f"  {name}: {words}" for name, words in COLUMNS.items())
DRY_RUN = click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")


@click.group("authority")
def commands() -> None:
    """The directory of authorities."""


@commands.command(
    "import",
    help="Add or change authorities from a CSV file: all of them, or none.\n\n"
    "UTF-8 or UTF-16, at most 1 MB and 5,000 rows, with , or ; or tabs between the cells. An empty cell changes "
    f"nothing. Columns:\n\n\b\n{_COLUMNS_HELP}\n\n"
    "Where documents go to an authority that a petition is addressed to, is not changed by this: it is asked for, and "
    "waits for two owners. Whoever could change it alone could take the next list of names.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@DRY_RUN
def import_file(file: Path, dry_run: bool) -> None:
    settings = connected()
    reading = read_rows(small_file(file))
    _refuse(list(map(str, reading.flaws)))
    rows = [Wanted(number, row) for number, row in reading.rows]
    if dry_run:
        with db.reading() as session:
            _say_plan(plan(session, rows))
        return
    with writing() as session:
        planned = plan(session, rows)
        _refuse([str(flaw) for one in planned for flaw in one.flaws])
        done = carry_out(session, planned, None, f"file {file.name[:100]}")
        _write_down(session, done, "authority.import", file=reading.sha256)
    ring(settings, "letters")
    _say(done)


@commands.command()
@DRY_RUN
def seed(dry_run: bool) -> None:
    """Load the bodies of known countries, and what the law there accepts.

    The list comes with this software. What people have changed is not overwritten; what it says otherwise is printed.
    """
    settings = connected()
    if dry_run:
        with db.reading() as session:
            planned = plan_seed(session)
            kept = [line for one in planned for line in _kept(one)]
            _say_plan(planned)
        click.echo("\n".join(kept), nl=bool(kept))
        return
    with writing() as session:
        planned = plan_seed(session)
        _refuse([str(flaw) for one in planned for flaw in one.flaws])
        kept = [line for one in planned for line in _kept(one)]
        done = load_seed(session, planned, None)
        _write_down(session, done, "authority.seed", version=directory().version)
    ring(settings, "letters")
    _say(done)
    click.echo("\n".join(kept), nl=bool(kept))


@commands.command()
def export() -> None:
    """The whole directory as CSV on stdout; the same file imported again changes nothing."""
    connected()
    with db.reading() as session:
        click.echo(written(session.scalars(_all())), nl=False)


@commands.command()
@as_json
def changes(as_json: bool) -> None:
    """Changes of channels that wait for a second person, or for their hour."""
    connected()
    with db.reading() as session:
        found = [
            {
                "authority": change.authority.slug,
                "channel": change.kind,
                "state": change.state,
                "fields": sorted(change.after),
                "asked_at": change.asked_at,
                "takes_effect_after": change.not_before,
            }
            for change in session.scalars(ChannelChange.still_open())
        ]
    columns = ("authority", "channel", "state", "fields", "asked_at", "takes_effect_after")
    show_rows(found, columns, as_json=as_json, empty="No change of a channel waits.")


@commands.command("list")
@click.option("--country", help="Of this country only.")
@as_json
def list_authorities(country: str | None, as_json: bool) -> None:
    """All authorities."""
    connected()
    wanted = _all()
    if country is not None:
        wanted = wanted.where(Authority.country == country.upper())
    with db.reading() as session:
        found = [_record(authority) for authority in session.scalars(wanted)]
    columns = ("slug", "kind", "country", "name", "channels", "verified_on", "verified_lately")
    show_rows(found, columns, as_json=as_json, empty="The directory is empty; fill it with: petitions authority seed")


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
            "asks": authority.asks,
            "clocks": authority.clocks,
            "sources": authority.sources,
            "verified_by": authority.verified_by,
            "channels": [
                {
                    "kind": channel.kind,
                    "address": channel.address,
                    "legal_effect": channel.legal_effect,
                    "mode": channel.mode,
                    "max_bytes": channel.max_bytes,
                    "max_pages": channel.max_pages,
                    "required": channel.required,
                    "max_characters": channel.max_characters,
                    "usable": channel.usable,
                    "failing_since": channel.failing_since,
                    "note": channel.note,
                    "source": channel.source,
                }
                for channel in authority.live_channels
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


def _all() -> Select[Authority]:
    return select(Authority).options(selectinload(Authority.channels)).order_by(Authority.country, Authority.slug)


def _refuse(errors: Sequence[str]) -> None:
    if errors:
        more = [f"and {len(errors) - ERRORS_SHOWN} more"] if len(errors) > ERRORS_SHOWN else []
        raise FileRefused([*errors[:ERRORS_SHOWN], *more])


def _write_down(session: Session, done: Done, verb: str, **details: Any) -> None:
    for change in done.asked:
        tell_owners(session, change, "channel_change_asked", None)
        AuditEntry.write(
            session, OPERATOR, "channel_change.ask", change.public_id,
            authority=change.authority.slug, kind=change.kind.value, fields=sorted(change.after),
        )
    AuditEntry.write(session, OPERATOR, verb, "authorities", **details, **done.counts)


def _say(done: Done) -> None:
    said = ", ".join(f"{done.counts[name]} {name}" for name in ("new", "changed", "unchanged"))
    click.echo(f"Done: {said}.")
    for change in done.asked:
        click.echo(f"{change.authority.slug}, {change.kind}: waits for two owners, who are told by letter")


def _say_plan(planned: Sequence[Planned]) -> None:
    _refuse([str(flaw) for one in planned for flaw in one.flaws])
    counts = {outcome: sum(one.outcome is outcome for one in planned) for outcome in Outcome}
    said = f"{counts[Outcome.NEW]} new, {counts[Outcome.CHANGED]} changed, {counts[Outcome.SAME]} unchanged"
    click.echo(f"Would be: {said}. Nothing was changed.")
    for one in planned:
        for kind in one.waits:
            click.echo(f"{one.row.slug}, {kind}: would wait for two owners")


def _kept(one: Planned) -> list[str]:
    """What people have changed and the list says otherwise by now."""
    return [
        f"{one.row.slug}, {difference.fact}: kept “{difference.before}”; the list says “{difference.after}”"
        for difference in proposals(one)
    ]
