"""Who is in an edition, and when there may be one."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import (
    Addressee,
    Approval,
    AuditEntry,
    CheckFailed,
    Disclosure,
    Edition,
    EditionInProgress,
    MayNot,
    Member,
    NothingNew,
    Petition,
    RequestLapsed,
    SamePerson,
    Signature,
    TooSoon,
)
from tests import factories


@pytest.fixture
def petition(session: Session) -> Petition:
    return factories.petition(session)


def freeze(session: Session, petition: Petition, by: Member | None = None, *, urgent: bool = False) -> Edition:
    return Edition.freeze(session, petition, asked_by=by, urgent=urgent, gap_days=7)


def owner(session: Session, petition: Petition) -> Member:
    return factories.member(session, petition.branch, role=Member.Role.OWNER)


def named(session: Session, edition: Edition, addressee: Addressee) -> int:
    return len(session.execute(edition.roll_for(addressee, Signature.id)).all())


def test_a_signature_confirmed_after_freezing_is_in_the_next_edition(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    edition = freeze(session, petition)
    factories.signature(session, petition, confirmed=True)
    petition.count_new(session)
    assert (edition.log_size, named(session, edition, petition.addressees[0])) == (1, 1)


def test_there_is_no_edition_without_anything_new(session: Session, petition: Petition) -> None:
    with pytest.raises(NothingNew):
        freeze(session, petition)


def test_one_edition_at_a_time(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    freeze(session, petition)
    factories.signature(session, petition, confirmed=True)
    with pytest.raises(EditionInProgress):
        freeze(session, petition)


def test_the_next_edition_waits_a_week_unless_it_is_urgent(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    first = freeze(session, petition)
    first.state, first.compiled_at = Edition.State.COMPILED, datetime.now(UTC) - timedelta(days=6)
    factories.signature(session, petition, confirmed=True)
    with pytest.raises(TooSoon):
        freeze(session, petition)
    assert freeze(session, petition, urgent=True).number == 2


def test_who_asked_cannot_approve(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    one = owner(session, petition)
    edition = freeze(session, petition, one)
    edition.state, edition.report = Edition.State.CHECKED, {"problems": []}
    with pytest.raises(SamePerson):
        edition.approve(session, one, lapse_hours=72)
    edition.approve(session, owner(session, petition), lapse_hours=72)
    assert edition.state is Edition.State.APPROVED
    assert session.scalars(select(Approval.subject)).all()[-1] == edition.public_id


def test_an_editor_cannot_approve(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    edition = freeze(session, petition)
    edition.state, edition.report = Edition.State.CHECKED, {"problems": []}
    with pytest.raises(MayNot):
        edition.approve(session, factories.member(session, petition.branch, role=Member.Role.EDITOR), lapse_hours=72)


def test_what_the_check_found_must_be_mended_first(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    edition = freeze(session, petition)
    edition.state, edition.report = Edition.State.CHECKED, {"problems": ["no font has the character U+0627"]}
    with pytest.raises(CheckFailed, match=r"U\+0627"):
        edition.approve(session, owner(session, petition), lapse_hours=72)


def test_a_request_lapses(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    edition = freeze(session, petition)
    edition.state, edition.report = Edition.State.CHECKED, {"problems": []}
    edition.requested_at = datetime.now(UTC) - timedelta(hours=73)
    session.flush()
    with pytest.raises(RequestLapsed):
        edition.approve(session, owner(session, petition), lapse_hours=72)


def test_each_circle_sees_only_who_chose_it(session: Session, petition: Petition) -> None:
    for choice in Disclosure:
        factories.signature(session, petition, confirmed=True, disclosure=choice)
    edition = freeze(session, petition)
    seen = {addressee.circle: named(session, edition, addressee) for addressee in petition.addressees}
    assert seen == {Addressee.Circle.DOMESTIC: 1, Addressee.Circle.INTERNATIONAL: 2}


def test_a_petition_may_forbid_naming_wholly_or_by_country(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True, country="BY")
    factories.signature(session, petition, confirmed=True, country="NO")
    edition = freeze(session, petition)
    petition.count_only_countries = ["BY"]
    assert named(session, edition, petition.addressees[0]) == 1
    petition.forbids_naming = True
    assert named(session, edition, petition.addressees[0]) == 0


def test_who_signed_before_an_addressee_was_listed_is_not_named_to_it(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    edition = freeze(session, petition)
    late = petition.addressees[0]
    late.listed_at = datetime.now(UTC) + timedelta(hours=2)
    assert named(session, edition, late) == 0


def test_nobody_is_listed_under_a_text_not_signed(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    factories.text(petition, "en", "Another title", "Another demand.", version=2)
    edition = freeze(session, petition)
    assert edition.signed_otherwise(session) == 0  # the earlier text is printed too
    edition.texts = {**edition.texts, "en": {**edition.texts["en"], "earlier": []}}
    assert edition.signed_otherwise(session) == 1


def test_counting_gives_every_confirmation_one_place_and_adds_it_once(session: Session, petition: Petition) -> None:
    for _ in range(5):
        factories.signature(session, petition, confirmed=True)
    assert [petition.count_new(session), petition.count_new(session)] == [5, 0]
    places = session.scalars(select(Signature.position)).all()
    assert (sorted(place or 0 for place in places), petition.confirmed_count) == ([1, 2, 3, 4, 5], 5)


def test_a_recount_finds_and_corrects_a_wrong_number(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    petition.count_new(session)
    petition.confirmed_count = 7
    session.flush()
    assert (petition.recount(session), petition.confirmed_count) == (-6, 1)


def test_a_changed_entry_breaks_the_audit_chain_where_it_stands(session: Session) -> None:
    """cases.md M12"""
    for number in range(4):
        AuditEntry.write(session, "operator", "test", f"subject {number}")
    assert AuditEntry.first_broken(session) is None
    session.scalars(select(AuditEntry).where(AuditEntry.sequence == 2)).one().subject = "another"
    session.flush()
    assert AuditEntry.first_broken(session) == 2


def test_where_a_country_is_counted_only_so_is_who_does_not_say(session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True, country="")
    edition = freeze(session, petition)
    petition.count_only_countries = ["BY"]
    assert named(session, edition, petition.addressees[0]) == 0


def test_within_a_day_names_stand_in_no_order_of_time(session: Session, petition: Petition) -> None:
    """The number on the page is polled by anybody: in the log's order, the list would tell each signer's minute."""
    for _ in range(12):  # each a batch of its own
        factories.signature(session, petition, confirmed=True)
        petition.count_new(session)
    roll = freeze(session, petition).roll_for(petition.addressees[0], Signature.position)

    places = session.scalars(roll).all()
    assert sorted(places) == list(range(1, 13))
    assert places != sorted(places)
