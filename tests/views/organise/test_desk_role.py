"""On a real PostgreSQL: the organisers' pages and acts with the database role of their door (petitions/grants.py)."""

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask, has_request_context
from psycopg import sql
from sqlalchemy import Engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Database, db, make_engine
from petitions.grants import grants
from petitions.models import (
    Approval,
    Channel,
    Delivery,
    Export,
    ExportTooSoon,
    Member,
    Petition,
    PetitionUpdate,
    Proposal,
)
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.test_policy import address, guarded
from tests.views.organise.world import new_world

pytestmark = pytest.mark.postgres
WHY = "a sentence that says why"


@pytest.fixture
def settings(settings: Settings, postgres_url: str) -> Settings:
    return settings.model_copy(update={"database_url": postgres_url})


@pytest.fixture
def door(settings: Settings) -> Iterator[Engine]:
    """Connections as the role of the organisers' door."""
    names = [f"{kind} {secrets.token_hex(4)}" for kind in ("web", "desk", "worker")]
    with psycopg.connect(settings.database, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        connection.execute(grants(*names).encode())
    engine = make_engine(make_url(settings.database).set(username=names[1]).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with psycopg.connect(settings.database, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


@pytest.fixture
def database(settings: Settings, door: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The test arranges as the tables' owner; what answers a request has the door's role."""
    as_owner = {"reading": Database.reading, "writing": Database.writing}

    def session_of(kind: str, engine: Engine) -> Any:
        def session(self: Database) -> Session:
            return Session(engine, expire_on_commit=False) if has_request_context() else as_owner[kind](self)

        return session

    monkeypatch.setattr(Database, "reading", session_of("reading", door.execution_options(postgresql_readonly=True)))
    monkeypatch.setattr(Database, "writing", session_of("writing", door))
    db.connect(settings.database)
    yield db
    db.unbind()
    db.dispose()


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    allowed = settings.model_copy(update={"export_branches": ["north"], "update_alone": 10})
    return create_app(allowed)


@pytest.fixture
def petition(session: Session) -> Petition:
    branch = factories.branch(session, slug="north")
    made = factories.petition(session, branch=branch)
    session.commit()
    return made


def test_the_database_refuses_no_page_of_the_organisers(app: Flask, session: Session, desk: MakeDesk) -> None:
    branch = factories.branch(session)
    owner = factories.member(session, branch)
    world = new_world(session, branch, owner)
    session.commit()
    looking = desk(member=owner)

    app.config["PROPAGATE_EXCEPTIONS"] = True
    wrong = []
    for one, _act in guarded(app):
        if one.method != "GET":
            continue
        try:
            busy = looking.get(address(app, one, world)).status_code == 503
        except DBAPIError as error:
            wrong.append(f"{one}: {error.orig}")
        except Exception:  # a row filled by its columns' types says nothing that a page could show
            continue
        else:
            wrong += [f"{one}: 503"] if busy else []

    assert not wrong


def test_what_organisers_do_is_granted(
    app: Flask, session: Session, desk: MakeDesk, petition: Petition
) -> None:
    """One act at least for each table that the door writes."""
    branch, owners = petition.branch, [factories.member(session, petition.branch) for _ in range(2)]
    session.commit()
    owner, second = (desk(member=one) for one in owners)
    editor = desk(Member.Role.EDITOR, branch=branch)
    base = f"/organise/petitions/{petition.slug}"
    held = factories.signature(session, petition, held_reason="network")
    counted = factories.signature(session, petition, confirmed=True)
    authority = petition.addressees[0].authority
    authority.channels.append(Channel(kind=Channel.Kind.POST, address="Square 1", required=[], source="art. 12"))
    session.flush()
    printed = factories.delivery(session, petition, authority.channels[-1], state=Delivery.State.PACK_READY)
    news = factories.news(session, petition, owners[0])
    stopped = factories.news(session, petition, owners[0], state=PetitionUpdate.State.STOPPED)
    picture = factories.photo(session, petition.prisoner, b"\xff\xd8")
    report = factories.report(session, branch)
    _invitation, subscribed = factories.subscription(session, petition), stopped.public_id
    session.commit()
    here = "/organise"

    def did(desk: Desk, path: str, status: int = 303, /, **typed: Any) -> None:
        assert (path, desk.post(path, data=typed).status_code) == (path, status)

    # accounts
    did(reader_at_login(app), f"{here}/login/lost", email=owner.member.email)
    did(owner, f"{here}/account", name="Somebody", language="en")
    did(owner, f"{here}/account/recovery-codes")
    did(owner, f"{here}/members/invitations/", email="new@example.org", role="editor", reason=WHY)
    did(owner, f"{here}/members/{editor.member.public_id}/role", role="editor", reason=WHY)
    # moderation
    did(owner, f"{base}/signatures/copies", ids=held.public_id)
    did(owner, f"{base}/signatures/releases", ids=held.public_id, reason=WHY)
    did(owner, f"{base}/signatures/{counted.public_id}/hold", reason_class="robot", reason=WHY)
    did(owner, f"{base}/signatures/strikes", ids=counted.public_id)
    did(owner, f"{base}/signatures/search", 200, wanted=counted.public_id)
    # petitions
    did(editor, f"{base}/triggers/", kind="count", threshold="100")
    did(owner, f"{base}/proposals/{asked(Proposal.Kind.TRIGGER)}/refusal", reason=WHY)
    did(editor, f"{base}/addressees/{petition.addressees[0].public_id}/removal")
    did(editor, f"{base}/stops/", what="all")
    did(owner, f"{base}/stops/resumption/alone")
    # cases
    did(editor, f"{here}/prisoners/{petition.prisoner.public_id}/photos/{picture.public_id}/removal")
    did(editor, f"{here}/reports/{report.public_id}/copies")
    # deliveries
    factories.fetched(session, printed, editor.member)
    session.commit()
    did(editor, f"{here}/deliveries/{printed.public_id}/steps/printed")
    did(editor, f"{here}/deliveries/{printed.public_id}/release", who=editor.member.public_id, reason=WHY)
    did(second, f"{here}/releases/{asked(Proposal.Kind.RELEASE)}/approval")  # `owner` has just given the editor a role
    did(editor, f"{here}/deliveries/{printed.public_id}/hold", **{"hold-reason": WHY})
    did(owner, f"{base}/exports", reason=WHY)
    did(second, f"{here}/exports/{asked(Proposal.Kind.EXPORT)}/approval")
    # news, retention, the branch
    did(editor, f"{base}/updates/{news.public_id}/test")
    did(editor, f"{base}/updates/{subscribed}/end")
    did(owner, f"{here}/retention/{petition.slug}/term", days="30")
    did(owner, f"{here}/reports/door", open="1")
    did(editor, f"{here}/branch/freezing", reason=WHY)


def test_what_the_door_s_password_does_not_give(door: Engine, session: Session, petition: Petition) -> None:
    """Nobody's name, no key of a branch, no document that differs from what was compiled, no history rewritten."""
    for statement in (
        "UPDATE branches SET public_key = public_key",
        "UPDATE branches SET seal_certificate = seal_certificate",
        "INSERT INTO branches (slug) VALUES ('ours')",
        "UPDATE documents SET front_matter = front_matter",
        "UPDATE volumes SET sha256 = sha256",
        "UPDATE delivery_attempts SET reply = reply",
        "UPDATE update_letters SET subscription_id = subscription_id",
        "UPDATE signatures SET disclosure = disclosure",
        "UPDATE audit_entries SET verb = verb",
        "SELECT name_box FROM signatures",
        "SELECT box FROM subscriptions",
        "DELETE FROM branches",
        "DELETE FROM channels",
        "DELETE FROM handouts",
    ):
        assert _refused(door, statement), statement
    for statement in (
        "UPDATE documents SET state = state",
        "UPDATE update_letters SET state = state, reason = reason, lease_owner = lease_owner",
        "UPDATE branches SET verified_at = verified_at",
    ):
        assert not _refused(door, statement), statement


def test_of_two_exports_approved_at_once_one_is_too_soon(
    door: Engine, session: Session, petition: Petition
) -> None:
    """cases.md G15: also where they are of two petitions."""
    owners = [factories.member(session, petition.branch) for _ in range(2)]
    session.commit()
    with Session(door) as first, Session(door) as second:
        here, there = (one.get_one(Petition, petition.id) for one in (first, second))
        Export.refuse_now(first, here.branch, ["north"])
        second.execute(text("SET LOCAL lock_timeout = '300ms'"))
        with pytest.raises(Exception, match="lock timeout"):
            Export.refuse_now(second, there.branch, ["north"])
        second.rollback()
        asking, approving = (first.get_one(Member, one.id) for one in owners)
        Export.made_for(first, here, asking, approving, WHY)
        first.commit()
        with pytest.raises(ExportTooSoon):
            Export.refuse_now(second, second.get_one(Petition, petition.id).branch, ["north"])


def asked(kind: Approval.Kind) -> str:
    """The last proposal of a kind."""
    with db.reading() as session:
        found = session.scalars(select(Proposal.public_id).where(Proposal.kind == kind).order_by(Proposal.id.desc()))
        return str(found.first())


def reader_at_login(app: Flask) -> Any:
    """Somebody who is not logged in and has opened the page for a forgotten password."""
    stranger = Desk(app, app.response_class)
    page = stranger.get("/organise/login/lost").text
    stranger.csrf_token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return stranger


def _refused(engine: Engine, statement: str) -> bool:
    with engine.connect() as connection:
        try:
            connection.execute(text(statement))
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
                return True
            raise
    return False
