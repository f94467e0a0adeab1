"""How a delivery moves by a person's hand, and what may not happen (domain.md, "Delivery")."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from petitions.models import (
    AlreadyLeft,
    AtWork,
    Channel,
    Delivery,
    Document,
    Edition,
    IllegalTransition,
    Member,
    NotOnHold,
    OnHold,
    Volume,
    last_received,
    usual_channels,
)
from tests import factories

S, K = Delivery.State, Channel.Kind
NOW, TODAY = datetime(2026, 11, 22, 12, tzinfo=UTC), date(2026, 11, 22)


@pytest.fixture
def member(session: Session) -> Member:
    return factories.member(session, factories.branch(session))


def delivery(session: Session, kind: Channel.Kind = K.POST, state: Delivery.State | None = None) -> Delivery:
    petition = factories.petition(session)
    factories.signature(session, petition, confirmed=True)
    edition = Edition.freeze(session, petition, gap_days=0)
    addressee = petition.addressees[0]
    if kind is not K.EMAIL:
        addressee.authority.channels.append(Channel(kind=kind, address="Square 1", required=[]))
        session.flush()
    channel = next(one for one in addressee.authority.channels if one.kind is kind)
    document = Document(
        edition=edition, addressee=addressee, language="ru", verification_code=f"CODE{petition.id}", names=1,
        count_only=0, roll_digest=b"",
    )
    volume = Volume(document=document, file_name="PET-E01-V1of1.pdf", sha256="0" * 64, size=1, pages=1)
    made = Delivery(volume=volume, channel=channel, state=state or Delivery.FIRST[kind])
    session.add(made)
    session.flush()
    return made


@pytest.mark.parametrize(("kind", "first"), [
    (K.EMAIL, S.READY), (K.POST, S.PACK_READY), (K.PORTAL, S.AWAITING_PERSON), (K.BY_HAND, S.AWAITING_PERSON),
])
def test_only_an_e_mail_begins_as_a_worker_s_work(session: Session, kind: Channel.Kind, first: Delivery.State) -> None:
    made = delivery(session, kind)
    assert made.state is first
    assert made.by_person == (kind is not K.EMAIL)


def test_nothing_is_posted_that_was_not_printed(session: Session, member: Member) -> None:
    made = delivery(session)
    with pytest.raises(IllegalTransition):
        made.leave(S.POSTED, TODAY, "RR1", "", member)
    made.printed(member)
    made.leave(S.POSTED, TODAY, "RR1", "", member)
    assert (made.out, made.waits, made.sent_on) == (True, False, TODAY)


def test_a_hold_stops_a_person_too(session: Session, member: Member) -> None:
    made = delivery(session)
    made.hold("the address is doubted")
    with pytest.raises(OnHold):
        made.printed(member)
    assert made.lift() == "the address is doubted"
    with pytest.raises(NotOnHold):
        made.lift()
    made.printed(member)


@pytest.mark.parametrize("state", [S.ACCEPTED, S.POSTED, S.HANDED_OVER, S.CANCELLED, S.UNCERTAIN])
def test_what_is_out_cannot_be_held(session: Session, state: Delivery.State) -> None:
    with pytest.raises(AlreadyLeft):
        delivery(session, state=state).hold("too late")


def test_what_a_worker_holds_is_left_to_it(session: Session, member: Member) -> None:
    made = delivery(session, K.EMAIL)
    made.lease_owner = "a worker"
    with pytest.raises(AtWork):
        made.hold("now")
    with pytest.raises(AtWork):
        made.cancel("now", NOW, member)
    with pytest.raises(AtWork):
        made.resolve("cancelled", "now", NOW, member)


def test_an_e_mail_is_not_called_accepted_without_evidence(session: Session, member: Member) -> None:
    made = delivery(session, K.EMAIL, S.UNCERTAIN)
    with pytest.raises(IllegalTransition):
        made.arrive(S.ACCEPTED, TODAY, "", NOW, member)
    made.resolve("accepted", "relay log: 250", NOW, member)
    assert [(one.outcome, one.reason, one.reply) for one in made.attempts] == [
        ("resolved", "accepted", "relay log: 250")
    ]


def test_begun_anew_it_knows_nothing_of_the_first_time(session: Session, member: Member) -> None:
    made = delivery(session)
    made.printed(member)
    made.leave(S.POSTED, TODAY, "RR1", "", member)
    made.arrive(S.RETURNED, TODAY, "", NOW, member)
    made.again("the street was wrong", member)
    assert (made.state, made.reference, made.sent_on, made.settled_at) == (S.PACK_READY, "", None, None)


def test_what_the_law_counts_is_used_by_default_else_e_mail(session: Session) -> None:
    petition = factories.petition(session)
    addressee = petition.addressees[0]
    by_mail = addressee.authority.channels[0]
    assert usual_channels(addressee) == [by_mail]
    by_mail.failing_since = NOW
    assert usual_channels(addressee) == [by_mail]  # it waits on the board, and nobody misses it silently
    post = Channel(kind=K.POST, address="Square 1", legal_effect=Channel.LegalEffect.APPEAL, required=[])
    addressee.authority.channels.append(post)
    assert usual_channels(addressee) == [post]


@pytest.mark.parametrize(
    ("state", "had"), [(S.READY, True), (S.POSTED, True), (S.CANCELLED, False), (S.REJECTED, False)]
)
def test_an_addressee_has_an_edition_when_it_came_or_still_may(
    session: Session, state: Delivery.State, had: bool
) -> None:
    made = delivery(session, state=state)
    found = last_received(session, made.volume.document.addressee)
    assert (found is not None) == had
