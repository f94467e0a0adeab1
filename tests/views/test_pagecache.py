"""Pages that are kept: fast, the same for all, never an error, never someone's own."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from petitions.db import db
from petitions.models import Petition
from petitions.pagecache import PAGES, PageCache
from tests import factories


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


class Statements(list[str]):
    """Every statement the database saw."""

    def __enter__(self) -> "Statements":
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self.append(statement)


def test_a_second_reader_costs_no_database_read(client: FlaskClient, petition: Petition) -> None:
    """D11."""
    first = client.get("/en/petitions/free-anna")
    with Statements() as statements:
        second = client.get("/en/petitions/free-anna")

    assert statements == []
    assert second.data == first.data
    assert second.headers["Age"] == "0"
    for name in ("Content-Security-Policy", "Cache-Control", "ETag", "Content-Type"):
        assert second.headers[name] == first.headers[name]


def test_a_page_is_fresh_after_the_count_interval(
    app: Flask, client: FlaskClient, session: Session, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("petitions.pagecache.time.monotonic", lambda: clock[0])
    client.get("/en/petitions/free-anna")
    petition.confirmed_count = 7_777
    session.commit()

    clock[0] += 29
    assert "7,777" not in client.get("/en/petitions/free-anna").text
    clock[0] += 2
    assert "7,777" in client.get("/en/petitions/free-anna").text


def test_a_browser_that_has_the_page_gets_no_second_copy(client: FlaskClient, petition: Petition) -> None:
    tag = client.get("/en/petitions/free-anna").headers["ETag"]
    again = client.get("/en/petitions/free-anna", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/en/petitions/free-anna", headers={"If-None-Match": '"other"'}).status_code == 200


def test_errors_searches_and_own_pages_are_not_kept(
    app: Flask, client: FlaskClient, session: Session, petition: Petition
) -> None:
    signed = factories.signature(session, petition)
    session.commit()
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    paths = ("/en/nothing", "/en/petitions/x", "/en/petitions/?q=a", f"/s/{signed.token}", "/", "/health", "/s/x")
    for path in paths:
        client.get(path)
    client.head("/en/about")
    client.post("/en/petitions/free-anna/signatures/check", data={})
    assert cache._pages == {}


def test_a_page_kept_for_one_language_is_not_shown_in_another(client: FlaskClient, petition: Petition) -> None:
    assert 'lang="en"' in client.get("/en/petitions/free-anna", headers={"Accept-Language": "ru"}).text
    assert '<html lang="ru"' in client.get("/ru/petitions/free-anna", headers={"Accept-Language": "en"}).text


def test_the_cache_has_a_bound(app: Flask, client: FlaskClient) -> None:
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    with app.test_request_context():
        for number in range(PAGES + 10):
            cache.keep(f"/{number}", "petitions.example.org", app.make_response("x"))
    assert len(cache._pages) == PAGES
