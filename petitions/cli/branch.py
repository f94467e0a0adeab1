"""`petitions branch`: the regional groups that run petitions."""

from datetime import timedelta

import click
from sqlalchemy import exists, select

from petitions import keys
from petitions.cli import find
from petitions.cli.context import OPERATOR, connected, moment, ring, writing
from petitions.cli.fields import checked
from petitions.cli.keymaking import make_log_key, undone_on_error
from petitions.cli.output import as_json, cell, show_rows
from petitions.cli.refusals import Refused
from petitions.config import Settings
from petitions.db import db, new_public_id
from petitions.freezing import freeze, unfreeze
from petitions.models import AuditEntry, Branch
from petitions.shapes import Email, Filled, Line, Slug, filled, lines


@click.group("branch")
def commands() -> None:
    """Branches: who runs petitions."""


@commands.command()
@click.argument("slug")
@click.option("--legal-name", required=True, help="As registered; it is on every document.")
@click.option("--representative", required=True, help="The named person who signs the cover letters.")
@click.option("--representative-role", default="", help="Such as: Chairwoman.")
@click.option("--postal-address", required=True, multiple=True, metavar="LINE",
              help="Where authorities answer to; once for each line.")
@click.option("--reply-email", required=True, help="Where authorities answer to by e-mail.")
@click.option("--languages", required=True, help="Comma-separated, its own first: ru,en")
@click.option("--place", required=True, help="Where its letters are dated.")
def new(
    slug: str, legal_name: str, representative: str, representative_role: str, postal_address: tuple[str, ...],
    reply_email: str, languages: str, place: str,
) -> None:
    """Make a branch with its key pair and its seal. Run it where the worker runs: the private halves stay here."""
    settings = connected()
    public_id = new_public_id()
    fields = {
        "slug": checked(Slug, slug, "SLUG"),
        "legal_name": checked(Filled, legal_name, "--legal-name"),
        "representative": checked(Filled, representative, "--representative"),
        "representative_role": checked(Line, representative_role, "--representative-role"),
        "postal_address": _address(postal_address),
        "reply_email": checked(Email, reply_email, "--reply-email"),
        "languages": _languages(settings, languages),
        "place": checked(Filled, place, "--place"),
    }
    with undone_on_error(settings), writing() as session:
        if session.scalar(select(exists().where(Branch.slug == slug))):
            raise Refused(f"There is a branch “{slug}” already; see: petitions branch list")
        make_log_key(session, settings)
        branch = Branch(
            public_id=public_id,
            **fields,
            public_key=keys.new_branch_keys(settings, public_id),
            seal_certificate=keys.new_seal(settings, public_id, str(fields["legal_name"])),
        )
        session.add(branch)
        AuditEntry.write(session, OPERATOR, "branch.new", public_id, slug=slug)
    click.echo(f"Made the branch “{slug}”; its keys are in {settings.keys}. Keep a copy somewhere safe and offline.")
    click.echo(f"Next: petitions member new {slug} --name … --email … --role owner")
    click.echo(f"It can publish once you know who they are: petitions branch verify {slug}")


@commands.command()
@click.argument("slug")
def verify(slug: str) -> None:
    """Say that you know who runs a branch. Before that it publishes nothing: a petition made up to collect names
    must not come from here."""
    connected()
    with writing() as session:
        branch = find.branch(session, slug)
        if branch.verified_at is not None:
            raise Refused(f"“{slug}” has been verified before.")
        branch.verified_at = moment(session)
        AuditEntry.write(session, OPERATOR, "branch.verify", branch.public_id)
    click.echo(f"“{slug}” may publish petitions; each still needs two of its members.")


@commands.command("list")
@as_json
def list_branches(as_json: bool) -> None:
    """All branches."""
    connected()
    with db.reading() as session:
        found = [
            {
                "slug": branch.slug,
                "legal_name": branch.legal_name,
                "representative": branch.representative,
                "reply_email": branch.reply_email,
                "languages": branch.languages,
                "place": branch.place,
                "sealed": bool(branch.seal_certificate),
            }
            for branch in session.scalars(select(Branch).order_by(Branch.slug))
        ]
    columns = ("slug", "legal_name", "representative", "reply_email", "languages")
    show_rows(found, columns, as_json=as_json, empty="There is no branch yet; make one with: petitions branch new")


@commands.command("freeze")
@click.argument("slug")
@click.option("--reason", default="", metavar="TEXT", help="At most 80 characters for the audit log: no personal data.")
def freeze_branch(slug: str, reason: str) -> None:
    """Stop everything that leaves or changes in a branch, and end its logins, at once. Signing goes on."""
    settings = connected()
    why = checked(Line, reason, "--reason")[:80]
    with writing() as session:
        first = freeze(session, find.branch(session, slug), by=OPERATOR, reason=why)
    ring(settings, "letters")
    click.echo(f"“{slug}” is frozen; every login of it has ended." if first else f"“{slug}” was frozen already.")


@commands.command("unfreeze")
@click.argument("slug")
def unfreeze_branch(slug: str) -> None:
    """Let a branch go on whose owners cannot: they must have had a day to hear of it and to object."""
    settings = connected()
    with writing() as session:
        branch = find.branch(session, slug)
        if branch.frozen_at is None:
            raise Refused(f"“{slug}” is not frozen.")
        earliest = branch.frozen_at + timedelta(hours=settings.unfreeze_hours)
        if moment(session) < earliest:
            raise Refused(f"Two owners may unfreeze it at any time, the operator not before {cell(earliest)}.")
        unfreeze(session, branch, by=OPERATOR)
    ring(settings, "letters", "editions", "authorities")
    click.echo(f"“{slug}” is unfrozen; what waited goes on.")


def _address(typed: tuple[str, ...]) -> str:
    try:
        return filled(lines("\n".join(typed)))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--postal-address") from None


def _languages(settings: Settings, typed: str) -> list[str]:
    wanted = [code.strip() for code in typed.split(",") if code.strip()]
    unknown = [code for code in wanted if code not in settings.languages]
    if unknown or not wanted:
        raise click.BadParameter(
            f"this service speaks {', '.join(settings.languages)} (PETITIONS_LANGUAGES)", param_hint="--languages"
        )
    return wanted
