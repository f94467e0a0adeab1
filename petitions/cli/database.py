"""`petitions db`: the schema, and who may read what on PostgreSQL."""

import click
from sqlalchemy.engine import make_url

from petitions import grants, migrate
from petitions.cli.context import OPERATOR, connected, require_database_file, writing
from petitions.config import load
from petitions.models import AuditEntry, MemberSession, Switch


@click.group("db")
def commands() -> None:
    """The database: its schema and its roles."""


@commands.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the database to REVISION (the newest by default), in one transaction."""
    url = load().database
    migrate.upgrade(url, revision)
    click.echo(f"The database is at revision {migrate.current(url)}.")


@commands.command()
def current() -> None:
    """Print the revision of the database; exit 1 if it is not this version's."""
    settings = load()
    require_database_file(settings)
    found, wanted = migrate.current(settings.database), migrate.head()
    click.echo(found or "empty")
    if found != wanted:
        click.echo(f"This version needs {wanted}; run: petitions db upgrade", err=True)
        click.get_current_context().exit(1)


@commands.command()
def restored() -> None:
    """Run this after restoring a backup, before web and workers start: deliveries and updates stay stopped.

    The database does not know what left after the backup was made: what it says is ready may have been sent. Compare
    it with the mail server's log, settle each delivery, then: petitions switch reset deliveries. Logins end, because a
    backup brings back those that were ended.
    """
    connected()
    with writing() as session:
        stopped = [
            name.value
            for name in (Switch.Name.DELIVERIES, Switch.Name.UPDATES)
            if Switch.throw(session, name, by=OPERATOR, reason="restored from a backup")
        ]
        MemberSession.end_all(session)
        AuditEntry.write(session, OPERATOR, "database.restore", "database", stopped=stopped)
    click.echo("Deliveries and updates are stopped, and every login has ended. See: petitions switch list")


@commands.command()
@click.argument("revision")
@click.confirmation_option("--yes", prompt="Going back drops what newer revisions added, with its rows. Go on?")
def downgrade(revision: str) -> None:
    """Take the database back to REVISION ("base": empty). Stop web and workers first."""
    settings = load()
    require_database_file(settings)
    migrate.downgrade(settings.database, revision)
    click.echo(f"The database is at revision {migrate.current(settings.database) or 'empty'}.")


@commands.command("grants")
@click.option("--web", required=True, metavar="ROLE", help="The role of the web that answers signers.")
@click.option("--desk", metavar="ROLE", help="The role of the web that answers organisers; else --web's is both.")
@click.option("--worker", required=True, metavar="ROLE", help="The role of the workers.")
def print_grants(web: str, desk: str | None, worker: str) -> None:
    """Print the SQL that lets existing PostgreSQL roles do what they need and no more.

    Run it as the owner of the tables after every upgrade:
    petitions db grants --web web --desk desk --worker worker | psql --single-transaction …
    """
    if make_url(load().database).get_backend_name() == "sqlite":
        click.echo("SQLite knows no roles: these are for PostgreSQL.", err=True)
    click.echo(grants.grants(web, desk or web, worker), nl=False)
