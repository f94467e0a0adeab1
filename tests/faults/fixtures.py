"""Fixtures for whatever needs a whole installation: a plugin of the suite (conftest.py)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.machine import Machine
from tests.faults.nursery import Nursery
from tests.smtp import SmtpServer

MakeMachine = Callable[..., Machine]


@pytest.fixture(name="database_url", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def each_database_url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def new_machine(tmp_path: Path, nursery: Nursery) -> Iterator[MakeMachine]:
    """Makes one installation; closed at the end."""
    with ExitStack() as stack:

        def make(server: SmtpServer, database_url: str = "", broker_url: str = "none", **more: Any) -> Machine:
            return stack.enter_context(
                Machine(tmp_path / "var", server.url, database_url, broker_url, more, nursery)
            )

        yield make


@pytest.fixture
def machine(new_machine: MakeMachine, server: SmtpServer, database_url: str) -> Machine:
    """An installation without a broker, on each database."""
    return new_machine(server, database_url)
