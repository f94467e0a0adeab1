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
    for known in (f"W/{tag}", f'"other", W/{tag}', "*"):  # weakened by a proxy that packs
        assert client.get("/en/petitions/free-anna", headers={"If-None-Match": known}).status_code == 304
    for other in ('"other"', 'W/"other"', tag.strip('"')[:-1], ""):
        assert client.get("/en/petitions/free-anna", headers={"If-None-Match": other}).status_code == 200


def test_a_query_that_no_view_reads_makes_no_other_page(
    client: FlaskClient, session: Session, petition: Petition
) -> None:
    """D11: `?1`, `?2` … would cost a read each, and show more recent numbers than everybody sees (E6)."""
    client.get("/en/petitions/free-anna/count.json?first")
    petition.confirmed_count = 7_777
    session.commit()

    with Statements() as statements:
        answers = [client.get(f"/en/petitions/free-anna/count.json{query}") for query in ("", "?1", "?2")]

    assert statements == []
    assert [answer.json["confirmed"] for answer in answers if answer.json] == [0, 0, 0]


def test_a_query_that_a_view_reads_is_answered_anew(client: FlaskClient, session: Session, petition: Petition) -> None:
    assert "free-anna" in client.get("/en/petitions/").text
    assert "free-anna" not in client.get("/en/petitions/?q=nobody").text
    assert client.get("/en/verify/").status_code == 200
    assert client.get("/en/verify/?code=abc").headers["Location"] == "/en/verify/ABC"


def test_only_views_that_say_so_read_what_stands_after_the_question_mark(
    app: Flask, client: FlaskClient, petition: Petition
) -> None:
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    arguments = "q=nobody&page=2&code=abc"
    values = {"language": "en", "slug": "free-anna", "code": "none"}
    adapter = app.url_map.bind("petitions.example.org")
    shown = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or not rule.arguments <= set(values):
            continue
        path = adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method="GET")
        plain = client.get(path)
        kept = cache._pages.get(path)
        if kept is None or not kept.any_query:
            continue
        cache.clear()
        shown += 1
        assert client.get(f"{path}?{arguments}").data == plain.data, path
    assert shown >= 8


@pytest.mark.parametrize("path", ["/en/petitions/free-anna", "/en/petitions/", "/en/"])
def test_a_hidden_petition_is_gone_from_every_page_in_half_a_minute(
    client: FlaskClient, session: Session, petition: Petition, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """M14: in ours and in the caches of others, which are told to keep nothing that is stale."""
    clock = [1000.0]
    monkeypatch.setattr("petitions.pagecache.time.monotonic", lambda: clock[0])
    assert client.get(path).headers["Cache-Control"] == "public, max-age=30"
    petition.hide()
    session.commit()

    clock[0] += 29
    assert client.get(path).headers["Age"] == "29"
    clock[0] += 2
    for query in ("", "?x"):
        assert "Verenko" not in client.get(path + query).text


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
            cache.keep(f"/{number}", "petitions.example.org", app.make_response("x"), any_query=True)
    assert len(cache._pages) == PAGES
