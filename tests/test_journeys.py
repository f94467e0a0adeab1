"""The main job over HTTP, real worker processes and a real mail server: sign, letter, confirm, count, edition,
delivered. On both databases; with Valkey, with RabbitMQ, and with no broker at all.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select

from petitions import supervisor
from petitions.bell import bell, make_broker
from petitions.db import db
from petitions.models import Delivery, Document, Edition, Letter, Member, Petition, Signature
from tests import factories
from tests.faults import brokers
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine, eventually, states
from tests.faults.supporters import Site, link_in
from tests.smtp import Received, SmtpServer, refused_port

pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")

PEOPLE = (  # name, who may see it, city too
    ("Ana Ćirić", "all", True),
    ("Нина Щукина", "all", False),
    ("Ελένη Ξενάκη", "international", True),
    ("Tigran Խաչատրյան", "international", False),
    ("Zoë Countonly", "count_only", True),
    ("Ng", "all", False),
)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[str]:
    with supervisor.embedded_broker(tmp_path / "broker") as url:
        yield url


@contextmanager
def ringing(url: str) -> Iterator[None]:
    """This process is the web: it rings as wsgi.py lets it."""
    broker = make_broker(url)
    bell.hang(broker)
    try:
        yield
    finally:
        bell.hang(None)
        if broker is not None:
            broker.close()
        gc.collect()  # a connection that pika could not make is left open: here, not in another test


def test_from_a_signature_to_a_sealed_document_at_each_authority(
    new_machine: MakeMachine, database_url: str, server: SmtpServer, valkey: str
) -> None:
    machine = new_machine(server, database_url, valkey)
    slug = _petition(machine)
    site = Site(machine)
    with ringing(valkey), machine.worker():
        links = _sign_all(site, slug, server)
        assert _count(slug) == 0
        for link in links:
            assert site.press(link, "confirmation").status_code == 303
        eventually(lambda: _count(slug) == len(PEOPLE), "the confirmations were not counted")
        edition_id = _freeze(slug)
        bell.ring("editions")
        eventually(lambda: states(Edition) == ["checked"], "the edition was not checked")
        _approve(edition_id)
        bell.ring("editions")
        eventually(lambda: states(Delivery) == ["accepted"] * 3, "the documents were not delivered")
    documents = {mail.recipient: _text(mail) for mail in server.messages if _pdf(mail)}
    addresses = _addresses(slug)
    assert sorted(documents) == sorted(address for address, _ in addresses)
    for address, international in addresses:
        for name, disclosure, _ in PEOPLE:
            may_see = disclosure == "all" or (disclosure == "international" and international)
            assert (name in documents[address]) == may_see, (address, name)
    assert len(server.messages) == len(PEOPLE) + 3


@pytest.mark.parametrize("broker", ["none", "amqp", "redis"])
def test_without_a_broker_the_sweep_does_all_of_it(broker: str, new_machine: MakeMachine, server: SmtpServer) -> None:
    """None is named, or the one that is named cannot be reached."""
    with refused_port() as port:
        url = "none" if broker == "none" else f"{broker}://127.0.0.1:{port}"
        machine = new_machine(server, "", url)
        _whole_way(machine, server)


def test_with_rabbitmq(new_machine: MakeMachine, server: SmtpServer) -> None:
    if not brokers.RABBITMQ.exists():
        pytest.skip("rabbitmq-server is not installed")
    with brokers.rabbitmq() as url:
        _whole_way(new_machine(server, "", url), server)


def test_lost_hints_cost_seconds_and_no_letter(new_machine: MakeMachine, server: SmtpServer, valkey: str) -> None:
    losing = threading.Event()

    def lose() -> None:
        while not losing.wait(0.5):
            brokers.flush(valkey)

    thief = threading.Thread(target=lose)
    thief.start()
    try:
        _whole_way(new_machine(server, "", valkey), server)
    finally:
        losing.set()
        thief.join()


def test_a_broker_that_dies_on_the_way_stops_nothing(new_machine: MakeMachine, server: SmtpServer, valkey: str) -> None:
    machine = new_machine(server, "", valkey)
    slug = _petition(machine, threshold=len(PEOPLE))
    site = Site(machine)
    with ringing(valkey), machine.worker():
        first, *others = _sign_all(site, slug, server)
        site.press(first, "confirmation")
        brokers.shut_down(valkey)
        for link in others:
            assert site.press(link, "confirmation").status_code == 303  # B16
        eventually(lambda: states(Delivery) == ["accepted"] * 3, "the documents were not delivered")


def test_hints_that_come_ten_times_or_make_no_sense_do_no_harm(
    new_machine: MakeMachine, server: SmtpServer, valkey: str
) -> None:
    """Cases K1 and K4."""
    machine = new_machine(server, "", valkey)
    slug = _petition(machine)
    site = Site(machine)
    worker = machine.start_worker()
    try:
        worker.wait_until_up()
        with ringing(valkey):
            brokers.confuse(valkey, "letters")
            for number in range(5):
                site.sign(slug, name=f"Ana {'ABCDE'[number]}", email=f"person{number}@example.org")
                for _ in range(10):
                    assert bell.send("letters")
            eventually(lambda: states(Letter) == ["sent"] * 5, "the letters were not sent", 20)
        assert len(server.messages) == 5
        assert worker.alive
    finally:
        worker.kill()


def test_a_withdrawal_before_delivery_compiles_the_same_edition_without_the_name(
    new_machine: MakeMachine, database_url: str, server: SmtpServer
) -> None:
    machine = new_machine(server, database_url)
    slug = _petition(machine, threshold=len(PEOPLE))
    site = Site(machine)
    with machine.worker("--queues", "letters,editions,counting"):  # nothing leaves for an authority yet
        links = _sign_all(site, slug, server)
        for link in links:
            site.press(link, "confirmation")
        eventually(lambda: states(Delivery) == ["ready"] * 3, "the edition was not compiled")
        with db.reading() as session:
            leaving = session.scalars(select(Signature).where(Signature.position.is_not(None))).all()
            assert len(leaving) == len(PEOPLE)
    ana = next(link for link in links if "Ana Ćirić" in site.browser().get(link).text)
    assert site.press(ana, "withdrawal").status_code == 303
    with machine.worker():
        eventually(lambda: states(Delivery).count("accepted") == 3, "the documents were not delivered")
    assert sorted(states(Document)) == ["live"] * 3 + ["superseded"] * 3
    assert sorted(states(Delivery)) == ["accepted"] * 3 + ["superseded"] * 3
    assert states(Edition) == ["compiled"]
    documents = [_text(mail) for mail in server.messages if _pdf(mail)]
    assert len(documents) == 3
    assert not [text for text in documents if "Ana Ćirić" in text]
    assert [text for text in documents if "Нина Щукина" in text] == documents


def test_a_document_too_large_for_its_channel_stops_and_says_so(
    new_machine: MakeMachine, server: SmtpServer
) -> None:
    machine = new_machine(server)
    slug = _petition(machine, threshold=1)
    with db.writing() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        petition.addressees[0].authority.channels[0].max_bytes = 5_000
        factories.signature(session, petition, confirmed=True)
        session.commit()
    with machine.worker():
        eventually(lambda: sorted(states(Delivery)) == ["accepted", "accepted", "too_big"], "not all was settled")
    with db.reading() as session:
        stopped = session.scalars(select(Delivery).where(Delivery.state == Delivery.State.TOO_BIG)).one()
        assert stopped.last_error_class == "larger_than_channel"
        assert stopped.channel.address not in server.taken
        [edition] = session.scalars(select(Edition)).all()
        assert edition.report is not None
        assert [one["warnings"] for one in edition.report["documents"] if one["warnings"]]


def test_a_mailbox_that_has_signed_is_told_so_and_only_there(new_machine: MakeMachine, server: SmtpServer) -> None:
    machine = new_machine(server)
    slug = _petition(machine)
    site = Site(machine)
    with machine.worker():
        site.sign(slug, name="Ana Ćirić", email="ana@example.org")
        eventually(lambda: len(server.messages) == 1, "the letter did not come")
        first = link_in(server.messages[0])
        site.press(first, "confirmation")
        site.sign(slug, name="Ana C.", email="Ana+again@EXAMPLE.org")
        eventually(lambda: len(server.messages) == 2, "the second letter did not come")
        site.sign(slug, name="A. Ćirić", email="ana@example.org")
        eventually(lambda: states(Letter) == ["sent", "sent", "withheld"], "the third was not settled")
    assert link_in(server.messages[1]) == first
    assert states(Signature) == ["confirmed", "void", "void"]


def test_who_wants_no_mail_gets_none(new_machine: MakeMachine, server: SmtpServer) -> None:
    machine = new_machine(server)
    slug = _petition(machine)
    site = Site(machine)
    with machine.worker():
        site.sign(slug, email="ana@example.org")
        eventually(lambda: len(server.messages) == 1, "the letter did not come")
        assert site.press(link_in(server.messages[0]), "no-more-mail").status_code == 200
        site.sign(slug, name="Somebody Else", email="ana@example.org")
        eventually(lambda: states(Letter) == ["sent", "withheld"], "the second was not settled")
    assert len(server.messages) == 1


# -- the way, in pieces ---------------------------------------------------------------------------------------


def _whole_way(machine: Machine, server: SmtpServer) -> None:
    """Everybody signs and confirms; the standing order's edition reaches the three authorities."""
    slug = _petition(machine, threshold=len(PEOPLE))
    site = Site(machine)
    with ringing(machine.broker_url), machine.worker():
        for link in _sign_all(site, slug, server):
            assert site.press(link, "confirmation").status_code == 303
        eventually(lambda: states(Delivery) == ["accepted"] * 3, "the documents were not delivered")
    assert len(server.messages) == len(PEOPLE) + 3
    assert states(Edition) == ["compiled"]


def _petition(machine: Machine, threshold: int | None = None) -> str:
    with db.writing() as session:
        petition = machine.petition(session)
        if threshold:
            machine.standing_order(session, petition, threshold)
        session.commit()
        return petition.slug


def _sign_all(site: Site, slug: str, server: SmtpServer) -> list[str]:
    """The links of everybody's letters, as soon as all have come."""
    for number, (name, disclosure, shows_city) in enumerate(PEOPLE):
        more: dict[str, Any] = {"shows_city": "y"} if shows_city else {}
        site.sign(
            slug, name=name, email=f"person{number}@example.org", city=f"Bergen{number}", disclosure=disclosure, **more
        )
    eventually(lambda: len(server.messages) == len(PEOPLE), "letters did not come")
    return [link_in(mail) for mail in server.messages]


def _freeze(slug: str) -> int:
    with db.writing() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        editor = factories.member(session, petition.branch, Member.Role.EDITOR)
        edition = Edition.freeze(session, petition, asked_by=editor, gap_days=7)
        session.commit()
        return edition.id


def _approve(edition_id: int) -> None:
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        assert edition.problems == []
        edition.approve(session, factories.member(session, edition.petition.branch), lapse_hours=72)
        session.commit()


def _count(slug: str) -> int:
    with db.reading() as session:
        return session.scalars(select(Petition.confirmed_count).where(Petition.slug == slug)).one()


def _addresses(slug: str) -> list[tuple[str, bool]]:
    """The e-mail address of each addressee, and whether it is an international body."""
    with db.reading() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        return [
            (one.authority.channels[0].address, one.circle is one.Circle.INTERNATIONAL) for one in petition.addressees
        ]


def _pdf(mail: Received) -> bytes:
    message = message_from_bytes(mail.data, policy=policy.default)
    return b"".join(part.get_content() for part in message.iter_attachments())


def _text(mail: Received) -> str:
    document = pypdfium2.PdfDocument(_pdf(mail))
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
