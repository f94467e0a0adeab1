"""The database: two handles on one pool, the base of all models, and database time.

Reading requests get a plain `BEGIN` on a connection that refuses writes, so a GET cannot change anything.
Writing ones get `BEGIN IMMEDIATE` on SQLite, behind one lock a process: deferred read-then-write fails at once
under load, and writers that queue in the process wait far less than in SQLite's busy handler.
"""

import base64
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Executable,
    Integer,
    LargeBinary,
    MetaData,
    String,
    create_engine,
    event,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import JSON, TypeDecorator

E = TypeVar("E", bound=StrEnum)
LOCK_SECONDS = 10


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite stores it without zone, and it comes back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class now(FunctionElement[datetime]):  # noqa: N801 - reads as SQL's now()
    """Database time, plus `seconds`: clocks of web and worker may differ, the database's is one."""

    type = UTCDateTime()
    inherit_cache = True

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__(*([] if seconds is None else [literal(float(seconds))]))


@compiles(now, "sqlite")
def _sqlite_now(element: now, compiler: SQLCompiler, **keywords: Any) -> str:
    seconds = compiler.process(element.clauses, **keywords)
    shift = f", ({seconds}) || ' seconds'" if seconds else ""
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now'{shift}) || '000')"


@compiles(now, "postgresql")
def _postgresql_now(element: now, compiler: SQLCompiler, **keywords: Any) -> str:
    seconds = compiler.process(element.clauses, **keywords)
    return f"(clock_timestamp() + make_interval(secs => {seconds}))" if seconds else "clock_timestamp()"


def database_time(session: Session) -> datetime:
    """The moment that decides: one clock for every process."""
    return session.execute(select(now())).scalar_one()


def new_public_id() -> str:
    """24 characters, 120 random bits, safe in URLs, file names and mail addresses of any case."""
    return base64.b32encode(os.urandom(15)).decode().lower()


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UTCDateTime(),
        bytes: LargeBinary(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, sort_order=-10
    )


def states(kind: type[E], length: int = 24) -> Enum:
    """A column type that stores a StrEnum's words; checked in Python, so adding a state needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        length=length,
        create_constraint=False,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )


def is_state(column: InstrumentedAttribute[E], *wanted: E) -> ColumnElement[bool]:
    """`column` is one of these states, written as literals: a planner uses a partial index only where it can see
    that the query implies the index's condition, which a bound parameter hides."""
    words: list[ColumnElement[Any]] = [literal_column(f"'{state.value}'") for state in wanted]
    return column == words[0] if len(words) == 1 else column.in_(words)


def insert_or_ignore(session: Session, model: type[Base], row: dict[str, Any]) -> bool:
    """Inserts unless a constraint refuses; constraints decide, never a look-up before them."""
    statement = _insert_or_ignore(model, session.get_bind().dialect.name)
    return session.connection().execute(statement, row).rowcount == 1


@cache
def _insert_or_ignore(model: type[Base], dialect: str) -> Executable:
    """Built once: building it is a fifth of what a signature costs."""
    insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    statement = insert(model.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    return statement.execution_options(preserve_rowcount=True)  # else -1 where the database returns the new id


def public_id() -> Mapped[str]:
    return mapped_column(String(24), unique=True, default=new_public_id)


class DatabaseBusy(RuntimeError):
    """A writer waited longer than LOCK_SECONDS for its turn; the caller answers 503."""


class NotConnected(RuntimeError):
    """The database was used before `connect`, or outside a bound session."""


class Database:
    """One engine, a reading and a writing handle, and the session bound to the present request."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._reader: Engine | None = None
        self._writer: Engine | None = None
        self._bound: ContextVar[Session | None] = ContextVar("session", default=None)

    def connect(self, url: str, *, pool_size: int = 20) -> Engine:
        if self._engine is not None:
            self._engine.dispose()
        self._engine = make_engine(url, pool_size=pool_size)
        if self._engine.dialect.name == "sqlite":
            self._reader = self._engine
            self._writer = self._engine.execution_options(begin_immediate=True)
        else:
            self._reader = self._engine.execution_options(postgresql_readonly=True)
            self._writer = self._engine
        return self._engine

    def dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = self._reader = self._writer = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise NotConnected("call db.connect(url) first")
        return self._engine

    def reading(self) -> Session:
        """A session that cannot change anything."""
        return Session(self._reader or self.engine, expire_on_commit=False)

    def writing(self) -> Session:
        return Session(self._writer or self.engine, expire_on_commit=False)

    @property
    def session(self) -> Session:
        """The session of the present request (app.py binds it)."""
        session = self._bound.get()
        if session is None:
            raise NotConnected("no session is bound; use reading() or writing()")
        return session

    @contextmanager
    def bound(self, session: Session) -> Iterator[Session]:
        token = self._bound.set(session)
        try:
            yield session
        finally:
            self._bound.reset(token)
            session.close()

    def bind(self, session: Session) -> None:
        self._bound.set(session)

    def unbind(self) -> None:
        session = self._bound.get()
        if session is not None:
            self._bound.set(None)
            session.close()


db = Database()


def make_engine(url: str, *, pool_size: int = 20) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            pool_size=pool_size,
            max_overflow=10,
            pool_timeout=2,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=20,
        pool_timeout=5,
        hide_parameters=True,  # an error message must not carry what was typed
        connect_args={"check_same_thread": False, "timeout": 10},
    )
    _teach_sqlite(engine)
    return engine


def _teach_sqlite(engine: Engine) -> None:
    lock = threading.Lock()

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None  # we say BEGIN ourselves, see `begin`
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # what was answered with "confirmed" survives a power cut
            "busy_timeout=10000",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-65536",
            "mmap_size=268435456",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("begin_immediate"):
            _say(connection, "PRAGMA query_only=ON")
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get("holds_write_lock"):
            if not lock.acquire(timeout=LOCK_SECONDS):
                raise DatabaseBusy("another writer held the database for too long")
            connection.info["holds_write_lock"] = True
        _say(connection, "PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # "commit" and "rollback" fire before SQLite has done it, so the lock is let go when the connection comes back.
    @event.listens_for(engine, "checkin")
    def checkin(_dbapi: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        if record.info.pop("holds_write_lock", False):
            lock.release()


def _say(connection: Connection, pragma: str) -> None:
    """To the driver itself: it cannot fail, and by way of SQLAlchemy it costs ten times as much."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute(pragma)
