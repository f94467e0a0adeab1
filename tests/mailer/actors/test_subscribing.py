"""From the wish to the subscription: after the confirmation, apart from the signature, under a key of its own."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from mailer.actors.runtime import Runtime
from mailer.actors.subscribing import subscribe
from petitions import crypto
from petitions.db import db
from petitions.models import DataKey, Petition, Signature, Subscription
from tests import factories
from tests.faults.machine import Machine


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        petition = machine.petition(session)
        session.commit()
        return petition.id


def signed(petition_id: int, **fields: object) -> factories.Signed:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        made = factories.signature(session, petition, **{"wants_news": True, **fields})  # type: ignore[arg-type]
        session.commit()
        return made


def subscriptions() -> list[Subscription]:
    with db.reading() as session:
        return list(session.scalars(select(Subscription).options(undefer(Subscription.box))))


def test_who_ticked_it_and_confirmed_is_subscribed(petition_id: int, runtime: Runtime) -> None:
    signed(petition_id, email="Ana@Example.org", language="ru", confirmed=True)
    assert subscribe(runtime) == 1
    [made] = subscriptions()
    assert (made.language, made.ended_at) == ("ru", None)
    with db.reading() as session:
        assert made.key_id is not None
        assert made.box is not None
        runtime.learn_keys(session, {made.key_id})
        assert runtime.unsealer.fields("news", made.public_id, made.key_id, made.box)[0] == "Ana@Example.org"
        assert session.get_one(DataKey, made.key_id).purpose is DataKey.Purpose.UPDATES


@pytest.mark.parametrize(
    "fields",
    [{"wants_news": False, "confirmed": True}, {}, {"held_reason": "network"}],
    ids=["unticked", "pending", "held"],
)
def test_nobody_else_is(fields: dict[str, object], petition_id: int, runtime: Runtime) -> None:
    signed(petition_id, **fields)
    assert subscribe(runtime) == 0
    assert subscriptions() == []


def test_the_wish_is_carried_out_once(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id, confirmed=True)
    assert [subscribe(runtime), subscribe(runtime)] == [1, 0]
    with db.reading() as session:
        assert session.get_one(Signature, one.id).wants_news is False


def test_one_mailbox_is_one_subscription_to_a_petition(
    machine: Machine, petition_id: int, runtime: Runtime
) -> None:
    signed(petition_id, email="ana@example.org", confirmed=True)
    subscribe(runtime)
    with db.writing() as session:  # she withdraws, signs again and ticks it again
        session.scalars(select(Signature)).one().withdraw(session)
        other = machine.petition(session).id
        session.commit()
    signed(petition_id, email="ana+x@example.org", confirmed=True)
    signed(other, email="ana@example.org", confirmed=True)
    subscribe(runtime)
    assert sorted(row.petition_id for row in subscriptions()) == [petition_id, other]


def test_nothing_in_the_row_leads_to_the_signature(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id, email="ana@example.org", confirmed=True)
    subscribe(runtime)
    [made] = subscriptions()
    with db.reading() as session:
        row = session.get_one(Signature, one.id)
        assert made.tag != row.dedup_tag
        assert made.token_hash != row.token_hash
        assert made.key_id not in {row.mail_key_id, row.name_key_id}
    assert b"ana" not in (made.box or b"")


def test_it_outlives_the_erasing_of_the_signature(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id, confirmed=True)
    subscribe(runtime)
    with db.writing() as session:
        session.get_one(Signature, one.id).erase(session)
        session.commit()
    assert [row.ended_at for row in subscriptions()] == [None]


def test_a_box_that_does_not_open_stops_no_other(petition_id: int, runtime: Runtime) -> None:
    broken = signed(petition_id, confirmed=True)
    signed(petition_id, confirmed=True)
    with db.writing() as session:
        session.get_one(Signature, broken.id).mail_box = b"\0" * 200
        session.commit()
    subscribe(runtime)
    assert len(subscriptions()) == 1


def test_a_private_key_that_is_missing_keeps_the_wish(
    machine: Machine, petition_id: int, runtime: Runtime
) -> None:
    one = signed(petition_id, confirmed=True)
    with db.reading() as session:
        branch = session.get_one(Petition, petition_id).branch.public_id
    (machine.settings.keys / f"branch-{branch}.key").unlink()
    subscribe(runtime)
    with db.reading() as session:
        assert session.get_one(Signature, one.id).wants_news is True


def test_ending_forgets_the_address_and_keeps_the_signature(petition_id: int, runtime: Runtime) -> None:
    """B14."""
    one = signed(petition_id, email="ana@example.org", confirmed=True)
    subscribe(runtime)
    with db.writing() as session:
        session.scalars(select(Subscription)).one().end(session)
        session.commit()
    [ended] = subscriptions()
    assert (ended.box, ended.tag, ended.key_id) == (None, None, None)
    assert ended.ended_at is not None
    with db.reading() as session:
        assert session.get_one(Signature, one.id).state is Signature.State.CONFIRMED


def test_who_ended_it_can_ask_again(petition_id: int, runtime: Runtime) -> None:
    one = signed(petition_id, email="ana@example.org", confirmed=True)
    subscribe(runtime)
    with db.writing() as session:
        session.scalars(select(Subscription)).one().end(session)
        session.get_one(Signature, one.id).wants_news = True
        session.commit()
    subscribe(runtime)
    tag = Subscription.tag_of(factories.INDEX_KEY.encode(), _public_id(petition_id), "ana@example.org")
    with db.reading() as session:
        assert Subscription.running(session, petition_id, tag) is not None


def test_a_tag_says_nothing_without_the_key() -> None:
    assert Subscription.tag_of(b"k" * 32, "petition", "ana@example.org") != Subscription.tag_of(
        b"l" * 32, "petition", "ana@example.org"
    )
    assert len(Subscription.tag_of(b"k" * 32, "petition", "ana@example.org")) == crypto.TAG_BYTES


def _public_id(petition_id: int) -> str:
    with db.reading() as session:
        return session.get_one(Petition, petition_id).public_id
