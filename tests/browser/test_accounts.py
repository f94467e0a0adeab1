"""The way in, as people go it: with a passkey, and with password and one-time codes where no script runs (G9)."""

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from passlib.totp import TOTP
from playwright.sync_api import BrowserContext, CDPSession, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import Invitation, Member, Passkey
from tests import factories

pytestmark = pytest.mark.browser

PASSWORD = "tram lilac granite seven"


@pytest.fixture
def link(site: str, session: Session) -> str:
    branch = factories.branch(session)
    _, token = Invitation.make(
        session, branch, email="ana@example.org", role=Member.Role.OWNER, invited_by=factories.member(session, branch)
    )
    session.commit()
    return f"{site}/organise/invitations/{token}"


def a_device(page: Page) -> CDPSession:
    """A phone that keeps passkeys and opens them with a finger."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return device


def has_no_faults(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def path(page: Page) -> str:
    return urlsplit(page.url).path


def test_a_passkey_joins_logs_in_and_proves_once_more(scripted: BrowserContext, link: str, session: Session) -> None:
    page = scripted.new_page()
    a_device(page)
    page.goto(link)
    has_no_faults(page)
    page.get_by_label("Your name").fill("Ana Petrova")
    page.get_by_role("button", name="Join with a passkey").click()
    page.wait_for_url("**/organise/")

    page.goto(f"{link.partition('/organise')[0]}/organise/account")
    expect(page.get_by_text("There is one way in only")).to_be_visible()
    has_no_faults(page)
    page.get_by_role("button", name="Log out").click()

    page.wait_for_url("**/organise/login")
    has_no_faults(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/organise/")

    page.goto(f"{link.partition('/organise')[0]}/organise/verify?next=/organise/account")
    has_no_faults(page)
    page.get_by_role("button", name="Show your passkey").click()
    page.wait_for_url("**/organise/account")
    kept = session.scalars(select(Passkey)).one()
    assert kept.member.name == "Ana Petrova"
    assert kept.used_at is not None


def test_a_passkey_of_nobody_here_is_refused(scripted: BrowserContext, link: str, session: Session) -> None:
    """G9: and so is an authenticator whose counter went back, as that of a copied key does."""
    page = scripted.new_page()
    device = a_device(page)
    page.goto(link)
    page.get_by_label("Your name").fill("Ana Petrova")
    page.get_by_role("button", name="Join with a passkey").click()
    page.wait_for_url("**/organise/")
    key = session.scalars(select(Passkey)).one()
    key.sign_count = 1_000
    session.commit()
    page.context.clear_cookies()

    page.goto(f"{link.partition('/organise')[0]}/organise/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()

    session.delete(key)
    session.commit()
    page.goto(f"{link.partition('/organise')[0]}/organise/login")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="That did not work")).to_be_visible()
    device.detach()


def test_password_and_codes_need_no_script(plain: Page, link: str) -> None:
    plain.goto(link)
    assert plain.get_by_role("button", name="Join with a passkey").is_hidden()
    plain.get_by_label("Your name").fill("Ana Petrova")
    plain.get_by_label("New password").fill(PASSWORD)
    codes = TOTP(key=plain.locator("code.key").inner_text())
    plain.get_by_label("The code that your app shows now").fill(str(codes.generate().token))
    plain.get_by_role("button", name="Join with password and codes").click()
    recovery = plain.locator(".recovery code").all_inner_texts()
    assert len(recovery) == 8

    home = link.partition("/organise")[0]
    plain.goto(f"{home}/organise/account")
    expect(plain.get_by_text("8 recovery codes are left.")).to_be_visible()
    plain.get_by_role("button", name="Log out").click()
    plain.get_by_label("E-mail address").fill("ana@example.org")
    plain.get_by_label("Password", exact=True).fill(PASSWORD)
    plain.get_by_label("One-time code").fill(recovery[0])
    plain.get_by_role("button", name="Log in", exact=True).click()
    assert re.fullmatch(r"/organise/?", path(plain))
    plain.goto(f"{home}/organise/account")
    expect(plain.get_by_text("7 recovery codes are left.")).to_be_visible()
