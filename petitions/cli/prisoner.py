"""`petitions prisoner`: what happens to a person, with its source, and what follows for the petitions."""

from typing import Any

import click
from pydantic import ValidationError

from petitions.cli import find
from petitions.cli.context import connected, writing
from petitions.cli.fields import checked
from petitions.cli.output import as_json, show_rows
from petitions.cli.petition_file import EventPart
from petitions.db import db
from petitions.models import AuditEntry, Petition, PrisonerEvent
from petitions.shapes import Filled, errors_of

_OPTIONS = {"happened": "--on", "what": "--what"}


@click.group("prisoner")
def commands() -> None:
    """The persons petitions are for: what happened to them."""


@commands.command()
@click.argument("slug", metavar="SLUG")
@as_json
def events(slug: str, as_json: bool) -> None:
    """What is recorded of the prisoner of the petition SLUG, in order of date."""
    connected()
    with db.reading() as session:
        found = [
            {
                "happened": one.happened,
                "kind": one.kind,
                "what": one.what,
                "source": one.source,
                "visibility": one.visibility,
            }
            for one in find.petition(session, slug).prisoner.events
        ]
    columns = ("happened", "kind", "what", "source", "visibility")
    show_rows(found, columns, as_json=as_json, empty="Nothing is recorded yet.")


@commands.command()
@click.argument("slug", metavar="SLUG")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in PrisonerEvent.Kind]))
@click.option("--on", "happened", required=True, metavar="DATE", help="YYYY, YYYY-MM or YYYY-MM-DD: what is known.")
@click.option("--what", "what", required=True, multiple=True, metavar="LANG=TEXT",
              help="One sentence; once for each language: en=\"Moved to another prison.\"")
@click.option("--source", required=True, metavar="TEXT", help="Where this is known from; public events print it.")
@click.option("--internal", is_flag=True, help="For organisers only: on no page and in no document.")
@click.option("--by", required=True, metavar="MEMBER", help="An editor or an owner: e-mail or id.")
def event(
    slug: str, kind: str, happened: str, what: tuple[str, ...], source: str, internal: bool, by: str
) -> None:
    """Record what happened to the prisoner of the petition SLUG, and of every other petition for that person.

    A release or a death stops all their deliveries at once. A charge, a verdict, an appeal or a transfer changes who
    is competent or what may be asked: nothing is delivered until an owner has looked (petitions petition reviewed).
    """
    connected()
    part = _checked({
        "kind": kind,
        "happened": happened,
        "what": _by_language(what),
        "source": checked(Filled, source, "--source"),
        "visibility": PrisonerEvent.Visibility.INTERNAL if internal else PrisonerEvent.Visibility.PUBLIC,
    })
    with writing() as session:
        prisoner = find.petition(session, slug).prisoner
        member = find.asking(session, by, prisoner.branch)
        recorded = PrisonerEvent(
            kind=part.kind, happened=part.happened, what=dict(part.what), source=part.source,
            visibility=part.visibility,
        )
        petitions = Petition.record_event(session, prisoner, recorded)
        AuditEntry.write(
            session, member.public_id, "prisoner.event", prisoner.public_id, kind=part.kind.value,
            happened=part.happened, visibility=part.visibility.value,
            petitions=[petition.public_id for petition in petitions],
        )
        slugs = [petition.slug for petition in petitions]
    click.echo("The event is recorded.")
    for line in _what_follows(recorded, slugs):
        click.echo(line)


def _by_language(typed: tuple[str, ...]) -> dict[str, str]:
    what: dict[str, str] = {}
    for one in typed:
        language, equals, sentence = one.partition("=")
        if not equals or language in what:
            words = "write LANG=TEXT, once for each language, such as: en=\"Moved to another prison.\""
            raise click.BadParameter(words, param_hint="--what")
        what[language] = sentence
    return what


def _checked(fields: dict[str, Any]) -> EventPart:
    try:
        return EventPart.model_validate(fields)
    except ValidationError as error:
        said = [f"{_OPTIONS.get(where.partition('.')[0], where)}: {words}" for where, words in errors_of(error)]
        raise click.UsageError("\n".join(said)) from None


def _what_follows(recorded: PrisonerEvent, slugs: list[str]) -> list[str]:
    named = ", ".join(f"“{slug}”" for slug in slugs)
    if recorded.stops_deliveries:
        return [
            f"From now on nothing more is delivered for {named}; signing goes on until you end it:",
            *(f"  petitions petition close {slug} --by …, then: petitions petition end {slug} --outcome … --by …"
              for slug in slugs),
        ]
    if recorded.needs_review:
        return [
            f"Nothing is delivered for {named} until an owner has seen that addressees, texts and demand still fit:",
            *(f"  petitions petition reviewed {slug} --by …" for slug in slugs),
        ]
    return []
