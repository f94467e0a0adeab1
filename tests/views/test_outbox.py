"""The demonstration's outbox: nowhere else, and for nobody but the person at this computer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from petitions.app import create_app
from petitions.config import Profile, Settings
from petitions.db import Database
from tests.conftest import reader

MAIL = "\r\n".join(
    [
        "X-Rcpt-To: ines@example.org",
        "From: Petition service <petitions@example.org>",
        "To: ines@example.org",
        "Subject: =?utf-8?q?Please_confirm_=3Cb=3E?=",
        "Date: Sun, 22 Nov 2026 10:00:00 +0000",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="x"',
        "",
        "--x",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Open https://petitions.example.org/s/abc <script>",
        "--x",
        "Content-Type: application/pdf",
        'Content-Disposition: attachment; filename="edition 1.pdf"',
        "",
        "%PDF-",
        "--x--",
        "",
    ]
)
ID = "1790000000000000000-0123abcd"


@pytest.fixture
def demonstration(settings: Settings, database: Database) -> Flask:
    shown = settings.model_copy(update={"profile": Profile.DEMONSTRATION})
    shown.outbox.mkdir(parents=True)
    (shown.outbox / f"{ID}.eml").write_text(MAIL, newline="")
    return create_app(shown)


def test_a_mail_is_shown_with_its_links_and_attachments(demonstration: Flask) -> None:
    client = reader(demonstration, "127.0.0.1")
    assert "ines@example.org" in client.get("/dev/outbox").text

    page = client.get(f"/dev/outbox/{ID}").text
    assert "Please confirm &lt;b&gt;" in page
    assert '<a href="https://petitions.example.org/s/abc"' in page
    assert "<script>" not in page
    attached = client.get(f"/dev/outbox/{ID}/0")
    assert attached.data.startswith(b"%PDF-")
    assert "attachment" in attached.headers["Content-Disposition"]


@pytest.mark.parametrize("path", ["", f"/{ID}", f"/{ID}/0"])
def test_the_outbox_is_for_loopback_and_for_the_demonstration_only(
    demonstration: Flask, client: FlaskClient, path: str
) -> None:
    assert reader(demonstration, "203.0.113.7").get(f"/dev/outbox{path}").status_code == 404
    assert reader(demonstration, "::1").get(f"/dev/outbox{path}").status_code == 200
    assert client.get(f"/dev/outbox{path}", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("mail", ["..%2f..%2fetc%2fpasswd", "nothing", f"{ID}x", "%2e%2e"])
def test_there_is_no_way_out_of_the_outbox(demonstration: Flask, mail: str) -> None:
    """F-12."""
    assert reader(demonstration, "127.0.0.1").get(f"/dev/outbox/{mail}").status_code == 404


def test_an_attachment_that_is_not_there_is_no_page(demonstration: Flask) -> None:
    assert reader(demonstration, "127.0.0.1").get(f"/dev/outbox/{ID}/7").status_code == 404
