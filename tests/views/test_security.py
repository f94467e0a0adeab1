"""What every answer carries and every form must bring, walked over all routes (cases.md E and F)."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from petitions.app import create_app
from petitions.config import Profile, Settings
from petitions.db import Database, DatabaseBusy
from petitions.models import Petition, Signature
from petitions.security import trusted_hosts
from tests import factories
from tests.conftest import reader
from tests.factories import Signed
from tests.views import steps

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.fixture
def signed(session: Session, petition: Petition) -> Signed:
    made = factories.signature(session, petition)
    session.commit()
    return made


def routes(app: Flask, method: str, signed: Signed) -> Iterator[str]:
    """A working address of every route that takes this method."""
    values = {
        "language": "en", "slug": "free-anna", "token": signed.token, "mail": "1", "number": 0, "code": "none",
        "name": "none",
    }
    with app.test_request_context(base_url="https://petitions.example.org"):
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or set()) and not rule.rule.startswith("/organise"):  # test_policy.py
                adapter = app.url_map.bind("petitions.example.org")
                yield adapter.build(rule.endpoint, {name: values[name] for name in rule.arguments}, method=method)


def assert_protected(headers: object) -> None:
    found = dict(headers)  # type: ignore[call-overload]
    assert found["Content-Security-Policy"] == CONTENT_POLICY
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Referrer-Policy"] == "same-origin"
    assert found["Cross-Origin-Opener-Policy"] == "same-origin"
    assert found["Cross-Origin-Resource-Policy"] == "same-origin"
    assert found["Strict-Transport-Security"].startswith("max-age=")
    assert "Permissions-Policy" in found
    assert "Server" not in found
    assert "Set-Cookie" not in found
    assert "Access-Control-Allow-Origin" not in found


def test_every_answer_is_protected_and_sets_no_cookie(app: Flask, client: FlaskClient, signed: Signed) -> None:
    """F-15, F-18, F-8."""
    walked = list(routes(app, "GET", signed))
    assert len(walked) > 15
    for path in [*walked, "/en/nothing", "/s/wrong", "/static/css/theme.css", "/static/nothing.css", "/static/../x"]:
        with client.get(path) as answer:  # a static file is open until it is read
            assert_protected(answer.headers)
    for path in routes(app, "POST", signed):
        assert_protected(client.post(path).headers)
        assert_protected(client.put(path).headers)


def test_pages_of_one_person_are_kept_by_no_cache_and_no_search_engine(
    app: Flask, client: FlaskClient, signed: Signed
) -> None:
    """E8, E11."""
    for path in routes(app, "GET", signed):
        if path.startswith("/s/"):
            headers = client.get(path).headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Robots-Tag"] == "noindex, nofollow"
    checked = steps.check(client, "free-anna")
    assert checked.headers["Cache-Control"] == "no-store"


def test_public_pages_may_be_kept_for_half_a_minute(client: FlaskClient, petition: Petition) -> None:
    for path in ("/en/", "/en/petitions/", "/en/petitions/free-anna", "/en/privacy", "/en/inbox"):
        kept = client.get(path).headers["Cache-Control"]
        assert kept == "public, max-age=30"  # and nothing of it stale: M14


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "https://petitions.example.org.evil.example.org"},
        {"Origin": "null"},
        {"Origin": "garbage"},
        {"Origin": "http://["},
        {"Origin": "https://[petitions.example.org"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://petitions.example.org"},
    ],
)
def test_forms_of_other_sites_change_nothing(
    app: Flask, client: FlaskClient, petition: Petition, signed: Signed, headers: dict[str, str]
) -> None:
    """F-4, on every route that takes a form."""
    token = steps.form_token(client, "free-anna")
    data = {**steps.TYPED, "token": token, "disclosure": "count_only"}
    walked = [path for path in routes(app, "POST", signed) if not path.startswith("/u/")]  # but one click (RFC 8058)
    assert len(walked) >= 9
    for path in walked:
        answer = client.post(path, data=data, headers=headers)
        assert answer.status_code == 403
        assert "came from another site" in answer.text
    row = steps.row(petition)
    assert (row.state, row.disclosure.value) == (Signature.State.PENDING, "all")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://petitions.example.org"},
        {"Origin": "https://petitions.example.org", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_forms_are_taken(client: FlaskClient, petition: Petition, headers: dict[str, str]) -> None:
    answer = client.post("/en/petitions/free-anna/signatures/check", data=steps.TYPED, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused(client: FlaskClient, petition: Petition, method: str) -> None:
    """A23."""
    for path in ("/en/petitions/free-anna/signatures", "/en/petitions/free-anna"):
        answer = client.open(path, method=method)
        assert answer.status_code == 405
        assert answer.headers["Allow"]


@pytest.mark.parametrize("kind", ["application/json", "text/xml", "text/plain", "image/png"])
def test_only_forms_are_read(app: Flask, client: FlaskClient, signed: Signed, kind: str) -> None:
    """A23."""
    for path in routes(app, "POST", signed):
        assert client.post(path, data=b"{}", content_type=kind).status_code == 415


@pytest.mark.parametrize("host", ["evil.example.org", "petitions.example.org.evil.org", "localhost", "", "a b"])
def test_only_our_own_names_are_answered_to(client: FlaskClient, petition: Petition, host: str) -> None:
    """F-5; also for pages that are kept."""
    assert client.get("/en/petitions/free-anna").status_code == 200
    answer = client.get("/en/petitions/free-anna", headers={"Host": host})
    assert answer.status_code == 400
    assert "Verenko" not in answer.text
    assert_protected(answer.headers)


def test_a_forwarded_host_is_not_believed(client: FlaskClient, petition: Petition) -> None:
    """F-5."""
    page = client.get("/en/petitions/free-anna", headers={"X-Forwarded-Host": "evil.example.org"}).text
    assert "evil.example.org" not in page


def test_the_demonstration_answers_on_loopback_names(settings: Settings) -> None:
    assert "127.0.0.1" not in trusted_hosts(settings)
    assert "127.0.0.1" in trusted_hosts(settings.model_copy(update={"profile": Profile.DEMONSTRATION}))


@pytest.mark.parametrize(
    "path",
    ["/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/pyproject.toml", "/static/..%2f..%2fwsgi.py", "/static/css%00",
     "/en/petitions/..%2f..%2fetc%2fpasswd", "/static//etc/passwd", "/.env", "/static/"],
)  # fmt: skip
def test_no_address_leads_out_of_the_static_files(client: FlaskClient, path: str) -> None:
    """F-12."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"root:" not in answer.data


@pytest.mark.parametrize("error", [DatabaseBusy("x"), OperationalError("x", None, Exception("x")), PoolExhausted("x")])
def test_a_busy_database_is_said_so_and_asked_again(
    app: Flask, client: FlaskClient, petition: Petition, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """K11, K12, K13."""

    def fail(*_anything: object) -> None:
        raise error

    monkeypatch.setattr("petitions.views.signatures.sign", fail)
    answer = steps.create(client, "free-anna", steps.form_token(client, "free-anna"))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Nothing was stored" in answer.text
    assert_protected(answer.headers)


def test_a_failure_shows_a_number_and_nothing_of_what_happened(
    app: Flask, client: FlaskClient, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16."""

    def fail(*_anything: object) -> None:
        raise RuntimeError("secret detail of ines.karlsen@example.org")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("petitions.views.signatures.sign", fail)
    answer = steps.create(client, "free-anna", steps.form_token(client, "free-anna"))
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "give this number" in answer.text
    assert_protected(answer.headers)


@pytest.mark.parametrize(
    "slug", ["%00", "free-anna%00", "a%0d%0aX:y", "Free-Anna", "a_b", "%ED%A0%80", "free-anna%0a", "x" * 81, "a b"]
)
def test_an_address_that_no_petition_can_have_is_no_page(client: FlaskClient, petition: Petition, slug: str) -> None:
    """F-6: it reaches neither a header nor the database."""
    for path in (f"/petitions/{slug}", f"/en/petitions/{slug}", f"/en/petitions/{slug}/count.json"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "X" not in answer.headers
    for path in (f"/en/petitions/{slug}/signatures", f"/en/petitions/{slug}/signatures/check"):
        assert client.post(path, data=steps.TYPED).status_code == 404


def test_a_wrong_address_is_answered_in_the_language_of_its_path(client: FlaskClient, petition: Petition) -> None:
    for path in ("/ru/nothing", "/ru/petitions/Free-Anna"):
        assert '<html lang="ru"' in client.get(path, headers={"Accept-Language": "en"}).text


def test_errors_keep_the_sites_look_and_say_what_to_do(app: Flask, client: FlaskClient) -> None:
    @app.get("/unreadable")
    def unreadable() -> str:
        raise BadRequest

    for path in ("/en/nothing", "/unreadable"):
        page = client.get(path).text
        assert 'class="site-header"' in page
        assert "/en/petitions/" in page


def test_static_files_may_be_kept_for_ever_because_their_address_has_their_hash(client: FlaskClient) -> None:
    page = client.get("/en/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    with client.get(address) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_pages_ask_no_third_party_for_anything(app: Flask, client: FlaskClient, signed: Signed) -> None:
    """E9."""
    for path in routes(app, "GET", signed):
        page = client.get(path).text
        for part in page.split("<")[1:]:
            if part.startswith(("link ", "script", "img ", "iframe", "source", "video", "form ")):
                for attribute in ('href="', 'src="', 'action="'):
                    if attribute in part and 'rel="canonical"' not in part and 'rel="alternate"' not in part:
                        assert part.split(attribute)[1].startswith("/"), part
        assert "style=" not in page
        assert "onclick" not in page


def test_a_shared_computer_is_asked_to_forget(client: FlaskClient, petition: Petition) -> None:
    """E8."""
    assert "shared-computer" in client.get("/en/inbox").text
    assert '"cache"' in client.get("/en/shared-computer").headers["Clear-Site-Data"]


def test_a_session_cookie_is_neither_read_nor_set(app: Flask, signed: Signed) -> None:
    """F-18."""
    client = reader(app)
    answer = client.get(f"/s/{signed.token}", headers={"Cookie": "session=x; other=y"})
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_old_secret_keys_still_open_what_they_signed(
    settings: Settings, database: Database, client: FlaskClient, petition: Petition
) -> None:
    """L9."""
    fields = steps.hidden_fields(steps.check(client, "free-anna").text)
    rotated = create_app(
        settings.model_copy(
            update={"secret_key": type(settings.secret_key)("n" * 40), "secret_key_fallbacks": [settings.secret_key]}
        )
    )
    unrelated = create_app(settings.model_copy(update={"secret_key": type(settings.secret_key)("o" * 40)}))
    assert reader(unrelated).post("/en/petitions/free-anna/signatures", data=fields).status_code == 400
    assert reader(rotated).post("/en/petitions/free-anna/signatures", data=fields).status_code == 303
