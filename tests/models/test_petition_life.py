"""A petition's texts, limits, addressees, stops and standing orders, as its model keeps them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from petitions.models import (
    Addressee,
    AddresseeKnown,
    Authority,
    Edition,
    LimitsLoosened,
    Petition,
    PetitionNotReady,
    PrisonerEvent,
    Signature,
    Stage,
    Trigger,
    stage_of,
)
from tests import factories

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Kind = PrisonerEvent.Kind


# -- texts -----------------------------------------------------------------------------------------------


def test_writing_on_an_approved_text_makes_a_new_version_and_leaves_the_old_as_it_was(session: Session) -> None:
    """cases.md G12, A18."""
    petition = factories.petition(session)
    signed = petition.text_in("en")
    assert signed is not None
    before = signed.hash

    draft = petition.write("en", "Free Anna now", "Let her go home.", "New facts.")
    session.flush()

    assert (draft.version, draft.approved) == (2, False)
    assert petition.text_in("en") is signed
    assert signed.hash == before


def test_a_draft_is_written_over_until_it_is_approved(session: Session) -> None:
    petition = factories.petition(session)

    first = petition.write("en", "Free", "", "")
    second = petition.write("en", "Free Anna", "Let her go.", "")

    assert first is second
    assert len(petition.drafts) == 1


def test_saving_what_is_approved_already_makes_no_version(session: Session) -> None:
    petition = factories.petition(session)
    text = petition.text_in("en")
    assert text is not None

    assert petition.write("en", text.title, text.demand, text.background) is text
    assert petition.drafts == []


def test_who_signed_before_stays_with_the_version_that_was_signed(session: Session) -> None:
    petition = factories.petition(session)
    signed = factories.signature(session, petition, confirmed=True)
    draft = petition.write("en", "Free Anna now", "Let her go home.", "New facts.")
    session.flush()
    draft.approve(factories.member(session, petition.branch), NOW)
    session.flush()

    later = factories.signature(session, petition, confirmed=True)

    versions = {petition_text.id: petition_text.version for petition_text in petition.texts}
    assert versions[session.get_one(Signature, signed.id).text_id] == 1
    assert versions[session.get_one(Signature, later.id).text_id] == 2


def test_an_edition_prints_each_version_that_somebody_in_it_signed(session: Session) -> None:
    """cases.md G12."""
    petition = factories.petition(session)
    factories.signature(session, petition, confirmed=True)
    petition.write("en", "Free Anna now", "Let her go home.", "New facts.").approve(
        factories.member(session, petition.branch), NOW
    )
    session.flush()
    factories.signature(session, petition, confirmed=True)

    edition = Edition.freeze(session, petition, gap_days=7)

    assert edition.texts["en"]["version"] == 2
    assert [text["version"] for text in edition.texts["en"]["earlier"]] == [1]
    assert edition.texts["ru"]["earlier"] == []
    assert edition.signed_otherwise(session) == 0


# -- limits ----------------------------------------------------------------------------------------------


def test_before_it_is_published_the_limits_are_free(session: Session) -> None:
    petition = factories.petition(session, open=False, forbids_naming=True)

    petition.limit(forbids_naming=False, count_only_countries=[])

    assert not petition.forbids_naming


@pytest.mark.parametrize(("forbids", "countries"), [(False, ["BY"]), (True, [])])
def test_once_people_were_told_the_limits_only_get_stricter(
    session: Session, forbids: bool, countries: list[str]
) -> None:
    petition = factories.petition(session, forbids_naming=True, count_only_countries=["BY"])

    with pytest.raises(LimitsLoosened):
        petition.limit(forbids_naming=forbids, count_only_countries=countries)

    petition.limit(forbids_naming=True, count_only_countries=["RU", "BY"])
    assert petition.count_only_countries == ["BY", "RU"]


# -- publication -----------------------------------------------------------------------------------------


def test_a_branch_nobody_knows_publishes_nothing(session: Session) -> None:
    """cases.md M13."""
    petition = factories.petition(session, open=False, branch=factories.branch(session, verified_at=None))
    petition.ask_publication()

    with pytest.raises(PetitionNotReady) as refused:
        petition.open(NOW)

    assert "verification of the branch" in refused.value.missing[0]


def test_a_case_that_says_not_to_publish_is_not_published(session: Session) -> None:
    petition = factories.petition(session, open=False)
    petition.prisoner.harm_result = petition.prisoner.Harm.STOP
    petition.ask_publication()

    with pytest.raises(PetitionNotReady):
        petition.open(NOW)


def test_publishing_for_an_hour_to_come_approves_the_texts_and_waits(session: Session) -> None:
    petition = factories.petition(session, open=False)
    draft = petition.write("en", "Free Anna now", "Let her go home.", "New facts.")
    session.flush()
    petition.ask_publication()

    petition.publish(factories.member(session, petition.branch), NOW, NOW + timedelta(days=1))

    assert petition.state is Petition.State.IN_REVIEW
    assert petition.opens_at == NOW + timedelta(days=1)
    assert draft.approved


# -- the kill switch -------------------------------------------------------------------------------------


def test_signing_and_deliveries_stop_separately(session: Session) -> None:
    petition = factories.petition(session)

    petition.stop_signing(NOW)
    assert (petition.takes_signatures, petition.may_deliver) == (False, True)

    petition.stop_deliveries(NOW)
    assert not petition.may_deliver

    petition.resume(NOW)
    assert (petition.takes_signatures, petition.may_deliver) == (True, True)


def test_a_confirmation_still_counts_while_signing_is_stopped(session: Session) -> None:
    petition = factories.petition(session)
    signed = factories.signature(session, petition)
    petition.stop_signing(NOW)

    session.get_one(Signature, signed.id).confirm(session, grace_hours=72)

    assert session.get_one(Signature, signed.id).state is Signature.State.CONFIRMED


def test_a_paused_petition_is_open_again_after_it_is_resumed(session: Session) -> None:
    petition = factories.petition(session)
    petition.pause(NOW)
    petition.stop_deliveries(NOW + timedelta(hours=1))

    assert petition.stopped_since == NOW
    petition.resume(NOW + timedelta(hours=2))

    assert petition.state is Petition.State.OPEN
    assert not petition.stopped


# -- the stage of the case, and courts -------------------------------------------------------------------


def events(*known: tuple[Kind, str]) -> list[PrisonerEvent]:
    return [PrisonerEvent(kind=kind, happened=day) for kind, day in known]


@pytest.mark.parametrize(
    ("known", "stage"),
    [
        ([], Stage.UNKNOWN),
        ([(Kind.ARREST, "2026-02")], Stage.PRE_TRIAL),
        ([(Kind.ARREST, "2026-02"), (Kind.HEARING, "2027-01-19")], Stage.TRIAL),
        ([(Kind.ARREST, "2026-02"), (Kind.HEARING, "2026-06-01")], Stage.TRIAL),
        ([(Kind.ARREST, "2026-02"), (Kind.VERDICT, "2026-06-01")], Stage.SENTENCED),
        ([(Kind.VERDICT, "2026-06-01"), (Kind.APPEAL, "2026-06-10")], Stage.APPEAL),
        ([(Kind.VERDICT, "2026-06-01"), (Kind.TRANSFER, "2026-08")], Stage.SERVING),
        ([(Kind.ARREST, "2026-02"), (Kind.TRANSFER, "2026-03")], Stage.PRE_TRIAL),
        ([(Kind.VERDICT, "2026-06-01"), (Kind.RELEASE, "2026-08")], Stage.RELEASED),
        ([(Kind.VERDICT, "2026-06-01"), (Kind.DEATH, "2026-08")], Stage.DIED),
    ],
)
def test_the_stage_follows_from_the_events(known: list[tuple[Kind, str]], stage: Stage) -> None:
    assert stage_of(events(*known), "2026-11-22") is stage


def test_a_court_with_the_case_is_given_no_names(session: Session) -> None:
    petition = factories.petition(session)
    factories.event(session, petition.prisoner, Kind.ARREST, "2026-02-01")
    court, prosecutor = factories.authority(session), factories.authority(session, kind=Authority.Kind.PROSECUTOR)
    past = NOW - timedelta(days=30)
    blocked = petition.address(session, court, Addressee.Circle.DOMESTIC, "ru", past)
    named = petition.address(session, prosecutor, Addressee.Circle.DOMESTIC, "ru", past)
    factories.signature(session, petition, confirmed=True)

    edition = Edition.freeze(session, petition, gap_days=7)

    assert session.scalars(edition.roll_for(blocked, Signature.id)).all() == []
    assert len(session.scalars(edition.roll_for(named, Signature.id)).all()) == 1


def test_a_case_that_comes_to_court_closes_the_courts_view_of_names(session: Session) -> None:
    petition = factories.petition(session)
    court = petition.addressees[0]
    assert not court.names_blocked

    charge = PrisonerEvent(kind=Kind.CHARGE, happened="2026-11-20", what={"en": "Charged."})
    Petition.record_event(session, petition.prisoner, charge)

    assert court.names_blocked


# -- addressees ------------------------------------------------------------------------------------------


def test_an_authority_is_an_addressee_once(session: Session) -> None:
    petition = factories.petition(session)

    with pytest.raises(AddresseeKnown):
        petition.address(session, petition.addressees[0].authority, Addressee.Circle.DOMESTIC, "ru", NOW)


def test_one_that_was_removed_and_chosen_again_names_only_who_signs_after_that(session: Session) -> None:
    petition = factories.petition(session)
    addressee = petition.addressees[1]
    factories.signature(session, petition, confirmed=True, moment=NOW - timedelta(days=1))
    addressee.removed_at = NOW
    session.flush()
    session.expire(petition, ["addressees"])
    assert addressee not in petition.addressees

    again = petition.address(session, addressee.authority, Addressee.Circle.DOMESTIC, "ru", NOW)
    edition = Edition.freeze(session, petition, gap_days=7)

    assert again is addressee
    assert session.scalars(edition.roll_for(again, Signature.id)).all() == []


# -- standing orders -------------------------------------------------------------------------------------


def order(session: Session, petition: Petition, kind: Trigger.Kind, **fields: object) -> Trigger:
    asking, approving = factories.member(session, petition.branch), factories.member(session, petition.branch)
    made = Trigger(petition_id=petition.id, kind=kind, asked_by=asking, approved_by=approving, **fields)
    session.add(made)
    session.flush()
    session.expire(petition, ["triggers"])
    return made


def test_an_order_for_a_day_is_due_from_that_day_on(session: Session) -> None:
    petition = factories.petition(session)
    set_ = order(session, petition, Trigger.Kind.DATE, on_date=date(2026, 11, 22))

    assert petition.due_triggers(NOW - timedelta(days=1), 72) == []
    assert petition.due_triggers(NOW, 72) == [set_]


def test_an_order_before_a_hearing_follows_the_case(session: Session) -> None:
    petition = factories.petition(session)
    set_ = order(session, petition, Trigger.Kind.HEARING, days_before=3)
    assert petition.due_triggers(NOW, 72) == []

    factories.event(session, petition.prisoner, Kind.HEARING, "2026-11-25")
    session.expire(petition.prisoner, ["events"])

    assert petition.due_triggers(NOW - timedelta(days=1), 72) == []
    assert petition.due_triggers(NOW, 72) == [set_]
    assert set_.urgent
    assert petition.due_triggers(NOW + timedelta(days=4), 72) == []  # the hearing is over


def test_an_order_at_closing_waits_for_the_last_confirmations(session: Session) -> None:
    petition = factories.petition(session)
    set_ = order(session, petition, Trigger.Kind.CLOSING)
    petition.close(NOW)

    assert petition.due_triggers(NOW + timedelta(hours=71), 72) == []
    assert petition.due_triggers(NOW + timedelta(hours=73), 72) == [set_]


def test_an_order_nobody_approved_is_never_due(session: Session) -> None:
    petition = factories.petition(session)
    set_ = order(session, petition, Trigger.Kind.DATE, on_date=date(2026, 1, 1))
    set_.approved_by = None
    session.flush()

    assert petition.due_triggers(NOW, 72) == []
