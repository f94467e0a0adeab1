"""Whoever doubts, in a real browser: an official checks the file and the paper, a signer takes her proof away; on the
worker's own documents, without scripts and with, by keyboard, and axe finds nothing (issue 4)."""

import os
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from click.testing import CliRunner
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect
from sqlalchemy import select

from mailer.actors.counting import count
from mailer.actors.editions import advance_editions
from mailer.archive import Archive
from petitions.cli import main
from petitions.db import db
from petitions.models import Document, Edition, Member, Petition
from petitions.views import documents
from tests import factories
from tests.browser.conftest import Serve
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine
from tests.smtp import SmtpServer

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PETITIONS_PICTURES")  # a folder for what the pages look like


@dataclass(frozen=True)
class Delivered:
    """What an official has before them, and the signer's own address."""

    site: str
    pdf: bytes
    code: str
    own: str

    @property
    def asking(self) -> str:
        return f"{self.site}/en/verify/"


@pytest.fixture
def delivered(new_machine: MakeMachine, server: SmtpServer, serve: Serve) -> Delivered:
    machine = new_machine(server)
    site = serve(machine.settings)
    with db.writing() as session:
        petition = machine.petition(session, slug="free-anna")
        ines = factories.signature(session, petition, name="Ines Karlsen", email="ines@example.org", confirmed=True)
        factories.signatures(session, petition, [factories.typed() for _ in range(3)], confirmed=True)
        session.commit()
    with ThreadPoolExecutor(1) as elsewhere:  # sealing needs a thread that has no event loop, as the browser has
        document = elsewhere.submit(compiled, machine, petition.id).result()
    pdf = Archive(machine.settings.archive, factories.PUBLIC_KEY).read(
        document.volumes[0].sha256, factories.PRIVATE_KEY
    )
    code = document.verification_code
    return Delivered(site, pdf, f"{code[:4]}-{code[4:8]}-{code[8:]}".lower(), f"{site}/s/{ines.token}")


def compiled(machine: Machine, petition_id: int) -> Document:
    """The first edition's document for who reads English."""
    with machine.runtime() as runtime:
        count(runtime)
        with db.writing() as session:
            petition = session.get_one(Petition, petition_id)
            editor = factories.member(session, petition.branch, Member.Role.EDITOR)
            edition = Edition.freeze(session, petition, asked_by=editor, gap_days=0)
            session.commit()
        advance_editions(runtime)
        with db.writing() as session:
            edition = session.get_one(Edition, edition.id)
            edition.approve(session, factories.member(session, edition.petition.branch), lapse_hours=72)
            session.commit()
        advance_editions(runtime)
    with db.reading() as session:
        document = session.scalars(select(Document).where(Document.language == "en")).first()
        assert document is not None
        _ = document.volumes
        return document


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """An official's computer: scripts run, under the site's own policy."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    yield context.new_page()
    context.close()


def letter(content: bytes) -> FilePayload:
    return {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": content}


def altered(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def drop(page: Page, content: bytes) -> None:
    """Lets go of a file over the page's title, well beside the field."""
    carried = page.evaluate_handle(
        """content => {
            const carried = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), char => char.charCodeAt(0));
            carried.items.add(new File([bytes], "letter.pdf", { type: "application/pdf" }));
            return carried;
        }""",
        b64encode(content).decode(),
    )
    page.dispatch_event("h1", "dragover", {"dataTransfer": carried})
    expect(page.locator("#file.over")).to_be_visible()
    page.dispatch_event("h1", "drop", {"dataTransfer": carried})


def test_an_official_drops_the_delivered_file_and_reads_the_answer(desk: Page, delivered: Delivered) -> None:
    complaints: list[str] = []
    desk.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    desk.goto(delivered.asking)
    drop(desk, delivered.pdf)
    expect(desk.get_by_role("button", name="Check the file")).to_be_focused()
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("heading", level=1)).to_have_text("Authentic")
    expect(desk.locator("main")).to_contain_text("Nothing of the file was kept.")
    assert complaints == []


def test_a_changed_byte_is_seen_without_scripts_on_a_phone(plain: Page, delivered: Delivered) -> None:
    plain.goto(delivered.asking)
    plain.get_by_label("PDF file").set_input_files(letter(altered(delivered.pdf)))
    plain.get_by_role("button", name="Check the file").click()

    expect(plain.get_by_role("heading", level=1)).to_have_text("Not authentic")
    expect(plain.locator("main")).to_contain_text("altered after it was sealed")
    plain.get_by_role("link", name="Check another one").click()
    expect(plain.get_by_label("PDF file")).to_be_visible()


def test_the_paper_s_code_is_looked_up_by_keyboard(plain: Page, delivered: Delivered) -> None:
    plain.goto(delivered.asking)
    plain.get_by_label("Code").focus()
    plain.keyboard.type(delivered.code)
    plain.keyboard.press("Enter")

    expect(plain.get_by_role("heading", level=1)).to_have_text("This code is ours")
    expect(plain.locator("main")).to_contain_text("SHA-256")


def test_a_file_that_is_too_large_is_not_sent(
    desk: Page, delivered: Delivered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_BYTES", len(delivered.pdf) - 1)
    desk.goto(delivered.asking)
    drop(desk, delivered.pdf)
    said = desk.locator("#file").evaluate("field => field.validationMessage")
    assert said == "The file is too large: no document of ours is."


def test_a_signer_takes_away_a_proof_that_anybody_can_check(
    plain: Page, delivered: Delivered, tmp_path: Path
) -> None:
    plain.goto(delivered.own)
    expect(plain.locator("main")).to_contain_text("You are in edition 1")
    with plain.expect_download() as fetching:
        plain.get_by_role("link", name="Download the proof for edition 1").click()
    proof = tmp_path / fetching.value.suggested_filename
    fetching.value.save_as(proof)
    key = plain.request.get(f"{delivered.site}/log/free-anna/key").text().strip()

    said = CliRunner().invoke(main, ["log", "verify-proof", str(proof), "--key", key])
    assert (said.exit_code, "PROVEN" in said.output) == (0, True), said.output


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_every_answer_fits_a_phone(
    scripted: BrowserContext, delivered: Delivered, scheme: str
) -> None:
    page, axe = scripted.new_page(), Axe()
    found: list[tuple[str, str, str]] = []
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def look(name: str) -> None:
        found.extend((name, one["id"], one["nodes"][0]["html"]) for one in axe.run(page).response["violations"])
        for direction in ("ltr", "rtl"):
            page.evaluate("direction => document.documentElement.dir = direction", direction)
            for width in (360, 1200):
                page.set_viewport_size({"width": width, "height": 780})
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append((name, f"wider than {width}", direction))
                if PICTURES:
                    page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}-{direction}-{width}.png", full_page=True)

    answers = {
        "en": {"authentic": delivered.pdf, "altered": altered(delivered.pdf), "not-pdf": b"Dear minister"},
        "ru": {"appended": delivered.pdf + b"\n%", "truncated": delivered.pdf[:-4_000]},
    }
    for language, files in answers.items():
        page.goto(f"{delivered.site}/{language}/verify/")
        look(f"{language}-ask")
        for name, content in files.items():
            page.goto(f"{delivered.site}/{language}/verify/")
            page.locator("#file").set_input_files(letter(content))
            page.locator("form[method=post] button").click()
            look(f"{language}-{name}")
    page.goto(f"{delivered.site}/ru/verify/{delivered.code}")
    look("code")
    page.goto(delivered.own)
    page.get_by_text("How to check it").click()
    look("own")
    assert found == []
