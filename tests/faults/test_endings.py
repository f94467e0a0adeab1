"""How a worker ends: on SIGTERM it settles what is under way (cases.md K8); a row that kills it is parked (K5, K6)."""

import threading
import time
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from mailer.actors import runtime as runtime_module
from mailer.actors.deliveries import deliver_documents
from petitions.db import db
from petitions.models import Addressee, Delivery, Document, Edition, Letter
from tests import factories
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine, Worker, always_open, eventually, states
from tests.faults.work import message_id, write_deliveries, write_letters, write_letters_for
from tests.smtp import Silence, SmtpServer

pytestmark = pytest.mark.faults


def test_sigterm_at_the_dot_of_a_delivery_waits_for_the_answer(new_machine: MakeMachine, server: SmtpServer) -> None:
    machine = new_machine(server)
    with db.writing() as session:
        write_deliveries(machine, session, machine.petition(session), 2)
        session.commit()
    at_the_dot, answer = threading.Event(), threading.Event()

    def hesitate(_server: SmtpServer) -> None:
        at_the_dot.set()
        answer.wait(30)

    server.on_dot = hesitate
    with machine.worker() as worker, machine.worker("--queues", "counting"):  # the other one sweeps
        eventually(at_the_dot.is_set, "nothing was sent")
        later = threading.Timer(machine.settings.lease_seconds + 1, answer.set)  # a lease renewed meanwhile
        later.start()
        assert worker.end(30) < 15
        later.join()
    assert states(Delivery) == ["accepted", "ready"]
    assert len(server.messages) == 1


def test_a_dot_that_is_never_answered_is_uncertain_when_the_worker_must_end(
    new_machine: MakeMachine, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = new_machine(server)
    with db.writing() as session:
        write_deliveries(machine, session, machine.petition(session), 1)
        session.commit()
    monkeypatch.setattr(runtime_module, "SECONDS_TO_SETTLE", 0.3)
    server.faults = {"dot": Silence()}
    with machine.runtime() as runtime:
        sender = threading.Thread(target=deliver_documents, args=(runtime,))
        sender.start()
        eventually(lambda: server.messages, "nothing was sent")
        runtime.stop()
        sender.join(10)
        assert not sender.is_alive()
    assert states(Delivery) == ["uncertain"]


def test_sigterm_among_letters_gives_the_rest_back_untouched(new_machine: MakeMachine, server: SmtpServer) -> None:
    machine = new_machine(server)
    with db.writing() as session:
        write_letters(session, machine.petition(session), 60)
        session.commit()
    server.on_dot = lambda _: time.sleep(0.05)
    with machine.worker() as worker:
        eventually(lambda: len(server.messages) >= 5, "nothing was sent")
        assert worker.end(30) < 10
    sent = len(server.messages)
    assert sent < 60
    with db.reading() as session:
        left = session.scalars(select(Letter).where(Letter.state == Letter.State.READY)).all()
        assert len(left) == 60 - sent
        assert {(row.lease_owner, row.crashes, row.tries) for row in left} == {(None, 0, 0)}
    server.on_dot = None
    with machine.worker():
        eventually(lambda: set(states(Letter)) == {"sent"}, "letters were left over")
    assert len({message_id(mail) for mail in server.messages}) == len(server.messages) == 60


def test_sigterm_during_a_compilation_leaves_what_is_done_and_another_does_the_rest(
    machine: Machine, server: SmtpServer
) -> None:
    with db.writing() as session:
        petition = machine.petition(session)
        for _ in range(7):
            authority = factories.authority(session)
            always_open(authority)
            factories.addressee(session, petition, authority, Addressee.Circle.DOMESTIC)
        factories.signatures(session, petition, [factories.typed() for _ in range(200)], confirmed=True)
        owner = factories.member(session, petition.branch)
        edition = Edition.freeze(session, petition, asked_by=owner, gap_days=0)
        edition.state = Edition.State.CHECKED
        edition.approve(session, factories.member(session, petition.branch), lapse_hours=72)
        session.commit()
    with machine.worker() as worker:
        eventually(lambda: states(Document), "nothing was compiled")
        assert worker.end(60) < 30
    with db.reading() as session:
        done = session.scalars(select(Document.public_id)).all()
        [left] = session.scalars(select(Edition)).all()
        assert 0 < len(done) < 10
        assert (left.state, left.lease_owner, left.crashes) == (Edition.State.APPROVED, None, 0)
    with machine.worker():
        eventually(lambda: len(states(Delivery)) == 10 and set(states(Delivery)) == {"accepted"}, "not all delivered")
    with db.reading() as session:
        assert set(done) <= set(session.scalars(select(Document.public_id)))
        rows = session.execute(select(Document.addressee_id, func.count()).group_by(Document.addressee_id)).all()
        assert [count for _, count in rows] == [1] * 10
    assert len(set(server.taken)) == len(server.taken) == 10


def test_a_letter_that_kills_its_worker_three_times_is_parked_and_the_others_go(
    new_machine: MakeMachine, server: SmtpServer
) -> None:
    machine = new_machine(server, lease_seconds=1)
    with db.writing() as session:
        petition = machine.petition(session)
        write_letters(session, petition, 20)
        poison = factories.signature(session, petition, email="poison@example.org")
        write_letters_for(session, [poison])
        write_letters(session, petition, 20)
        session.commit()
    kills = 0
    while "ready" in states(Letter):
        bait = Bait(machine.start_worker())
        server.on_data = bait.look
        eventually(bait.done, "it does not end")
        kills += bait.taken.is_set()
        bait.worker.kill()
    assert kills == 3
    with db.reading() as session:
        [parked] = session.scalars(select(Letter).where(Letter.state != Letter.State.SENT))
        assert (parked.state, parked.reason, parked.signature_id) == (Letter.State.PARKED, "crashed", poison.id)
    assert len({message_id(mail) for mail in server.messages}) == 40
    assert "poison@example.org" not in server.taken


@dataclass
class Bait:
    """Kills the worker as soon as it comes to the poisoned letter."""

    worker: Worker
    taken: threading.Event = field(default_factory=threading.Event)

    def done(self) -> bool:
        return self.taken.is_set() or "ready" not in states(Letter)

    def look(self, server: SmtpServer) -> None:
        if "poison@example.org" in server.commands[-2]:
            self.worker.shoot()
            self.taken.set()
