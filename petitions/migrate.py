"""The schema: bringing a database to the present revision, and saying whether it is there."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, Enum
from sqlalchemy.engine import make_url

from petitions.db import UTCDateTime, make_engine

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = ROOT / "migrations"
REVISIONS_TABLE = "alembic_version"
MIGRATION_LOCK = 7311  # an advisory lock on PostgreSQL: two upgrades at once take turns


class SchemaDiffers(Exception):
    """The database is not at the revision this code was written for; the message says what to do."""


class ReferencesBroken(Exception):
    """A migration left rows that refer to nothing; it was undone. Names tables only, never values."""

    def __init__(self, tables: list[str]) -> None:
        super().__init__(f"undone: the migration broke references in {', '.join(tables)}")


def upgrade(url: str, revision: str = "head", *, scripts: Path = MIGRATIONS) -> None:
    """Brings the database to a revision, in one transaction; makes a new SQLite file with its directory."""
    _make_room(url)
    command.upgrade(_config(url, scripts), revision)


def downgrade(url: str, revision: str, *, scripts: Path = MIGRATIONS) -> None:
    command.downgrade(_config(url, scripts), revision)


def current(url: str) -> str | None:
    """The revision a database is at; None if it is empty."""
    engine = make_engine(url, pool_size=1)
    try:
        return _revision_of(engine)
    finally:
        engine.dispose()


def head(*, scripts: Path = MIGRATIONS) -> str:
    """The revision this code was written for."""
    found = ScriptDirectory(str(scripts)).get_current_head()
    assert found is not None
    return found


def is_current(engine: Engine) -> bool:
    return _revision_of(engine) == head()


def require_current(engine: Engine) -> None:
    """For the start of every process: neither an older nor a newer schema may be written to."""
    found, wanted = _revision_of(engine), head()
    if found == wanted:
        return
    if found is None:
        raise SchemaDiffers("the database is empty; run: petitions db upgrade")
    if _known(found):
        raise SchemaDiffers(f"the database is at revision {found}, this version needs {wanted}; "
                            "run: petitions db upgrade")
    raise SchemaDiffers(f"the database is at revision {found}, which a newer version made; "
                        "start that version, or restore a backup from before the upgrade")


def draft(message: str, *, scripts: Path = MIGRATIONS) -> None:
    """Writes the next revision: what the models have and the last revision has not. Read it before you keep it."""
    last = ScriptDirectory(str(scripts)).get_current_head()
    with TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/scratch.db"
        if last is not None:
            upgrade(url, scripts=scripts)
        config = _config(url, scripts)
        # The first revision only makes tables; later ones alter them, which SQLite can only do by copying.
        config.attributes["render_as_batch"] = last is not None
        command.revision(config, message, autogenerate=True, rev_id=f"{int(last or 0) + 1:04}")


def plain_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """How our column types are written in a migration: as what is stored, since a migration outlives our classes."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def _config(url: str, scripts: Path) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def _make_room(url: str) -> None:
    """For its owner alone: SQLite would let everybody read, and its further files take over the mode of the first."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)


def _revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(
            connection, opts={"version_table": REVISIONS_TABLE}
        ).get_current_revision()


def _known(revision: str) -> bool:
    return any(script.revision == revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
