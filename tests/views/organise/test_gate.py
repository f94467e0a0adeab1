"""The gate in front of the organisers' screens, with pages of its own."""

from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.auth import current_member, guard, open_to_all
from petitions.db import db
from petitions.login.sessions import COOKIE
from petitions.models import Branch, Member, MemberSession
from petitions.policy import Act
from tests.conftest import MakeDesk, reader

Role = Member.Role


@pytest.fixture
def app(app: Flask) -> Flask:
    @app.get("/organise/test/look")
    @guard(Act.LOOK)
    def look() -> str:
        return f"hello {current_member().public_id}"

    @app.route("/organise/test/draft", methods=["GET", "POST"])
    @guard(Act.DRAFT)
    def draft() -> str:
        return render_template_string("{{ csrf_field() }}drafted")

    @app.route("/organise/test/approve", methods=["GET", "POST"])
    @guard(Act.APPROVE_EDITION)
    def approve() -> str:
        return "approved"

    @app.get("/organise/test/forgotten")
    def forgotten() -> str:
        return "anybody may read this"

    @app.get("/organise/test/open")
    @open_to_all
    def opened() -> str:
        return render_template_string("{{ csrf_field() }}")

    return app


def test_a_member_is_let_in(desk: MakeDesk) -> None:
    somebody = desk(Role.AUDITOR)

    answer = somebody.get("/organise/test/look")

    assert answer.status_code == 200
    assert somebody.member.public_id in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stranger_is_sent_to_the_login(app: Flask) -> None:
    answer = reader(app).get("/organise/test/look?page=2")

    assert answer.status_code == 302
    assert "/organise/login?next=%2Forganise%2Ftest%2Flook%3Fpage%3D2" in answer.location


def test_what_a_role_lacks_is_refused(desk: MakeDesk) -> None:
    assert desk(Role.MODERATOR).get("/organise/test/draft").status_code == 403
    assert desk(Role.EDITOR).get("/organise/test/draft").status_code == 200


def test_a_view_that_names_no_act_is_closed(desk: MakeDesk) -> None:
    answer = desk(Role.OWNER).get("/organise/test/forgotten")

    assert answer.status_code == 403
    assert "anybody" not in answer.text


def test_a_form_without_the_token_changes_nothing(desk: MakeDesk) -> None:
    """F-4."""
    typed = {"csrf_token": "", "background": "a long text of mine"}
    answer = desk(Role.EDITOR).post("/organise/test/draft", data=typed)

    assert answer.status_code == 400
    assert "a long text of mine" in answer.text  # nothing typed is lost


def test_a_form_sent_after_the_session_ended_keeps_what_was_typed(desk: MakeDesk, session: Session) -> None:
    editor = desk(Role.EDITOR)
    MemberSession.end_all(session, member_id=editor.member.id)
    session.commit()

    answer = editor.post("/organise/test/draft", data={"background": "a long text of mine"})

    assert answer.status_code == 401
    assert "a long text of mine" in answer.text


def test_a_grave_act_asks_for_the_credential_again(desk: MakeDesk) -> None:
    assert desk(Role.OWNER, fresh=True).get("/organise/test/approve").status_code == 200
    stale = desk(Role.OWNER, fresh=False)

    for answer in (stale.get("/organise/test/approve"), stale.post("/organise/test/approve")):
        assert answer.status_code in {302, 303}
        assert "/organise/verify" in answer.location


def test_a_frozen_branch_can_only_look(desk: MakeDesk, session: Session) -> None:
    """G16."""
    editor = desk(Role.EDITOR)
    session.execute(update(Branch).where(Branch.id == editor.member.branch_id).values(frozen_at=datetime.now(UTC)))
    session.commit()

    assert editor.get("/organise/test/look").status_code == 200
    assert editor.post("/organise/test/draft", data={"background": "a long text of mine"}).status_code == 423


def test_a_member_who_left_is_out_at_once(desk: MakeDesk, session: Session) -> None:
    somebody = desk(Role.OWNER)
    session.execute(update(Member).where(Member.id == somebody.member.id).values(left_at=datetime.now(UTC)))
    session.commit()

    assert somebody.get("/organise/test/look").status_code == 302


def test_a_session_left_alone_ends(desk: MakeDesk, session: Session) -> None:
    somebody = desk(Role.OWNER)
    session.execute(update(MemberSession).values(seen_at=datetime(2026, 1, 1, tzinfo=UTC)))
    session.commit()

    assert somebody.get("/organise/test/look").status_code == 302


def test_the_database_does_not_hold_the_cookie(desk: MakeDesk, app: Flask) -> None:
    somebody = desk(Role.OWNER)
    cookie = somebody.get_cookie(COOKIE, domain=app.config["SETTINGS"].host)
    assert cookie is not None

    with db.reading() as session:
        row = session.scalars(select(MemberSession)).one()

    assert cookie.value.encode() not in row.token_hash
    assert cookie.value not in str(row.data)


def test_public_pages_neither_read_nor_set_a_cookie(desk: MakeDesk, app: Flask) -> None:
    """F-18."""
    answer = desk(Role.OWNER).get("/en/petitions")

    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_the_cookie_is_bound_to_the_host_and_hidden_from_scripts(app: Flask) -> None:
    """F-18."""
    cookie = reader(app).get("/organise/test/open").headers["Set-Cookie"]

    assert cookie.startswith("__Host-organiser=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in cookie
    assert "Domain" not in cookie
