"""Erasing in two steps, with a certificate (privacy.md, "Retention"; cases.md K10, M2)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from mailer.actors.erasing import erase_marked, mark_due
from mailer.actors.periodic import run_due
from mailer.actors.purging import purge
from mailer.actors.runtime import Runtime
from mailer.archive import Archive, ArchiveFileMissing
from petitions.config import Settings
from petitions.db import database_time, db, now
from petitions.models import (
    AuditEntry,
    Clock,
    DataKey,
    Delivery,
    Erasure,
    NamedLease,
    Petition,
    PetitionUpdate,
    Signature,
    Subscription,
    UpdateLetter,
    Volume,
)
from petitions.retention import plan
from tests import factories
from tests.faults.machine import Machine
from tests.faults.work import write_deliveries

Kind = Erasure.Kind
DAYS_AGO = 40


@pytest.fixture
def petition_id(machine: Machine) -> int:
    """Closed 40 days ago; two signed, one wants news."""
    with db.writing() as session:
        petition = machine.petition(session)
        for _ in range(2):
            factories.signature(session, petition, confirmed=True)
        factories.subscription(session, petition)
        session.commit()
        petition.count_new(session)
        petition.close(database_time(session) - timedelta(days=DAYS_AGO))
        session.commit()
        return petition.id


def change(act: Callable[[Session], Any]) -> None:
    with db.writing() as session:
        act(session)
        session.commit()


def a_day_later() -> None:
    change(lambda session: session.execute(update(Erasure).values(marked_at=now(-86_401))))


def marked() -> list[tuple[str, str, int, int]]:
    with db.reading() as session:
        rows = session.scalars(select(Erasure).order_by(Erasure.id))
        return [(row.kind.value, row.state.value, row.planned, row.erased) for row in rows]


def planned(machine: Machine, petition_id: int) -> dict[str, tuple[int, datetime | None]]:
    with db.reading() as session:
        petition = session.get_one(Petition, petition_id)
        return {due.kind.value: (due.count, due.at) for due in plan(session, machine.settings, petition)}


def boxes() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).where(Signature.mail_box.is_not(None))) or 0


# -- when -----------------------------------------------------------------------------------------------------------


def test_an_open_petition_has_no_end_yet(machine: Machine) -> None:
    with db.writing() as session:
        petition = machine.petition(session)
        factories.signature(session, petition, confirmed=True)
        session.commit()
    assert planned(machine, petition.id)["signers"] == (1, None)


def test_names_go_thirty_days_after_closing_when_nothing_is_under_way(machine: Machine, petition_id: int) -> None:
    count, at = planned(machine, petition_id)["signers"]
    assert count == 2
    assert at is not None
    assert abs(at - datetime.now(UTC) + timedelta(days=10)) < timedelta(minutes=1)


def test_a_delivery_under_way_keeps_them(machine: Machine, petition_id: int) -> None:
    with db.writing() as session:
        deliver(machine, session, petition_id)
        session.commit()
    assert planned(machine, petition_id)["signers"][1] is None
    change(lambda session: session.execute(update(Petition).values(state=Petition.State.HIDDEN)))
    assert planned(machine, petition_id)["signers"][1] is not None  # nothing of it leaves any more


def test_a_term_of_the_law_keeps_them_until_thirty_days_after_its_end(machine: Machine, petition_id: int) -> None:
    delivered(machine, petition_id, settled=timedelta(days=35))
    due_on = datetime.now(UTC).date() + timedelta(days=20)
    with db.writing() as session:
        row = session.scalars(select(Delivery)).one()
        session.add(
            Clock(delivery=row, kind=Clock.Kind.REPLY, days=30, working=False, starts_on=date.today(), due_on=due_on)
        )
        session.commit()
    at = planned(machine, petition_id)["signers"][1]
    assert at is not None
    assert at.date() == due_on + timedelta(days=30)


def test_a_petition_may_be_stricter_and_not_laxer(machine: Machine, petition_id: int) -> None:
    for days, expected in ((5, 5), (300, 30)):
        with db.writing() as session:
            session.execute(update(Petition).values(retention_days=days))
            session.commit()
        at = planned(machine, petition_id)["signers"][1]
        assert at is not None
        assert round((at - datetime.now(UTC)).total_seconds() / 86_400) == expected - DAYS_AGO


def test_readers_stay_twelve_months_after_closing(machine: Machine, petition_id: int) -> None:
    count, at = planned(machine, petition_id)["readers"]
    assert count == 1
    assert at is not None
    assert 320 < (at - datetime.now(UTC)).days < 330


# -- mark, next day erase ---------------------------------------------------------------------------------------------


def test_what_is_due_is_marked_and_not_touched(petition_id: int, runtime: Runtime) -> None:
    assert mark_due(runtime) == 1
    assert erase_marked(runtime) == 0
    assert marked() == [("signers", "marked", 2, 0)]
    assert boxes() == 2
    assert mark_due(runtime) == 0


def test_a_day_later_it_is_gone_and_the_numbers_stay(petition_id: int, runtime: Runtime) -> None:
    mark_due(runtime)
    a_day_later()
    assert erase_marked(runtime) == 1
    assert marked() == [("signers", "erased", 2, 2)]
    assert boxes() == 0
    with db.reading() as session:
        petition = session.get_one(Petition, petition_id)
        assert (petition.confirmed_count, petition.log_size) == (2, 2)
        rows = session.scalars(select(Signature)).all()
        assert {(row.state.value, row.token_hash, row.self_box) for row in rows} == {("confirmed", None, None)}
        assert sorted(row.position or 0 for row in rows) == [1, 2]
        assert all(row.commitment for row in rows)


def test_with_the_keys_nothing_in_a_backup_opens_either(petition_id: int, runtime: Runtime) -> None:
    """M2; those of the news, which go on, stay."""
    mark_due(runtime)
    a_day_later()
    erase_marked(runtime)
    with db.reading() as session:
        assert session.scalars(select(DataKey.purpose)).all() == [DataKey.Purpose.UPDATES]


def test_the_certificate_is_in_the_audit_log(petition_id: int, runtime: Runtime) -> None:
    mark_due(runtime)
    a_day_later()
    erase_marked(runtime)
    with db.reading() as session:
        erasure = session.scalars(select(Erasure)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "retention.erase")).one()
        assert erasure.audit_hash == entry.hash
        assert (entry.details["erased"], entry.details["kind"], entry.details["marked_by"]) == (2, "signers", "worker")
        assert AuditEntry.first_broken(session) is None


def test_a_reason_that_ended_spares_it(petition_id: int, runtime: Runtime) -> None:
    mark_due(runtime)
    a_day_later()
    change(lambda session: session.execute(update(Petition).values(closed_at=now())))
    assert erase_marked(runtime) == 0
    assert marked() == [("signers", "spared", 2, 0)]
    assert boxes() == 2


def test_what_two_owners_decided_goes_before_its_time(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        petition.closed_at = database_time(session)
        Erasure.mark(session, petition, Kind.SIGNERS, factories.member(session, petition.branch).public_id, 2)
        session.commit()
    a_day_later()
    assert erase_marked(runtime) == 1
    assert boxes() == 0


def test_a_part_erased_before_a_crash_is_finished(
    petition_id: int, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_due(runtime)
    a_day_later()
    with db.writing() as session:
        session.scalars(select(Signature).order_by(Signature.id)).first().forget(session)  # type: ignore[union-attr]
        session.scalars(select(Erasure)).one().erased = 1
        session.commit()
    assert erase_marked(runtime) == 1
    assert marked() == [("signers", "erased", 2, 2)]


def test_addresses_of_readers_go_with_their_keys(petition_id: int, runtime: Runtime) -> None:
    change(lambda session: session.execute(update(Petition).values(closed_at=now(-400 * 86_400))))
    mark_due(runtime)
    a_day_later()
    erase_marked(runtime)
    with db.reading() as session:
        reader = session.scalars(select(Subscription).options(undefer(Subscription.box))).one()
        assert (reader.box, reader.tag, reader.key_id) == (None, None, None)
        assert session.scalars(select(DataKey)).all() == []


def test_documents_go_after_their_term_and_their_hashes_stay(
    machine: Machine, petition_id: int, runtime: Runtime
) -> None:
    delivered(machine, petition_id, settled=timedelta(days=740))
    change(lambda session: session.execute(update(Petition).values(closed_at=now(-741 * 86_400))))
    mark_due(runtime)
    a_day_later()
    erase_marked(runtime)
    with db.reading() as session:
        volume = session.scalars(select(Volume)).one()
        assert volume.erased_at is not None
        assert len(volume.sha256) == 64
        archive = Archive(machine.settings.archive, session.get_one(Petition, petition_id).branch.public_key)
        with pytest.raises(ArchiveFileMissing):
            archive.read(volume.sha256, factories.PRIVATE_KEY)


# -- only while the clock runs steadily -----------------------------------------------------------------------------


def test_a_clock_that_jumped_erases_nothing_and_marks_nothing(petition_id: int, runtime: Runtime) -> None:
    """K10."""
    purge(runtime)
    assert marked() == []
    with db.writing() as session:
        Erasure.mark(session, session.get_one(Petition, petition_id), Kind.SIGNERS, "worker", 2)
        session.commit()
    a_day_later()
    purge(runtime)
    assert boxes() == 2


def test_once_it_has_run_for_a_day_both_steps_go_by_themselves(petition_id: int, runtime: Runtime) -> None:
    steady()
    run_due(runtime)
    assert marked() == [("signers", "marked", 2, 0)]
    a_day_later()
    steady()
    run_due(runtime)
    assert boxes() == 0


# -- what goes day by day ---------------------------------------------------------------------------------------------


def test_keys_of_running_subscriptions_never_go_by_age(petition_id: int, runtime: Runtime) -> None:
    """They outlive the keys of signatures, however old."""
    change(lambda session: session.execute(update(DataKey).values(created_at=now(-800 * 86_400))))
    change(lambda session: session.execute(update(Signature).values(created_hour=now(-800 * 86_400))))
    steady()
    purge(runtime)
    with db.reading() as session:
        assert session.scalars(select(DataKey.purpose)).all() == [DataKey.Purpose.UPDATES]


def test_ended_subscriptions_and_old_letters_with_news_go_after_thirty_days(
    petition_id: int, runtime: Runtime
) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        reader = session.scalars(select(Subscription)).one()
        news = factories.news(session, petition, factories.member(session, petition.branch))
        news.state = PetitionUpdate.State.SENDING
        session.add(UpdateLetter(update_id=news.id, subscription_id=reader.id, state=UpdateLetter.State.SENT))
        session.flush()
        news.finish(session, database_time(session))
        news.state = PetitionUpdate.State.SENT
        reader.end(session)
        session.execute(update(Subscription).values(ended_at=now(-31 * 86_400)))
        session.execute(update(UpdateLetter).values(created_at=now(-31 * 86_400)))
        session.commit()
    steady()
    purge(runtime)
    with db.reading() as session:
        assert session.scalars(select(Subscription)).all() == []
        assert session.scalars(select(UpdateLetter)).all() == []
        assert session.get_one(PetitionUpdate, news.id).progress(session) == (1, 0, 0)


def deliver(machine: Machine, session: Session, petition_id: int) -> None:
    """A document on its way, asked for before the petition closed."""
    petition = session.get_one(Petition, petition_id)
    closed_at, petition.closed_at, petition.state = petition.closed_at, None, Petition.State.OPEN
    write_deliveries(machine, session, petition, 1)
    petition.closed_at, petition.state = closed_at, Petition.State.CLOSED


def delivered(machine: Machine, petition_id: int, settled: timedelta) -> None:
    with db.writing() as session:
        deliver(machine, session, petition_id)
        moment = database_time(session)
        session.execute(update(Delivery).values(state=Delivery.State.ACCEPTED, settled_at=moment - settled))
        session.commit()


def steady() -> None:
    """The database's clock has been looked at for more than a day."""
    with db.writing() as session:
        moment = database_time(session)
        for name, ago in (("clock:seen", timedelta(hours=1)), ("clock:steady", timedelta(hours=25))):
            row = session.scalars(select(NamedLease).where(NamedLease.name == name)).one_or_none()
            if row is None:
                session.add(NamedLease(name=name, owner="a", lease_until=moment - ago))
            else:
                row.lease_until = moment - ago
        session.execute(update(NamedLease).where(NamedLease.name == "job:purge").values(lease_until=now(-1)))
        session.commit()


def test_the_settings_are_as_promised_to_signers(settings: Settings) -> None:
    """The data table says so."""
    assert (settings.erase_after_days, settings.news_months, settings.documents_days) == (30, 12, 730)
