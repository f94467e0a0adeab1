"""Anybody checks a document: by its code, or by the file, which tells exactly what is wrong with it and is not kept."""

import hashlib
import io
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from mailer.pdf.seal import seal
from petitions import app as app_module
from petitions import verify_apart
from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Database
from petitions.models import Delivery, Document, FormerSeal, Petition, Volume
from petitions.verify import inspect_known
from petitions.views import documents
from tests import factories
from tests.conftest import reader
from tests.mailer.pdf.seals import PASSPHRASE, Sealer, make_sealer

NOW = datetime.now(UTC)


def plain_pdf(words: str = "The petition") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 720, words)
    canvas.save()
    return out.getvalue()


def sealed_by(sealer: Sealer, words: str = "The petition") -> bytes:
    pdf = io.BytesIO(plain_pdf(words))
    seal(pdf, sealer.pkcs12, PASSPHRASE, reason="Edition 1")
    return pdf.getvalue()


@pytest.fixture(scope="module")
def ours() -> Sealer:
    return make_sealer(NOW - timedelta(days=1), NOW + timedelta(days=30))


@pytest.fixture(scope="module")
def theirs() -> Sealer:
    return make_sealer(NOW - timedelta(days=1), NOW + timedelta(days=30))


@pytest.fixture(scope="module")
def sealed(ours: Sealer) -> bytes:
    return sealed_by(ours)


@pytest.fixture
def volume(session: Session, ours: Sealer, sealed: bytes) -> Volume:
    """What was issued: edition 1 of a petition, in one volume."""
    petition = factories.petition(session, slug="free-anna")
    petition.branch.seal_certificate = ours.certificate
    made = factories.delivery(session, petition).volume
    made.sha256, made.document.names, made.document.count_only = hashlib.sha256(sealed).hexdigest(), 1_100, 134
    made.document.edition.texts = petition_texts()
    session.commit()
    return made


def petition_texts() -> dict[str, object]:
    return {"en": {"title": "Let Anna go home"}, "ru": {"title": "Отпустите Анну домой"}}


def send(client: FlaskClient, content: bytes, language: str = "en", name: str = "letter.pdf") -> TestResponse:
    """As a browser does; the test client itself would leave a temporary file behind."""
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--edge--\r\n"
    return client.post(f"/{language}/verify/", data=body, content_type="multipart/form-data; boundary=edge")


def said(client: FlaskClient, content: bytes) -> str:
    answer = send(client, content)
    assert answer.status_code == 200
    return answer.text


def appended(content: bytes) -> bytes:
    pdf = io.BytesIO(content)
    writer = IncrementalPdfFileWriter(pdf)
    writer.root[pdf_name("/Lang")] = pdf_name("/x")
    writer.update_root()  # type: ignore[no-untyped-call]
    writer.write_in_place()  # type: ignore[no-untyped-call]
    return pdf.getvalue()


def encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(plain_pdf())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return out.getvalue()


# -- what is ours ---------------------------------------------------------------------------------------


def test_a_file_as_it_left_us_is_authentic_and_says_what_it_is(
    client: FlaskClient, volume: Volume, sealed: bytes
) -> None:
    page = said(client, sealed)

    authority = volume.document.addressee.authority
    for words in (
        ">Authentic</h1>", "Let Anna go home", "1,100", "134", authority.name_in("en"), "(Court)", volume.sha256,
        "none: the time in the seal is that of our own clock", "Nothing of the file was kept",
    ):  # fmt: skip
        assert words in page, words
    assert "Not authentic" not in page


def test_it_answers_in_the_language_of_the_reader(client: FlaskClient, volume: Volume, sealed: bytes) -> None:
    assert "Отпустите Анну домой" in send(client, sealed, "ru").text


def test_it_says_which_volume_it_is(client: FlaskClient, session: Session, volume: Volume, sealed: bytes) -> None:
    volume.number = 2
    for number in (1, 3):
        other = Volume(document=volume.document, number=number, file_name="x.pdf", sha256="1" * 64, size=1, pages=1)
        session.add(other)
    session.commit()

    assert "2 of 3" in said(client, sealed)
    code_page = client.get(f"/en/verify/{volume.document.verification_code}").text
    assert [f"SHA-256 of volume {number}" in code_page for number in (1, 2, 3)] == [True] * 3


def test_it_says_when_another_took_its_place_and_that_a_later_edition_exists(
    client: FlaskClient, session: Session, volume: Volume, sealed: bytes
) -> None:
    document = volume.document
    sent = factories.delivery(session, document.edition.petition, state=Delivery.State.ACCEPTED)
    later = sent.volume.document.edition
    document.move_to(Document.State.SUPERSEDED)
    session.flush()
    session.add(Document(
        edition=document.edition, addressee=document.addressee, language="en", verification_code="SUCCESSOR234",
        names=0, count_only=3, roll_digest=b"",
    ))  # fmt: skip
    session.commit()

    assert "Authentic, but replaced" in said(client, sealed)
    assert "exactly as it left us" not in said(client, sealed)
    for page in (said(client, sealed), client.get(f"/en/verify/{document.verification_code}").text):
        assert "compiled again before it left" in page
        assert "/en/verify/SUCCESSOR234" in page
        assert f"edition {later.number}." in page


def test_a_later_edition_is_not_said_to_have_gone_before_it_has(
    client: FlaskClient, session: Session, volume: Volume, sealed: bytes
) -> None:
    factories.delivery(session, volume.document.edition.petition, state=Delivery.State.READY)
    session.commit()

    assert "later edition" not in said(client, sealed)


@pytest.mark.parametrize("end", [Petition.withdraw, Petition.hide])
def test_of_a_petition_that_was_taken_away_it_tells_no_title(
    client: FlaskClient, session: Session, volume: Volume, sealed: bytes, end: Callable[[Petition], None]
) -> None:
    """Perhaps for somebody's protection (cases.md M14); that the document is genuine stays true."""
    document = volume.document
    end(document.edition.petition)
    session.commit()

    for page in (said(client, sealed), client.get(f"/en/verify/{document.verification_code}").text):
        assert "not public any more" in page
        assert volume.sha256 in page
        assert not [word for word in ("Anna", document.addressee.authority.name_in("en")) if word in page]
    assert ">Authentic</h1>" in said(client, sealed)


def test_an_external_time_stamp_is_told(client: FlaskClient, session: Session, volume: Volume, sealed: bytes) -> None:
    volume.stamped_at = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    session.commit()

    assert "May 1, 2026" in said(client, sealed)


def test_what_a_former_seal_sealed_is_still_told_from_a_strangers(
    client: FlaskClient, session: Session, volume: Volume, ours: Sealer, theirs: Sealer
) -> None:
    branch = volume.document.edition.petition.branch
    branch.former_seals.append(FormerSeal(certificate=ours.certificate, replaced_at=NOW))
    branch.seal_certificate = theirs.certificate
    session.commit()

    assert "we have never issued such a document" in said(client, sealed_by(ours, "Another text"))


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own for each file takes a second; that it is one is looked at below."""
    monkeypatch.setattr(documents, "inspect_apart", inspect_known)


# -- what is not ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_one_byte_changed_anywhere_is_not_authentic(
    client: FlaskClient, volume: Volume, sealed: bytes, place: float, in_this_process: None
) -> None:
    at = int(len(sealed) * place)
    changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]

    page = said(client, changed)
    assert "Not authentic" in page
    assert "Let Anna go home" not in page


def test_what_was_added_after_the_seal_is_told_from_the_document_before_it(
    client: FlaskClient, volume: Volume, sealed: bytes
) -> None:
    for longer in (appended(sealed), sealed + b"\n% and more\n"):
        page = said(client, longer)
        assert "Not authentic" in page
        assert "Something was added to this file after it was sealed" in page
        assert "Let Anna go home" in page


def test_each_wrong_file_is_told_exactly_what_is_wrong_with_it(
    client: FlaskClient, volume: Volume, sealed: bytes, theirs: Sealer, ours: Sealer, in_this_process: None
) -> None:
    hole = sealed.rindex(b"/Contents <") + 11
    for content, words in [
        (sealed_by(theirs), "but not one of ours"),
        (sealed_by(ours, "Never sent"), "we have never issued such a document"),
        (sealed.replace(b"/Title", b"/Titel", 1), "altered after it was sealed"),
        (sealed[:hole] + b"F" * 40 + sealed[hole + 40 :], "Not authentic"),
        (plain_pdf(), "carries no seal"),
        (b"Dear all", "This is not a PDF"),
        (b"PK\x03\x04" + bytes(200), "This is not a PDF"),
        (b"", "This is not a PDF"),
        (encrypted(), "locked with a password"),
        (sealed[:-300], "cut short"),
        (sealed[: len(sealed) // 3], "cut short"),
        (b"%PDF-1.7\nrubbish\n%%EOF", "damaged and cannot be read"),
    ]:  # fmt: skip
        page = said(client, content)
        assert "Not authentic" in page, words
        assert words in page, words


def test_no_file_is_asked_for_again(client: FlaskClient) -> None:
    for data in ({}, {"file": (io.BytesIO(b""), "")}, {"file": "no file"}):
        answer = client.post("/en/verify/", data=data, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert "No file was chosen" in answer.text


def test_a_file_larger_than_any_of_ours_is_not_read(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.view_functions["documents.check"], "most_bytes", 100_000)
    monkeypatch.setattr(documents, "_examined", lambda _file: pytest.fail("was read"))

    answer = send(client, b"%PDF-" + bytes(200_000))

    assert answer.status_code == 413
    assert "no document of ours is" in answer.text


# -- a hostile file -------------------------------------------------------------------------------------


def endless_table() -> bytes:
    """Nothing but a list of objects that are not there, as long as a file may be."""
    head, number = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n", 1_900_000
    entries = b"0000000000 65535 f \n" + b"0000000009 00000 n \n" * (number - 1)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (number, len(head))
    return head + b"xref\n0 %d\n" % number + entries + end


def test_a_file_that_eats_memory_ends_with_its_own_process(client: FlaskClient, volume: Volume) -> None:
    assert "could not be read in the time" in said(client, endless_table())


def test_a_file_that_takes_for_ever_ends_with_its_own_process(
    client: FlaskClient, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_apart, "WALL_SECONDS", 0.05)

    assert "could not be read in the time" in said(client, plain_pdf())


def test_deep_nesting_and_loops_are_answered(client: FlaskClient, volume: Volume) -> None:
    loop = b"%PDF-1.7\nxref\n0 0\ntrailer\n<</Root 1 0 R/Prev 9/Size 2>>\nstartxref\n9\n%%EOF"
    for content in (b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000 + b"\n%%EOF", loop):
        assert "Not authentic" in said(client, content)


def test_the_reader_of_strangers_files_knows_none_of_our_secrets(
    client: FlaskClient, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[list[str], dict[str, object]]] = []
    run = subprocess.run

    def seen(command: list[str], **how: object) -> object:
        started.append((command, how))
        return run(command, **how)  # type: ignore[call-overload]

    monkeypatch.setenv("PETITIONS_SECRET_KEY", "canary-of-a-secret")
    monkeypatch.setattr(subprocess, "run", seen)
    send(client, plain_pdf())

    ((command, how),) = started
    assert how["env"] == {}
    assert "canary" not in " ".join(command)


def test_only_so_many_are_read_at_once(
    client: FlaskClient, volume: Volume, sealed: bytes
) -> None:
    """Nor does anybody wait in a thread that signers need."""
    for _ in range(verify_apart.AT_ONCE):
        verify_apart._places.acquire()
    try:
        begun = time.monotonic()
        busy = send(client, plain_pdf())
        assert time.monotonic() - begun < 2
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "60")
        assert ">Authentic</h1>" in said(client, sealed)  # known by its hash: nobody needs to read it
    finally:
        for _ in range(verify_apart.AT_ONCE):
            verify_apart._places.release()


def test_a_network_checks_so_many_files_an_hour(settings: Settings, database: Database, volume: Volume) -> None:
    strict = create_app(settings.model_copy(update={"files_per_network": 2}))
    one, other = reader(strict, "198.51.100.7"), reader(strict, "203.0.113.9")

    assert [send(one, b"x").status_code for _ in range(3)] == [200, 200, 429]
    assert send(other, b"x").status_code == 200
    assert one.get(f"/en/verify/{volume.document.verification_code}").status_code == 200


# -- nothing is kept ------------------------------------------------------------------------------------


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[IO[bytes]]:
    """The files that uploads were written to."""
    made: list[IO[bytes]] = []

    def nameless() -> IO[bytes]:
        made.append(tempfile.TemporaryFile())  # noqa: SIM115
        return made[-1]

    monkeypatch.setattr(app_module, "TemporaryFile", nameless)
    return made


def test_the_file_has_no_name_and_is_gone_with_the_answer(
    client: FlaskClient, volume: Volume, sealed: bytes, handed: list[IO[bytes]], capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    before = set(os.listdir(tempfile.gettempdir()))
    for content in (sealed, plain_pdf("canary in the file")):
        send(client, content, name="canary-of-a-name.pdf")

    assert len(handed) == 2
    assert all(file.closed for file in handed)
    assert not {name for name in set(os.listdir(tempfile.gettempdir())) - before if name.endswith(".pdf")}
    out = capfd.readouterr()
    assert "canary" not in out.out + out.err
    assert volume.sha256 not in out.out + out.err


def test_an_answer_about_a_file_is_kept_by_no_cache(client: FlaskClient, volume: Volume, sealed: bytes) -> None:
    assert send(client, sealed).headers["Cache-Control"] == "no-store"


def test_the_page_asks_for_code_and_file_without_a_script(client: FlaskClient) -> None:
    page = client.get("/en/verify/").text

    assert 'enctype="multipart/form-data"' in page
    assert 'type="file"' in page
    assert "at most 40 MB" in page
    assert "<script" not in page.split("<main")[1].split("</main>")[0]
