"""The directory's pages on a phone: axe finds nothing, by day and in the dark, and nothing is wider than the screen."""

import os
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Page
from sqlalchemy.orm import Session

from petitions.authorities.seed import load_seed, plan_seed
from petitions.login.sessions import COOKIE
from petitions.models import Channel, ChannelChange, Member, MemberSession
from petitions.tokens import new_token, token_hash
from tests import factories

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PETITIONS_PICTURES")  # a folder for what the pages look like


@pytest.fixture
def owner(site: str, scripted: BrowserContext, session: Session) -> Page:
    """Logged in, before a directory with everything in it: complete, incomplete, failing, being changed."""
    load_seed(session, plan_seed(session), None)
    petition = factories.petition(session, slug="free-anna")
    court, prosecutor = (one.authority for one in petition.addressees[:2])
    court.slug, prosecutor.slug = "court", "prosecutor"
    prosecutor.channels[0].failing_since = prosecutor.verified_on = None
    member, editor = (
        factories.member(session, petition.branch, role) for role in (Member.Role.OWNER, Member.Role.EDITOR)
    )
    ChannelChange.ask(
        session, court, Channel.Kind.EMAIL, {"address": "new@court.example", "legal_effect": "appeal"}, editor,
        "Their site names another address since Monday",
    )
    token = new_token()
    data = {"_user_id": member.fs_uniquifier, "_fresh": True, "fs_paa": time.time()}
    session.add(MemberSession(token_hash=token_hash(token), member_id=member.id, data=data))
    session.commit()
    scripted.add_cookies([{"name": COOKIE.removeprefix("__Host-"), "value": token, "url": site}])
    return scripted.new_page()


def paths(session: Session) -> list[str]:
    change = session.query(ChannelChange).one().public_id
    session.rollback()
    root = "/organise/authorities"
    return [
        f"{root}/", f"{root}/?show=failing&q=nobody", f"{root}/new", f"{root}/new?kind=prosecutor&country=KG",
        f"{root}/court", f"{root}/prosecutor", f"{root}/ru-court-of-the-case", f"{root}/ru-prosecutor-general/edit",
        f"{root}/ru-prosecutor-general/channels/post", f"{root}/prosecutor/channels/email",
        f"{root}/prosecutor/channels/email/retirement", f"/organise/channel-changes/{change}",
        f"/organise/channel-changes/{change}/approval", f"/organise/channel-changes/{change}/stop",
        "/organise/authority-imports/", "/organise/authority-imports/seed",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_directory_is_accessible_and_fits_a_phone(
    owner: Page, site: str, session: Session, scheme: str
) -> None:
    owner.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for path in paths(session):
        answer = owner.goto(site + path)
        assert answer is not None
        assert answer.status == 200, path
        if PICTURES:
            name = path.strip("/").replace("/", "-").replace("?", "-")[-60:]
            owner.screenshot(path=Path(PICTURES) / f"{scheme}-{name}.png", full_page=True)
        results = Axe().run(owner)
        assert results.violations_count == 0, f"{path}\n{results.generate_report()}"
        assert owner.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is too wide"


def test_a_file_with_faults_and_one_without_are_read_with_a_keyboard_too(
    owner: Page, site: str, tmp_path: Path
) -> None:
    file = tmp_path / "authorities.csv"
    file.write_text("slug,kind,country,name_en,email\nCourt One,tribunal,BY,The Court,nobody\n")
    owner.goto(f"{site}/organise/authority-imports/")
    owner.get_by_label("CSV file").set_input_files(file)
    owner.get_by_role("button", name="Look at what would change").press("Enter")
    assert "Row 2, email" in owner.content()
    assert Axe().run(owner).violations_count == 0

    file.write_text("slug,kind,country,name_en,email\ncourt,court,BY,The Court,x@court.example\n")
    owner.get_by_label("CSV file").set_input_files(file)
    owner.get_by_role("button", name="Look at what would change").press("Enter")
    results = Axe().run(owner)
    assert results.violations_count == 0, results.generate_report()


def test_the_list_of_authorities_says_first_what_waits(owner: Page, site: str) -> None:
    owner.goto(f"{site}/organise/authorities/")

    assert owner.locator("#waiting").inner_text() == "One change of a channel waits"
