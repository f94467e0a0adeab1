"""Claims, leases and the sweep, on both databases (delivery.md, "One mechanism for every kind of work")."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from mailer import claims
from petitions.db import database_time, db, now
from petitions.models import Delivery, Edition, Letter, NamedLease
from tests.faults.machine import Machine
from tests.faults.work import write_deliveries, write_letters

Kind = type[Letter] | type[Delivery] | type[Edition]


def claimed(model: Kind, owner: str = "a", limit: int = 10) -> list[int]:
    with db.writing() as session:
        ids = claims.claim(session, model, owner, limit)
        session.commit()
    return ids


def released(model: Kind, owner: str, ids: list[int], **values: object) -> int:
    with db.writing() as session:
        ours = claims.release(session, model, owner, ids, **values)
        session.commit()
    return ours


def swept() -> dict[str, int]:
    with db.writing() as session:
        found = claims.sweep(session)
        session.commit()
    return found


def let_leases_end() -> None:
    with db.writing() as session:
        for model in (Letter, Edition, Delivery):
            session.execute(update(model).where(model.lease_owner.is_not(None)).values(lease_until=now(-1)))
        session.commit()


def crash(model: Kind, times: int) -> None:
    """A worker claims a row and dies, so often; each time it has become due again."""
    for _ in range(times):
        come_due()
        assert claimed(model)
        let_leases_end()
        swept()


def come_due() -> None:
    with db.writing() as session:
        for model in (Letter, Edition, Delivery):
            session.execute(update(model).values(not_before=now(-1)))
        session.commit()


@pytest.fixture
def five_letters(machine: Machine) -> None:
    with db.writing() as session:
        write_letters(session, machine.petition(session), 5)
        session.commit()


@pytest.fixture
def a_delivery(machine: Machine) -> None:
    with db.writing() as session:
        write_deliveries(machine, session, machine.petition(session), 1)
        session.commit()


@pytest.mark.usefixtures("five_letters")
class TestClaiming:
    def test_a_claim_counts_a_crash_and_a_result_takes_it_back(self) -> None:
        ids = claimed(Letter, "a", 2)
        with db.reading() as session:
            assert [session.get_one(Letter, row).crashes for row in ids] == [1, 1]
        assert released(Letter, "a", ids, state=Letter.State.SENT) == 2
        with db.reading() as session:
            rows = [session.get_one(Letter, row) for row in ids]
            assert {(row.crashes, row.lease_owner, row.state) for row in rows} == {(0, None, Letter.State.SENT)}

    def test_what_one_has_claimed_no_other_gets(self) -> None:
        first, second = claimed(Letter, "a", 3), claimed(Letter, "b", 3)
        assert (len(first), len(second)) == (3, 2)
        assert not set(first) & set(second)
        assert claimed(Letter, "c") == []

    def test_a_row_waits_for_its_time(self) -> None:
        with db.writing() as session:
            session.execute(update(Letter).values(not_before=now(30)))
            assert not claims.waiting(session, Letter)
            session.commit()
        assert claimed(Letter) == []

    def test_only_the_owner_records_a_result(self) -> None:
        ids = claimed(Letter, "a")
        assert released(Letter, "b", ids, state=Letter.State.SENT) == 0
        assert released(Letter, "a", ids, state=Letter.State.SENT) == 5

    def test_a_worker_that_slept_through_its_lease_writes_nothing_late(self) -> None:
        ids = claimed(Letter, "sleeper")
        let_leases_end()
        assert swept()["freed"] == 5
        assert set(claimed(Letter, "other", 10)) < set(ids)
        assert released(Letter, "sleeper", ids, state=Letter.State.SENT) == 0

    def test_a_lease_that_lives_is_not_swept(self) -> None:
        claimed(Letter, "a")
        assert swept() == {"uncertain": 0, "parked": 0, "freed": 0}

    def test_renewing_keeps_those_at_work_and_revives_nobody(self) -> None:
        first, second, third = (claimed(Letter, name, 1) for name in ("working", "gone", "ended"))
        with db.writing() as session:
            session.execute(update(Letter).values(lease_until=now(5)))
            session.execute(update(Letter).where(Letter.id.in_(third)).values(lease_until=now(-1)))
            claims.renew(session, {"working", "ended"})
            session.commit()
        with db.reading() as session:
            soon = database_time(session) + timedelta(seconds=30)
            until = {row.id: row.lease_until for row in session.scalars(select(Letter)) if row.lease_until}
        assert until[first[0]] > soon
        assert until[second[0]] < soon
        assert until[third[0]] < soon
        assert swept()["freed"] == 1

    def test_a_step_of_a_row_whose_lease_has_ended_is_refused(self) -> None:
        [row] = claimed(Letter, "a", 1)
        with db.writing() as session:
            assert claims.mark(session, Letter, "a", row, tries=1)
            assert not claims.mark(session, Letter, "b", row, tries=2)
            session.execute(update(Letter).values(lease_until=now(-1)))
            assert not claims.mark(session, Letter, "a", row, tries=3)

    def test_a_retry_waits_and_keeps_the_reason(self) -> None:
        [row] = claimed(Letter, "a", 1)
        with db.writing() as session:
            assert claims.retry(session, Letter, "a", row, tries=1, seconds=60, reason="temporary") == 1
            session.commit()
            letter = session.get_one(Letter, row)
            wait = letter.not_before - database_time(session)
            assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
            assert (letter.tries, letter.last_error_class, letter.lease_owner) == (1, "temporary", None)


class TestWhatKillsItsWorker:
    @pytest.mark.usefixtures("five_letters")
    def test_rows_held_at_a_death_are_taken_by_few_and_then_later_and_alone(self) -> None:
        assert len(claimed(Letter, "a", 50)) == 5
        let_leases_end()
        swept()
        assert len(claimed(Letter, "b", 50)) == 5  # a tenth of a batch
        let_leases_end()
        swept()
        assert claimed(Letter, "c", 50) == []  # what was there at two deaths waits a while
        come_due()
        assert [len(claimed(Letter, f"c{number}", 50)) for number in range(6)] == [1, 1, 1, 1, 1, 0]

    @pytest.mark.usefixtures("five_letters")
    def test_fresh_rows_are_not_mixed_with_them(self) -> None:
        [suspect] = claimed(Letter, "a", 1)
        let_leases_end()
        swept()
        with db.writing() as session:
            session.execute(update(Letter).where(Letter.id == suspect).values(not_before=now(-60)))
            session.commit()
        assert [claimed(Letter, "b", 50), len(claimed(Letter, "c", 50))] == [[suspect], 4]

    @pytest.mark.usefixtures("five_letters")
    def test_a_letter_is_parked_at_the_third(self) -> None:
        with db.writing() as session:
            keep = session.scalars(select(Letter.id)).first()
            session.execute(update(Letter).where(Letter.id != keep).values(state=Letter.State.SENT))
            session.commit()
        crash(Letter, 3)
        with db.reading() as session:
            letter = session.get_one(Letter, keep)
            assert (letter.state, letter.reason, letter.last_error_class) == (Letter.State.PARKED, "crashed", "crashed")
        assert claimed(Letter) == []

    @pytest.mark.usefixtures("a_delivery")
    def test_a_delivery_is_held_at_the_third(self) -> None:
        crash(Delivery, 3)
        with db.reading() as session:
            delivery = session.scalars(select(Delivery)).one()
            assert (delivery.state, delivery.hold_reason) == (Delivery.State.READY, "crashed")
        assert claimed(Delivery) == []

    @pytest.mark.usefixtures("a_delivery")
    def test_an_edition_fails_at_the_third(self) -> None:
        with db.writing() as session:
            session.execute(update(Edition).values(state=Edition.State.REQUESTED))
            session.commit()
        crash(Edition, 3)
        with db.reading() as session:
            assert session.scalars(select(Edition.state)).one() is Edition.State.FAILED

    @pytest.mark.usefixtures("a_delivery")
    def test_a_delivery_that_was_being_transmitted_is_uncertain_and_stays_so(self) -> None:
        [row] = claimed(Delivery, "a")
        with db.writing() as session:
            assert claims.mark(session, Delivery, "a", row, state=Delivery.State.TRANSMITTING)
            session.commit()
        let_leases_end()
        assert swept() == {"uncertain": 1, "parked": 0, "freed": 0}
        with db.reading() as session:
            delivery = session.get_one(Delivery, row)
            assert (delivery.state, delivery.last_error_class) == (Delivery.State.UNCERTAIN, "worker_died")
            assert delivery.settled_at is not None
        assert claimed(Delivery) == []

    @pytest.mark.usefixtures("a_delivery")
    @pytest.mark.parametrize("crashes", [1, 3])
    def test_a_lease_that_ends_while_a_sweep_goes_on_waits_for_the_next(self, crashes: int) -> None:
        """Else it would be let go by the last of its statements without having been settled by the first."""
        [row] = claimed(Delivery, "a")
        state = Delivery.State.TRANSMITTING if crashes == 1 else Delivery.State.READY
        with db.writing() as session:
            values = {"state": state, "crashes": crashes, "lease_until": now(0.5)}
            session.execute(update(Delivery).values(**values))
            session.commit()

        def slowly(*_: object) -> None:
            time.sleep(0.2)

        event.listen(db.engine, "before_cursor_execute", slowly)
        swept()
        event.remove(db.engine, "before_cursor_execute", slowly)
        with db.reading() as session:
            assert session.get_one(Delivery, row).lease_owner == "a"
        let_leases_end()
        found = swept()
        assert (found["uncertain"], found["parked"]) == ((1, 0) if crashes == 1 else (0, 1))

    @pytest.mark.usefixtures("a_delivery")
    def test_a_delivery_in_transmission_that_nobody_holds_is_uncertain(self) -> None:
        with db.writing() as session:
            session.execute(update(Delivery).values(state=Delivery.State.TRANSMITTING))
            session.commit()
        assert swept()["uncertain"] == 1

    @pytest.mark.usefixtures("a_delivery")
    def test_a_delivery_on_hold_is_not_due(self) -> None:
        with db.writing() as session:
            session.execute(update(Delivery).values(hold_reason="asked for"))
            session.commit()
            assert not claims.waiting(session, Delivery)
        assert claimed(Delivery) == []


@pytest.mark.usefixtures("machine")
class TestPeriodicJobs:
    def asked(self, owner: str, seconds: float = 60) -> bool:
        with db.writing() as session:
            mine = claims.every(session, "job", owner, seconds)
            session.commit()
        return mine

    def ends(self, seconds: float) -> None:
        with db.writing() as session:
            session.execute(update(NamedLease).values(lease_until=now(seconds)))
            session.commit()

    def test_one_of_all_workers_has_it_in_a_period(self) -> None:
        assert [self.asked("a"), self.asked("b"), self.asked("a")] == [True, False, False]

    def test_it_comes_round_when_the_period_is_over(self) -> None:
        self.asked("a")
        self.ends(-1)
        assert [self.asked("b"), self.asked("a")] == [True, False]

    def test_a_clock_that_was_a_day_ahead_and_is_put_right_stops_it_for_no_day(self) -> None:
        self.asked("a")
        self.ends(86_400)
        assert [self.asked("b"), self.asked("a")] == [True, False]
