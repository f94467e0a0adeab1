"""The law's terms: when they begin, when they end, what stops them (domain.md, "After delivery")."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from petitions.models import Channel, Clock, ClockStopped, Delivery, Petition
from petitions.models.clock import due_day
from tests import factories

MONDAY = date(2026, 3, 2)


@pytest.fixture
def delivery(session: Session) -> Delivery:
    petition = factories.petition(session)
    made = factories.delivery(session, petition, state=Delivery.State.ACCEPTED)
    made.channel.legal_effect = Channel.LegalEffect.APPEAL
    made.channel.authority.clocks = {
        "register": {"days": 3, "working": True},
        "reply": {"days": 30, "working": False},
        "extension": {"days": 15, "working": False},
    }
    session.flush()
    return made


def kinds(clocks: list[Clock]) -> set[str]:
    return {clock.kind.value for clock in clocks}


def test_an_appeal_starts_what_its_law_counts(session: Session, delivery: Delivery) -> None:
    assert kinds(Clock.start_for(session, delivery)) == {"register", "reply"}


def test_a_courtesy_copy_starts_nothing(session: Session, delivery: Delivery) -> None:
    delivery.channel.legal_effect = Channel.LegalEffect.COURTESY
    assert Clock.start_for(session, delivery) == []


def test_a_second_start_changes_nothing(session: Session, delivery: Delivery) -> None:
    first = Clock.start_for(session, delivery)
    assert [clock.id for clock in Clock.start_for(session, delivery)] == [clock.id for clock in first]


def test_what_was_posted_yesterday_counts_from_yesterday(session: Session, delivery: Delivery) -> None:
    delivery.sent_on = MONDAY
    reply = next(clock for clock in Clock.start_for(session, delivery) if clock.kind is Clock.Kind.REPLY)
    assert (reply.starts_on, reply.due_on) == (MONDAY, MONDAY + timedelta(days=30))


def test_of_several_volumes_the_last_starts_the_clocks(session: Session, delivery: Delivery) -> None:
    document = delivery.volume.document
    document.volumes.append(
        type(delivery.volume)(number=2, file_name="b.pdf", sha256="1" * 64, size=1, pages=1)
    )
    session.flush()
    assert Clock.start_for(session, delivery) == []


@pytest.mark.parametrize(
    ("days", "working", "ends"),
    [
        (1, None, date(2026, 3, 3)),
        (30, None, date(2026, 4, 1)),
        (3, [0, 1, 2, 3, 4], date(2026, 3, 5)),
        (5, [0, 1, 2, 3, 4], date(2026, 3, 9)),  # over a weekend
        (1, [6], date(2026, 3, 8)),
        (3, [], date(2026, 3, 5)),  # an entry that cannot be right must not run for ever
    ],
)
def test_a_term_begins_on_the_day_after(days: int, working: list[int] | None, ends: date) -> None:
    assert due_day(MONDAY, days, working) == ends


def test_being_late_is_computed_from_the_day(session: Session, delivery: Delivery) -> None:
    delivery.sent_on = MONDAY
    clock = next(one for one in Clock.start_for(session, delivery) if one.kind is Clock.Kind.REPLY)
    due = clock.due_on
    assert clock.state_on(due) is Clock.State.AWAITING
    assert clock.state_on(due + timedelta(days=1)) is Clock.State.OVERDUE
    assert clock.state_on(due + timedelta(days=31)) is Clock.State.VERY_OVERDUE
    assert clock.days_waited(MONDAY + timedelta(days=47)) == 47


def test_an_extension_runs_in_the_reply_s_place(session: Session, delivery: Delivery) -> None:
    petition: Petition = delivery.volume.document.edition.petition
    member = factories.member(session, petition.branch)
    delivery.sent_on = MONDAY
    reply = next(one for one in Clock.start_for(session, delivery) if one.kind is Clock.Kind.REPLY)
    reply.extend(session, member, MONDAY + timedelta(days=29))
    extension = next(one for one in session.scalars(Clock.of(delivery)) if one.kind is Clock.Kind.EXTENSION)
    assert reply.state_on(MONDAY) is Clock.State.STOPPED
    assert extension.due_on == reply.due_on + timedelta(days=15)
    with pytest.raises(ClockStopped):
        reply.stop(member, MONDAY)
