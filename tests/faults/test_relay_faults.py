"""What a mail server can do wrong, from an actor to the row's state (delivery.md, "SMTP"; cases.md J3, J4, J7, J8)."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from mailer.actors import deliveries as deliveries_actor
from mailer.actors import posting
from mailer.actors import runtime as runtime_module
from mailer.actors.deliveries import deliver_documents
from mailer.actors.letters import send_letters
from mailer.actors.runtime import Runtime
from mailer.transport import Timeouts, Transport
from petitions.db import database_time, db, now
from petitions.models import Delivery, DeliveryAttempt, Letter
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine
from tests.faults.work import message_id, write_deliveries, write_letters
from tests.smtp import Answer, Drip, Drop, Fault, Silence, SmtpServer, make_certificates, refused_port

pytestmark = pytest.mark.faults

IMPATIENT = Timeouts(connect=1, step=0.3, total=1.5)


class Became(NamedTuple):
    letter: tuple[str, str | None]  # state, class of the error or reason
    delivery: tuple[str, str | None]


LATER = Became(("ready", "temporary"), ("ready", "temporary"))
FAULTS: dict[str, tuple[str, Fault, Became]] = {
    "421 as a greeting": (
        "greeting", Answer("421 4.3.2 going down"), Became(("ready", "connect"), ("ready", "connect")),
    ),
    "451 at MAIL": ("mail", Answer("451 4.3.0 later"), LATER),
    "450 at RCPT": ("rcpt", Answer("450 4.2.0 later"), LATER),
    "452 at DATA": ("data", Answer("452 4.3.1 no room"), LATER),
    "451 after the dot": ("dot", Answer("451 4.3.0 later"), LATER),
    "421 after the dot": (
        "dot", Answer("421 4.3.2 going down", then_close=True), Became(("ready", "busy"), ("ready", "busy")),
    ),
    "a full mailbox": (
        "rcpt", Answer("552 5.2.2 full"), Became(("ready", "mailbox_full"), ("ready", "mailbox_full")),
    ),
    "no such mailbox": (
        "rcpt", Answer("550 5.1.1 unknown"), Became(("failed", "bad_address"), ("rejected", "bad_address")),
    ),
    "refused by policy": (
        "rcpt", Answer("550 5.7.1 listed"), Became(("ready", "policy"), ("ready", "policy")),
    ),
    "refused after the dot": (
        "dot", Answer("554 5.6.0 no"), Became(("failed", "rejected"), ("rejected", "rejected")),
    ),
    "too large": ("dot", Answer("552 5.3.4 too big"), Became(("failed", "too_big"), ("too_big", "too_big"))),
    "silence at RCPT": ("rcpt", Silence(), Became(("ready", "timeout"), ("ready", "timeout"))),
    "silence at the dot": ("dot", Silence(), Became(("ready", "timeout"), ("uncertain", "timeout"))),
    "a drip at the dot": ("dot", Drip(), Became(("ready", "timeout"), ("uncertain", "timeout"))),
    "nonsense at the dot": (
        "dot", Answer("999 what?"), Became(("ready", "protocol"), ("uncertain", "protocol")),
    ),
    "dropped at DATA": ("data", Drop(), Became(("ready", "dropped"), ("ready", "dropped"))),
    "dropped after the dot, and taken": ("dot", Drop(), Became(("ready", "dropped"), ("uncertain", "dropped"))),
    "dropped after the dot, not taken": (
        "dot", Drop(taken=False), Became(("ready", "dropped"), ("uncertain", "dropped")),
    ),
}
TEMPORARY = [  # of both; a delivery that policy refused is held for the operator, while letters are tried again
    name
    for name, (_, _, became) in FAULTS.items()
    if became.letter[0] == became.delivery[0] == "ready" and became.delivery[1] != "policy"
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fractions of a second where the worker would wait for minutes."""
    monkeypatch.setattr(runtime_module, "Transport", partial(Transport, timeouts=IMPATIENT))
    monkeypatch.setattr(posting, "DOT_SECONDS", 0.3)
    monkeypatch.setattr(deliveries_actor, "DOT_SECONDS", 0.3)


@pytest.fixture
def both(new_machine: MakeMachine, server: SmtpServer) -> Machine:
    """An installation with one letter and one delivery that are due."""
    machine = new_machine(server)
    with db.writing() as session:
        petition = machine.petition(session)
        write_letters(session, petition, 1)
        write_deliveries(machine, session, petition, 1)
        session.commit()
    return machine


@pytest.fixture
def runtime(both: Machine) -> Iterator[Runtime]:
    with both.runtime() as runtime:
        yield runtime


@pytest.mark.parametrize("trouble", FAULTS)
def test_the_row_says_what_the_relay_did(trouble: str, runtime: Runtime, server: SmtpServer) -> None:
    step, fault, expected = FAULTS[trouble]
    server.faults = {step: fault}
    send_letters(runtime)
    deliver_documents(runtime)
    assert _became() == expected


@pytest.mark.parametrize("trouble", TEMPORARY)
def test_what_was_not_sent_goes_later_under_the_same_name(
    trouble: str, runtime: Runtime, server: SmtpServer
) -> None:
    step, fault, expected = FAULTS[trouble]
    server.faults = {step: fault}
    send_letters(runtime)
    deliver_documents(runtime)
    with db.reading() as session:
        moment = database_time(session)
        letter, delivery = session.scalars(select(Letter)).one(), session.scalars(select(Delivery)).one()
    names = {f"<{name}@petitions.example.org>" for name in (f"letter.{letter.public_id}", delivery.message_id_local)}
    for row in (letter, delivery):
        assert row.tries == 1
        assert row.lease_owner is None
        assert timedelta(seconds=40) < row.not_before - moment < timedelta(seconds=75)
    assert server.messages == []
    server.faults = {}
    _come_due()
    send_letters(runtime)
    deliver_documents(runtime)
    assert _became() == Became(("sent", expected.letter[1]), ("accepted", None))
    assert {message_id(mail) for mail in server.messages} == names
    assert len(server.messages) == 2


def test_what_is_uncertain_is_never_sent_again_by_itself(runtime: Runtime, server: SmtpServer) -> None:
    server.faults = {"dot": Drop()}
    deliver_documents(runtime)
    server.faults = {}
    _come_due()
    deliver_documents(runtime)
    assert len(server.messages) == 1
    assert _became().delivery == ("uncertain", "dropped")


def test_a_letter_that_may_have_arrived_goes_again_under_the_same_name(runtime: Runtime, server: SmtpServer) -> None:
    server.faults = {"dot": Drop(times=1)}
    send_letters(runtime)
    _come_due()
    send_letters(runtime)
    first, second = server.messages
    assert message_id(first) == message_id(second)
    assert first.data == second.data


def test_an_unknown_address_marks_the_channel_and_other_authorities_get_theirs(
    new_machine: MakeMachine, server: SmtpServer
) -> None:
    machine = new_machine(server)
    with db.writing() as session:
        edition = write_deliveries(machine, session, machine.petition(session), 3)
        lost = edition.documents[1].volumes[0].deliveries[0].channel
        wrong = lost.address
        session.commit()
    server.recipients = {wrong.partition("@")[0]: {"rcpt": Answer("550 5.1.1 unknown")}}
    with machine.runtime() as runtime:
        assert deliver_documents(runtime) == 2
    with db.reading() as session:
        channels = {row.channel.address: row.channel for row in session.scalars(select(Delivery))}
        assert [address for address, channel in channels.items() if not channel.usable] == [wrong]
    assert wrong not in server.taken


def test_every_attempt_is_kept_with_the_servers_own_words(runtime: Runtime, server: SmtpServer) -> None:
    server.faults = {"rcpt": Answer("450 4.2.0 come back tomorrow", times=1)}
    deliver_documents(runtime)
    _come_due()
    deliver_documents(runtime)
    with db.reading() as session:
        tried = [(one.outcome, one.code, one.reply) for one in session.scalars(select(DeliveryAttempt))]
    assert tried[0] == ("temporary", 450, "4.2.0 come back tomorrow")
    assert tried[1][:2] == ("accepted", 250)


@pytest.mark.parametrize("fault", ["self_signed", "expired", "other_host"])
def test_a_relay_that_cannot_prove_its_name_gets_nothing(
    fault: str, both: Machine, server: SmtpServer, tmp_path: Path
) -> None:
    certificates = make_certificates(tmp_path)
    server.starttls = getattr(certificates, fault)
    url = f"smtp://127.0.0.1:{server.port}?cafile={certificates.cafile}"
    with both.runtime(smtp_url=SecretStr(url)) as runtime:
        send_letters(runtime)
        deliver_documents(runtime)
        assert _became() == Became(("ready", "tls"), ("ready", "tls"))
        assert not [line for line in server.commands if line.startswith("MAIL")]
        server.starttls = certificates.server
        _come_due()
        send_letters(runtime)
        deliver_documents(runtime)
    assert len(server.messages) == 2


def test_a_relay_that_is_away_loses_nobody_a_letter(new_machine: MakeMachine, server: SmtpServer) -> None:
    """Letters given back with the one that failed are not counted against their mailboxes' caps again."""
    machine = new_machine(server)
    with db.writing() as session:
        write_letters(session, machine.petition(session), 30)
        session.commit()
    with refused_port() as port, machine.runtime(smtp_url=SecretStr(f"smtp://127.0.0.1:{port}?tls=none")) as away:
        for _ in range(8):
            send_letters(away)
            _come_due()
    with machine.runtime() as runtime:
        send_letters(runtime)
    with db.reading() as session:
        assert set(session.scalars(select(Letter.state))) == {Letter.State.SENT}
    assert len(server.messages) == 30


def _came(row: Letter | Delivery) -> tuple[str, str | None]:
    if isinstance(row, Letter) and row.state is Letter.State.FAILED:
        return row.state.value, row.reason
    return row.state.value, row.last_error_class


def _became() -> Became:
    with db.reading() as session:
        letter, delivery = session.scalars(select(Letter)).one(), session.scalars(select(Delivery)).one()
        if delivery.state is Delivery.State.READY:
            assert (delivery.hold_reason == "policy") == (delivery.last_error_class == "policy")
        return Became(_came(letter), _came(delivery))


def _come_due() -> None:
    """Lets the time pass that a retry waits."""
    with db.writing() as session:
        session.execute(update(Letter).values(not_before=now()))
        session.execute(update(Delivery).values(not_before=now()))
        session.commit()
