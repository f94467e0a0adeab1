"""What the worker does for moderators: names for 72 hours, strikes and their undoing, trends, the breaker
(cases.md C8, D2, D8, D12; privacy.md, "Held rows")."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from mailer.actors.bounces import watch_bounces
from mailer.actors.held_copies import forget_copies, open_held_copies
from mailer.actors.invalidations import STEP, carry_out_invalidations, forget_previews
from mailer.actors.letters import send_letters
from mailer.actors.runtime import Runtime
from mailer.actors.trends import count_mail_domains, find_trends
from petitions.db import database_time, db, now
from petitions.models import (
    AuditEntry,
    Conditions,
    HeldCopy,
    Invalidation,
    InvalidationRow,
    Letter,
    MailDomain,
    Member,
    Petition,
    Signature,
    Switch,
    Trend,
)
from tests import factories
from tests.faults.machine import Machine
from tests.faults.work import write_letters_for

State = Signature.State


@pytest.fixture
def runtime(machine: Machine) -> Iterator[Runtime]:
    """With a lease as in production: nothing renews it here."""
    with machine.runtime(lease_seconds=60) as runtime:
        yield runtime


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        petition = machine.petition(session)
        factories.member(session, petition.branch)
        session.commit()
        return petition.id


def signed(petition_id: int, count: int = 1, *, confirmed: bool = True, **fields: Any) -> list[factories.Signed]:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        people = [factories.typed() for _ in range(count)]
        made = factories.signatures(session, petition, people, confirmed=confirmed)
        if fields:
            ids = [one.id for one in made]
            session.execute(update(Signature).where(Signature.id.in_(ids)).values(**fields))
        petition.count_new(session)
        session.commit()
    return made


def held(petition_id: int, **typed: Any) -> factories.Signed:
    with db.writing() as session:
        made = factories.signature(session, session.get_one(Petition, petition_id), held_reason="network", **typed)
        session.commit()
    return made


def decided(petition_id: int, conditions: Conditions, act: Invalidation.Act = Invalidation.Act.STRIKE) -> int:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        member = session.scalars(select(Member)).first()
        assert member is not None
        made = Invalidation.preview(session, petition, member, act, conditions)
        made.give_reason(Invalidation.Class.ROBOT, "all within one minute")
        made.begin(session)
        session.commit()
        return made.id


def undone(invalidation_id: int) -> None:
    with db.writing() as session:
        session.get_one(Invalidation, invalidation_id).begin(session)
        session.commit()


def states_of(signatures: list[factories.Signed]) -> list[str]:
    with db.reading() as session:
        return [session.get_one(Signature, one.id).state.value for one in signatures]


def count_of(petition_id: int) -> tuple[int, int]:
    """The counter, and what counting anew would find it wrong by."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        return petition.confirmed_count, petition.recount(session)


def ask_for_copy(signature: factories.Signed) -> None:
    with db.writing() as session:
        member = session.scalars(select(Member)).first()
        assert member is not None
        HeldCopy.ask(session, [signature.id], member.id)
        session.commit()


def copies() -> list[HeldCopy]:
    with db.reading() as session:
        return list(session.scalars(select(HeldCopy)))


# -- names ----------------------------------------------------------------------------------------------------


def test_a_held_name_is_opened_for_who_asked(petition_id: int, runtime: Runtime) -> None:
    ask_for_copy(held(petition_id, name="Ana Ćirić", city="Niš"))
    assert open_held_copies(runtime) == 1
    copy = copies()[0]
    assert (copy.state, copy.name, copy.city) == (HeldCopy.State.OPENED, "Ana Ćirić", "Niš")


def test_a_name_that_is_not_held_stays_sealed(petition_id: int, runtime: Runtime) -> None:
    ask_for_copy(signed(petition_id)[0])
    assert open_held_copies(runtime) == 0
    assert (copies()[0].state, copies()[0].name) == (HeldCopy.State.CLOSED, "")


def test_copies_live_for_72_hours(petition_id: int, runtime: Runtime) -> None:
    one = held(petition_id)
    ask_for_copy(one)
    with db.reading() as session:
        kept = copies()[0].expires_at - database_time(session)
    assert timedelta(hours=71) < kept <= timedelta(hours=72)
    with db.writing() as session:
        session.execute(update(HeldCopy).values(expires_at=now(-1)))
        session.commit()
    with db.reading() as session:
        assert HeldCopy.readable(session, [one.id]) == {}
    assert forget_copies(runtime) == 1
    assert copies() == []


# -- striking ---------------------------------------------------------------------------------------------------


def test_what_was_shown_is_struck_and_the_count_follows(petition_id: int, runtime: Runtime) -> None:
    meant = signed(petition_id, STEP + 5, net_tag=b"n" * 16)
    others = signed(petition_id, 3)
    invalidation = decided(petition_id, Conditions(network_of=meant[0].public_id))
    assert carry_out_invalidations(runtime) == STEP + 5
    assert set(states_of(meant)) == {"invalidated"}
    assert states_of(others) == ["confirmed"] * 3
    assert count_of(petition_id) == (3, 0)
    with db.reading() as session:
        row = session.get_one(Invalidation, invalidation)
        assert (row.state, row.done, row.skipped) == (Invalidation.State.DONE, STEP + 5, 0)
        assert session.scalars(select(AuditEntry.verb)).all()[-1] == "invalidation.done"


def test_a_row_that_changed_meanwhile_is_left_alone(petition_id: int, runtime: Runtime) -> None:
    taken_back, struck = signed(petition_id, 2, net_tag=b"n" * 16)
    invalidation = decided(petition_id, Conditions(network_of=struck.public_id))
    with db.writing() as session:
        session.get_one(Signature, taken_back.id).withdraw(session)
        session.commit()
    carry_out_invalidations(runtime)
    assert states_of([taken_back, struck]) == ["withdrawn", "invalidated"]
    with db.reading() as session:
        assert session.get_one(Invalidation, invalidation).skipped == 1


def test_undoing_gives_back_what_was(petition_id: int, runtime: Runtime) -> None:
    counted, waiting = signed(petition_id)[0], held(petition_id)
    invalidation = decided(petition_id, Conditions(ids=(counted.public_id, waiting.public_id)))
    carry_out_invalidations(runtime)
    assert states_of([counted, waiting]) == ["invalidated", "invalidated"]
    assert count_of(petition_id) == (0, 0)
    undone(invalidation)
    carry_out_invalidations(runtime)
    assert states_of([counted, waiting]) == ["confirmed", "held"]
    assert count_of(petition_id) == (1, 0)
    with db.reading() as session:
        assert session.get_one(Invalidation, invalidation).state is Invalidation.State.UNDONE


def test_who_was_erased_after_the_strike_stays_erased(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id)[0]
    invalidation = decided(petition_id, Conditions(ids=(one.public_id,)))
    carry_out_invalidations(runtime)
    with db.writing() as session:
        session.get_one(Signature, one.id).erase(session)
        session.commit()
    undone(invalidation)
    carry_out_invalidations(runtime)
    assert states_of([one]) == ["invalidated"]
    with db.reading() as session:
        assert session.scalars(select(InvalidationRow.outcome)).all() == [InvalidationRow.Outcome.KEPT]


def test_holding_stops_letters_and_undoing_sends_them(petition_id: int, runtime: Runtime, server: Any) -> None:
    """cases.md D2: a flood of invented addresses is stopped before it is written to."""
    pending = signed(petition_id, 2, confirmed=False, net_tag=b"n" * 16)
    with db.writing() as session:
        write_letters_for(session, pending)
        session.commit()
    invalidation = decided(petition_id, Conditions(network_of=pending[0].public_id), Invalidation.Act.HOLD)
    carry_out_invalidations(runtime)
    assert states_of(pending) == ["held", "held"]
    assert send_letters(runtime) == 0
    undone(invalidation)
    carry_out_invalidations(runtime)
    assert states_of(pending) == ["pending", "pending"]
    assert send_letters(runtime) == 2


def test_a_worker_that_ends_in_the_middle_goes_on_where_it_was(petition_id: int, runtime: Runtime) -> None:
    meant = signed(petition_id, STEP + 1, net_tag=b"n" * 16)
    decided(petition_id, Conditions(network_of=meant[0].public_id))
    runtime.stopping.set()
    assert carry_out_invalidations(runtime) == 0  # nothing new is begun
    runtime.stopping.clear()
    assert carry_out_invalidations(runtime) == STEP + 1
    assert count_of(petition_id) == (0, 0)


def test_a_preview_that_nobody_decided_on_is_forgotten(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id)[0]
    with db.writing() as session:
        petition, member = session.get_one(Petition, petition_id), session.scalars(select(Member)).first()
        assert member is not None
        made = Invalidation.preview(
            session, petition, member, Invalidation.Act.STRIKE, Conditions(ids=(one.public_id,))
        )
        session.flush()
        session.execute(update(Invalidation).values(created_at=now(-90_000)))
        session.commit()
        made_id = made.id
    assert forget_previews(runtime) == 1
    with db.reading() as session:
        assert session.get_one(Invalidation, made_id).state is Invalidation.State.DROPPED
        assert session.scalars(select(InvalidationRow)).all() == []


# -- trends ---------------------------------------------------------------------------------------------------


def trends() -> list[tuple[str, int]]:
    with db.reading() as session:
        return [(trend.kind.value, trend.count) for trend in session.scalars(Trend.open())]


def test_many_from_one_network_are_a_trend_and_fewer_are_not(petition_id: int, machine: Machine) -> None:
    signed(petition_id, 4, net_tag=b"n" * 16)
    signed(petition_id, 3, net_tag=b"m" * 16)
    with machine.runtime(trend_rows=4) as runtime:
        assert find_trends(runtime) == 1
        assert find_trends(runtime) == 0  # the same again
    assert trends() == [("network", 4)]


def test_quick_confirmations_from_one_network_are_a_trend(petition_id: int, machine: Machine) -> None:
    """cases.md D8"""
    signed(petition_id, 3, confirm_net_tag=b"c" * 16, confirm_pace=0)
    signed(petition_id, 3, confirm_net_tag=b"d" * 16, confirm_pace=1)  # people who read first
    with machine.runtime(trend_confirms=3) as runtime:
        find_trends(runtime)
    assert trends() == [("confirmations", 3)]


def test_one_name_from_many_mailboxes_is_a_trend(petition_id: int, machine: Machine) -> None:
    """cases.md C8: allowed, and looked at."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        factories.signatures(session, petition, [factories.typed(name="Ana Ćirić") for _ in range(3)])
        session.commit()
    with machine.runtime(trend_repeats=3) as runtime:
        find_trends(runtime)
    assert trends() == [("same_content", 3)]


def test_one_mail_domain_far_above_its_share_is_a_trend(petition_id: int, machine: Machine) -> None:
    """cases.md D2: many addresses, many networks, one domain."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        flood = [factories.typed(email=f"a{number}@flood.example") for number in range(12)]
        others = [factories.typed(email=f"b{number}@usual{number}.example") for number in range(4)]
        made = factories.signatures(session, petition, [*flood, *others])
        write_letters_for(session, made)
        session.commit()
    with machine.runtime(trend_rows=10) as runtime:
        assert send_letters(runtime) == 16
        find_trends(runtime)
        count_mail_domains(runtime)
    assert trends() == [("mail_domain", 12)]
    with db.reading() as session:
        names = {domain.name: domain.letters for domain in session.scalars(select(MailDomain))}
        addresses = session.scalars(select(MailDomain.name).where(MailDomain.name.like("%@%"))).all()
    assert names == {"flood.example": 12, None: 1}  # rare domains have no name
    assert addresses == []


# -- the breaker ----------------------------------------------------------------------------------------------


def settled(petition_id: int, sent: int, refused: int) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        made = factories.signatures(session, petition, [factories.typed() for _ in range(sent + refused)])
        for number, one in enumerate(made):
            bad = number >= sent
            session.add(
                Letter(
                    kind=Letter.Kind.CONFIRM_SIGNATURE, cause=f"s{one.id}", signature_id=one.id,
                    state=Letter.State.FAILED if bad else Letter.State.SENT, reason="bad_address" if bad else None,
                )
            )
        session.commit()


def stopped() -> bool:
    with db.reading() as session:
        return Switch.thrown(session, Switch.Name.LETTERS)


def test_too_many_refused_letters_stop_the_rest_and_the_owners_are_told(petition_id: int, machine: Machine) -> None:
    """cases.md D12"""
    settled(petition_id, sent=17, refused=3)
    with machine.runtime(bounces_of_letters=20) as runtime:
        assert watch_bounces(runtime)
        assert not watch_bounces(runtime)  # it is stopped already
    assert stopped()
    with db.reading() as session:
        notices = session.scalars(select(Letter).where(Letter.kind == Letter.Kind.MEMBER_NOTICE)).all()
    assert [letter.words["event"] for letter in notices] == ["letters_stopped"]


def test_a_tenth_is_borne_and_a_few_letters_prove_nothing(petition_id: int, machine: Machine) -> None:
    settled(petition_id, sent=2, refused=2)
    with machine.runtime(bounces_of_letters=20) as runtime:
        assert not watch_bounces(runtime)
        settled(petition_id, sent=18, refused=0)
        assert not watch_bounces(runtime)  # 2 of the last 20
    assert not stopped()


def test_who_lets_letters_go_on_is_not_stopped_by_the_same_ones(petition_id: int, machine: Machine) -> None:
    settled(petition_id, sent=10, refused=10)
    with machine.runtime(bounces_of_letters=20) as runtime:
        with db.writing() as session:
            session.execute(update(Letter).values(created_at=now(-60)))
            session.commit()
        assert watch_bounces(runtime)
        watch_bounces(runtime)
        assert stopped()  # nobody has said anything
        with db.writing() as session:
            AuditEntry.write(session, "a member", "letters.resume", "letters")
            session.commit()
        watch_bounces(runtime)
        assert not stopped()
        assert not watch_bounces(runtime)


def test_what_the_operator_has_stopped_no_owner_lets_go_on(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        Switch.throw(session, Switch.Name.LETTERS, by="operator", reason="the relay is being moved")
        AuditEntry.write(session, "a member", "letters.resume", "letters")
        session.commit()
    watch_bounces(runtime)
    assert stopped()
