"""Passkeys, and answers that do not hold (cases.md G3, G9)."""

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.login import passkeys
from petitions.login.sessions import COOKIE
from petitions.models import Invitation, Member
from tests import factories
from tests.views.accounts.authenticator import Authenticator
from tests.views.accounts.people import (
    Person,
    Visitor,
    a_person,
    a_visitor,
    asked,
    asked_at_login,
    cookie_of,
    guess,
    log_in,
    log_in_by,
)


def test_a_passkey_opens_the_desk(visitor: Visitor, device: Authenticator) -> None:
    options = asked_at_login(visitor)
    assert (options["rpId"], options["userVerification"]) == ("petitions.example.org", "required")

    assert log_in_by(visitor, device.prove(options)).location == "/organise/"
    assert visitor.get("/organise/account").status_code == 200


def test_a_right_passkey_never_waits(
    visitor: Visitor, device: Authenticator, person: Person, clock: SimpleNamespace
) -> None:
    """G3."""
    for _ in range(30):
        guess(visitor, person)

    assert log_in_by(visitor, device.prove(asked_at_login(visitor))).status_code == 303


def test_an_answer_counts_once(app: Flask, visitor: Visitor, device: Authenticator) -> None:
    """G9: replayed with the very cookie that held its challenge."""
    answer = device.prove(asked_at_login(visitor))
    thief = a_visitor(app)
    thief.set_cookie(COOKIE, cookie_of(visitor), domain="petitions.example.org", secure=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', thief.get("/organise/login").text)
    assert token is not None
    assert log_in_by(visitor, answer).status_code == 303

    replayed = thief.post("/organise/login/passkey", data={"csrf_token": token[1], "answer": answer})

    assert replayed.status_code == 422
    assert thief.get("/organise/account").status_code == 302


@pytest.mark.parametrize("wrong", [
    {"origin": "https://petitions.example.org.evil.example"}, {"host": "evil.example"}, {"verifies": False},
    {"counter": -1}, {"credential_id": b"of nobody here"}, {"key": Authenticator().key},
])  # fmt: skip
def test_an_answer_that_does_not_hold_is_refused(
    visitor: Visitor, device: Authenticator, wrong: dict[str, Any]
) -> None:
    """G9: another site, no finger or code, a counter that went back, an unknown key, another key."""
    if "counter" in wrong:
        device.counter = 5
        log_in_by(visitor, device.prove(asked_at_login(visitor)))
        visitor.send("/organise/account", "/organise/logout")

    answer = log_in_by(visitor, replace(device, **wrong).prove(asked_at_login(visitor)))

    assert answer.status_code == 422
    assert "This passkey is not known here" in answer.text


@pytest.mark.parametrize("nonsense", ["", "{}", "[]", '{"rawId": 1}', '{"rawId": "\u0000"}', "x" * 1000])
def test_what_is_no_answer_is_refused(visitor: Visitor, nonsense: str) -> None:
    asked_at_login(visitor)

    assert log_in_by(visitor, nonsense).status_code == 422


def test_an_answer_comes_too_late(
    visitor: Visitor, device: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G9."""
    options = asked_at_login(visitor)
    monkeypatch.setattr(passkeys, "CHALLENGE_SECONDS", -1)

    assert log_in_by(visitor, device.prove(options)).status_code == 422


def test_a_passkey_proves_it_once_more_but_not_another_members(
    app: Flask, visitor: Visitor, device: Authenticator, person: Person, session: Session
) -> None:
    other = a_person(app, session, factories.member(session, factories.branch(session)))
    log_in(visitor, other)
    asked(visitor, "/organise/verify", "/organise/verify/challenge")

    options = asked(visitor, "/organise/verify", "/organise/verify/challenge")
    answer = visitor.send("/organise/verify", "/organise/verify/passkey", answer=device.prove(options))

    assert answer.status_code == 422


def test_an_invitation_makes_a_member_with_a_passkey(
    visitor: Visitor, invited: tuple[Invitation, str], session: Session
) -> None:
    page = f"/organise/invitations/{invited[1]}"
    device = Authenticator()

    answer = visitor.send(
        page,
        f"{page}/passkey",
        name="Ana Petrova",
        language="en",
        answer=device.make(asked(visitor, page, f"{page}/challenge")),
    )

    assert answer.location == "/organise/"
    assert visitor.get("/organise/account").status_code == 200
    member = session.scalars(select(Member).where(Member.email == "New@example.org")).one()
    assert (member.can_log_in, member.has_password, len(member.passkeys)) == (True, False, 1)
