"""The worker's round: an answer that breaks off holds nothing, and a hint that nobody answers is answered here."""

import threading
from typing import Any

import pytest
from sqlalchemy import select, update

from mailer import claims, worker
from mailer.actors import posting
from mailer.actors.runtime import Runtime
from petitions.bell import Bell
from petitions.db import db, now
from petitions.models import Letter
from tests.faults.machine import Machine, eventually, states
from tests.faults.work import write_letters
from tests.smtp import SmtpServer


@pytest.fixture
def _two_letters(machine: Machine) -> None:
    with db.writing() as session:
        write_letters(session, machine.petition(session), 2)
        session.commit()


@pytest.fixture
def alone(runtime: Runtime) -> Any:
    made = worker.Alone(runtime, ["letters", "authorities"], without_broker=False)
    yield made
    runtime.stop()
    made.stop()
    for thread in made.threads:
        thread.join(10)


@pytest.mark.usefixtures("_two_letters")
def test_an_answer_that_breaks_off_keeps_no_row_from_coming_round(
    machine: Machine, runtime: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a busy database would make it: the process lives on, and must not renew what nobody works on."""

    def breaks(*_: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(posting, "_record", breaks)
    worker.answer(runtime, "letters")
    monkeypatch.undo()
    with db.writing() as session:
        held = {row.lease_owner for row in session.scalars(select(Letter))}
        assert None not in held
        assert not held & runtime.owners_at_work
        session.execute(update(Letter).values(lease_until=now(1)))
        claims.renew(session, runtime.owners_at_work or {"nobody"})
        session.execute(update(Letter).values(lease_until=now(-1)))
        assert claims.sweep(session)["freed"] == 2
        session.commit()
    worker.answer(runtime, "letters")
    assert set(states(Letter)) == {"sent"}


def test_each_answer_holds_its_rows_under_a_name_of_its_own(runtime: Runtime) -> None:
    with runtime.at_work():
        first = runtime.owner
        assert runtime.owners_at_work == {first}
    with runtime.at_work():
        assert runtime.owner != first
    assert runtime.owners_at_work == set()
    assert runtime.owner == runtime.name


@pytest.mark.usefixtures("_two_letters")
def test_where_no_broker_takes_the_hint_the_work_is_done_here(
    runtime: Runtime, alone: worker.Alone, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "bell", Bell())
    worker.sweep_once(runtime, ["letters", "authorities"], alone)
    eventually(lambda: set(states(Letter)) == {"sent"}, "the letters were not sent", 20)
    assert alone.unheard


@pytest.mark.usefixtures("_two_letters")
def test_a_hint_that_nobody_answers_until_the_next_sweep_is_answered_here(
    runtime: Runtime, alone: worker.Alone, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []

    class Swallowing(Bell):
        def send(self, queue: str) -> bool:
            rung.append(queue)
            return True

    monkeypatch.setattr(worker, "bell", Swallowing())
    worker.sweep_once(runtime, ["letters", "authorities"], alone)
    assert rung == ["letters"]
    assert not threading.Event().wait(0.3)
    assert server.messages == []
    worker.sweep_once(runtime, ["letters", "authorities"], alone)
    eventually(lambda: set(states(Letter)) == {"sent"}, "the letters were not sent", 20)
    assert not alone.unheard
