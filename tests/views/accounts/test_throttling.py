"""Guessing is slowed down, nobody is locked out (cases.md G3, G6, G19)."""

from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.exceptions import ServiceUnavailable

from petitions.db import Database
from petitions.login import accounts
from petitions.models import Member
from tests.views.accounts.people import PASSWORD, Person, Visitor, a_visitor, guess, log_in


def test_after_five_wrong_tries_one_must_wait_and_then_gets_in(
    visitor: Visitor, person: Person, clock: SimpleNamespace
) -> None:
    """G3: five a minute for one member; the wait is said, and ends by itself."""
    for _ in range(5):
        assert guess(visitor, person).status_code == 422

    slowed = guess(visitor, person)
    assert slowed.status_code == 429
    assert 1 <= int(slowed.headers["Retry-After"]) <= 15
    assert "a passkey need not wait" in slowed.text

    clock.seconds += 61
    assert log_in(visitor, person).status_code == 303


def test_waits_grow_for_the_network_that_guesses_and_for_no_other(
    app: Flask, person: Person, clock: SimpleNamespace
) -> None:
    """G3: exponential delay, never a lock that an attacker holds shut."""
    attacker, waits = a_visitor(app, "198.51.100.9"), []
    for _ in range(25):
        answer = guess(attacker, person)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock.seconds += waits[-1] + 1
    assert waits == sorted(waits)
    assert waits[-1] >= 8 * waits[0]

    clock.seconds += 61
    assert log_in(a_visitor(app, "203.0.113.80"), person).status_code == 303


def test_one_password_on_many_people_is_slowed_by_its_network(visitor: Visitor, person: Person) -> None:
    """G3: spraying; twenty a minute from one network."""
    tried = [
        log_in(visitor, person, email=f"m{number}@example.org", code="000000").status_code
        for number in range(21)
    ]

    assert tried == [422] * 20 + [429]


def test_guessing_codes_behind_a_right_password_backs_off(
    app: Flask, person: Person, clock: SimpleNamespace
) -> None:
    """G6: from networks without end, five tries in five minutes; then not even the right code is taken."""
    for number in range(5):
        assert log_in(a_visitor(app, f"198.51.{number}.1"), person, code="000000").status_code == 422
    clock.seconds += 61
    assert log_in(a_visitor(app, "198.51.77.1"), person).status_code == 422

    clock.seconds += 300
    assert log_in(a_visitor(app, "198.51.78.1"), person).status_code == 303


def test_passwords_are_hashed_a_few_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """G19: the fifth waits, and is sent away kindly if its turn does not come."""
    monkeypatch.setattr(accounts, "HASH_WAIT", 0.01)
    with app.app_context():
        turns = [accounts._turn() for _ in range(accounts.HASHES_AT_ONCE)]
        for turn in turns:
            turn.__enter__()
        with pytest.raises(ServiceUnavailable):
            accounts.hashed(PASSWORD)
        for turn in turns:
            turn.__exit__(None, None, None)
        assert accounts.hashed(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_that_is_being_hashed_holds_up_no_writer(
    database: Database, visitor: Visitor, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G19: public pages go on; on SQLite one lock is all there is."""
    wrote: list[int] = []

    def verify(_typed: str, _kept: str) -> bool:
        with database.writing() as other:
            other.execute(update(Member).values(name=Member.name))
            other.commit()
        wrote.append(1)
        return False

    monkeypatch.setattr(accounts, "verify_password", verify)

    log_in(visitor, person)

    assert wrote == [1]
