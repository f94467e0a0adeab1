"""Conditions and what is frozen by them; who may decide alone (privacy.md, "Duplicates, fraud, floods")."""

import pytest
from sqlalchemy.orm import Session

from petitions.models import (
    AlreadySigned,
    Conditions,
    IllegalTransition,
    Invalidation,
    Member,
    NobodyMatches,
    NothingAsked,
    Petition,
    Signature,
)
from tests import factories

Act = Invalidation.Act


@pytest.fixture
def petition(session: Session) -> Petition:
    return factories.petition(session)


@pytest.fixture
def member(session: Session, petition: Petition) -> Member:
    return factories.member(session, petition.branch, Member.Role.MODERATOR)


def signed(session: Session, petition: Petition, count: int, **fields: object) -> list[factories.Signed]:
    people = [factories.typed() for _ in range(count)]
    made = factories.signatures(session, petition, people, confirmed=True)
    for one in made:
        row = session.get_one(Signature, one.id)
        for name, value in fields.items():
            setattr(row, name, value)
    session.flush()
    return made


def frozen(
    session: Session, petition: Petition, member: Member, act: Act = Act.STRIKE, **asked: object
) -> Invalidation:
    return Invalidation.preview(session, petition, member, act, Conditions(**asked))  # type: ignore[arg-type]


def test_without_a_condition_nothing_is_meant(session: Session, petition: Petition, member: Member) -> None:
    signed(session, petition, 2)
    with pytest.raises(NothingAsked):
        frozen(session, petition, member)
    with pytest.raises(NothingAsked):  # a state alone would mean all of them
        frozen(session, petition, member, states=("confirmed",))


def test_what_nobody_meets_is_said(session: Session, petition: Petition, member: Member) -> None:
    signed(session, petition, 2)
    with pytest.raises(NobodyMatches):
        frozen(session, petition, member, country="FR")


def test_one_network_is_told_by_one_of_its_signatures(session: Session, petition: Petition, member: Member) -> None:
    same = signed(session, petition, 3, net_tag=b"n" * 16)
    signed(session, petition, 2, net_tag=b"m" * 16)
    signed(session, petition, 2)
    found = frozen(session, petition, member, network_of=same[0].public_id)
    assert (found.matched, found.matched_confirmed) == (3, 3)
    assert "network_of" in found.conditions
    assert b"n" * 16 not in str(found.conditions).encode()


def test_a_forgotten_network_means_nobody(session: Session, petition: Petition, member: Member) -> None:
    one = signed(session, petition, 3)[0]  # their tags are gone
    with pytest.raises(NobodyMatches):
        frozen(session, petition, member, network_of=one.public_id)


def test_another_petition_s_signatures_are_never_meant(session: Session, petition: Petition, member: Member) -> None:
    other = factories.petition(session)
    theirs = signed(session, other, 2, net_tag=b"n" * 16)
    with pytest.raises(NobodyMatches):
        frozen(session, petition, member, ids=tuple(one.public_id for one in theirs))


def test_quick_repeated_and_trapped_rows_are_found(session: Session, petition: Petition, member: Member) -> None:
    signed(session, petition, 2, confirm_pace=0)
    signed(session, petition, 3, content_tag=b"c" * 16)
    factories.signature(session, petition, held_reason="honeypot")
    assert frozen(session, petition, member, quick=True).matched == 2
    assert frozen(session, petition, member, repeats=3).matched == 3
    assert frozen(session, petition, member, honeypot=True).matched == 1
    assert frozen(session, petition, member, quick=True, country="NO").matched == 2


def test_conditions_come_back_from_what_is_kept(session: Session, petition: Petition, member: Member) -> None:
    asked = Conditions(states=("confirmed",), quick=True, country="NO", repeats=None)
    signed(session, petition, 1, confirm_pace=0)
    made = Invalidation.preview(session, petition, member, Act.STRIKE, asked)
    assert Conditions.from_json(made.conditions) == asked


def test_holding_reaches_unanswered_rows_and_striking_does_not(
    session: Session, petition: Petition, member: Member
) -> None:
    factories.signature(session, petition)
    assert frozen(session, petition, member, Act.HOLD, country="NO").matched == 1
    with pytest.raises(NobodyMatches):
        frozen(session, petition, member, country="NO")


def test_above_a_hundred_rows_or_one_per_cent_two_decide(session: Session, petition: Petition, member: Member) -> None:
    held = [
        factories.signature(session, petition, held_reason="network").public_id for _ in range(3)
    ]
    confirmed = signed(session, petition, 2)
    petition.confirmed_count = 200
    few = frozen(session, petition, member, ids=(*held, *(one.public_id for one in confirmed)))
    assert not few.needs_second_person  # two of two hundred are one per cent
    petition.confirmed_count = 199
    assert frozen(session, petition, member, ids=tuple(one.public_id for one in confirmed)).needs_second_person
    few.matched = 101
    assert few.needs_second_person
    few.act = Act.HOLD  # undone as easily as done
    assert not few.needs_second_person


def test_a_struck_signature_that_is_reinstated_counts_again(session: Session, petition: Petition) -> None:
    one = session.get_one(Signature, signed(session, petition, 1)[0].id)
    petition.count_new(session)
    one.invalidate(session, "robot")
    one.reinstate(session, Signature.State.CONFIRMED)
    session.refresh(petition)
    assert one.state is Signature.State.CONFIRMED
    assert petition.confirmed_count == 1
    assert petition.recount(session) == 0


def test_who_was_erased_or_has_signed_anew_is_not_reinstated(session: Session, petition: Petition) -> None:
    erased, replaced = (session.get_one(Signature, one.id) for one in signed(session, petition, 2))
    for row in (erased, replaced):
        row.invalidate(session, "robot")
    erased.erase(session)
    session.refresh(erased)
    with pytest.raises(IllegalTransition):
        erased.reinstate(session, Signature.State.CONFIRMED)
    replaced._free_slot(session)
    other = session.get_one(Signature, signed(session, petition, 1)[0].id)
    session.connection().exec_driver_sql(
        "UPDATE slots SET tag = ? WHERE signature_id = ?", (replaced.dedup_tag, other.id)
    )
    with pytest.raises(AlreadySigned):
        replaced.reinstate(session, Signature.State.CONFIRMED)
