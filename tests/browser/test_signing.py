"""The supporter's way in a real browser: without scripts, by keyboard alone, on a phone; and axe finds nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from petitions.models import Petition, PrisonerEvent, Signature
from tests import factories
from tests.factories import Signed
from tests.views import steps

pytestmark = pytest.mark.browser


@pytest.fixture
def petition(session: Session) -> Petition:
    branch = factories.branch(session)
    person = factories.prisoner(session, branch)
    factories.event(session, person, PrisonerEvent.Kind.ARREST, "2026-04-21")
    factories.event(session, person, PrisonerEvent.Kind.HEARING, "2099-01-01")
    made = factories.petition(session, slug="free-anna", branch=branch, prisoner=person, confirmed_count=312)
    session.commit()
    return made


@pytest.fixture
def signed(session: Session, petition: Petition) -> Signed:
    made = factories.signature(session, petition, confirmed=True)
    session.commit()
    return made


def fill_in(page: Page) -> None:
    page.get_by_label("Your name", exact=True).fill("Ines Karlsen")
    page.get_by_label("Your e-mail address").fill("ines@example.org")
    page.get_by_label("Country").select_option("NO")
    page.get_by_text("Only these international bodies").click()
    page.locator("#consent").check()


def test_signing_to_receipt_without_scripts_on_a_phone(plain: Page, site: str, petition: Petition) -> None:
    """A21."""
    plain.goto(site)
    plain.get_by_role("link", name="Free Anna Verenko").click()
    plain.get_by_role("link", name="Sign this petition").click()
    fill_in(plain)
    plain.get_by_role("button", name="Continue: check everything").click()

    expect(plain.get_by_role("heading", name="Check, then sign")).to_be_visible()
    expect(plain.locator(".goes")).to_contain_text("Human Rights Committee")
    expect(plain.locator(".stays")).to_contain_text("Prosecutor General")
    plain.get_by_role("button", name="Sign the petition").click()
    expect(plain.get_by_role("heading", name="Now look in your inbox")).to_be_visible()

    plain.goto(f"{site}/s/{steps.token(steps.row(petition))}")
    plain.get_by_role("button", name="Yes, I confirm my signature").click()
    expect(plain.get_by_role("heading", name="Thank you. Your signature counts.")).to_be_visible()
    assert steps.row(petition).state is Signature.State.CONFIRMED
    assert plain.context.cookies() == []


def test_a_refusal_keeps_what_was_typed_and_leads_to_the_field(plain: Page, site: str, petition: Petition) -> None:
    plain.goto(f"{site}/en/petitions/free-anna")
    fill_in(plain)
    plain.get_by_label("Your name", exact=True).fill("12345")
    plain.get_by_role("button", name="Continue: check everything").click()

    expect(plain.locator(".error-summary")).to_be_focused()
    plain.get_by_role("link", name="Write your name with letters.").click()
    expect(plain.locator("#name")).to_be_focused()
    expect(plain.locator("#name")).to_have_attribute("aria-invalid", "true")
    expect(plain.locator("#email")).to_have_value("ines@example.org")
    expect(plain.locator("input[value=international]")).to_be_checked()


def test_changing_something_from_the_check_page(plain: Page, site: str, petition: Petition) -> None:
    plain.goto(f"{site}/en/petitions/free-anna")
    fill_in(plain)
    plain.get_by_role("button", name="Continue: check everything").click()
    plain.get_by_role("button", name="Change something").click()
    expect(plain.locator("#name")).to_have_value("Ines Karlsen")
    plain.get_by_text("Nobody: count me only").click()
    plain.get_by_role("button", name="Continue: check everything").click()
    expect(plain.locator(".goes")).to_contain_text("Nobody. You are counted only.")


def test_the_whole_way_by_keyboard(browser: Browser, site: str, petition: Petition) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{site}/en/petitions/free-anna")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way by Tab to {selector}")

    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    tab_to("#name")
    page.keyboard.type("Ines Karlsen")
    tab_to("#email")
    page.keyboard.type("ines@example.org")
    tab_to("#country")
    page.keyboard.type("Norway")
    tab_to("input[value=count_only]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[value=international]")).to_be_checked()
    tab_to("#consent")
    page.keyboard.press("Space")
    tab_to("#sign-form button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check, then sign")).to_be_visible()
    tab_to(".check-form .primary")
    outline = page.locator(".check-form .primary").evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Now look in your inbox")).to_be_visible()
    assert steps.row(petition).state is Signature.State.PENDING
    context.close()


def pages(site: str, signed: Signed, pending: Signed) -> list[str]:
    own = f"{site}/s/{signed.token}"
    return [
        f"{site}/en/", f"{site}/en/petitions/", f"{site}/en/petitions/free-anna", f"{site}/en/privacy",
        f"{site}/en/about", f"{site}/en/inbox", f"{site}/en/nothing", f"{site}/en/shared-computer", own,
        f"{site}/s/{pending.token}", f"{own}/not-me", f"{own}/no-more-mail", f"{site}/s/wrong", f"{site}/dev/outbox",
        f"{site}/ru/petitions/free-anna", f"{site}/en/verify/",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    scripted: BrowserContext, site: str, session: Session, petition: Petition, signed: Signed, scheme: str
) -> None:
    pending = factories.signature(session, petition)
    session.commit()
    page, axe = scripted.new_page(), Axe()
    found: list[tuple[str, str, str]] = []
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def look(where: str) -> None:
        for violation in axe.run(page).response["violations"]:
            found.append((where, violation["id"], violation["nodes"][0]["html"]))

    for address in pages(site, signed, pending):
        page.goto(address)
        look(address.removeprefix(site))
    page.goto(f"{site}/en/petitions/free-anna")
    page.get_by_role("button", name="Continue: check everything").click()
    expect(page.locator(".error-summary")).to_be_visible()
    look("the form with errors")
    fill_in(page)
    page.get_by_role("button", name="Continue: check everything").click()
    expect(page.get_by_role("heading", name="Check, then sign")).to_be_visible()
    look("the check page")
    assert found == []


@pytest.mark.parametrize(("width", "zoom"), [(320, 1.0), (390, 1.0), (1280, 2.0)])
def test_no_page_is_wider_than_the_screen(
    browser: Browser, site: str, session: Session, petition: Petition, signed: Signed, width: int, zoom: float
) -> None:
    """A phone, the narrowest phone, and a desktop at 200 %."""
    pending = factories.signature(session, petition)
    session.commit()
    context = browser.new_context(viewport={"width": int(width / zoom), "height": 800})
    page = context.new_page()
    for address in pages(site, signed, pending):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= int(width / zoom), address
    context.close()


def test_pages_right_to_left_are_mirrored(browser: Browser, site: str, petition: Petition) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site}/en/petitions/free-anna")
    page.evaluate("document.documentElement.dir = 'rtl'")
    name, portrait = page.locator(".hero .prisoner-name").bounding_box(), page.locator(".portrait").bounding_box()
    assert name is not None
    assert portrait is not None
    assert portrait["x"] > name["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_browser_asks_nobody_else_and_keeps_nothing(
    browser: Browser, site: str, session: Session, petition: Petition, signed: Signed
) -> None:
    """E9, F-18."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    pending = factories.signature(session, petition)
    session.commit()
    for address in pages(site, signed, pending):
        page.goto(address)
    assert {url.split("/")[2] for url in asked} == {site.split("/")[2]}
    assert not [text for text in problems if "Content Security Policy" in text]
    assert context.cookies() == []
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    context.close()
