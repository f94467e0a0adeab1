"""What stops the worker: a frozen branch and the operator's switches. It waits, loses nothing, and goes on by itself
(cases.md G16)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.actors import deliveries as actor
from mailer.actors.deliveries import deliver_documents
from mailer.actors.editions import advance_editions
from mailer.actors.letters import send_letters
from mailer.actors.runtime import Runtime
from petitions.db import database_time, db, now
from petitions.freezing import freeze, unfreeze
from petitions.models import Branch, Delivery, Edition, Letter, Member, Petition, Switch, blocked
from tests import factories
from tests.faults.machine import Machine
from tests.faults.work import write_deliveries, write_letters
from tests.smtp import SmtpServer


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        made = machine.petition(session)
        session.commit()
        return made.id


@pytest.fixture
def deliveries(machine: Machine, petition_id: int) -> None:
    change(lambda session: write_deliveries(machine, session, session.get_one(Petition, petition_id), 2))


def change(act: Callable[[Session], Any]) -> None:
    with db.writing() as session:
        act(session)
        session.commit()


def frozen(session: Session) -> None:
    freeze(session, session.scalars(select(Branch)).one(), by="operator")


def thawed(session: Session) -> None:
    unfreeze(session, session.scalars(select(Branch)).one(), by="operator")
    for kind in (Delivery, Edition, Letter):
        session.execute(update(kind).values(not_before=now()))


def waiting() -> set[tuple[str, str | None, str | None]]:
    with db.reading() as session:
        rows = session.scalars(select(Delivery))
        return {(row.state.value, row.hold_reason, row.last_error_class) for row in rows}


def test_a_frozen_branch_delivers_nothing_until_it_is_unfrozen(
    deliveries: None, runtime: Runtime, server: SmtpServer
) -> None:
    change(frozen)

    assert deliver_documents(runtime) == 0
    assert server.taken == []
    assert waiting() == {("ready", None, "branch_frozen")}, "no hold: nobody has to lift it"

    change(thawed)
    assert deliver_documents(runtime) == 2


def test_freezing_counts_until_the_very_last_look(
    deliveries: None, runtime: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen while the message is being built: it does not leave."""
    build = actor._build

    def freeze_meanwhile(*arguments: Any) -> Any:
        made = build(*arguments)
        change(frozen)
        return made

    monkeypatch.setattr(actor, "_build", freeze_meanwhile)

    assert deliver_documents(runtime) == 0
    assert server.taken == []
    assert waiting() == {("ready", None, "branch_frozen")}


def test_another_branch_goes_on_delivering(
    deliveries: None, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    change(lambda session: freeze(session, factories.branch(session), by="operator"))

    assert deliver_documents(runtime) == 2


def test_the_switch_stops_deliveries_of_all_branches(deliveries: None, runtime: Runtime, server: SmtpServer) -> None:
    change(lambda session: Switch.throw(session, Switch.Name.DELIVERIES, by="operator", reason="a restored backup"))

    assert deliver_documents(runtime) == 0
    assert server.taken == []
    assert waiting() == {("ready", None, None)}

    change(lambda session: Switch.reset(session, Switch.Name.DELIVERIES))
    assert deliver_documents(runtime) == 2


def test_a_frozen_branch_neither_checks_nor_compiles(petition_id: int, runtime: Runtime) -> None:
    def ask(session: Session) -> None:
        petition = session.get_one(Petition, petition_id)
        factories.signature(session, petition, confirmed=True)
        editor = factories.member(session, petition.branch, Member.Role.EDITOR)
        Edition.freeze(session, petition, asked_by=editor, gap_days=0)

    change(ask)
    change(frozen)

    assert advance_editions(runtime) == 0
    with db.reading() as session:
        edition = session.scalars(select(Edition)).one()
        assert (edition.state, edition.last_error_class, edition.tries) == (
            Edition.State.REQUESTED, "branch_frozen", 0,
        )
        assert edition.not_before > database_time(session)

    change(thawed)
    assert advance_editions(runtime) == 1


def test_letters_to_signers_go_on_while_a_branch_is_frozen(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    change(lambda session: write_letters(session, session.get_one(Petition, petition_id), 2))
    change(frozen)

    assert send_letters(runtime) == 2


def test_the_switch_stops_letters_to_signers_but_not_to_members(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    def arrange(session: Session) -> None:
        petition = session.get_one(Petition, petition_id)
        write_letters(session, petition, 2)
        factories.member(session, petition.branch, email="owner@example.org")
        Switch.throw(session, Switch.Name.LETTERS, by="operator", reason="the relay refuses us")

    change(arrange)
    change(frozen)  # writes to the owner

    assert send_letters(runtime) == 1
    assert server.taken == ["owner@example.org"]

    change(lambda session: Switch.reset(session, Switch.Name.LETTERS))
    change(thawed)
    send_letters(runtime)
    assert len(server.taken) == 4, "two signers, and the owner hears that it goes on"


def test_what_each_stop_stops(session: Session) -> None:
    branch = factories.branch(session)
    names = [*Switch.Name, None]

    branch.freeze(database_time(session), by="operator")
    session.flush()
    assert [blocked(session, branch.id, name) for name in names] == [
        None, "branch_frozen", None, "branch_frozen", "branch_frozen",
    ]

    branch.unfreeze()
    for name in Switch.Name:
        assert Switch.throw(session, name, by="operator", reason="first")
        assert not Switch.throw(session, name, by="operator", reason="second")
    assert [blocked(session, branch.id, name) for name in names] == [*(["switched_off"] * 4), None]
    assert {one.reason for one in session.scalars(select(Switch))} == {"first"}
