"""Organisers in a real browser, with the screens alone and without scripts: from an invitation to an edition that has
arrived, with a real worker and a real mail server behind it; and what to do in danger, by keyboard (issue 3)."""

import re
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from passlib.totp import TOTP
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from sqlalchemy.orm import Session

from mailer.actors.subscribing import subscribe
from petitions.db import db
from petitions.login.sessions import COOKIE
from petitions.models import Authority, Branch, Channel, Invitation, Member, MemberSession
from petitions.tokens import new_token, token_hash
from tests import factories
from tests.browser.conftest import PHONE, Serve
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine, always_open, eventually
from tests.faults.supporters import link_in
from tests.smtp import Received, SmtpServer

pytestmark = pytest.mark.browser

PASSWORD = "tram lilac granite seven"
DESKTOP: ViewportSize = {"width": 1200, "height": 800}
TEXT = {
    "Title": "Free Daria Vydumanova",
    "Demand": "Release Daria Vydumanova from detention and close the criminal case against her.",
    "Background": "Daria Vydumanova is a teacher.\n\n## What we ask\n\n- that she be released.",
}
SIGNERS = ("Ana Ćirić", "Нина Щукина", "Zoë Ng")


class Organiser:
    """Somebody at the desk: a page of their own, with what they saw of it."""

    def __init__(self, browser: Browser, site: str, size: ViewportSize) -> None:
        self.context = browser.new_context(
            viewport=size, java_script_enabled=False, locale="en-GB", base_url=site, accept_downloads=True
        )
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.seen: dict[str, None] = {}  # paths, in order
        self.page.on("load", lambda page: self.seen.setdefault(urlsplit(page.url).path))

    def join(self, link: str, name: str) -> None:
        """By password and one-time codes."""
        page = self.page
        page.goto(link)
        page.get_by_label("Your name").fill(name)
        page.get_by_label("New password").fill(PASSWORD)
        app = TOTP(key=page.locator("code.key").inner_text())
        page.get_by_label("The code that your app shows now").fill(str(app.generate().token))
        self.press("Join with password and codes")
        expect(page.locator(".recovery code")).to_have_count(8)
        self.follow("I have kept them; to the desk")

    def go(self, *links: str) -> None:
        """From the desk on, by links."""
        self.page.goto("/organise/")
        for words in links:
            self.follow(words)

    def follow(self, words: str) -> None:
        self.page.get_by_role("link", name=re.compile(words)).first.click()

    def press(self, words: str, *, exact: bool = False) -> None:
        self.page.get_by_role("button", name=words, exact=exact).first.click()

    def fill(self, **fields: str) -> None:
        for name, words in fields.items():
            self.page.locator(f"main [name='{name.replace('__', '.')}']").first.fill(words)

    def write(self, typed: dict[str, str]) -> None:
        for label, words in typed.items():
            self.page.get_by_label(label, exact=True).fill(words)

    def reads(self, where: str, words: str) -> None:
        expect(self.page.locator(where).first).to_contain_text(words)

    def waits_for(self, words: str) -> None:
        """Loads the page until it says so."""
        deadline = time.monotonic() + 40
        while words not in self.page.locator("main").inner_text():
            assert time.monotonic() < deadline, self.page.locator("main").inner_text()
            time.sleep(0.3)
            self.page.reload()

    def cannot(self, words: str) -> None:
        for role in ("button", "link"):
            expect(self.page.get_by_role(role, name=words)).to_have_count(0)


@pytest.fixture
def machine(new_machine: MakeMachine, server: SmtpServer) -> Machine:
    return new_machine(server)


def test_from_an_invitation_to_an_edition_that_has_arrived(
    machine: Machine, server: SmtpServer, serve: Serve, browser: Browser
) -> None:
    """The asking organiser has a phone, the second owner a desk; neither runs a script."""
    invitations = arranged(machine)
    site = serve(machine.settings)
    ana, bo = Organiser(browser, site, PHONE), Organiser(browser, site, DESKTOP)
    with machine.worker():
        ana.join(site + invitations[0], "Ana Petrova")
        bo.join(site + invitations[1], "Bo Novak")
        takes_in_a_case(ana)
        drafts_a_petition(ana)
        asks_for_publication(ana)
        bo.go("A petition waits to be published")
        bo.reads("h1", "Publish the petition")
        bo.press("Approve")
        bo.reads(".desk-said", "Approved")
        for number, name in enumerate(SIGNERS):
            signs(browser, site, server, name, f"person{number}@example.org")
        ana.go("Free Daria", "To the editions")
        ana.press("Freeze the next edition")
        ana.waits_for("checked, waits for approval")
        ana.cannot("Choose the ways and approve")  # who asks does not decide
        approves_the_edition(bo)
        releases_and_posts(ana, bo)
        with machine.runtime() as runtime:
            subscribe(runtime)  # as the worker does every minute
        tells_the_signers(ana, server)
        found = faults(browser, site, ana, list(ana.seen))
        found += faults(browser, site, bo, [path for path in bo.seen if path not in ana.seen])
    letter = next(mail for mail in server.messages if mail.recipient == "group@authority.example.org")
    assert pdf_of(letter).startswith(b"%PDF")
    assert found == []
    for organiser in (ana, bo):
        organiser.context.close()


def takes_in_a_case(who: Organiser) -> None:
    who.go("Cases", "Take in a case")
    who.fill(names__en="Daria Vydumanova", birth_year="1984", held_at__en="Remand prison No. 1", case_number="1-2/2026")
    who.page.locator("[name=country]").select_option("BY")
    who.press("Save the case")
    who.follow("Add what happened")
    who.fill(happened="2026-03-17", what__en="Arrested at home.", sources="Letter of her lawyer, 18 March 2026")
    who.press("Save")
    who.follow("The consent of the prisoner")
    who.fill(consent_by="Her sister", consent_scope="Name, case, petition", consent_evidence="Letter, in the safe")
    who.fill(consent_on="2026-04-02")
    who.press("Save")
    who.follow("Somebody has thought about what publishing could do")
    who.fill(harm_assessment="Her name is in the press already.")
    who.page.get_by_label("It can be published", exact=True).check()
    who.press("Save")
    expect(who.page.locator("#gate .bad")).to_have_count(0)


def drafts_a_petition(who: Organiser) -> None:
    who.follow("Write a petition")
    expect(who.page.locator("#prisoner option:checked")).to_have_text("Daria Vydumanova")
    who.press("Make the draft")
    who.follow("Write the texts")
    who.follow("Write")
    who.write(TEXT | {"Demand": "Release Daria Vydumanova, you scum."})
    who.press("Save the draft")
    who.reads("main", "An insult.")
    who.write(TEXT)
    who.press("Save the draft")
    expect(who.page.get_by_text("An insult.")).to_have_count(0)
    for authority in ("Working Group", "Prison Service"):
        who.follow("Addressees")
        who.follow(f"Look at it and choose.*{authority}")
        who.press("Choose it")
        who.reads(".desk-said", "Chosen")
    who.follow("Texts")
    who.follow("Go on writing")
    who.press("See letter and document")
    who.waits_for("Open the PDF")


def asks_for_publication(who: Organiser) -> None:
    who.follow("Overview")
    who.reads("main .card", "Nothing is missing")
    who.follow("To publication")
    for warning in who.page.locator("main input[type=checkbox]").all():
        warning.check()
    who.press("Ask for publication")
    who.reads(".desk-said", "Another owner")
    who.cannot("Look at it and decide")


def signs(browser: Browser, site: str, server: SmtpServer, name: str, email: str) -> None:
    """As a supporter does: public pages, the letter, the button behind its link."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(site)
    page.get_by_role("link", name="Free Daria").click()
    page.get_by_label("Your name", exact=True).fill(name)
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Country").select_option("NO")
    page.locator("input[name=disclosure][value=all]").check()
    page.locator("#wants_news").check()
    page.locator("#consent").check()
    page.get_by_role("button", name="Continue: check everything").click()
    page.get_by_role("button", name="Sign the petition").click()
    letter = eventually(lambda: letters_to(server, email), "the letter did not come")[0]
    page.goto(site + link_in(letter))
    page.get_by_role("button", name="Yes, I confirm my signature").click()
    expect(page.get_by_role("heading", name="Thank you. Your signature counts.")).to_be_visible()
    context.close()


def approves_the_edition(who: Organiser) -> None:
    who.go("Edition 1 of")
    expect(who.page.locator("main .steps .bad")).to_have_count(0)
    who.follow("Choose the ways and approve")
    who.press("Approve: compile, seal and deliver")
    who.waits_for("2 of 2 documents are compiled")
    who.waits_for("accepted by the mail server")
    address = who.page.get_by_role("link", name="Cover letter and totals").first.get_attribute("href")
    shown = who.context.request.get(str(address))
    assert shown.body().startswith(b"%PDF")


def releases_and_posts(ana: Organiser, bo: Organiser) -> None:
    ana.go("A letter is ready to print", "Ask for the document")
    ana.fill(reason="To print and post it")
    ana.press("Ask for it")
    bo.go("Releasing a document waits")
    bo.press("Release it")
    ana.go("A letter is ready to print", "Fetch the document")
    ana.press("Get it ready")
    ana.waits_for("is ready")
    with ana.page.expect_download() as fetching:
        ana.press("Fetch it now, once")
    assert Path(fetching.value.path()).read_bytes().startswith(b"%PDF")
    ana.page.reload()
    ana.reads("h1", "Nothing to fetch")
    ana.go("A letter is ready to print")
    ana.press("Yes, it is printed")
    ana.page.get_by_label("Tracking number").fill("RR123456785BY")
    ana.press("Note that it is posted")
    ana.reads("main", "RR123456785BY")
    ana.reads("main", "Clocks")


def tells_the_signers(who: Organiser, server: SmtpServer) -> None:
    who.go("Free Daria", "News", "Write news")
    who.fill(title_en="It has been posted", body_en="The letter is on its way.")
    who.press("Keep and look at it")
    who.press(f"Send it to {len(SIGNERS)} readers")
    who.waits_for(f"{len(SIGNERS)} letters sent")
    assert len(letters_to(server, "person0@example.org")) == 2


def arranged(machine: Machine) -> list[str]:
    """What the operator and the directory give: a branch with its keys, two invitations, two authorities."""
    with db.writing() as session:
        branch = factories.branch(session, languages=["en"])
        machine.arm(session, branch)
        factories.prisoner(session, branch)  # another case: which one is meant must be said
        group = factories.authority(
            session, "Working Group", kind=Authority.Kind.INTERNATIONAL, country="", languages=["en"],
            email="group@authority.example.org",
        )  # fmt: skip
        service = factories.authority(session, "Prison Service", kind=Authority.Kind.PRISON_SERVICE, languages=["en"])
        service.channels[:] = [
            Channel(
                kind=Channel.Kind.POST, address="Square 1\n220000 Sampleburg",
                legal_effect=Channel.LegalEffect.APPEAL, required=["representative", "postal_address"],
            )
        ]  # fmt: skip
        for authority in (group, service):
            always_open(authority)
        tokens = [
            Invitation.make(session, branch, email=email, role=Member.Role.OWNER, invited_by=None)[1]
            for email in ("ana@example.org", "bo@example.org")
        ]
        session.commit()
    return [f"/organise/invitations/{token}" for token in tokens]


def letters_to(server: SmtpServer, address: str) -> list[Received]:
    return [mail for mail in server.messages if mail.recipient == address]


def pdf_of(mail: Received) -> bytes:
    message = message_from_bytes(mail.data, policy=policy.default)
    return b"".join(part.get_content() for part in message.iter_attachments())


def faults(browser: Browser, site: str, who: Organiser, paths: list[str]) -> list[tuple[str, str, str]]:
    """What axe finds on pages that somebody saw, looked at once more: it needs scripts."""
    context = browser.new_context(viewport=PHONE, bypass_csp=True, storage_state=who.context.storage_state())
    page, axe = context.new_page(), Axe()
    found = []
    for path in paths:
        page.goto(site + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [(path, "wider than the screen", str(wide))] if wide > PHONE["width"] else []
        found += [(path, one["id"], one["nodes"][0]["html"]) for one in axe.run(page).response["violations"]]
    context.close()
    return found


# -- in danger ------------------------------------------------------------------------------------------------


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session)
    petition = factories.petition(session, slug="free-anna", branch=made)
    factories.signature(session, petition, confirmed=True)
    factories.signature(session, petition, held_reason="pace")
    session.commit()
    return made


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, java_script_enabled=False, locale="en-GB", base_url=site)
    yield context
    context.close()


def is_logged_in(context: BrowserContext, site: str, session: Session, member: Member) -> None:
    token = new_token()
    data = {"_user_id": member.fs_uniquifier, "_fresh": True, "fs_paa": time.time()}
    session.add(MemberSession(token_hash=token_hash(token), member_id=member.id, data=data))
    session.commit()
    context.add_cookies([{"name": COOKIE.removeprefix("__Host-"), "value": token, "url": site}])


def test_freezing_takes_three_keys_and_two_owners_end_it(
    visitor: BrowserContext, site: str, session: Session, branch: Branch
) -> None:
    first, second = factories.member(session, branch), factories.member(session, branch)
    is_logged_in(visitor, site, session, first)
    page = visitor.new_page()
    page.goto("/organise/")
    tab_to(page, "Freeze the branch")
    page.keyboard.press("Enter")
    tab_to(page, "Freeze now")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("the branch is frozen")
    session.refresh(branch)
    assert branch.frozen_by == first.public_id
    page.goto("/organise/")
    expect(page.get_by_role("heading", name="Log in", exact=True)).to_be_visible()  # freezing ends every session

    for owner, button in ((first, "Ask to unfreeze"), (second, "Agree and unfreeze")):
        is_logged_in(visitor, site, session, owner)
        page.goto("/organise/")
        expect(page.get_by_text("This branch is frozen.")).to_be_visible()
        page.get_by_role("link", name="How it is unfrozen").click()
        page.locator("main a[href$=unfreezing]").click()
        page.get_by_role("button", name=button).click()
    expect(page.locator(".desk-said")).to_contain_text("The branch is unfrozen")
    page.get_by_role("button", name="Log out").click()
    assert urlsplit(page.url).path == "/organise/login"


def tab_to(page: Page, words: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(":focus").count() and page.locator(":focus").inner_text() == words:
            return
    raise AssertionError(f"no way by Tab to {words}")


PAGES = (
    "/organise/", "/organise/petitions/", "/organise/petitions/free-anna", "/organise/petitions/free-anna/texts/",
    "/organise/petitions/free-anna/addressees/", "/organise/petitions/free-anna/triggers/",
    "/organise/petitions/free-anna/signatures", "/organise/petitions/free-anna/signatures/fraud",
    "/organise/petitions/free-anna/editions/", "/organise/petitions/free-anna/updates",
    "/organise/petitions/free-anna/statistics", "/organise/petitions/free-anna/stops/", "/organise/prisoners",
    "/organise/reports", "/organise/authorities/", "/organise/deliveries", "/organise/members/", "/organise/branch/",
    "/organise/branch/freezing", "/organise/audit", "/organise/account",
)  # fmt: skip


def test_dark_mirrored_and_on_the_narrowest_phone(
    browser: Browser, site: str, session: Session, branch: Branch
) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 800}, bypass_csp=True, color_scheme="dark")
    is_logged_in(context, site, session, factories.member(session, branch))
    page, axe = context.new_page(), Axe()
    found = []
    for path in PAGES:
        answer = page.goto(site + path)
        assert answer is not None
        assert answer.status == 200, path
        found += [(path, one["id"], one["nodes"][0]["html"]) for one in axe.run(page).response["violations"]]
        for direction in ("ltr", "rtl"):
            page.evaluate("direction => { document.documentElement.dir = direction }", direction)
            if page.evaluate("document.documentElement.scrollWidth") > 320:
                found.append((path, "wider than the screen", direction))
        assert page.locator("h1").bounding_box()["x"] + page.locator("h1").bounding_box()["width"] > 200, path  # type: ignore[index]
    assert found == []
    context.close()
