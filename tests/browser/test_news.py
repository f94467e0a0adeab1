"""News and what is kept, as organisers and readers see it: on a phone, in both schemes, from right to left; axe finds
nothing."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from petitions.login.sessions import COOKIE
from petitions.models import (
    Erasure,
    Letter,
    Member,
    MemberSession,
    Petition,
    PetitionUpdate,
    Proposal,
    UpdateLetter,
)
from petitions.tokens import new_token, token_hash
from tests import factories

pytestmark = pytest.mark.browser
State = PetitionUpdate.State


@dataclass(frozen=True)
class World:
    petition: Petition
    link: str  # that ends the news
    cookie: str  # of an owner
    updates: dict[str, str]  # state -> public id


@pytest.fixture
def world(session: Session) -> World:
    petition = factories.petition(session, slug="free-anna")
    for _ in range(3):
        factories.signature(session, petition, confirmed=True)
    _, link = factories.subscription(session, petition)
    owner, other = (factories.member(session, petition.branch, Member.Role.OWNER) for _ in range(2))
    cookie = new_token()
    data = {"_user_id": owner.fs_uniquifier, "_fresh": True, "fs_paa": time.time()}
    session.add(MemberSession(token_hash=token_hash(cookie), member_id=owner.id, data=data))
    made = {}
    moment = datetime.now(UTC)
    for state in (State.DRAFT, State.ASKED, State.SCHEDULED, State.SENDING, State.STOPPED, State.SENT):
        news = factories.news(session, petition, other, state=state)
        if state in {State.SENDING, State.STOPPED, State.SENT}:
            news.published_at = moment
            for became in (Letter.State.SENT, Letter.State.SENT, Letter.State.READY, Letter.State.FAILED):
                session.add(UpdateLetter(update_id=news.id, state=became))
        if state is State.ASKED:
            Proposal.ask(
                session, Proposal.Kind.UPDATE, news.public_id, other, slug=petition.slug, readers=1_200
            )
        made[state.value] = news.public_id
    over = factories.petition(session, slug="closed", branch=petition.branch)
    factories.signature(session, over, confirmed=True)
    over.close(moment - timedelta(days=3))
    Proposal.ask(
        session, Proposal.Kind.ERASURE, over.public_id, other, slug="closed", signers=1, reason="A laptop was taken"
    )
    Erasure.mark(session, petition, Erasure.Kind.READERS, "worker", 1)
    session.add(
        Erasure(
            petition_id=over.id, kind=Erasure.Kind.DOCUMENTS, state=Erasure.State.ERASED, by="worker", planned=2,
            erased=2, erased_at=moment, audit_hash=b"h" * 32,
        )
    )
    session.commit()
    return World(petition, link, cookie, made)


@pytest.fixture
def at_the_desk(scripted: BrowserContext, site: str, world: World) -> Page:
    scripted.add_cookies([{"name": COOKIE.removeprefix("__Host-"), "value": world.cookie, "url": site}])
    return scripted.new_page()


def pages(world: World) -> list[str]:
    news = "/organise/petitions/free-anna/updates"
    return [
        news,
        f"{news}/new",
        *(f"{news}/{public_id}" for public_id in world.updates.values()),
        f"{news}/{world.updates['draft']}/edit",
        f"{news}/{world.updates['asked']}/decision",
        "/organise/retention/",
        "/organise/retention/free-anna",
        "/organise/retention/closed",
        "/organise/retention/closed/erasure/decision",
        f"/u/{world.link}",
        "/en/petitions/free-anna",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(at_the_desk: Page, site: str, world: World, scheme: str) -> None:
    page, axe = at_the_desk, Axe()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found: list[tuple[str, str, str]] = []
    for path in pages(world):
        answer = page.goto(site + path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.url == site + path
        for violation in axe.run(page).response["violations"]:
            found.append((path, violation["id"], violation["nodes"][0]["html"]))
        overflows = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflows > 0:
            found.append((path, "wider than the phone", str(overflows)))
    assert found == []


def test_an_organiser_writes_looks_and_sends(at_the_desk: Page, site: str, world: World, session: Session) -> None:
    factories.subscription(session, factories.petition(session, slug="quiet", branch=world.petition.branch))
    session.commit()
    page = at_the_desk
    page.goto(f"{site}/organise/petitions/quiet/updates/new")
    page.get_by_role("button", name="Keep and look at it").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_label("Title").first.fill("She may write letters again")
    page.get_by_label("Text").first.fill("The prison has **lifted** the ban.")
    page.get_by_role("button", name="Keep and look at it").click()
    expect(page.locator(".letter").first).to_contain_text("The prison has lifted the ban.")
    page.get_by_role("button", name="Send it to 1 reader").click()
    expect(page.get_by_text("It is planned.")).to_be_visible()
    page.get_by_role("button", name="Call it back").click()
    expect(page.get_by_role("button", name="Send it to 1 reader")).to_be_visible()
