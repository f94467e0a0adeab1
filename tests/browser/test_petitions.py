"""A petition on the desk, on a phone: axe finds nothing, by day and in the dark; nothing is wider than the screen."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Page
from sqlalchemy.orm import Session

from petitions.login.sessions import COOKIE
from petitions.models import (
    Authority,
    Member,
    MemberSession,
    Petition,
    Prisoner,
    PrisonerEvent,
    Proposal,
    Trigger,
)
from petitions.tokens import new_token, token_hash
from tests import factories

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PETITIONS_PICTURES")  # a folder for what the pages look like


@pytest.fixture
def owner(site: str, scripted: BrowserContext, session: Session) -> Page:
    """Logged in, before one petition that is open and one that another member has asked to publish."""
    opened = factories.petition(session, slug="free-anna", confirmed_count=412)
    branch = opened.branch
    member, editor = (factories.member(session, branch, role) for role in (Member.Role.OWNER, Member.Role.EDITOR))
    opened.write("en", "Free Anna Verenko now", "Release Anna Verenko; the judge knows why.", "WHAT THEY DID IS WRONG")
    opened.stop_deliveries(datetime.now(UTC))
    factories.event(session, opened.prisoner, PrisonerEvent.Kind.ARREST, "2026-02-11")
    opened.prisoner.harm_result = Prisoner.Harm.GO
    order = Trigger(petition_id=opened.id, kind=Trigger.Kind.HEARING, days_before=7, asked_by=editor)
    session.add(order)
    session.flush()
    asked = factories.petition(session, slug="asked", branch=branch, prisoner=opened.prisoner, open=False)
    factories.petition(session, slug="draft", branch=branch, prisoner=opened.prisoner, open=False, addressees=False)
    for slug, body in (("pardon", Authority.Kind.PRESIDENT), ("court", Authority.Kind.COURT)):
        factories.authority(session, slug.capitalize(), slug=slug, kind=body, publishes_received=True)
    asked.ask_publication()
    text = opened.newest_text("en")
    assert text is not None
    for kind, about, of, details in (
        (Proposal.Kind.TRIGGER, order.public_id, opened, {}),
        (Proposal.Kind.TEXT, text.subject, opened, {"language": "en", "version": 2}),
        (Proposal.Kind.CLOSING, opened.public_id, opened, {"reason": "The verdict is in force."}),
        (Proposal.Kind.PUBLICATION, asked.public_id, asked,
         {"opens_at": (datetime.now(UTC) + timedelta(days=2)).isoformat(), "read": []}),
    ):
        Proposal.ask(session, kind, about, editor, petition=of.public_id, slug=of.slug, **details)
    token = new_token()
    data = {"_user_id": member.fs_uniquifier, "_fresh": True, "fs_paa": time.time()}
    session.add(MemberSession(token_hash=token_hash(token), member_id=member.id, data=data))
    session.commit()
    scripted.add_cookies([{"name": COOKIE.removeprefix("__Host-"), "value": token, "url": site}])
    return scripted.new_page()


def paths(session: Session) -> list[str]:
    proposals = [f"{one.details['slug']}/proposals/{one.public_id}" for one in session.query(Proposal)]
    removal = session.query(Petition).filter_by(slug="free-anna").one().addressees[0].public_id
    session.commit()
    return [
        "", "new", "free-anna", "draft", "draft/publication/", "draft/addressees/", "draft/texts/", "draft/limits",
        "free-anna/texts/", "draft/texts/en?beside=ru", "free-anna/texts/en/versions", "free-anna/previews/page/en",
        "free-anna/addressees/", "draft/addressees/new/court", f"free-anna/addressees/{removal}/removal",
        "free-anna/triggers/", "free-anna/stops/", "free-anna/stops/resumption", "free-anna/closing",
        "free-anna/withdrawal", "free-anna/hiding", "asked/publication/", *proposals,
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_a_petition_is_accessible_and_fits_a_phone(
    owner: Page, site: str, session: Session, scheme: str
) -> None:
    owner.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in paths(session):
        answer = owner.goto(f"{site}/organise/petitions/{path}")
        assert answer is not None
        assert answer.status == 200, path
        if PICTURES:
            name = path.strip("/").replace("/", "-").replace("?", "-")[:40] or "index"
            owner.screenshot(path=Path(PICTURES) / f"{scheme}-{name}.png", full_page=True)
        results = Axe().run(owner)
        assert results.violations_count == 0, f"{path}\n{results.generate_report()}"
        assert owner.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is too wide"


def test_a_refused_form_leads_to_its_field(owner: Page, site: str) -> None:
    owner.goto(f"{site}/organise/petitions/free-anna/triggers/")
    owner.get_by_label("When so many have signed").check()
    owner.get_by_role("button", name="Ask for it").press("Enter")

    summary = owner.locator(".error-summary")
    assert "from 1 to 100,000,000" in summary.inner_text()
    assert owner.locator("input#threshold").get_attribute("aria-invalid") == "true"
    assert Axe().run(owner).violations_count == 0
