"""kill -9 at each named point of a delivery and of a letter; the outcome table of delivery.md.

A letter to a signer may go twice, under one Message-ID, and never not at all. A document goes to an authority once,
or stops as uncertain. The worker is killed from outside: by the mail server it talks to, at the step it has reached.
"""

import threading
from dataclasses import dataclass, field

import pytest

from petitions.db import db
from petitions.models import Delivery, Letter
from tests.faults.fixtures import MakeMachine
from tests.faults.locks import CommitLock
from tests.faults.machine import Machine, Worker, eventually, states
from tests.faults.work import message_id, write_deliveries, write_letters
from tests.smtp import SmtpServer

pytestmark = pytest.mark.faults

Kind = type[Letter] | type[Delivery]
LAST = {"sent", "accepted", "uncertain", "parked", "failed", "rejected"}
STEPS = {
    "before it claims": None,
    "before DATA is answered": "on_data",
    "at the dot, before the 250": "on_dot",
}
OUTCOMES = {  # the row's last state, and how often the mail server took the message
    (Letter, "before it claims"): ("sent", 1),
    (Letter, "before DATA is answered"): ("sent", 1),
    (Letter, "at the dot, before the 250"): ("sent", 2),
    (Delivery, "before it claims"): ("accepted", 1),
    (Delivery, "before DATA is answered"): ("uncertain", 0),
    (Delivery, "at the dot, before the 250"): ("uncertain", 1),
}


@dataclass
class Gun:
    """Shoots the worker that it is loaded with, once."""

    worker: Worker | None = None
    fired: threading.Event = field(default_factory=threading.Event)

    def fire(self, _server: SmtpServer) -> None:
        if self.worker is not None and not self.fired.is_set():
            self.worker.shoot()
            self.fired.set()


@pytest.mark.parametrize("point", STEPS)
@pytest.mark.parametrize("kind", [Letter, Delivery])
def test_a_worker_is_killed_before_it_heard_the_answer(
    kind: Kind, point: str, new_machine: MakeMachine, server: SmtpServer
) -> None:
    machine = new_machine(server)
    _one(machine, kind)
    if step := STEPS[point]:
        gun = Gun()
        setattr(server, step, gun.fire)
        gun.worker = machine.start_worker()
        eventually(gun.fired.is_set, "the worker did not get that far")
        gun.worker.kill()
    else:
        machine.start_worker().kill()
    with machine.worker():
        state = _settled(kind)
    assert (state, len(server.messages)) == OUTCOMES[kind, point]
    assert len({message_id(mail) for mail in server.messages}) <= 1


@pytest.mark.parametrize("kind", [Letter, Delivery])
def test_a_worker_is_killed_after_the_250_and_before_its_commit(
    kind: Kind, machine: Machine, server: SmtpServer
) -> None:
    _one(machine, kind)
    lock = CommitLock(machine, kind.__tablename__)
    server.on_dot = lambda _: None if lock.taken.is_set() else lock.take()
    with machine.worker() as worker:
        eventually(lock.taken.is_set, "nothing was sent")
        lock.wait_until_all_wait()
        worker.kill()
    lock.let_go()
    with machine.worker():
        state = _settled(kind)
    assert (state, len(server.messages)) == (("sent", 2) if kind is Letter else ("uncertain", 1))
    assert len({message_id(mail) for mail in server.messages}) == 1


@pytest.mark.parametrize("kind", [Letter, Delivery])
def test_a_worker_is_killed_after_its_commit(kind: Kind, new_machine: MakeMachine, server: SmtpServer) -> None:
    machine = new_machine(server)
    _one(machine, kind)
    with machine.worker():
        state = _settled(kind)
    with machine.worker() as second:
        eventually(lambda: second.has_run_for(1.5), "the second worker did not live long enough to look round")
    assert (states(kind), len(server.messages)) == ([state], 1)
    assert state in {"sent", "accepted"}


def _one(machine: Machine, kind: Kind) -> None:
    with db.writing() as session:
        petition = machine.petition(session)
        if kind is Letter:
            write_letters(session, petition, 1)
        else:
            write_deliveries(machine, session, petition, 1)
        session.commit()


def _settled(kind: Kind) -> str:
    """Waits for the row's last state and gives it."""
    eventually(lambda: set(states(kind)) <= LAST, "the row did not come to rest")
    [state] = states(kind)
    return state
