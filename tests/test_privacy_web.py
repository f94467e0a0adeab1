"""What the web must never do with what people type (privacy.md): tell, change by a GET, open, or log it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from petitions import crypto
from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Base, Database, db
from petitions.login.sessions import behind_the_door
from petitions.mailboxes import canonical
from petitions.models import Petition, Signature, Suppression
from tests import factories
from tests.conftest import reader
from tests.factories import Signed
from tests.views import steps

NAME, EMAIL, CITY = "Canaria Quillfeather", "canaria.quillfeather@canary-post.org", "Canarytown"
ADDRESS = "198.51.100.77"
CANARIES = (NAME, "Canaria", "quillfeather", "canary-post", CITY, ADDRESS, "198.51.100")


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.fixture
def signed(session: Session, petition: Petition) -> Signed:
    made = factories.signature(session, petition, name=NAME, email=EMAIL, city=CITY, confirmed=True)
    petition.count_new(session)
    session.commit()
    return made


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every statement the database is asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def everything() -> dict[str, list[tuple[Any, ...]]]:
    with db.reading() as looking:
        return {
            table.name: [tuple(row) for row in looking.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def every_get(app: Flask, signed: Signed) -> list[str]:
    """Of signers; the organisers' are walked by tests/views/organise/test_policy.py."""
    values = {
        "language": "en", "slug": "free-anna", "token": signed.token, "mail": "1", "number": 0, "code": "none",
        "name": "none",
    }
    adapter = app.url_map.bind("petitions.example.org")
    return [
        adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method="GET")
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not behind_the_door(rule.rule)
    ]


def test_the_answer_to_signing_is_the_same_for_everybody(
    settings: Settings, database: Database, session: Session, petition: Petition
) -> None:
    """New, again, confirmed before, suppressed, held, over the limit: status, headers and page."""
    factories.signature(session, petition, email="known@example.org", confirmed=True)
    key = crypto.lasting_key(factories.INDEX_KEY.encode(), "suppression")
    session.add(Suppression(tag=crypto.tag(key, "mailbox", canonical("never@example.org"))))
    session.commit()
    app = create_app(settings.model_copy(update={"signs_per_network": 1, "signs_before_hold": 2}))

    def answer(email: str, address: str = "192.0.2.1", **fields: str) -> tuple[Any, ...]:
        client = reader(app, address)
        page = steps.check(client, "free-anna", email=email, **fields).text
        with watched() as seen:
            signing = client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(page))
        shown = client.get(signing.headers["Location"])
        headers = sorted(item for item in signing.headers if item[0] != "Date")
        return signing.status_code, headers, signing.data, shown.data, [statement.split("(")[0] for statement in seen]

    answer("first@example.org")  # makes the data keys; once in a quarter of an hour that is one statement more
    answers = [
        answer("new@example.org", "198.51.100.1"),
        answer("new@example.org", "198.51.100.1"),
        answer("known@example.org", "198.51.101.1"),
        answer("never@example.org", "198.51.102.1"),
        answer("robot@example.org", "198.51.103.1", subject="filled"),
        answer("slow@example.org"),
        answer("held@example.org"),
    ]

    assert all(other == answers[0] for other in answers[1:])
    assert answers[0][0] == 303
    states = [row.state.value for row in steps.rows(petition)]
    assert states == ["confirmed", "pending", "pending", "pending", "pending", "held", "pending", "held"]


def test_no_get_changes_a_row(app: Flask, client: FlaskClient, signed: Signed) -> None:
    """Promise 7: mail scanners follow links."""
    before = everything()
    walked = every_get(app, signed)
    assert len(walked) > 15
    for path in walked:
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(path, method=method)
    assert everything() == before


def test_a_reading_request_could_not_write_if_it_tried(app: Flask, client: FlaskClient, signed: Signed) -> None:
    @app.get("/tries-to-write")
    def tries() -> str:
        db.session.add(Suppression(tag=b"x"))
        db.session.commit()
        return "written"

    assert client.get("/tries-to-write").status_code == 503


def test_the_web_never_asks_for_the_boxes_it_may_not_open(
    app: Flask, client: FlaskClient, petition: Petition, signed: Signed
) -> None:
    with watched() as seen:
        for path in every_get(app, signed):
            client.get(path)
        steps.sign(client, "free-anna")
        for act in ("confirmation", "disclosure", "no-more-mail", "not-me", "withdrawal", "erasure"):
            client.post(f"/s/{signed.token}/{act}", data={"disclosure": "count_only"})

    assert len(seen) > 20
    reads = [statement for statement in seen if statement.lstrip().upper().startswith("SELECT")]
    assert reads
    for statement in reads:
        assert "name_box" not in statement
        assert "mail_box" not in statement
        assert "sealed_key" not in statement
    for statement in seen:
        if "RETURNING" in statement:
            assert "_box" not in statement.split("RETURNING")[1]


def test_a_box_cannot_be_loaded_by_mistake(session: Session, signed: Signed) -> None:
    row = session.get_one(Signature, signed.id)
    for box in ("name_box", "mail_box"):
        with pytest.raises(InvalidRequestError, match="raiseload"):
            getattr(row, box)


def test_no_row_of_any_table_holds_what_was_typed(
    client: FlaskClient, petition: Petition, signed: Signed
) -> None:
    """M1: names, addresses and network in no column; the token only as its hash."""
    steps.sign(client, "free-anna", name=NAME, email=EMAIL, city=CITY)
    signing = reader(client.application, ADDRESS)
    steps.sign(signing, "free-anna", name=NAME + " Two", email=EMAIL, city=CITY)

    dump = repr(everything()).casefold()
    for canary in (*CANARIES, signed.token):
        assert canary.casefold() not in dump


def test_no_log_line_holds_what_was_typed_or_where_it_came_from(
    capsys: pytest.CaptureFixture[str],  # before the app, which opens its log when it is made
    app: Flask,
    petition: Petition,
    signed: Signed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """L4, B7: also not when something fails."""
    client = reader(app, ADDRESS)
    client.environ_base["HTTP_USER_AGENT"] = "CanaryBrowser/1"
    fields: dict[str, Any] = {"name": NAME, "email": EMAIL, "city": CITY}
    steps.check(client, "free-anna", **{**fields, "consent": None})
    steps.sign(client, "free-anna", **fields)
    client.get(f"/s/{signed.token}")
    client.get("/s/wrong-token-canary")
    client.get("/en/petitions/?q=Canaria")
    client.post(f"/s/{signed.token}/disclosure", data={"disclosure": "all"}, headers={"Origin": "https://evil.org"})

    def fail(*anything: object) -> None:
        raise RuntimeError(f"DETAIL: Key (email)=({EMAIL}) {anything}")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("petitions.views.signatures.sign", fail)
    page = steps.check(client, "free-anna", **fields).text
    assert client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(page)).status_code == 500

    written = "".join(capsys.readouterr())
    assert '"route": "signatures.create"' in written
    assert '"error": "RuntimeError"' in written
    assert '"through": "' in written
    for canary in (*CANARIES, signed.token, "wrong-token-canary", "CanaryBrowser", "evil.org", "DETAIL"):
        assert canary.casefold() not in written.casefold()


def test_error_messages_of_the_database_hide_what_was_typed(
    session: Session, petition: Petition, signed: Signed
) -> None:
    row = session.get_one(Signature, signed.id)
    row.held_reason = NAME
    row.country = EMAIL
    row.petition_id = 999_999
    with pytest.raises(Exception, match="FOREIGN KEY") as caught:
        session.flush()
    assert NAME not in str(caught.value)
    assert EMAIL not in str(caught.value)
    session.rollback()


def test_the_check_page_is_the_only_page_that_holds_what_was_typed(client: FlaskClient, petition: Petition) -> None:
    """E8: what follows it names nobody, in its address or its text."""
    answer = steps.sign(client, "free-anna", name=NAME, email=EMAIL, city=CITY)
    shown = client.get(answer.headers["Location"]).text
    for canary in CANARIES:
        assert canary not in answer.headers["Location"]
        assert canary not in shown
        assert canary not in answer.text
