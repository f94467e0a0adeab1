"""An installation whose bell the test answers itself."""

from collections.abc import Iterator

import pytest

from mailer.actors.runtime import Runtime
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine
from tests.smtp import SmtpServer


@pytest.fixture
def machine(new_machine: MakeMachine, server: SmtpServer) -> Machine:
    return new_machine(server)


@pytest.fixture
def runtime(machine: Machine) -> Iterator[Runtime]:
    with machine.runtime() as runtime:
        yield runtime
