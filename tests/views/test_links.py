"""What an authority fetches by a secret link (I11): GET shows, the button downloads and counts; nothing else opens."""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Database, db
from petitions.linkfiles import CHUNK, TAG, LinkFileMissing, LinkFiles
from petitions.models import AuditEntry, Delivery, Document, Link, Member, Volume
from petitions.tokens import new_token, token_hash
from tests import factories
from tests.conftest import MakeDesk, reader

NOW = datetime.now(UTC)
CONTENT = b"%PDF-1.7 " + os.urandom(2_500_000)


@dataclass(frozen=True)
class Sent:
    """A delivery by link with one volume."""

    token: str
    link_id: int
    sha256: str
    delivery: str

    def row(self) -> Link:
        with db.reading() as session:
            return session.get_one(Link, self.link_id)

    def put(self, **values: object) -> None:
        with db.writing() as session:
            link = session.get_one(Link, self.link_id)
            for name, value in values.items():
                setattr(link, name, value)
            session.commit()


@pytest.fixture
def sent(session: Session, settings: Settings) -> Sent:
    delivery = factories.delivery(session, factories.petition(session, slug="free-anna"), by_link=True)
    delivery.state = Delivery.State.ACCEPTED
    volume, token = delivery.volume, new_token()
    volume.sha256, volume.size = hashlib.sha256(CONTENT).hexdigest(), len(CONTENT)
    volume.document.language = "en"
    volume.document.edition.texts = {"en": {"title": "Let Anna go home"}}
    link = Link(delivery=delivery, token_hash=token_hash(token), made_at=NOW, expires_at=NOW + timedelta(days=60))
    session.add(link)
    session.commit()
    LinkFiles(settings.links).store(token, link.public_id, volume.sha256, [CONTENT])
    return Sent(token, link.id, volume.sha256, delivery.public_id)


def test_the_page_says_what_it_is_how_large_until_when_and_its_hash(client: FlaskClient, sent: Sent) -> None:
    answer = client.get(f"/d/{sent.token}", headers={"Accept-Language": "ru"})  # it speaks its letter's language
    assert answer.status_code == 200
    for words in ("Let Anna go home", sent.sha256, "1 page", "2.5 MB", "can be fetched here until", ">Download<"):
        assert words in answer.text, words
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert headers["Referrer-Policy"] == "same-origin"  # the address of the page goes to no other site
    assert "Set-Cookie" not in headers


def test_the_button_gives_the_file_as_it_was_sealed(client: FlaskClient, sent: Sent) -> None:
    answer = client.post(f"/d/{sent.token}/volumes/1")
    assert answer.status_code == 200
    assert answer.data == CONTENT
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=PET-")
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Cache-Control"] == "no-store"


def test_two_downloads_are_counted_as_two(client: FlaskClient, sent: Sent) -> None:
    client.post(f"/d/{sent.token}/volumes/1").close()
    first = sent.row().last_downloaded_at
    client.post(f"/d/{sent.token}/volumes/1").close()
    link = sent.row()
    assert (link.downloads, link.first_downloaded_at) == (2, first)
    assert link.last_downloaded_at is not None
    assert first is not None
    assert link.last_downloaded_at >= first


def test_scanners_that_follow_the_link_fetch_and_count_nothing(client: FlaskClient, sent: Sent) -> None:
    for _ in range(3):
        assert client.get(f"/d/{sent.token}").status_code == 200
        head = client.head(f"/d/{sent.token}")
        assert (head.status_code, head.data) == (200, b"")
    for method in ("get", "head"):
        assert getattr(client, method)(f"/d/{sent.token}/volumes/1").status_code == 405
    assert sent.row().downloads == 0


@pytest.mark.parametrize("token", ["A" * 43, "short", "A" * 44, "x" * 5_000, "%F0%9F%98%80"])
def test_a_wrong_token_is_no_page(token: str, client: FlaskClient, sent: Sent) -> None:
    assert client.get(f"/d/{token}").status_code == 404
    assert client.post(f"/d/{token}/volumes/1").status_code == 404
    assert sent.row().downloads == 0


def test_the_hash_of_the_token_is_no_token(client: FlaskClient, sent: Sent) -> None:
    row = sent.row()
    for guess in (row.token_hash.hex(), row.public_id):
        assert client.post(f"/d/{guess}/volumes/1").status_code == 404


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_volume_that_is_none_of_its_own_is_no_page(number: int, client: FlaskClient, sent: Sent) -> None:
    assert client.post(f"/d/{sent.token}/volumes/{number}").status_code == 404
    assert sent.row().downloads == 0


OVER: dict[str, dict[str, object]] = {
    "expired": {"expires_at": NOW - timedelta(seconds=1)},
    "revoked": {"revoked_at": NOW},
    "removed": {"removed_at": NOW},
}


@pytest.mark.parametrize("how", OVER)
def test_a_link_that_is_over_gives_nothing_and_says_whom_to_ask(how: str, client: FlaskClient, sent: Sent) -> None:
    sent.put(**OVER[how])
    shown, refused = client.get(f"/d/{sent.token}"), client.post(f"/d/{sent.token}/volumes/1")
    assert (shown.status_code, refused.status_code) == (410, 410)
    assert "write to" in shown.text
    assert sent.sha256 not in shown.text
    assert b"%PDF" not in refused.data
    assert sent.row().downloads == 0


@pytest.mark.parametrize("state", [Delivery.State.CANCELLED, Delivery.State.SUPERSEDED])
def test_what_was_stopped_before_it_left_cannot_be_fetched(
    state: Delivery.State, client: FlaskClient, session: Session, sent: Sent
) -> None:
    session.get_one(Link, sent.link_id).delivery.state = state
    session.commit()
    assert client.post(f"/d/{sent.token}/volumes/1").status_code == 410


def test_a_file_that_is_not_there_is_our_fault_and_counts_nothing(
    client: FlaskClient, settings: Settings, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    LinkFiles(settings.links).remove(sent.row().public_id)
    answer = client.post(f"/d/{sent.token}/volumes/1")
    assert answer.status_code == 503
    assert sent.row().downloads == 0
    logged = capsys.readouterr().err
    assert sent.row().public_id in logged
    assert sent.token not in logged
    assert "203.0.113" not in logged


def test_no_line_is_written_with_the_token_or_who_fetched(
    client: FlaskClient, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get(f"/d/{sent.token}")
    client.post(f"/d/{sent.token}/volumes/1").close()
    logged = capsys.readouterr().err
    assert "links.download" in logged
    assert sent.token not in logged
    assert "203.0.113" not in logged


def test_another_site_cannot_press_the_button(client: FlaskClient, sent: Sent) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(f"/d/{sent.token}/volumes/1", headers=headers).status_code == 403
    assert sent.row().downloads == 0


def test_a_network_that_fetches_without_end_waits(database: Database, settings: Settings, sent: Sent) -> None:
    few = create_app(settings.model_copy(update={"downloads_per_network": 2}))
    client = reader(few)
    answers = [client.post(f"/d/{sent.token}/volumes/1") for _ in range(3)]
    for answer in answers:
        answer.close()
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert reader(few, "198.51.100.9").get(f"/d/{sent.token}").status_code == 200


def test_guessing_tokens_is_slowed_down(app: Flask, settings: Settings, database: Database) -> None:
    client = reader(app)
    codes = [client.get(f"/d/{new_token()}").status_code for _ in range(settings.wrong_tokens_per_network + 1)]
    assert codes[-1] == 429


def test_one_person_takes_the_link_back_on_the_page_of_the_delivery(
    client: FlaskClient, desk: MakeDesk, session: Session, sent: Sent
) -> None:
    client.post(f"/d/{sent.token}/volumes/1").close()
    branch = session.get_one(Link, sent.link_id).delivery.volume.document.edition.petition.branch
    session.commit()
    editor = desk(Member.Role.EDITOR, branch=branch)
    shown = editor.get(f"/organise/deliveries/{sent.delivery}/").text
    assert "1 file has been downloaded" in shown
    assert "Take the link back" in shown
    assert sent.token not in shown
    assert editor.post(f"/organise/deliveries/{sent.delivery}/link-revocation").status_code == 303
    assert client.post(f"/d/{sent.token}/volumes/1").status_code == 410
    shown = editor.get(f"/organise/deliveries/{sent.delivery}/").text
    assert "Taken back on" in shown
    assert "Take the link back" not in shown
    assert editor.post(f"/organise/deliveries/{sent.delivery}/link-revocation").status_code == 409
    with db.reading() as reading:
        assert reading.query(AuditEntry).filter_by(verb="link.revoke").count() == 1


def test_another_branch_cannot_take_it_back(desk: MakeDesk, session: Session, sent: Sent) -> None:
    other = factories.branch(session, slug="other")
    session.commit()
    stranger = desk(Member.Role.OWNER, branch=other)
    assert stranger.post(f"/organise/deliveries/{sent.delivery}/link-revocation").status_code == 404
    assert sent.row().revoked_at is None


def test_the_sealed_letter_is_found_authentic_by_its_hash(session: Session, sent: Sent) -> None:
    letter = b"%PDF the letter"
    document = session.get_one(Link, sent.link_id).delivery.volume.document
    document.letter, document.letter_sha256 = letter, hashlib.sha256(letter).hexdigest()
    session.commit()
    found = Document.by_letter(session, hashlib.sha256(letter).hexdigest())
    assert found is document
    assert Volume.by_hash(session, hashlib.sha256(letter).hexdigest()) is None


def test_the_letter_sent_to_verify_is_authentic_and_names_its_document(
    client: FlaskClient, session: Session, sent: Sent
) -> None:
    letter = b"%PDF the letter"
    document = session.get_one(Link, sent.link_id).delivery.volume.document
    document.letter_sha256 = hashlib.sha256(letter).hexdigest()
    session.commit()
    head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="letter.pdf"\r\n\r\n'
    body = head.encode() + letter + b"\r\n--edge--\r\n"
    page = client.post("/en/verify/", data=body, content_type="multipart/form-data; boundary=edge").text
    assert ">Authentic</h1>" in page
    assert "cover letter that was sent with a link" in page
    assert sent.sha256 in page


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_file_cut_between_two_pieces_is_not_given_out_as_whole(
    pieces: int, settings: Settings, sent: Sent
) -> None:
    [path] = settings.links.glob("*")
    path.write_bytes(path.read_bytes()[: pieces * (CHUNK + TAG)])
    content = LinkFiles(settings.links)
    with pytest.raises(LinkFileMissing):
        b"".join(content.open(sent.token, sent.row().public_id, sent.sha256))


def test_the_file_of_one_link_is_none_of_another(settings: Settings, sent: Sent) -> None:
    [path] = settings.links.glob("*")
    path.rename(path.with_name(path.name.replace(sent.row().public_id, "b" * 24)))
    with pytest.raises(LinkFileMissing):
        LinkFiles(settings.links).open(sent.token, "b" * 24, sent.sha256)
