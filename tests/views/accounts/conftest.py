"""Who comes to the organisers' door: a stranger, a member with password and codes, somebody who was invited."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from petitions.models import Invitation, Member
from tests import factories
from tests.views.accounts.authenticator import Authenticator
from tests.views.accounts.people import Person, Visitor, a_person, a_visitor, asked, log_in


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return a_visitor(app)


@pytest.fixture
def step() -> Iterator[None]:
    """A step of one-time codes that has just begun, so that none ends under a test."""
    with time_machine.travel(time.time() // 30 * 30 + 1, tick=True):
        yield


@pytest.fixture
def person(app: Flask, session: Session, step: None) -> Person:
    return a_person(app, session, factories.member(session, factories.branch(session)))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The throttle's own, to be moved on; codes and sessions go by the real one."""
    moved = SimpleNamespace(seconds=0.0)
    began = time.time()
    monkeypatch.setattr("petitions.login.throttle.time", SimpleNamespace(time=lambda: began + moved.seconds))
    return moved


@pytest.fixture
def invited(session: Session) -> tuple[Invitation, str]:
    branch = factories.branch(session)
    owner = factories.member(session, branch)
    made = Invitation.make(
        session, branch, email="New@example.org", role=Member.Role.EDITOR, name="Ana", invited_by=owner
    )
    session.commit()
    return made


@pytest.fixture
def device(app: Flask, person: Person) -> Authenticator:
    """Whose key is the person's."""
    visitor, made = a_visitor(app, "203.0.113.99"), Authenticator()
    log_in(visitor, person)
    options = asked(visitor, "/organise/account", "/organise/account/passkeys/challenge")
    answer = visitor.send(
        "/organise/account", "/organise/account/passkeys", answer=made.make(options), device="Phone"
    )
    assert answer.status_code == 303
    return made
