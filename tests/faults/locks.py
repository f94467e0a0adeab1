"""A lock that keeps a worker from committing what it has just heard."""

import contextlib
import sqlite3
import threading
import time

import psycopg

from tests.faults.machine import Machine, eventually

WAITING = b"""SELECT count(*) >= 2 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'"""


class CommitLock:
    """Taken from any thread. On SQLite the whole database's, on PostgreSQL that of a table's rows."""

    def __init__(self, machine: Machine, table: str) -> None:
        self._machine, self._table = machine, table
        self._held: sqlite3.Connection | psycopg.Connection | None = None
        self.taken = threading.Event()

    def take(self) -> None:
        settings = self._machine.settings
        if settings.embedded_database:
            path = settings.database.removeprefix("sqlite:///")
            self._held = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
            self._held.execute("BEGIN IMMEDIATE")
        else:
            self._held = psycopg.connect(settings.database)
            self._held.execute(f"SELECT id FROM {self._table} FOR UPDATE".encode())
        self.taken.set()

    def wait_until_all_wait(self) -> None:
        """Until the sender wants to write down the answer, and the keeper of leases to renew."""
        settings = self._machine.settings
        if settings.embedded_database:
            time.sleep(1)  # SQLite does not tell who waits
            return
        with psycopg.connect(settings.database, autocommit=True) as looking:
            eventually(lambda: (looking.execute(WAITING).fetchone() or [False])[0], "nobody waits for the lock")

    def let_go(self) -> None:
        if self._held is not None:
            with contextlib.suppress(sqlite3.OperationalError):
                self._held.rollback()
            self._held.close()
            self._held = None
