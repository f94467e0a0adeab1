"""What comes round by itself, and what it erases (privacy.md, "Retention"; cases.md K10, K15, M2)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from mailer.actors import clock, periodic
from mailer.actors.counting import count_signatures
from mailer.actors.periodic import run_due
from mailer.actors.runtime import Runtime
from petitions.db import database_time, db, now
from petitions.models import AuditEntry, Edition, Letter, MailCap, NamedLease, Petition, Signature, Slot
from tests import factories
from tests.faults.machine import Machine, states
from tests.faults.work import write_letters

PERSONAL = {
    "public_name", "dedup_tag", "content_tag", "net_tag", "confirm_net_tag", "confirm_pace", "name_key_id",
    "mail_key_id", "name_box", "mail_box", "self_box", "token_hash",
}
KEPT = {
    "id", "public_id", "petition_id", "text_id", "state", "held_reason", "country", "disclosure", "shows_city",
    "wants_listing", "wants_news", "commitment", "expires_at", "created_hour", "owner_confirmed_on", "confirmed_on",
    "withdrawn_on", "erased_at", "position", "withdrawal_position", "counts_again_since",
}


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        petition = machine.petition(session)
        session.commit()
        return petition.id


@pytest.fixture
def steady(petition_id: int) -> None:
    """The database's clock has been looked at for more than a day."""
    with db.writing() as session:
        moment = database_time(session)
        for name, ago in (("clock:seen", timedelta(hours=1)), ("clock:steady", timedelta(hours=25))):
            session.add(NamedLease(name=name, owner="a", lease_until=moment - ago))
        session.commit()


def change(act: Callable[[Session], Any]) -> None:
    with db.writing() as session:
        act(session)
        session.commit()


def signed(petition_id: int, **fields: Any) -> factories.Signed:
    with db.writing() as session:
        made = factories.signature(session, session.get_one(Petition, petition_id), **fields)
        session.commit()
        return made


def all_of(signature: factories.Signed) -> dict[str, Any]:
    """Every column of a signature's row."""
    with db.reading() as session:
        row = session.get_one(
            Signature, signature.id, options=[undefer(Signature.name_box), undefer(Signature.mail_box)]
        )
        return {column.name: getattr(row, column.name) for column in Signature.__table__.columns}


def lapse(*signatures: factories.Signed) -> None:
    ids = [one.id for one in signatures]
    change(lambda session: session.execute(
        update(Signature).where(Signature.id.in_(ids)).values(expires_at=now(-1), net_tag=b"n" * 16)
    ))


# -- counting -------------------------------------------------------------------------------------------------


def test_confirmations_are_counted_at_most_once_in_a_period(petition_id: int, machine: Machine) -> None:
    signed(petition_id, confirmed=True)
    with machine.runtime(count_seconds=60) as runtime:
        assert count_signatures(runtime) == 1
        signed(petition_id, confirmed=True)
        assert count_signatures(runtime) == 0
    with db.reading() as session:
        petition = session.get_one(Petition, petition_id)
        assert (petition.confirmed_count, petition.log_size) == (1, 1)
        assert petition.counted_at is not None


def test_positions_have_no_gap_and_do_not_tell_the_order_of_confirming(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        factories.signatures(session, petition, [factories.typed() for _ in range(40)], confirmed=True)
        session.commit()
    count_signatures(runtime)
    with db.reading() as session:
        positions = session.scalars(select(Signature.position).order_by(Signature.id)).all()
    assert sorted(filter(None, positions)) == list(range(1, 41))
    assert positions != sorted(filter(None, positions))


def test_a_wrong_number_is_corrected_at_night_and_said(petition_id: int, runtime: Runtime) -> None:
    signed(petition_id, confirmed=True)
    count_signatures(runtime)
    change(lambda session: session.execute(update(Petition).values(confirmed_count=17)))
    run_due(runtime)
    with db.reading() as session:
        assert session.get_one(Petition, petition_id).confirmed_count == 1
        said = session.scalars(select(AuditEntry).where(AuditEntry.verb == "petition.recount")).one()
        assert said.details == {"difference": -16}


def test_a_right_number_is_not_spoken_of(petition_id: int, runtime: Runtime) -> None:
    signed(petition_id, confirmed=True)
    count_signatures(runtime)
    run_due(runtime)
    with db.reading() as session:
        assert session.scalars(select(AuditEntry.verb)).all() == []


def test_a_job_that_fails_stops_no_other(
    petition_id: int, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(petition_id, confirmed=True, wants_listing=True, name="Ana Ćirić")

    def fails(_runtime: Runtime) -> int:
        raise RuntimeError

    monkeypatch.setattr(periodic, "count", fails)
    run_due(runtime)
    with db.reading() as session:
        assert session.scalars(select(Signature.public_name)).all() == ["Ana Ćirić"]


def test_only_who_is_confirmed_and_wants_it_is_listed(petition_id: int, runtime: Runtime) -> None:
    signed(petition_id, name="Ana Ćirić", confirmed=True, wants_listing=True)
    signed(petition_id, name="Not Asked", confirmed=True)
    signed(petition_id, name="Not Confirmed", wants_listing=True)
    signed(petition_id, name="Is Held", wants_listing=True, held_reason="network")
    run_due(runtime)
    with db.reading() as session:
        names = session.scalars(select(Signature.public_name).where(Signature.public_name.is_not(None))).all()
    assert names == ["Ana Ćirić"]


def test_a_request_that_nobody_approved_lapses(petition_id: int, runtime: Runtime) -> None:
    signed(petition_id, confirmed=True)
    with db.writing() as session:
        edition = Edition.freeze(session, session.get_one(Petition, petition_id), gap_days=7)
        edition.state = Edition.State.CHECKED
        edition.requested_at = database_time(session) - timedelta(hours=73)
        session.commit()
    run_due(runtime)
    assert states(Edition) == ["lapsed"]


# -- erasing --------------------------------------------------------------------------------------------------


def test_every_column_is_either_personal_or_kept() -> None:
    """A column that is added must be sorted into one of the two."""
    assert {column.name for column in Signature.__table__.columns} == PERSONAL | KEPT
    assert not PERSONAL & KEPT


@pytest.mark.usefixtures("steady")
def test_a_row_never_confirmed_loses_everything_personal(petition_id: int, runtime: Runtime) -> None:
    pending, held = signed(petition_id), signed(petition_id, held_reason="network")
    fresh, confirmed = signed(petition_id), signed(petition_id, confirmed=True)
    lapse(pending, held, confirmed)
    run_due(runtime)
    for gone in (pending, held):
        row = all_of(gone)
        assert row["state"] is Signature.State.EXPIRED
        assert row["erased_at"] is not None
        assert {name: row[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    for kept in (fresh, confirmed):
        assert all_of(kept)["mail_box"] is not None
        assert all_of(kept)["erased_at"] is None


@pytest.mark.usefixtures("steady")
def test_a_row_that_became_void_is_erased_when_its_link_has_ended(petition_id: int, runtime: Runtime) -> None:
    one, two = (signed(petition_id, email="ana@example.org", name=name) for name in ("Ana One", "Ana Two"))
    change(lambda session: session.get_one(Signature, one.id).confirm(session, grace_hours=72))
    run_due(runtime)
    assert all_of(two)["self_box"] is not None
    lapse(two)
    looked(1, 25)
    run_due(runtime)
    row = all_of(two)
    assert {name: row[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    assert row["state"] is Signature.State.VOID


def test_erasing_frees_the_mailbox_to_sign_again(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id, email="ana@example.org", confirmed=True)
    change(lambda session: session.get_one(Signature, one.id).erase(session))
    row = all_of(one)
    assert {name: row[name] for name in PERSONAL} == dict.fromkeys(PERSONAL)
    with db.reading() as session:
        assert session.scalars(select(Slot.tag)).all() == [None]
    again = signed(petition_id, email="ana@example.org", confirmed=True)
    assert all_of(again)["state"] is Signature.State.CONFIRMED


@pytest.mark.usefixtures("steady")
def test_what_is_kept_for_days_goes_after_them(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        moment = database_time(session)
        write_letters(session, petition, 3)
        old, young, unsent = session.scalars(select(Letter).order_by(Letter.id)).all()
        old.state, young.state = Letter.State.SENT, Letter.State.SENT
        old.created_at = unsent.created_at = moment - timedelta(days=31)
        session.add_all([
            MailCap(tag=b"a" * 16, hour=moment - timedelta(hours=49), sent=3),
            MailCap(tag=b"b" * 16, hour=moment - timedelta(hours=20), sent=3),
        ])
        first, *others = session.scalars(select(Signature).order_by(Signature.id)).all()
        for row in (first, *others):
            row.net_tag = b"n" * 16
        first.created_hour = moment - timedelta(days=8)
        session.commit()
        kept = {young.id, unsent.id}
    run_due(runtime)
    with db.reading() as session:
        assert set(session.scalars(select(Letter.id))) == kept
        assert session.scalars(select(MailCap.tag)).all() == [b"b" * 16]
        assert session.scalar(select(func.count()).where(Signature.net_tag.is_not(None))) == 2


# -- the clock ------------------------------------------------------------------------------------------------


def looked(hours_ago: float, steady_hours: float) -> None:
    with db.writing() as session:
        moment = database_time(session)
        for name, hours in (("clock:seen", hours_ago), ("clock:steady", steady_hours)):
            row = session.scalars(select(NamedLease).where(NamedLease.name == name)).one_or_none()
            if row is None:
                row = NamedLease(name=name, owner="a", lease_until=moment)
                session.add(row)
            row.lease_until = moment - timedelta(hours=hours)
        session.execute(update(NamedLease).where(NamedLease.name == "job:purge").values(lease_until=now(-1)))
        session.commit()


@pytest.mark.parametrize(
    ("hours_ago", "steady_hours", "erases"),
    [
        (1, 25, True),
        (1, 23, False),  # not a day yet
        (-24, 25, False),  # the clock was put back
        (30, 60, False),  # put forward, or nobody worked: who can tell
    ],
)
def test_nothing_is_erased_until_the_clock_has_run_steadily_for_a_day(
    hours_ago: float, steady_hours: float, erases: bool, petition_id: int, runtime: Runtime
) -> None:
    one = signed(petition_id)
    lapse(one)
    looked(hours_ago, steady_hours)
    run_due(runtime)
    assert (all_of(one)["erased_at"] is not None) == erases


def test_the_first_look_at_the_clock_erases_nothing(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id)
    lapse(one)
    run_due(runtime)
    assert all_of(one)["erased_at"] is None


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_set_by_a_day_between_two_looks_erases_nothing_early(
    days: int, petition_id: int, runtime: Runtime
) -> None:
    """A day and an hour could as well be a night without a worker: a clock that nobody sets tells the two apart."""
    one = signed(petition_id)
    lapse(one)
    looked(25 if days > 0 else 1, 60)
    moment = datetime.now(UTC)
    runtime.clock_seen = (moment - timedelta(hours=1, days=days), time.clock_gettime(clock.STEADY_CLOCK) - 3_600)
    run_due(runtime)
    assert all_of(one)["erased_at"] is None


def test_after_a_jump_a_day_must_pass_again(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id)
    lapse(one)
    looked(-24, 25)
    run_due(runtime)
    with db.reading() as session:
        steady = session.scalars(select(NamedLease.lease_until).where(NamedLease.name == "clock:steady")).one()
        assert database_time(session) - steady < timedelta(minutes=1)
    looked(1, 25)
    run_due(runtime)
    assert all_of(one)["erased_at"] is not None
