"""A signature's life, as its owner and the moderators may change it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions import signing
from petitions.keyring import keyring
from petitions.mailboxes import canonical
from petitions.models import (
    AlreadySigned,
    Disclosure,
    IllegalTransition,
    Letter,
    LinkExpired,
    NotConfirmable,
    Petition,
    Signature,
    SignatureHeld,
    Slot,
)
from tests import factories

GRACE = 72
State = Signature.State


def row(session: Session, made: factories.Signed) -> Signature:
    return session.get_one(Signature, made.id)


def sign(session: Session, petition: Petition, person: signing.Typed, held_reason: str | None = None) -> None:
    keys = keyring.current(session, petition.id, petition.public_id, petition.branch.public_key)
    text = petition.text_in(person.language)
    assert text is not None
    target = signing.Target(petition.id, petition.public_id, text.id, text.hash, text.version)
    how = signing.Circumstances(None, held_reason, timedelta(), confirm_days=14)
    signing.sign(session, target, person, keys, factories.INDEX_KEY.encode(), how)


@pytest.fixture
def petition(session: Session) -> Petition:
    return factories.petition(session)


class TestOneRowForOneForm:
    def test_the_same_form_twice_is_one_row_and_one_letter(self, session: Session, petition: Petition) -> None:
        person = factories.typed()
        sign(session, petition, person)
        sign(session, petition, person)
        assert session.scalar(select(func.count()).select_from(Signature)) == 1
        assert session.scalar(select(func.count()).select_from(Letter)) == 1

    def test_the_same_form_after_its_link_has_run_out_makes_it_work_again(
        self, session: Session, petition: Petition
    ) -> None:
        person = factories.typed()
        sign(session, petition, person)
        waiting = session.scalars(select(Signature)).one()
        waiting.expires_at = datetime.now(UTC) - timedelta(days=1)
        session.flush()
        sign(session, petition, person)
        session.refresh(waiting)
        assert waiting.expires_at > datetime.now(UTC)

    def test_a_flood_of_one_form_is_one_held_row(self, session: Session, petition: Petition) -> None:
        person = factories.typed()
        for _ in range(5):
            sign(session, petition, person, held_reason="network")
        assert session.scalars(select(Signature.state)).all() == [State.HELD]

    def test_a_choice_changed_before_confirming_is_not_what_the_form_said(
        self, session: Session, petition: Petition
    ) -> None:
        person = factories.typed(disclosure=Disclosure.COUNT_ONLY)
        sign(session, petition, person)
        session.scalars(select(Signature)).one().choose(Disclosure.ALL, shows_city=False, wants_listing=False)
        session.flush()
        sign(session, petition, person)
        chosen = set(session.scalars(select(Signature.disclosure)))
        assert chosen == {Disclosure.ALL, Disclosure.COUNT_ONLY}


class TestConfirming:
    def test_a_second_click_changes_nothing(self, session: Session, petition: Petition) -> None:
        signature = row(session, factories.signature(session, petition))
        signature.confirm(session, GRACE)
        signature.confirm(session, GRACE)
        assert signature.state is State.CONFIRMED

    def test_of_one_mailbox_the_first_confirmed_stands(self, session: Session, petition: Petition) -> None:
        first = factories.signature(session, petition, email="a.b@gmail.com")
        second = factories.signature(session, petition, email="ab+x@googlemail.com", name="Other Name")
        row(session, first).confirm(session, GRACE)
        session.expire_all()
        assert row(session, second).state is State.VOID
        with pytest.raises(AlreadySigned):
            row(session, second).confirm(session, GRACE)

    def test_an_old_link_is_refused(self, session: Session, petition: Petition) -> None:
        old = datetime.now(UTC) - timedelta(days=15)
        signature = row(session, factories.signature(session, petition, moment=old))
        with pytest.raises(LinkExpired):
            signature.confirm(session, GRACE)

    def test_the_owners_yes_to_a_held_one_is_kept_and_does_not_count(
        self, session: Session, petition: Petition
    ) -> None:
        signature = row(session, factories.signature(session, petition, held_reason="network"))
        with pytest.raises(SignatureHeld):
            signature.confirm(session, GRACE)
        assert (signature.state, signature.owner_confirmed_on is not None) == (State.HELD, True)
        signature.release(session)
        assert signature.state is State.CONFIRMED

    def test_nobody_skips_the_inbox_by_being_released(self, session: Session, petition: Petition) -> None:
        signature = row(session, factories.signature(session, petition, held_reason="network"))
        signature.release(session)
        assert signature.state is State.PENDING

    @pytest.mark.parametrize("end", ["withdraw", "invalidate"])
    def test_an_old_letter_undoes_neither_withdrawal_nor_invalidation(
        self, session: Session, petition: Petition, end: str
    ) -> None:
        signature = row(session, factories.signature(session, petition, confirmed=True))
        if end == "withdraw":
            signature.withdraw(session)
        else:
            signature.invalidate(session, "flood")
        with pytest.raises(NotConfirmable):
            signature.confirm(session, GRACE)

    def test_closing_by_hand_does_not_open_the_grace_again(self, petition: Petition) -> None:
        today = datetime.now(UTC)
        petition.closes_at = today - timedelta(days=30)
        petition.close(today)
        assert not petition.takes_confirmations(today, GRACE)


class TestLeaving:
    def test_withdrawing_takes_it_off_the_count_once_and_frees_the_mailbox(
        self, session: Session, petition: Petition
    ) -> None:
        signature = row(session, factories.signature(session, petition, confirmed=True))
        petition.count_new(session)
        session.refresh(signature)
        signature.withdraw(session)
        signature.withdraw(session)
        session.flush()
        session.refresh(petition)
        assert petition.confirmed_count == 0
        assert session.scalars(select(Slot.tag)).one() is None

    @pytest.mark.parametrize("act", ["withdraw", "hold", "invalidate"])
    def test_a_name_shown_on_the_page_goes_with_the_signature(
        self, session: Session, petition: Petition, act: str
    ) -> None:
        signature = row(session, factories.signature(session, petition, confirmed=True, wants_listing=True))
        signature.public_name = "Shown"
        {
            "withdraw": lambda: signature.withdraw(session),
            "hold": lambda: signature.hold(session, "flood"),
            "invalidate": lambda: signature.invalidate(session, "flood"),
        }[act]()
        assert signature.public_name is None

    def test_erasing_leaves_nothing_personal(self, session: Session, petition: Petition) -> None:
        signature = row(session, factories.signature(session, petition, confirmed=True, wants_listing=True))
        signature.erase(session)
        session.flush()
        kept = session.execute(select(Signature.__table__).where(Signature.id == signature.id)).mappings().one()
        personal = (
            "name_box", "mail_box", "self_box", "public_name", "dedup_tag", "content_tag", "net_tag", "token_hash",
            "name_key_id", "mail_key_id",
        )
        assert {column: kept[column] for column in personal} == dict.fromkeys(personal)
        assert (kept["state"], kept["wants_listing"], kept["country"]) == (State.WITHDRAWN, False, "")

    def test_what_still_counts_keeps_its_mailbox_from_signing_again(
        self, session: Session, petition: Petition
    ) -> None:
        signature = row(session, factories.signature(session, petition, confirmed=True))
        signature.forget(session, keeps_slot=True)
        assert session.scalars(select(Slot.tag)).one() is not None

    def test_a_state_that_cannot_follow_is_refused(self, session: Session, petition: Petition) -> None:
        signature = row(session, factories.signature(session, petition))
        with pytest.raises(IllegalTransition, match="pending cannot become withdrawn"):
            signature.move_to(State.WITHDRAWN)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Bob@X.org", "bob@x.ORG", True),
        ("b.o.b@gmail.com", "bob+x@googlemail.com", True),
        ("b.ob@example.org", "bob@example.org", False),
        ("bob+a@example.org", "bob@example.org", True),
        ("ivanov@yandex.ru", "ivanov@ya.ru", True),
        ("bob@straße.de", "bob@strasse.de", False),
        ("a@xn--e1afmkfd.xn--p1ai", "a@пример.рф", True),
        ("a@example.org", "а@example.org", False),
    ],
)
def test_which_addresses_are_one_mailbox(one: str, other: str, same: bool) -> None:
    """cases.md C1-C6"""
    assert (canonical(one) == canonical(other)) is same
