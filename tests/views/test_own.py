"""The signer's own pages: confirm, change, withdraw, erase, not me, never again (cases.md B)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions import crypto
from petitions.db import db
from petitions.mailboxes import canonical
from petitions.models import (
    Delivery,
    Disclosure,
    Document,
    Edition,
    Letter,
    Petition,
    Signature,
    Slot,
    Suppression,
    Volume,
)
from tests import factories
from tests.factories import Signed
from tests.views import steps

State = Signature.State


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.fixture
def pending(session: Session, petition: Petition) -> Signed:
    made = factories.signature(session, petition, name="Ines Karlsen", email="ines@example.org")
    session.commit()
    return made


@pytest.fixture
def confirmed(session: Session, petition: Petition) -> Signed:
    made = factories.signature(session, petition, name="Ines Karlsen", email="ines@example.org", confirmed=True)
    petition.count_new(session)
    session.commit()
    return made


def count(petition: Petition) -> int:
    with db.reading() as looking:
        return looking.scalars(select(Petition.confirmed_count).where(Petition.id == petition.id)).one()


@pytest.mark.parametrize("page", ["", "/not-me", "/no-more-mail", "/data.json"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_a_link_changes_nothing(
    client: FlaskClient, petition: Petition, pending: Signed, page: str, method: str
) -> None:
    """B1: mail scanners follow links."""
    before = vars(steps.row(petition)).copy()
    answer = client.open(f"/s/{pending.token}{page}", method=method)

    assert answer.status_code == 200
    after = vars(steps.row(petition))
    assert {key: before[key] for key in before if key[0] != "_" and key != "text"} == {
        key: after[key] for key in before if key[0] != "_" and key != "text"
    }


def test_the_button_confirms(client: FlaskClient, session: Session, petition: Petition, pending: Signed) -> None:
    page = client.get(f"/s/{pending.token}")
    assert "Yes, I confirm my signature" in page.text
    assert "<script" not in page.text

    answer = client.post(f"/s/{pending.token}/confirmation")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/s/{pending.token}")
    assert "Your signature counts" in client.get(answer.headers["Location"]).text
    row = steps.row(petition)
    assert (row.state, row.confirmed_on) == (State.CONFIRMED, datetime.now(UTC).date())


def test_confirming_again_is_the_same_success(client: FlaskClient, petition: Petition, confirmed: Signed) -> None:
    """B4."""
    answers = [client.post(f"/s/{confirmed.token}/confirmation") for _ in range(2)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, f"/s/{confirmed.token}")}
    assert count(petition) == 1


@pytest.mark.parametrize("change", ["other", "cut", "upper", "dot", "space", "longer", "short", "strange"])
@pytest.mark.parametrize("path", ["", "/confirmation", "/withdrawal", "/erasure", "/data.json", "/not-me"])
def test_every_wrong_link_gets_the_same_page(
    client: FlaskClient, petition: Petition, pending: Signed, change: str, path: str
) -> None:
    """B2, B3."""
    token = pending.token
    wrong = {
        "other": "A" * 43, "cut": token[:-1], "upper": token.upper(), "dot": token + ".", "space": token + "%20",
        "longer": token + "A", "short": "x", "strange": "%F0%9F%99%82",
    }[change]  # fmt: skip
    acts = path in {"/confirmation", "/withdrawal", "/erasure"}
    answer = client.open(f"/s/{wrong}{path}", method="POST" if acts else "GET")

    assert answer.status_code == 404
    assert answer.text == client.get("/s/nonsense").text
    assert steps.row(petition).state is State.PENDING


def test_a_link_that_ran_out_offers_to_sign_again(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """B6."""
    old = factories.signature(session, petition, moment=datetime.now(UTC) - timedelta(days=14, hours=2))
    session.commit()

    assert "has run out" in client.get(f"/s/{old.token}").text
    answer = client.post(f"/s/{old.token}/confirmation")
    assert answer.status_code == 410
    assert "Sign again" in answer.text
    assert steps.row(petition).state is State.PENDING


def test_a_link_works_for_fourteen_days(client: FlaskClient, session: Session, petition: Petition) -> None:
    """B6."""
    old = factories.signature(session, petition, moment=datetime.now(UTC) - timedelta(days=13, hours=23))
    session.commit()
    assert client.post(f"/s/{old.token}/confirmation").status_code == 303


@pytest.mark.parametrize(("hours", "status"), [(71, 303), (73, 410)])
def test_a_confirmation_after_closing_counts_for_a_while_and_is_never_dropped_in_silence(
    client: FlaskClient, session: Session, petition: Petition, pending: Signed, hours: int, status: int
) -> None:
    """B8."""
    petition.close(datetime.now(UTC) - timedelta(hours=hours))
    session.commit()

    answer = client.post(f"/s/{pending.token}/confirmation")

    assert answer.status_code == status
    assert (steps.row(petition).state is State.CONFIRMED) is (status == 303)
    if status == 410:
        assert "ended before you confirmed" in answer.text


def test_a_held_signature_says_so_and_the_owners_yes_is_kept(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """B9."""
    held = factories.signature(session, petition, held_reason="network")
    session.commit()

    assert "A person looks at your signature first" in client.get(f"/s/{held.token}").text
    assert client.post(f"/s/{held.token}/confirmation").status_code == 303
    assert "You have confirmed it" in client.get(f"/s/{held.token}").text
    row = steps.row(petition)
    assert row.state is State.HELD
    assert row.owner_confirmed_on is not None


def test_the_second_signature_of_a_mailbox_becomes_void_and_says_so(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    """C9."""
    second = factories.signature(session, petition, name="Other Name", email="INES@example.org")
    session.commit()

    assert client.post(f"/s/{second.token}/confirmation").status_code == 303
    assert "counts already" in client.get(f"/s/{second.token}").text
    assert [row.state for row in steps.rows(petition)] == [State.CONFIRMED, State.VOID]


def test_a_void_signature_does_not_say_that_another_counts_when_none_does(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    second = factories.signature(session, petition, email="INES@example.org")
    session.commit()
    client.post(f"/s/{second.token}/confirmation")

    session.get_one(Signature, confirmed.id).hold(session, "doubt")
    session.commit()
    held = client.get(f"/s/{second.token}").text
    client.post(f"/s/{confirmed.token}/withdrawal")
    free = client.get(f"/s/{second.token}").text

    for page in (held, free):
        assert "counts already" not in page
        assert "This signature does not count" in page
    assert "its own page" in held
    assert "Sign again" not in held
    assert "You can sign again whenever you like" in free


@pytest.mark.parametrize("struck", [False, True])
def test_an_old_letter_brings_back_nothing_and_its_page_says_what_is_true(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed, struck: bool
) -> None:
    row = session.get_one(Signature, confirmed.id)
    if struck:
        row.invalidate(session, "false")
    else:
        row.withdraw(session)
    session.commit()

    answer = client.post(f"/s/{confirmed.token}/confirmation")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/s/{confirmed.token}")
    page = client.get(answer.headers["Location"]).text
    assert ("struck out" if struck else "You have withdrawn your signature") in page
    assert "not confirmed in time" not in page
    assert steps.row(petition).state is (State.INVALIDATED if struck else State.WITHDRAWN)


def test_the_choice_can_be_changed_and_an_open_one_is_refused(
    client: FlaskClient, petition: Petition, confirmed: Signed
) -> None:
    page = client.get(f"/s/{confirmed.token}").text
    assert 'value="all" checked' in page

    assert client.post(f"/s/{confirmed.token}/disclosure", data={"wants_listing": "yes"}).status_code == 422
    answer = client.post(f"/s/{confirmed.token}/disclosure", data={"disclosure": "count_only", "shows_city": "yes"})

    assert answer.status_code == 303
    row = steps.row(petition)
    assert (row.disclosure, row.shows_city, row.wants_listing) == (Disclosure.COUNT_ONLY, True, False)


def test_a_country_that_is_only_counted_stays_so_on_the_manage_page(
    client: FlaskClient, session: Session
) -> None:
    """M18."""
    careful = factories.petition(session, slug="careful", count_only_countries=["BY"])
    signed = factories.signature(session, careful, country="BY", disclosure=Disclosure.COUNT_ONLY, confirmed=True)
    session.commit()

    assert client.post(f"/s/{signed.token}/disclosure", data={"disclosure": "all"}).status_code == 422


    answer = client.post(f"/s/{signed.token}/disclosure", data={"disclosure": "count_only", "wants_listing": "yes"})
    assert answer.status_code == 422
    assert 'id="wants_listing-error"' in answer.text
    assert 'href="#wants_listing"' in answer.text
    assert not steps.row(careful).wants_listing


def test_who_did_not_say_a_country_is_not_named_where_some_are_only_counted(
    client: FlaskClient, session: Session
) -> None:
    """M18."""
    careful = factories.petition(session, slug="careful", count_only_countries=["BY"])
    signed = factories.signature(session, careful, country="", disclosure=Disclosure.COUNT_ONLY, confirmed=True)
    session.commit()

    for choice in ({"disclosure": "all"}, {"disclosure": "count_only", "wants_listing": "yes"}):
        answer = client.post(f"/s/{signed.token}/disclosure", data=choice)
        assert answer.status_code == 422
        assert "withdraw and sign again with your country" in answer.text


def test_a_petition_that_forbids_naming_lists_nobody_from_the_manage_page_either(
    client: FlaskClient, session: Session
) -> None:
    """M18."""
    silent = factories.petition(session, slug="silent", forbids_naming=True)
    signed = factories.signature(session, silent, disclosure=Disclosure.COUNT_ONLY, confirmed=True)
    session.commit()

    assert 'type="checkbox"' not in client.get(f"/s/{signed.token}").text
    answer = client.post(f"/s/{signed.token}/disclosure", data={"disclosure": "count_only", "wants_listing": "yes"})
    assert answer.status_code == 303
    assert not steps.row(silent).wants_listing


@pytest.mark.parametrize(("country", "held_in", "warned"), [("BY", "NO", True), ("", "NO", True), ("NO", "NO", False),
                                                            ("NO", "BY", True)])  # fmt: skip
def test_who_may_be_in_danger_is_warned_beside_the_choice(
    client: FlaskClient, session: Session, country: str, held_in: str, warned: bool
) -> None:
    """M18."""
    person = factories.prisoner(session, factories.branch(session), country=held_in)
    petition = factories.petition(session, prisoner=person)
    signed = factories.signature(session, petition, country=country, disclosure=Disclosure.COUNT_ONLY, confirmed=True)
    session.commit()

    choice = client.get(f"/s/{signed.token}").text.split("<fieldset")[1].split("</fieldset>")[0]
    assert ("think of your safety" in choice) is warned


def test_a_withdrawal_counts_one_less_and_frees_the_mailbox(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    """B13."""
    assert count(petition) == 1
    assert client.get(f"/s/{confirmed.token}/withdrawal").status_code == 405

    answers = [client.post(f"/s/{confirmed.token}/withdrawal") for _ in range(2)]

    assert {answer.status_code for answer in answers} == {303}
    assert count(petition) == 0
    assert steps.row(petition).state is State.WITHDRAWN
    assert "You have withdrawn" in client.get(f"/s/{confirmed.token}").text
    with db.reading() as looking:
        assert looking.scalars(select(Slot.tag)).all() == [None]


def test_editions_that_already_left_are_listed(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    """M9."""
    edition = Edition(petition=petition, number=3, log_size=1, totals={}, texts={}, facts={})
    addressee = petition.addressees[0]
    document = Document(
        edition=edition,
        addressee=addressee,
        language="en",
        verification_code="c",
        names=1,
        count_only=0,
        roll_digest=b"x",
    )
    volume = Volume(document=document, file_name="a.pdf", sha256="0" * 64, size=1, pages=1)
    delivery = Delivery(
        volume=volume,
        channel=addressee.authority.channels[0],
        state=Delivery.State.ACCEPTED,
        transmitting_at=datetime.now(UTC),
    )
    session.add_all([edition, document, volume, delivery])
    session.commit()

    page = client.get(f"/s/{confirmed.token}").text

    assert "Edition 3 to Court of the Central District" in page
    assert "already left" in page
    stored = json.loads(client.get(f"/s/{confirmed.token}/data.json").data)
    assert stored["left_in_editions"][0]["edition"] == 3


def test_the_owner_can_download_all_that_is_stored(client: FlaskClient, confirmed: Signed) -> None:
    """M10."""
    answer = client.get(f"/s/{confirmed.token}/data.json")
    stored = json.loads(answer.data)

    assert stored["you_typed"]["name"] == "Ines Karlsen"
    assert stored["you_typed"]["email"] == "ines@example.org"
    assert (stored["state"], stored["disclosure"]) == ("confirmed", "all")
    assert len(stored["commitment_salt"]) == 64
    assert "a keyed tag of the network, for 7 days" in stored["also_kept"]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="signature.json"'


def test_the_download_tells_why_it_is_held_when_it_was_signed_and_which_letters_went(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """M10."""
    steps.sign(client, "free-anna")
    row = session.scalars(select(Signature)).one()
    row.hold(session, "network")
    letter = session.scalars(select(Letter)).one()
    letter.state, letter.sent_at = Letter.State.SENT, datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    session.commit()

    stored = json.loads(client.get(f"/s/{steps.token(row)}/data.json").data)

    assert stored["why_held_or_struck"] == "network"
    assert stored["signed_in_the_hour_of"] == row.created_hour.isoformat()
    (told,) = stored["letters_to_you"]
    assert (told["kind"], told["state"]) == ("confirm_signature", "sent")
    assert (told["sent_at"], told["asked_for_at"]) == ("2026-11-22T09:30:00+00:00", letter.created_at.isoformat())


def test_erasing_leaves_nothing_personal_and_the_link_dead(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    """C13: and the same mailbox may sign again."""
    assert client.post(f"/s/{confirmed.token}/erasure").status_code == 200

    with db.reading() as looking:
        row = looking.execute(select(*Signature.__table__.c).where(Signature.id == confirmed.id)).one()
    emptied = ("name_box", "mail_box", "self_box", "dedup_tag", "content_tag", "net_tag", "token_hash", "public_name")
    assert [getattr(row, column) for column in emptied] == [None] * len(emptied)
    assert row.state == State.WITHDRAWN
    assert count(petition) == 0
    assert client.get(f"/s/{confirmed.token}").status_code == 404
    again = factories.signature(session, petition, email="ines@example.org")
    session.commit()
    assert client.post(f"/s/{again.token}/confirmation").status_code == 303


def test_it_was_not_me_erases_what_was_typed(client: FlaskClient, petition: Petition, pending: Signed) -> None:
    """B12."""
    assert "Erase it" in client.get(f"/s/{pending.token}/not-me").text
    assert client.post(f"/s/{pending.token}/not-me").status_code == 200

    row = steps.row(petition)
    assert (row.state, row.self_box, row.dedup_tag) == (State.VOID, None, None)


def test_a_confirmed_signature_is_not_dropped_by_it_was_not_me(
    client: FlaskClient, petition: Petition, confirmed: Signed
) -> None:
    answer = client.post(f"/s/{confirmed.token}/not-me")
    assert answer.status_code == 409
    assert "withdraw or erase" in answer.text
    assert steps.row(petition).state is State.CONFIRMED


def test_never_write_again_keeps_a_keyed_mark_and_nothing_else(
    client: FlaskClient, petition: Petition, pending: Signed
) -> None:
    """B12, J15."""
    for _ in range(2):
        assert client.post(f"/s/{pending.token}/no-more-mail").status_code == 200

    with db.reading() as looking:
        (stored,) = looking.scalars(select(Suppression.tag)).all()
    key = crypto.lasting_key(factories.INDEX_KEY.encode(), "suppression")
    assert stored == crypto.tag(key, "mailbox", canonical("ines@example.org"))


def test_struck_out_signatures_say_so_and_cannot_be_withdrawn(
    client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    row = session.get_one(Signature, confirmed.id)
    row.invalidate(session, "false")
    session.commit()

    assert "struck out" in client.get(f"/s/{confirmed.token}").text
    assert client.post(f"/s/{confirmed.token}/withdrawal").status_code == 409
    assert client.post(f"/s/{confirmed.token}/disclosure", data={"disclosure": "all"}).status_code == 409


def test_own_pages_speak_the_language_of_the_letter(client: FlaskClient, session: Session, petition: Petition) -> None:
    signed = factories.signature(session, petition, language="ru")
    session.commit()
    page = client.get(f"/s/{signed.token}", headers={"Accept-Language": "en"}).text
    assert '<html lang="ru"' in page
    assert "Свободу Анне Веренко" in page


def test_the_text_that_was_signed_is_shown_though_a_newer_one_exists(
    client: FlaskClient, session: Session, petition: Petition, pending: Signed
) -> None:
    factories.text(petition, "en", "A newer title", "A newer demand.", version=2)
    session.commit()
    page = client.get(f"/s/{pending.token}").text
    assert "let her go home" in page
    assert "A newer demand" not in page


def test_a_signature_under_a_removed_petition_can_still_be_erased(
    app: Flask, client: FlaskClient, session: Session, petition: Petition, confirmed: Signed
) -> None:
    petition.move_to(Petition.State.HIDDEN)
    session.commit()
    assert client.get(f"/s/{confirmed.token}").status_code == 200
    assert client.post(f"/s/{confirmed.token}/erasure").status_code == 200


def test_no_shared_address_carries_the_token(client: FlaskClient, confirmed: Signed) -> None:
    """E10, B7."""
    page = client.get(f"/s/{confirmed.token}").text
    for address in page.split('href="')[1:]:
        target = address.split('"')[0]
        assert confirmed.token not in target or target.startswith(f"/s/{confirmed.token}")
    assert 'href="https://petitions.example.org/en/petitions/free-anna" rel="noreferrer noopener"' in page
