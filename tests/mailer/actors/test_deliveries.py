"""Before a document leaves, its row is asked once more: still wanted, still true, not too often (cases.md J16)."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.actors import deliveries as actor
from mailer.actors.deliveries import deliver_documents
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.config import Profile
from petitions.db import DatabaseBusy, database_time, db, now
from petitions.models import (
    AuditEntry,
    Channel,
    Delivery,
    Disclosure,
    Document,
    Edition,
    Petition,
    PrisonerEvent,
    Signature,
)
from tests import factories
from tests.faults.machine import Machine
from tests.faults.work import write_deliveries
from tests.smtp import Answer, SmtpServer


@pytest.fixture
def edition_id(machine: Machine) -> int:
    """A compiled edition with a delivery to each of two authorities that is due."""
    with db.writing() as session:
        edition = write_deliveries(machine, session, machine.petition(session), 2)
        session.commit()
        return edition.id


def rows(session: Session) -> list[Delivery]:
    return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def became() -> list[tuple[str, str | None]]:
    with db.reading() as session:
        return [(row.state.value, row.hold_reason) for row in rows(session)]


def change(act: Callable[[Session], Any]) -> None:
    with db.writing() as session:
        act(session)
        session.commit()


def test_each_authority_gets_its_document_once(edition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    assert deliver_documents(runtime) == 2
    assert deliver_documents(runtime) == 0
    with db.reading() as session:
        assert sorted(server.taken) == sorted(row.channel.address for row in rows(session))
        for row in rows(session):
            assert row.settled_at is not None
            assert row.mail_sha256 is not None
            assert row.state is Delivery.State.ACCEPTED
        assert AuditEntry.first_broken(session) is None
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.verb == "delivery.attempt")).all()) == 2


def test_what_was_sent_is_kept_byte_for_byte(
    edition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    deliver_documents(runtime)
    archive = Archive(machine.settings.archive, factories.PUBLIC_KEY)
    with db.reading() as session:
        kept = {archive.read(str(row.mail_sha256), factories.PRIVATE_KEY) for row in rows(session)}
    assert kept == {mail.data for mail in server.messages}


STOPPED: dict[str, Callable[[Session], Any]] = {
    "paused": lambda session: session.scalars(select(Petition)).one().pause(),
    "withdrawn": lambda session: session.scalars(select(Petition)).one().move_to(Petition.State.WITHDRAWN),
    "in need of a review": lambda session: session.execute(update(Petition).values(needs_review=True)),
    "for someone who was released": lambda session: factories.event(
        session, session.scalars(select(Petition)).one().prisoner, PrisonerEvent.Kind.RELEASE, "2026-11-20"
    ),
    "for someone who died": lambda session: factories.event(
        session, session.scalars(select(Petition)).one().prisoner, PrisonerEvent.Kind.DEATH, "2026-11"
    ),
}


@pytest.mark.parametrize("how", STOPPED)
def test_a_petition_that_is_stopped_delivers_nothing(
    how: str, edition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    change(STOPPED[how])
    assert deliver_documents(runtime) == 0
    assert became() == [("ready", "petition_stopped")] * 2
    assert server.messages == []


def test_a_channel_known_to_fail_is_not_used(edition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    change(lambda session: session.execute(update(Channel).values(failing_since=now())))
    assert deliver_documents(runtime) == 0
    assert became() == [("ready", "channel_unusable")] * 2


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"hold_reason": "asked for"}, ("ready", "asked for")),
        ({"state": Delivery.State.CANCELLED}, ("cancelled", None)),
        ({"state": Delivery.State.SUPERSEDED}, ("superseded", None)),
    ],
)
def test_what_a_person_stops_while_it_is_being_prepared_does_not_leave(
    values: dict[str, Any],
    expected: tuple[str, str | None],
    edition_id: int,
    runtime: Runtime,
    server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Slow(Archive):
        def store(self, *given: Any) -> Any:
            change(lambda session: session.execute(update(Delivery).values(**values)))
            return super().store(*given)

    monkeypatch.setattr(actor, "Archive", Slow)
    assert deliver_documents(runtime) == 0
    assert became() == [expected] * 2
    assert server.messages == []
    with db.reading() as session:
        assert {row.lease_owner for row in rows(session)} == {None}


def test_outside_office_hours_it_waits_for_the_next(edition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        moment = database_time(session)
        tomorrow = (moment + timedelta(days=1)).weekday()
        for row in rows(session):
            authority = row.channel.authority
            authority.time_zone, authority.working_days = "UTC", [tomorrow]
            authority.opens, authority.closes = time(9), time(17)
        session.commit()
    assert deliver_documents(runtime) == 0
    with db.reading() as session:
        due = {row.not_before for row in rows(session)}
    assert due == {datetime.combine(moment.date() + timedelta(days=1), time(9), UTC)}
    assert became() == [("ready", None)] * 2


def test_an_authority_gets_two_mails_a_day_over_all_petitions(
    machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    with db.writing() as session:
        for _ in range(3):
            write_deliveries(machine, session, machine.petition(session), 1)
        one = rows(session)[0].channel
        for row in rows(session):  # three petitions to one authority
            row.channel = one
        session.commit()
        moment = database_time(session)
    assert deliver_documents(runtime) == 2
    with db.reading() as session:
        left = [row for row in rows(session) if row.state is Delivery.State.READY]
        assert len(left) == 1
        assert left[0].not_before >= moment + timedelta(hours=24)
    with db.writing() as session:  # a day later
        session.execute(update(Delivery).values(not_before=now(-1)))
        session.execute(update(Delivery).where(Delivery.transmitting_at.is_not(None)).values(transmitting_at=now(-86_401)))
        session.commit()
    assert deliver_documents(runtime) == 1


def test_an_uncertain_one_counts_as_sent_for_that_limit(machine: Machine, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        for _ in range(3):
            write_deliveries(machine, session, machine.petition(session), 1)
        first = rows(session)[0]
        one = first.channel
        for row in rows(session):
            row.channel = one
        first.state, first.transmitting_at = Delivery.State.UNCERTAIN, database_time(session)
        session.commit()
    assert deliver_documents(runtime) == 1


NOT_ANY_MORE: dict[str, Callable[[Signature, Session], Any]] = {
    "withdrew": lambda signature, session: signature.withdraw(session),
    "was erased": lambda signature, session: signature.erase(session),
    "was struck": lambda signature, session: signature.invalidate(session, "robot"),
    "is held": lambda signature, session: signature.hold(session, "complaint"),
    "narrowed": lambda signature, _session: signature.choose(Disclosure.COUNT_ONLY, False, False),
    "hides the city": lambda signature, _session: signature.choose(Disclosure.ALL, True, False),
}


@pytest.mark.parametrize("who", NOT_ANY_MORE)
def test_a_document_that_names_somebody_it_must_not_is_superseded(
    who: str, edition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    change(lambda session: NOT_ANY_MORE[who](session.scalars(select(Signature)).one(), session))
    assert deliver_documents(runtime) == 0
    assert server.messages == []
    with db.reading() as session:
        assert {row.state for row in rows(session)} == {Delivery.State.SUPERSEDED}
        assert set(session.scalars(select(Document.state))) == {Document.State.SUPERSEDED}
        assert session.get_one(Edition, edition_id).state is Edition.State.APPROVED


def test_a_new_signature_makes_no_document_stale(edition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    with db.writing() as session:
        petition = session.scalars(select(Petition)).one()
        factories.signature(session, petition, confirmed=True)
        petition.count_new(session)
        session.commit()
    assert deliver_documents(runtime) == 2


def test_a_message_that_cannot_be_built_waits_and_keeps_its_tries(
    edition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    change(lambda session: session.execute(update(Delivery).values(tries=3)))
    for path in machine.settings.archive.glob("??/*"):
        path.unlink()
    assert deliver_documents(runtime) == 0
    with db.reading() as session:
        moment = database_time(session)
        for row in rows(session):
            assert (row.state, row.tries, row.last_error_class) == (Delivery.State.READY, 3, "ArchiveFileMissing")
            assert row.not_before > moment + timedelta(minutes=10)
            assert row.lease_owner is None


def test_after_five_days_it_is_given_up(edition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    change(lambda session: session.execute(update(Delivery).values(created_at=now(-5 * 86_400 - 60))))
    server.faults = {"rcpt": Answer("451 4.3.0 later")}
    deliver_documents(runtime)
    with db.reading() as session:
        assert {(row.state.value, row.last_error_class) for row in rows(session)} == {("rejected", "gave_up_temporary")}


def test_a_known_outcome_is_written_down_though_the_database_was_busy(
    edition_id: int, runtime: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, busy = actor._write_down, iter((True, True, False))

    def sometimes(*given: Any) -> None:
        if next(busy, False):
            raise DatabaseBusy
        real(*given)

    monkeypatch.setattr(actor, "_write_down", sometimes)
    monkeypatch.setattr(actor, "RECORD_AGAIN_SECONDS", (0, 0, 0))
    assert deliver_documents(runtime) == 2
    assert became() == [("accepted", None)] * 2


def test_the_demonstration_keeps_no_office_hours(edition_id: int, machine: Machine, server: SmtpServer) -> None:
    with db.writing() as session:
        tomorrow = (database_time(session) + timedelta(days=1)).weekday()
        for row in rows(session):
            row.channel.authority.time_zone, row.channel.authority.working_days = "UTC", [tomorrow]
        session.commit()
    with machine.runtime() as runtime:
        assert deliver_documents(runtime) == 0
    change(lambda session: session.execute(update(Delivery).values(not_before=now())))
    with machine.runtime(profile=Profile.DEMONSTRATION) as runtime:
        assert deliver_documents(runtime) == 2
