"""What the worker does because two members approved it in advance: editions, opening at an hour, closing on a day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.actors.counting import count
from mailer.actors.runtime import Runtime
from mailer.actors.standing_orders import open_and_close
from petitions.config import Settings
from petitions.db import Database
from petitions.models import AuditEntry, Edition, Petition, Trigger
from tests import factories


@pytest.fixture
def runtime(settings: Settings, database: Database) -> Iterator[Runtime]:
    made = Runtime(settings.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:9?tls=none")}))
    yield made
    made.close()


def order(session: Session, petition: Petition, kind: Trigger.Kind, **fields: object) -> Trigger:
    asking, approving = factories.member(session, petition.branch), factories.member(session, petition.branch)
    made = Trigger(petition_id=petition.id, kind=kind, asked_by=asking, approved_by=approving, **fields)
    session.add(made)
    session.flush()
    return made


def state_of(session: Session, petition: Petition) -> Petition.State:
    session.rollback()
    session.refresh(petition)
    return petition.state


def test_an_order_for_a_day_asks_for_an_edition_once(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session)
    set_ = order(session, petition, Trigger.Kind.DATE, on_date=datetime.now(UTC).date())
    factories.signature(session, petition, confirmed=True)
    session.commit()

    count(runtime)
    count(runtime)

    editions = session.scalars(select(Edition)).all()
    session.refresh(set_)
    assert [edition.trigger_id for edition in editions] == [set_.id]
    assert set_.fired_at is not None


def test_of_several_due_orders_one_edition_meets_all(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session)
    orders = [
        order(session, petition, Trigger.Kind.COUNT, threshold=1),
        order(session, petition, Trigger.Kind.COUNT, threshold=2),
        order(session, petition, Trigger.Kind.DATE, on_date=datetime.now(UTC).date()),
    ]
    factories.signatures(session, petition, [factories.typed(), factories.typed()], confirmed=True)
    session.commit()

    count(runtime)

    assert len(session.scalars(select(Edition)).all()) == 1
    for one in orders:
        session.refresh(one)
    assert all(one.fired_at for one in orders)


def test_an_order_with_nothing_new_to_deliver_is_met_without_an_edition(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session)
    set_ = order(session, petition, Trigger.Kind.DATE, on_date=datetime.now(UTC).date())
    session.commit()

    count(runtime)

    session.refresh(set_)
    assert set_.fired_at is not None
    assert session.scalars(select(Edition)).all() == []
    assert "trigger.met" in session.scalars(select(AuditEntry.verb)).all()


def test_a_frozen_branch_fires_no_order(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session)
    order(session, petition, Trigger.Kind.DATE, on_date=datetime.now(UTC).date())
    factories.signature(session, petition, confirmed=True)
    petition.branch.frozen_at = datetime.now(UTC)
    session.commit()

    count(runtime)

    assert session.scalars(select(Edition)).all() == []


def test_a_petition_opens_at_its_hour_and_not_before(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session, open=False)
    petition.ask_publication()
    petition.publish(
        factories.member(session, petition.branch), datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    )
    session.commit()

    open_and_close(runtime)
    assert state_of(session, petition) is Petition.State.IN_REVIEW

    petition.opens_at = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()
    open_and_close(runtime)
    assert state_of(session, petition) is Petition.State.OPEN
    assert petition.opened_at is not None


def test_one_that_lacks_something_at_its_hour_goes_back_to_its_organisers(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session, open=False)
    petition.ask_publication()
    petition.opens_at = datetime.now(UTC) - timedelta(seconds=1)
    petition.prisoner.consent_by = ""
    session.commit()

    open_and_close(runtime)

    assert state_of(session, petition) is Petition.State.DRAFT
    assert "petition.not_opened" in session.scalars(select(AuditEntry.verb)).all()


def test_a_frozen_branch_opens_nothing(session: Session, runtime: Runtime) -> None:
    petition = factories.petition(session, open=False)
    petition.ask_publication()
    petition.opens_at = datetime.now(UTC) - timedelta(seconds=1)
    petition.branch.frozen_at = datetime.now(UTC)
    session.commit()

    open_and_close(runtime)

    assert state_of(session, petition) is Petition.State.IN_REVIEW


def test_a_petition_past_its_last_day_is_closed_as_of_that_day(session: Session, runtime: Runtime) -> None:
    ended = datetime.now(UTC) - timedelta(hours=3)
    petition = factories.petition(session, closes_at=ended)
    session.commit()

    open_and_close(runtime)

    assert state_of(session, petition) is Petition.State.CLOSED
    assert petition.closed_at == ended
