"""A forgotten password (cases.md E2, G7, G8, G17, G18)."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from petitions.models import Letter, Member, PasswordReset
from tests.views.accounts.people import NEW_PASSWORD, PASSWORD, Person, Visitor, a_visitor, log_in


def ask_for_reset(visitor: Visitor, email: str) -> TestResponse:
    return visitor.send("/organise/login/lost", email=email)


def reset_token(session: Session, person: Person) -> str:
    """As the letter brings it; of the one that was asked for only the hash is known."""
    token = PasswordReset.make(session, session.get_one(Member, person.id))
    session.commit()
    return token


def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_rows(
    app: Flask, person: Person, session: Session
) -> None:
    """E2."""
    known = ask_for_reset(a_visitor(app), person.email)
    unknown = ask_for_reset(a_visitor(app, "198.51.100.4"), "nobody@example.org")

    assert (
        (known.status_code, known.location)
        == (unknown.status_code, unknown.location)
        == (303, "/organise/login/lost/asked")
    )
    assert len(session.scalars(select(PasswordReset)).all()) == 2
    letter = session.scalars(select(Letter)).one()
    assert (letter.kind, letter.member_id) == (Letter.Kind.MEMBER_RESET, person.id)


def test_the_link_sets_a_password_and_neither_logs_in_nor_touches_the_codes(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    """G7: who was logged in is no longer, either."""
    elsewhere = a_visitor(app, "198.51.100.8")
    log_in(elsewhere, person)
    token = reset_token(session, person)

    answer = visitor.send(f"/organise/reset/{token}", password=NEW_PASSWORD)

    assert answer.location == "/organise/login"
    assert visitor.get("/organise/account").status_code == 302
    assert elsewhere.get("/organise/account").status_code == 302
    assert log_in(visitor, person, password=NEW_PASSWORD, code="000000").status_code == 422
    assert log_in(visitor, person, password=PASSWORD).status_code == 422
    assert log_in(visitor, person, password=NEW_PASSWORD).status_code == 303


def test_the_link_dies_at_use_by_a_newer_one_at_login_and_after_an_hour(
    app: Flask, visitor: Visitor, person: Person, session: Session
) -> None:
    """G8."""
    used = reset_token(session, person)
    visitor.send(f"/organise/reset/{used}", password=PASSWORD)
    older = reset_token(session, person)
    newer = reset_token(session, person)
    assert [visitor.get(f"/organise/reset/{token}").status_code for token in (used, older, newer)] == [
        404,
        404,
        200,
    ]

    log_in(a_visitor(app), person)
    assert visitor.get(f"/organise/reset/{newer}").status_code == 404

    late = reset_token(session, person)
    session.execute(update(PasswordReset).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    session.commit()
    assert visitor.get(f"/organise/reset/{late}").status_code == 404


@pytest.mark.parametrize(
    "weak", ["petition2026", "Open Door 2026!", "password1234", "short", "x" * 129, "MEMBER member 12345"]
)
def test_passwords_that_are_tried_first_are_refused(
    visitor: Visitor, person: Person, session: Session, weak: str
) -> None:
    """G17, G18."""
    token = reset_token(session, person)

    answer = visitor.send(f"/organise/reset/{token}", password=weak)

    assert answer.status_code == 422
    assert weak not in answer.text
    assert 'aria-invalid="true"' in answer.text
