"""A supporter whose name, address and network are looked for everywhere afterwards: logs, broker, database, disk.

privacy.md, "Logs": "a canary test greps every log, the broker, a text dump of the database and temporary files".
"""

import base64
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pypdfium2  # type: ignore[import-untyped]
import pytest
import redis
from psycopg import sql
from sqlalchemy import select

from mailer.actors.editions import advance_editions
from mailer.archive import Archive
from petitions import supervisor
from petitions.db import db
from petitions.models import Addressee, Delivery, Disclosure, Document, Edition, Letter, Petition, Signature
from tests import factories
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine, eventually, states
from tests.faults.supporters import RemoteSite, link_in
from tests.smtp import Answer, Received, SmtpServer

NAME, CITY = "Quenella Zyxwvutova", "Canarytownstead"
EMAIL, OTHER = "quenella.zyx@canary-post.example.org", "quenella.wrong@canary-post.example.org"
ADDRESS = "198.51.100.77"
CANARIES = ("Quenella", "Zyxwvutova", CITY, "quenella.zyx", "quenella.wrong", "canary-post", ADDRESS, "198.51.100")


class Hunt:
    """Looks for the canaries in bytes, in whatever dress they may have been written down."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._dresses = [(canary, dress) for canary in CANARIES for dress in _dresses(canary)]

    def through(self, where: str, content: bytes) -> None:
        lower = content.lower()
        self.found += [(where, canary) for canary, dress in self._dresses if dress.lower() in lower]

    def through_folder(self, folder: Path, but: Path | None = None) -> None:
        for path in folder.rglob("*"):
            if path.is_file() and not (but and path.is_relative_to(but)):
                self.through(str(path.relative_to(folder)), path.read_bytes())


def _dresses(canary: str) -> Iterator[bytes]:
    plain = canary.encode()
    yield plain
    yield plain.hex().encode()
    yield canary.encode("utf-16-le")
    yield quote(canary, safe="").encode()
    for shift in range(3):  # what base64 makes of it, wherever in a text it stands
        yield base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where every process of this test puts its temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.mark.parametrize("dress", list(_dresses(NAME)))
def test_the_hunt_finds_a_canary_in_any_dress(dress: bytes) -> None:
    hunt = Hunt()
    hunt.through("here", b"before " + dress + b" after")
    assert hunt.found


def test_a_supporter_is_in_the_mails_and_nowhere_else(
    new_machine: MakeMachine,
    database_url: str,
    server: SmtpServer,
    temporary: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    with supervisor.embedded_broker(tmp_path / "broker") as broker_url:
        machine = new_machine(server, database_url, broker_url, worker_threads=2)
        machine.nursery = None
        with db.writing() as session:
            petition = machine.petition(session)
            machine.standing_order(session, petition, 1)
            session.commit()
            slug = petition.slug
        with machine.web() as port, machine.worker() as worker:
            _a_supporters_life(RemoteSite(port), slug, server)
            broker = _dump_of(broker_url)
            assert worker.end() < 30
        hunt = Hunt()
        hunt.through("broker", broker)
        hunt.through_folder(tmp_path, but=machine.settings.keys)
        if database_url:
            hunt.through("dump", _text_of(database_url))
            hunt.through_folder(Path(request.getfixturevalue("postgres_server").pgdata))
    assert hunt.found == []
    _is_where_she_chose(server)
    (temporary / "planted").write_text(f"someone called {NAME}")
    hunt.through_folder(tmp_path)
    assert {where for where, _ in hunt.found} == {"temporary/planted"}  # so it would have been found


def _a_supporters_life(site: RemoteSite, slug: str, server: SmtpServer) -> None:
    """Signs, mistypes, doubles, confirms, is delivered, changes her mind; meets every kind of refusal."""
    browser = site.browser(ADDRESS)
    form = site.fill_in(slug, address=ADDRESS, name=NAME, email=EMAIL, city=CITY, shows_city="y")
    for broken in ({"name": f"http://{NAME}"}, {"email": f"{EMAIL} {EMAIL}"}, {"token": "wrong"}, {"country": "ZZ"}):
        assert browser.post(f"/en/petitions/{slug}/signatures", {**form, **broken}).status_code in {400, 422}
    for _ in range(3):
        assert site.send(slug, form, address=ADDRESS).status_code == 303
    server.recipients = {OTHER.partition("@")[0]: {"rcpt": Answer(f"550 5.1.1 <{OTHER}> is unknown here")}}
    site.sign(slug, address=ADDRESS, name=NAME, email=OTHER, city=CITY)
    site.sign(slug, address=ADDRESS, name=NAME, email=EMAIL, city=CITY, subject="a robot fills this in")
    eventually(lambda: sorted(states(Letter)) == ["failed", "sent"], "the letters were not settled")
    link = link_in(server.messages[0])
    assert browser.get(f"{link}x").status_code == 404
    assert browser.get(f"/en/petitions/{slug}?name={quote(NAME)}").status_code == 200
    assert browser.get(f"/{quote(NAME)}/{EMAIL}").status_code == 404
    assert browser.post(f"{link}/confirmation", {}).status_code == 303
    eventually(lambda: states(Delivery) == ["accepted"] * 3, "the edition was not delivered")
    assert NAME in browser.get(link).text
    assert EMAIL in browser.get(f"{link}/data.json").text
    assert browser.post(f"{link}/disclosure", {"disclosure": "international"}).status_code == 303
    assert browser.post(f"{link}/no-more-mail", {}).status_code == 200
    assert browser.post(f"{link}/withdrawal", {}).status_code == 303


def _is_where_she_chose(server: SmtpServer) -> None:
    """Her letter, and the documents of those she chose; her address in the letter alone."""
    letter, *documents = server.messages
    assert letter.recipient == EMAIL
    assert len(documents) == 3
    for mail in documents:
        assert NAME in _text(_pdf(mail))
        assert CITY in _text(_pdf(mail))
        assert EMAIL not in _text(_pdf(mail))
        assert not [canary for canary in CANARIES if canary.encode() in mail.data]  # not in headers nor in the text


def _dump_of(broker_url: str) -> bytes:
    """Every value in the broker, as text."""
    with redis.Redis.from_url(broker_url) as client:
        values = [(key, client.type(key), client.dump(key)) for key in client.scan_iter()]
    return repr(values).encode()


def _text_of(database_url: str) -> bytes:
    """Every column of every table, as text."""
    tables = b"SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with psycopg.connect(database_url) as connection:
        names = [name for (name,) in connection.execute(tables)]
        assert "signatures" in names
        rows = [
            row
            for name in names
            for (row,) in connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name)))
        ]
    return "\n".join(rows).encode()


# -- what a document holds ------------------------------------------------------------------------------------


def test_a_document_holds_only_what_its_addressee_may_see(new_machine: MakeMachine, server: SmtpServer) -> None:
    """Promise 3, for every answer to the one question and the two boxes."""
    machine = new_machine(server)
    people = [
        factories.typed(
            name=f"Person{disclosure.replace('_', '')}{'shows' if shows else 'hides'}",
            city=f"City{disclosure.replace('_', '')}{'shows' if shows else 'hides'}",
            email=f"{disclosure}.{shows}@canary-post.example.org",
            disclosure=disclosure,
            shows_city=shows,
            wants_listing=shows,
        )
        for disclosure in Disclosure
        for shows in (True, False)
    ]
    with db.writing() as session:
        petition = machine.petition(session)
        factories.signatures(session, petition, people, confirmed=True)
        factories.signature(session, petition, name="Pending Person")
        factories.signature(session, petition, name="Held Person", held_reason="network")
        struck = factories.signature(session, petition, name="Struck Person", confirmed=True)
        session.get_one(Signature, struck.id).invalidate(session, "robot")
        session.commit()
    texts = _documents(machine)
    assert len(texts) == 3
    for circle, text in texts:
        for person in people:
            named = person.disclosure is Disclosure.ALL or (
                person.disclosure is Disclosure.INTERNATIONAL and circle is Addressee.Circle.INTERNATIONAL
            )
            assert (person.name in text) == named, (circle, person.name)
            assert (person.city in text) == (named and person.shows_city), (circle, person.city)
        for nobody in ("Pending Person", "Held Person", "Struck Person", "canary-post", "@canary"):
            assert nobody not in text


def _documents(machine: Machine) -> list[tuple[Addressee.Circle, str]]:
    """Compiles an edition; circle and text of each document."""
    with db.writing() as session:
        petition = session.scalars(select(Petition)).one()
        edition = Edition.freeze(session, petition, asked_by=factories.member(session, petition.branch), gap_days=0)
        edition.state = Edition.State.CHECKED
        edition.approve(session, factories.member(session, petition.branch), lapse_hours=72)
        session.commit()
    with machine.runtime() as runtime:
        advance_editions(runtime)
    archive = Archive(machine.settings.archive, factories.PUBLIC_KEY)
    with db.reading() as session:
        return [
            (document.addressee.circle, _text(archive.read(document.volumes[0].sha256, factories.PRIVATE_KEY)))
            for document in session.scalars(select(Document))
        ]


def _pdf(mail: Received) -> bytes:
    message: Any = message_from_bytes(mail.data, policy=policy.default)
    return b"".join(part.get_content() for part in message.iter_attachments())


def _text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
