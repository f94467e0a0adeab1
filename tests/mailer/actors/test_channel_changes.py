"""What two people agreed to takes effect by itself, and what was to leave goes to the new address: cases.md G13."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.actors import deliveries as actor
from mailer.actors.channel_changes import settle_channel_changes
from mailer.actors.deliveries import deliver_documents
from mailer.actors.links import Address
from mailer.actors.runtime import Runtime
from petitions.db import db, now
from petitions.models import AuditEntry, Channel, ChannelChange, Delivery, Member, Petition, Proposal
from tests import factories
from tests.faults.machine import Machine
from tests.faults.work import write_deliveries
from tests.smtp import SmtpServer

NEW = "new@court.example"


@pytest.fixture
def old_address(machine: Machine) -> str:
    """Of the authority to which a compiled edition is to be delivered by e-mail now."""
    with db.writing() as session:
        write_deliveries(machine, session, machine.petition(session), 1)
        session.commit()
        return session.scalars(select(Delivery)).one().channel.address


def ask(session: Session) -> ChannelChange:
    petition = session.scalars(select(Petition)).one()
    editor = factories.member(session, petition.branch, Member.Role.EDITOR)
    court = session.scalars(select(Delivery)).one().channel.authority
    change = ChannelChange.ask(session, court, Channel.Kind.EMAIL, {"address": NEW}, editor, "their site")
    assert change is not None
    return change


def agree(hours: int) -> None:
    """One member asks, another agrees."""
    with db.writing() as session:
        change = ask(session)
        proposal = Proposal.of(session, Proposal.Kind.CHANNEL, change.public_id)
        assert proposal is not None
        owner = factories.member(session, session.scalars(select(Petition)).one().branch)
        change.approve(session, proposal, owner, timedelta(hours=hours))
        session.commit()


def write(values: Callable[[Session], object]) -> None:
    with db.writing() as session:
        values(session)
        session.commit()


def delivery() -> tuple[str, str | None, str]:
    with db.reading() as session:
        found = session.scalars(select(Delivery)).one()
        return found.state.value, found.hold_reason, found.channel.address


def test_an_address_changed_just_before_delivery_waits_a_day_and_then_takes_it(
    old_address: str, runtime: Runtime, server: SmtpServer
) -> None:
    """G13 whole: four eyes, the wait, and then the new address."""
    agree(hours=24)
    assert delivery() == ("ready", "channel_change", old_address)
    assert settle_channel_changes(runtime) == 0
    assert deliver_documents(runtime) == 0

    write(lambda session: session.execute(update(ChannelChange).values(not_before=now(-1))))
    assert settle_channel_changes(runtime) == 1
    assert deliver_documents(runtime) == 1

    assert server.taken == [NEW]
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "channel_change.effect")).one()
        assert entry.actor == "worker"
    assert settle_channel_changes(runtime) == 0


def test_what_became_due_during_the_wait_waits_too(old_address: str, runtime: Runtime, server: SmtpServer) -> None:
    agree(hours=24)
    write(lambda session: session.execute(update(Delivery).values(hold_reason=None)))

    assert deliver_documents(runtime) == 0

    assert delivery() == ("ready", "channel_change", old_address)
    assert server.messages == []


def test_a_change_that_is_only_asked_for_stops_nothing(
    old_address: str, runtime: Runtime, server: SmtpServer
) -> None:
    write(ask)

    assert deliver_documents(runtime) == 1
    assert server.taken == [old_address]


def test_a_message_built_for_the_old_address_is_built_anew(
    old_address: str, runtime: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = actor._build

    def build_slowly(runtime: Runtime, row: Delivery, link: Address | None) -> object:
        made = build(runtime, row, link)
        write(lambda session: session.execute(update(Channel).values(address=NEW)))
        return made

    monkeypatch.setattr(actor, "_build", build_slowly)

    assert deliver_documents(runtime) == 1
    assert server.taken == [NEW]


def test_what_nobody_decided_lapses_with_its_proposal(old_address: str, runtime: Runtime) -> None:
    write(ask)
    write(lambda session: session.execute(update(Proposal).values(state=Proposal.State.LAPSED)))

    settle_channel_changes(runtime)

    with db.reading() as session:
        assert session.scalars(select(ChannelChange.state)).one() is ChannelChange.State.LAPSED
