"""`petitions branch`: the regional groups that run petitions."""

import click
from sqlalchemy import exists, select

from petitions import keys
from petitions.cli.context import OPERATOR, connected, writing
from petitions.cli.fields import Email, Filled, Line, Slug, checked, filled, lines
from petitions.cli.keymaking import undone_on_error
from petitions.cli.output import as_json, show_rows
from petitions.cli.refusals import Refused
from petitions.config import Settings
from petitions.db import db, new_public_id
from petitions.models import AuditEntry, Branch


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
