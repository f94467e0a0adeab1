"""Empty to head equals the models; every revision up, down, up with rows; on both databases (cases.md L5, L6)."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    ClauseElement,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Time,
    insert,
    inspect,
    select,
    text,
)

import petitions.models  # noqa: F401 - fills the metadata
from petitions import migrate
from petitions.db import Base, make_engine

REVISIONS = [
    script.revision
    for script in reversed(list(ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions("base", "heads")))
]
Rows = dict[str, list[dict[str, Any]]]
# Of two columns one is filled, and a constraint sees to it: these stay empty.
EMPTY = {("photos", "report_id"), ("handouts", "export_id")}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/petitions.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """Writes, on either database."""
    made = make_engine(empty_url)
    yield made.execution_options(begin_immediate=True)
    made.dispose()


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the migrations to which a test adds the next revision."""
    copied = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, copied, ignore=shutil.ignore_patterns("__pycache__"))
    return copied


def test_an_empty_database_brought_to_head_has_nothing_to_autogenerate(empty_url: str, engine: Engine) -> None:
    migrate.upgrade(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_an_empty_database_brought_to_head_is_what_the_models_would_make(empty_url: str, engine: Engine) -> None:
    """Stricter than autogenerate: also conditions of partial indexes, names, and what happens on delete."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
    wanted = _shape(engine)
    with engine.begin() as connection:
        Base.metadata.drop_all(connection)
    migrate.upgrade(empty_url)
    found = _shape(engine)
    del found[migrate.REVISIONS_TABLE]
    assert found == wanted


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_survive_a_revision_up_down_and_up(empty_url: str, engine: Engine, revision: str) -> None:
    script = ScriptDirectory(str(migrate.MIGRATIONS)).get_revision(revision)
    before = script.down_revision or "base"
    assert isinstance(before, str)
    migrate.upgrade(empty_url, before)
    fill(engine)
    kept = rows(engine)

    migrate.upgrade(empty_url, revision)
    assert_kept(engine, kept)
    fill(engine)
    migrate.downgrade(empty_url, before)
    assert_kept(engine, kept)
    assert set(rows(engine)) == set(kept)
    migrate.upgrade(empty_url, revision)
    assert_kept(engine, kept)
    assert migrate.current(empty_url) == revision


def test_every_table_can_hold_a_row_at_head(empty_url: str, engine: Engine) -> None:
    migrate.upgrade(empty_url)
    fill(engine)
    assert {table: len(found) for table, found in rows(engine).items()} == dict.fromkeys(Base.metadata.tables, 1)


def test_copying_a_table_keeps_the_rows_that_refer_to_it(empty_url: str, engine: Engine, scripts: Path) -> None:
    """SQLite alters by copying and dropping; with foreign keys on, that deletes the children."""
    migrate.upgrade(empty_url, scripts=scripts)
    fill(engine)
    kept = rows(engine)
    add_revision(
        scripts,
        up="""
        with op.batch_alter_table("petitions", recreate="always" if sqlite() else "auto") as table:
            table.add_column(sa.Column("motto", sa.String(80), nullable=True))
        """,
        down="""
        with op.batch_alter_table("petitions") as table:
            table.drop_column("motto")
        """,
    )
    migrate.upgrade(empty_url, scripts=scripts)
    assert_kept(engine, kept)
    migrate.downgrade(empty_url, REVISIONS[-1], scripts=scripts)
    assert rows(engine) == kept


def test_an_interrupted_migration_leaves_schema_and_rows_as_they_were(
    empty_url: str, engine: Engine, scripts: Path
) -> None:
    migrate.upgrade(empty_url, scripts=scripts)
    fill(engine)
    kept, shape = rows(engine), _shape(engine)
    add_revision(
        scripts,
        up="""
        op.create_table("banners", sa.Column("id", sa.Integer(), primary_key=True))
        op.execute("DELETE FROM slots")
        raise KeyboardInterrupt
        """,
    )
    with pytest.raises(KeyboardInterrupt):
        migrate.upgrade(empty_url, scripts=scripts)
    assert rows(engine) == kept
    assert _shape(engine) == shape
    assert migrate.current(empty_url) == REVISIONS[-1]


def test_on_sqlite_a_migration_that_breaks_a_reference_is_undone(tmp_path: Path, scripts: Path) -> None:
    url = f"sqlite:///{tmp_path}/petitions.db"
    migrate.upgrade(url, scripts=scripts)
    engine = make_engine(url).execution_options(begin_immediate=True)
    fill(engine)
    kept = rows(engine)
    add_revision(scripts, up='op.execute("DELETE FROM petitions")')
    with pytest.raises(migrate.ReferencesBroken, match="signatures"):
        migrate.upgrade(url, scripts=scripts)
    assert rows(engine) == kept
    assert migrate.current(url) == REVISIONS[-1]
    engine.dispose()


def test_foreign_keys_hold_again_after_a_migration(empty_url: str, engine: Engine) -> None:
    migrate.upgrade(empty_url)
    fill(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM signatures"))
    assert rows(engine)["letters"] == []


def test_a_process_does_not_start_on_an_empty_or_foreign_schema(empty_url: str, engine: Engine) -> None:
    with pytest.raises(migrate.SchemaDiffers, match="run: petitions db upgrade"):
        migrate.require_current(engine)
    assert not migrate.is_current(engine)
    migrate.upgrade(empty_url)
    migrate.require_current(engine)
    assert migrate.is_current(engine)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {migrate.REVISIONS_TABLE} SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaDiffers, match="a newer version made"):
        migrate.require_current(engine)
    assert not migrate.is_current(engine)


def test_a_new_sqlite_file_and_its_directory_are_made_for_their_owner_only(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    for directory in ("var", "shared"):
        url = f"sqlite:///{tmp_path}/{directory}/petitions.db"
        migrate.upgrade(url)
        engine = make_engine(url)
        with engine.connect():
            files = list((tmp_path / directory).iterdir())
            assert len(files) >= 2  # with what SQLite keeps beside it
            assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        engine.dispose()
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_without_the_log_positions_are_given_to_signatures_only(empty_url: str, engine: Engine) -> None:
    """Four signed, the second withdrew (position 4 of the log), an edition was frozen at 4, one more signed."""
    migrate.upgrade(empty_url)
    fill(engine)
    with engine.begin() as connection:
        signatures = _reflected(connection).tables["signatures"]
        one = dict(connection.execute(select(signatures)).one()._mapping)
        connection.execute(signatures.update().values(position=1, withdrawal_position=None))
        for number, (position, withdrawn) in enumerate([(2, 4), (3, None), (5, None), (6, None)], start=2):
            own = {"id": number, "public_id": f"s{number}", "token_hash": None, "content_tag": bytes([number])}
            connection.execute(
                insert(signatures).values(one | own | {"position": position, "withdrawal_position": withdrawn})
            )
        connection.execute(text("UPDATE petitions SET log_size = 6"))
        connection.execute(text("UPDATE editions SET log_size = 4"))
    migrate.downgrade(empty_url, "0002")

    after = rows(engine)
    assert [row["position"] for row in after["signatures"]] == [1, 2, 3, 4, 5]
    assert after["petitions"][0]["log_size"] == 5
    assert after["editions"][0]["log_size"] == 3


# -- below: how ----------------------------------------------------------------------------------------


def add_revision(scripts: Path, up: str, down: str = "pass") -> None:
    def body(code: str) -> str:
        return "\n".join(f"    {line.removeprefix('        ')}" for line in code.strip("\n").splitlines())

    (scripts / "versions" / "9000_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f'revision = "9000"\ndown_revision = "{REVISIONS[-1]}"\n\n'
        'def sqlite():\n    return op.get_bind().dialect.name == "sqlite"\n\n'
        f"def upgrade():\n{body(up)}\n\ndef downgrade():\n{body(down)}\n"
    )


def fill(engine: Engine) -> None:
    """One row, every column set, in each table that is empty; made from what the database itself says it has."""
    with engine.begin() as connection:
        for table in _reflected(connection).sorted_tables:
            if connection.execute(select(table)).first() is None:
                row = {column.name: _value(column) for column in table.columns}
                connection.execute(insert(table).values(row))


def rows(engine: Engine) -> Rows:
    with engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in _reflected(connection).sorted_tables
        }


def assert_kept(engine: Engine, kept: Rows) -> None:
    """Every table, row and column that was there is there, with the same values; there may be more columns."""
    found = rows(engine)
    for table, before in kept.items():
        after = [{name: row[name] for name in before[0]} for row in found[table]]
        assert after == before, table


def _reflected(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    if migrate.REVISIONS_TABLE in metadata.tables:
        metadata.remove(metadata.tables[migrate.REVISIONS_TABLE])
    return metadata


def _value(column: Column[Any]) -> Any:
    if (column.table.name, column.name) in EMPTY:
        return None
    if column.foreign_keys:
        refers_to_itself = any(key.column.table is column.table for key in column.foreign_keys)
        return None if refers_to_itself else 1
    for kind, value in (
        (Boolean, True),
        (Integer, 1),
        (DateTime, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (Date, date(2026, 3, 29)),
        (Time, time(9, 30)),
        (LargeBinary, b"\x00\xff"),
        (JSON, {"ru": "Анна", "steps": [1, 2]}),
    ):
        if isinstance(column.type, kind):
            return value
    assert isinstance(column.type, String), column
    return "слово"[: column.type.length]


def _shape(engine: Engine) -> dict[str, Any]:
    """Everything the database tells about its tables, sorted where order means nothing."""
    found = inspect(engine)

    def by_name(items: list[Any]) -> list[str]:
        return sorted(json.dumps(item, sort_keys=True, default=plain) for item in items)

    def plain(value: object) -> str:
        return str(value) if isinstance(value, ClauseElement) else repr(value)

    return {
        table: {
            "columns": by_name(found.get_columns(table)),
            "key": found.get_pk_constraint(table),
            "foreign keys": by_name(found.get_foreign_keys(table)),
            "unique": by_name(found.get_unique_constraints(table)),
            "indexes": by_name(found.get_indexes(table)),
        }
        for table in found.get_table_names()
    }
