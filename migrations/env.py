"""How Alembic reaches the database. `petitions/migrate.py` runs it and names the database; run by hand
(`alembic current`) it takes the database of the settings.

A run is one transaction on both databases: a migration that is interrupted or refused leaves the schema and the
rows as they were. SQLite cannot alter most things in place, so batch mode copies whole tables; with foreign keys
on, dropping the old copy would silently delete every row that refers to it. They are off while we work, and every
reference is checked before the commit.
"""

import sqlite3

from alembic import context
from sqlalchemy import Connection, text

import petitions.models  # noqa: F401 - fills the metadata
from petitions.config import load
from petitions.db import Base, make_engine
from petitions.migrate import MIGRATION_LOCK, REVISIONS_TABLE, ReferencesBroken, plain_type


def migrate() -> None:
    url = context.config.attributes.get("url") or load().database
    engine = make_engine(url, pool_size=1)
    try:
        if engine.dialect.name == "sqlite":
            with engine.execution_options(begin_immediate=True).connect() as connection:
                _migrate_sqlite(connection)
        else:
            with engine.connect() as connection:
                _migrate_postgresql(connection)
    finally:
        engine.dispose()


def _migrate_sqlite(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute("PRAGMA foreign_keys=OFF")  # within a transaction it would do nothing
    with connection.begin():
        _run(connection)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise ReferencesBroken(sorted({row[0] for row in broken}))


def _migrate_postgresql(connection: Connection) -> None:
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        _run(connection)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=REVISIONS_TABLE,
        render_as_batch=context.config.attributes.get("render_as_batch", True),
        render_item=plain_type,
        compare_type=True,
    )
    context.run_migrations()


migrate()
