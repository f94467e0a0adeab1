"""Sessions that can be ended, and cookies that cannot be planted (cases.md F18, G4, G7, G21, G22)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.login.sessions import COOKIE
from petitions.models import MemberSession
from tests.conftest import MakeDesk
from tests.views.accounts.people import Person, Visitor, a_visitor, cookie_of, log_in


def test_the_cookie_is_new_at_login_and_safe(visitor: Visitor, person: Person, session: Session) -> None:
    """G4: session fixation; and what a stolen database holds of it is a hash."""
    visitor.get("/organise/login")
    before = cookie_of(visitor)

    answer = log_in(visitor, person)

    header = answer.headers["Set-Cookie"]
    assert cookie_of(visitor) not in ("", before)
    assert header.startswith("__Host-organiser=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in header
    assert "Domain" not in header
    row = session.scalars(select(MemberSession)).one()
    assert cookie_of(visitor) not in repr([row.token_hash, row.data])


def test_a_session_that_was_there_before_ends_at_login(app: Flask, visitor: Visitor, person: Person) -> None:
    """G4: also the same member's own."""
    log_in(visitor, person)
    old = cookie_of(visitor)
    visitor.send("/organise/account", "/organise/logout")
    log_in(visitor, person)

    thief = a_visitor(app)
    thief.set_cookie(COOKIE, old, domain="petitions.example.org", secure=True)

    assert cookie_of(visitor) != old
    assert thief.get("/organise/account").status_code == 302


def test_logging_in_once_more_makes_a_new_session_and_ends_the_old(
    app: Flask, visitor: Visitor, person: Person
) -> None:
    """G4."""
    log_in(visitor, person)
    old = cookie_of(visitor)

    visitor.send("/organise/account", "/organise/login", email=person.email, **person.proof)

    thief = a_visitor(app)
    thief.set_cookie(COOKIE, old, domain="petitions.example.org", secure=True)
    assert thief.get("/organise/account").status_code == 302
    assert visitor.get("/organise/account").status_code == 200


def test_a_cookie_that_somebody_planted_is_not_taken_over(visitor: Visitor, person: Person) -> None:
    """G4."""
    visitor.set_cookie(COOKIE, "A" * 43, domain="petitions.example.org", secure=True)

    log_in(visitor, person)

    assert cookie_of(visitor) != "A" * 43


def test_logging_out_ends_the_session_on_the_server(app: Flask, visitor: Visitor, person: Person) -> None:
    log_in(visitor, person)
    kept = cookie_of(visitor)

    visitor.send("/organise/account", "/organise/logout")

    thief = a_visitor(app)
    thief.set_cookie(COOKIE, kept, domain="petitions.example.org", secure=True)
    assert thief.get("/organise/account").status_code == 302


@pytest.mark.parametrize("age", [timedelta(minutes=31), timedelta(hours=12, minutes=1)])
def test_a_session_ends_when_idle_and_when_old(
    visitor: Visitor, person: Person, session: Session, age: timedelta
) -> None:
    log_in(visitor, person)
    row = session.scalars(select(MemberSession)).one()
    if age > timedelta(hours=12):
        row.began_at -= age
    else:
        row.seen_at -= age
    session.commit()

    assert visitor.get("/organise/account").status_code == 302


def test_one_sees_where_one_is_logged_in_and_ends_the_others(
    app: Flask, visitor: Visitor, person: Person
) -> None:
    other = a_visitor(app)
    log_in(visitor, person)
    log_in(other, person)
    assert visitor.get("/organise/account").text.count('data-state="present"') == 1

    visitor.send("/organise/account", "/organise/account/sessions/others/end")

    assert other.get("/organise/account").status_code == 302
    assert visitor.get("/organise/account").status_code == 200


def test_nobody_ends_the_session_of_another_member(
    app: Flask, visitor: Visitor, person: Person, desk: MakeDesk, session: Session
) -> None:
    """G1: a foreign object is 404."""
    log_in(visitor, person)
    foreign = session.scalars(select(MemberSession.public_id)).one()
    session.commit()

    answer = desk().post(f"/organise/account/sessions/{foreign}/end")

    assert answer.status_code == 404
    assert visitor.get("/organise/account").status_code == 200


def test_what_was_typed_is_not_lost_when_the_session_has_ended(desk: MakeDesk, session: Session) -> None:
    someone = desk()
    session.execute(update(MemberSession).values(ended_at=MemberSession.began_at))
    session.commit()
    text = "A long text that took an hour to write,\nand <b>another</b> line."

    answer = someone.post(
        "/organise/account", data={"background": text, "password": "not to be shown at all"}
    )

    assert answer.status_code == 401
    assert "A long text that took an hour to write,\nand &lt;b&gt;another&lt;/b&gt; line." in answer.text
    assert "not to be shown" not in answer.text


def test_public_pages_set_and_read_no_cookie(visitor: Visitor, person: Person) -> None:
    """F18: not even for who is logged in."""
    log_in(visitor, person)

    answer = visitor.get("/en/petitions/")

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_no_token_in_an_address_logs_anybody_in(visitor: Visitor, person: Person) -> None:
    """G22: Flask-Security's request loader is not there."""
    assert visitor.get("/organise/account?auth_token=anything").status_code == 302
    assert visitor.get("/organise/account", headers={"Authentication-Token": "anything"}).status_code == 302


@pytest.mark.parametrize(
    "path", ["/login", "/logout", "/register", "/tf-validate", "/wan-signin", "/reset", "/admin"]
)
def test_the_pages_of_the_engine_are_not_installed(visitor: Visitor, path: str) -> None:
    """G7, G21: there is no second door, and no admin account behind it."""
    assert visitor.get(path).status_code == 404
    assert visitor.get(f"/organise/{path.strip('/')}x").status_code == 404
