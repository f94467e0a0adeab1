"""Many at once, on both databases: one row, one transition, one edition, one document."""

import threading
import time
from collections import Counter

import pytest
from sqlalchemy import func, select, update

from mailer import claims
from mailer.actors.editions import advance_editions
from petitions.db import db, now
from petitions.models import Delivery, Document, Edition, Letter, Petition, Signature, Slot
from tests import factories
from tests.faults.machine import Machine, eventually, states
from tests.faults.supporters import Site, together
from tests.faults.work import write_letters
from tests.smtp import SmtpServer

pytestmark = pytest.mark.faults


def test_a_hundred_identical_submits_are_one_pending_row_and_one_letter(machine: Machine) -> None:
    slug = _open_petition(machine)
    site = Site(machine)
    form = site.fill_in(slug)
    if time.time() % 600 > 570:
        time.sleep(31)  # another ten minutes are another cause for a letter
    answers = together(100, lambda _: site.send(slug, form).status_code)
    assert Counter(answers) == {303: 100}
    assert states(Signature) == ["pending"]
    assert states(Letter) == ["ready"]


def test_a_token_used_fifty_times_at_once_is_one_transition(machine: Machine) -> None:
    slug = _open_petition(machine)
    site = Site(machine)
    [link] = _pending(slug, 1)
    answers = together(50, lambda _: site.press(link, "confirmation").status_code)
    assert Counter(answers) == {303: 50}
    with db.writing() as session:
        petition = session.scalars(select(Petition)).one()
        assert petition.count_new(session) == 1
        assert session.scalar(select(func.count()).select_from(Slot)) == 1
        session.commit()
    answers = together(50, lambda _: site.press(link, "withdrawal").status_code)
    assert Counter(answers) == {303: 50}
    with db.writing() as session:
        petition = session.scalars(select(Petition)).one()
        assert petition.confirmed_count == 0
        assert petition.recount(session) == 0


def test_two_rows_of_one_mailbox_confirmed_at_once_are_one_signature(machine: Machine) -> None:
    slug = _open_petition(machine)
    site = Site(machine)
    with db.writing() as session:
        petition = session.scalars(select(Petition)).one()
        pairs = [
            [f"/s/{factories.signature(session, petition, name=name, email=f'two{number}@example.org').token}"
             for name in ("Ada One", "Ada Two")]
            for number in range(12)
        ]
        session.commit()
    links = [link for pair in pairs for link in pair]
    answers = together(len(links), lambda number: site.press(links[number], "confirmation").status_code)
    assert Counter(answers) == {303: 24}
    assert Counter(states(Signature)) == {"confirmed": 12, "void": 12}
    assert slug


def test_forty_confirmations_across_a_threshold_are_one_edition_delivered_once(
    machine: Machine, server: SmtpServer
) -> None:
    slug = _open_petition(machine, threshold=15)
    site = Site(machine)
    links = _pending(slug, 40)
    with machine.worker(), machine.worker():
        answers = together(40, lambda number: site.press(links[number], "confirmation").status_code)
        assert Counter(answers) == {303: 40}
        eventually(lambda: states(Delivery) == ["accepted"] * 3, "the edition was not delivered")
        eventually(_all_counted, "not all were counted")
    with db.writing() as session:
        [edition] = session.scalars(select(Edition)).all()
        assert 15 <= edition.log_size <= 40
        petition = edition.petition
        positions = session.scalars(select(Signature.position).order_by(Signature.position)).all()
        assert positions == list(range(1, 41))
        assert petition.recount(session) == 0
    assert len(server.messages) == 3


def test_withdrawals_while_others_are_counted_leave_the_number_right(machine: Machine) -> None:
    slug = _open_petition(machine)
    site = Site(machine)
    links = _pending(slug, 30)
    counting = threading.Event()

    def count() -> None:
        while not counting.is_set():
            with db.writing() as session:
                session.scalars(select(Petition)).one().count_new(session)
                session.commit()

    counter = threading.Thread(target=count)
    counter.start()
    together(30, lambda number: [site.press(links[number], button) for button in ("confirmation", "withdrawal")])
    counting.set()
    counter.join(30)
    with db.writing() as session:
        petition = session.scalars(select(Petition)).one()
        petition.count_new(session)
        assert petition.confirmed_count == 0
        assert petition.recount(session) == 0
    assert set(states(Signature)) == {"withdrawn"}


def test_eight_threads_claim_no_row_twice(machine: Machine) -> None:
    with db.writing() as session:
        write_letters(session, machine.petition(session), 200)
        session.commit()

    def claim_all(number: int) -> list[int]:
        taken: list[int] = []
        while True:
            with db.writing() as session:
                ids = claims.claim(session, Letter, f"worker-{number}", 7)
                session.commit()
            if not ids:
                return taken
            taken += ids

    taken = [row for rows in together(8, claim_all) for row in rows]
    assert len(taken) == len(set(taken)) == 200


def test_two_workers_compile_one_edition_into_one_document_each(machine: Machine, server: SmtpServer) -> None:
    with db.writing() as session:
        petition = machine.petition(session)
        factories.signatures(session, petition, [factories.typed() for _ in range(50)], confirmed=True)
        edition = Edition.freeze(session, petition, asked_by=factories.member(session, petition.branch), gap_days=0)
        edition.state = Edition.State.CHECKED
        edition.approve(session, factories.member(session, petition.branch), lapse_hours=72)
        session.commit()
    with machine.runtime() as first, machine.runtime() as second:
        slow = threading.Thread(target=advance_editions, args=(first,))
        slow.start()
        eventually(lambda: states(Document), "nothing was compiled")
        with db.writing() as session:  # as if the first had slept through its lease
            session.execute(update(Edition).values(lease_until=now(-1)))
            assert claims.sweep(session)["freed"] == 1
            session.commit()
        advance_editions(second)
        slow.join(60)
        assert not slow.is_alive()
    assert states(Edition) == ["compiled"]
    assert states(Document) == ["live"] * 3
    assert states(Delivery) == ["ready"] * 3
    assert server.messages == []


def _open_petition(machine: Machine, threshold: int | None = None) -> str:
    with db.writing() as session:
        petition = machine.petition(session)
        if threshold:
            machine.standing_order(session, petition, threshold)
        session.commit()
        return petition.slug


def _pending(slug: str, count: int) -> list[str]:
    """The links of so many people who have signed and not confirmed."""
    with db.writing() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        signed = factories.signatures(session, petition, [factories.typed() for _ in range(count)])
        session.commit()
    return [f"/s/{one.token}" for one in signed]


def _all_counted() -> bool:
    with db.reading() as session:
        return session.scalars(select(Petition.confirmed_count)).one() == 40


