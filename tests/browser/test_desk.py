"""The desk, the drawn statistics, the board, the queue and the fraud desk on a phone: axe finds nothing, by day and in
the dark, and nothing is wider than the screen."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.login.sessions import COOKIE
from petitions.models import (
    Channel,
    Clock,
    Delivery,
    HeldCopy,
    Invalidation,
    Letter,
    MailDomain,
    MailDomainDay,
    Member,
    MemberSession,
    Petition,
    Proposal,
    Signature,
    Switch,
    Trend,
)
from petitions.tokens import new_token, token_hash
from tests import factories
from tests.views.organise.looking import rows

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("PETITIONS_PICTURES")  # a folder for what the pages look like


@pytest.fixture
def petition(session: Session) -> Petition:
    """With a month of signatures and something in every state."""
    made = factories.petition(session, slug="free-anna")
    today = database_time(session).date()
    people = [factories.typed(country=("NO", "DE", "FR")[n % 3], language=("en", "ru")[n % 4 == 0]) for n in range(90)]
    for number, one in enumerate(factories.signatures(session, made, people, confirmed=True)):
        row = session.get_one(Signature, one.id)
        row.confirmed_on = today - timedelta(days=(number * number) % 30)
        row.confirm_pace = number % 4
        _letter(session, made, one.id, number)
    made.count_new(session)
    made.opened_at = database_time(session) - timedelta(days=30)
    for number in range(7):
        row = session.get_one(Signature, factories.signature(session, made, held_reason="network").id)
        row.net_tag = b"n" * 16 if number < 4 else None
    MailDomainDay.recount(session, database_time(session) - timedelta(days=15))
    Trend.seen(session, made.id, Trend.Kind.NETWORK, "6e" * 16, example=row.public_id, count=60)
    _deliveries(session, made)
    session.commit()
    return made


@pytest.fixture
def owner(site: str, scripted: BrowserContext, session: Session, petition: Petition) -> Page:
    member, moderator = (
        factories.member(session, petition.branch, role) for role in (Member.Role.OWNER, Member.Role.MODERATOR)
    )
    held = session.query(Signature).filter_by(state=Signature.State.HELD).order_by(Signature.id).all()
    HeldCopy.ask(session, [held[0].id], moderator.id)
    session.query(HeldCopy).update({"state": HeldCopy.State.OPENED, "name": "Ines Karlsen", "city": "Bergen"})
    asked = factories.invalidation(session, petition, moderator, [row.public_id for row in held[:5]])
    Proposal.ask(session, Proposal.Kind.INVALIDATION, asked.public_id, moderator, matched=5)
    running = factories.invalidation(session, petition, moderator, [held[6].public_id])
    running.begin(session)
    Switch.throw(session, Switch.Name.LETTERS, by="worker", reason="bounces")
    token = new_token()
    data = {"_user_id": member.fs_uniquifier, "_fresh": True, "fs_paa": time.time()}
    session.add(MemberSession(token_hash=token_hash(token), member_id=member.id, data=data))
    session.commit()
    scripted.add_cookies([{"name": COOKIE.removeprefix("__Host-"), "value": token, "url": site}])
    return scripted.new_page()


def _letter(session: Session, petition: Petition, signature: int, number: int) -> None:
    name = ("mail.example", "post.example")[number % 5 == 0]
    domain = session.query(MailDomain).filter_by(petition_id=petition.id, name=name).one_or_none()
    if domain is None:
        domain = MailDomain(petition_id=petition.id, tag=name.encode().ljust(16), name=name, letters=50)
        session.add(domain)
        session.flush()
    refused = number % 10 == 0
    session.add(
        Letter(
            kind=Letter.Kind.CONFIRM_SIGNATURE, cause=f"c{number}", signature_id=signature,
            state=Letter.State.FAILED if refused else Letter.State.SENT, reason="bad_address" if refused else None,
            mail_domain_id=domain.id,
        )
    )


def _deliveries(session: Session, petition: Petition) -> None:
    states = (Delivery.State.UNCERTAIN, Delivery.State.READY, Delivery.State.PACK_READY, Delivery.State.ACCEPTED)
    for state in states:
        delivery = factories.delivery(session, petition, state=state)
        delivery.channel.legal_effect = Channel.LegalEffect.APPEAL
    delivery.sent_on = database_time(session).date() - timedelta(days=47)
    Clock.start_for(session, delivery)


def paths() -> list[str]:
    signatures = "/organise/petitions/free-anna/signatures"
    held = rows(select(Signature.public_id).where(Signature.state == Signature.State.HELD))[0]
    trend, clock = rows(select(Trend.public_id))[0], rows(select(Clock.public_id))[0]
    asked, running = (
        rows(select(Invalidation.public_id).where(Invalidation.state == state))[0]
        for state in (Invalidation.State.ASKED, Invalidation.State.RUNNING)
    )
    return [
        "/organise/", "/organise/letters", "/organise/deliveries", f"/organise/clocks/{clock}",
        "/organise/petitions/free-anna/statistics", signatures, f"{signatures}/{held}",
        f"{signatures}/fraud?trend={trend}", f"{signatures}/fraud/{asked}", f"{signatures}/fraud/{asked}/decision",
        f"{signatures}/fraud/{running}",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_desk_is_accessible_and_fits_a_phone(
    site: str, owner: Page, scheme: str
) -> None:
    owner.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    axe, found = Axe(), []
    for path in paths():
        answer = owner.goto(site + path)
        assert answer is not None
        assert answer.status == 200, path
        for violation in axe.run(owner).response["violations"]:
            targets = [node["target"] for node in violation["nodes"]]
            found.append(f"{path} {violation['id']}: {targets}")
        wider = owner.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            found.append(f"{path} is {wider} px wider than the screen")
        if PICTURES:
            _picture(owner, path, scheme)
    assert not found, "\n".join(found)


def _picture(page: Page, path: str, scheme: str) -> None:
    name = path.strip("/").replace("/", "_").partition("?")[0]
    for width in (390, 1200):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=Path(str(PICTURES)) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
