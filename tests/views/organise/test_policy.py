"""Who may reach what: every route under /organise × every role × own and foreign branch × nobody (cases.md G1, F-4).

A route that names neither an act nor `open_to_all` fails here; so does one whose arguments world.py does not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from petitions.db import db
from petitions.login.sessions import DOOR
from petitions.models import Branch, Member
from petitions.policy import STEP_UP, WHILE_FROZEN, Act, Role, allows
from petitions.views.organise.roles import ACT_WORDS, ROLE_LINES, ROLE_NAMES
from tests import factories
from tests.conftest import Desk, MakeDesk, reader
from tests.views.organise.world import World, fingerprint, new_world

BEFORE_THE_LOGIN = {"organise_login", "organise_lost", "organise_joining", "organise_freezing.frozen"}
# What all branches share, or the member's own: there is no foreign one to be asked for.
SHARED = {"organise_authorities", "organise_channels", "organise_channel_changes"}


@dataclass(frozen=True)
class Door:
    """One route and method."""

    rule: Rule
    method: str
    act: Act | None

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def blueprint(self) -> str:
        return str(self.rule.endpoint).partition(".")[0]


def doors(app: Flask) -> Iterator[Door]:
    for rule in app.url_map.iter_rules():
        if rule.rule == DOOR or rule.rule.startswith(f"{DOOR}/"):
            view = app.view_functions[rule.endpoint]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Door(rule, method, getattr(view, "act", None))


def guarded(app: Flask) -> list[tuple[Door, Act]]:
    return [(door, door.act) for door in doors(app) if door.act is not None]


@pytest.fixture
def world(session: Session) -> World:
    """Everything there is, of a branch with an owner."""
    branch = factories.branch(session, legal_name="Worldwide Door")
    made = new_world(session, branch, factories.member(session, branch, email="secret.owner@world.example.org"))
    session.commit()
    return made


@pytest.fixture
def members(desk: MakeDesk, world: World) -> dict[Role, Desk]:
    return {role: desk(role, branch=world.branch) for role in Role}


def address(app: Flask, door: Door, world: World) -> str:
    adapter = app.url_map.bind("petitions.example.org")
    return adapter.build(door.rule.endpoint, world.arguments(door.rule), method=door.method)


def ask(client: Desk, door: Door, path: str) -> TestResponse:
    return client.get(path) if door.method == "GET" else client.post(path)


def to_login(answer: TestResponse) -> bool:
    return answer.status_code in {302, 303} and urlsplit(answer.headers["Location"]).path == "/organise/login"


def shows_data(answer: TestResponse, world: World) -> bool:
    return any(one in answer.text for one in ("Verenko", "secret.owner@world", world.rows["petitions"]["public_id"]))


def now() -> dict[str, int]:
    with db.reading() as session:
        return fingerprint(session)


def test_every_route_names_its_act_or_is_open_to_all(app: Flask) -> None:
    for door in doors(app):
        is_open = getattr(app.view_functions[door.rule.endpoint], "open_to_all", False)
        assert is_open or door.act is not None, f"{door}: put @guard(Act.…) under its route"
        assert not (is_open and door.act), f"{door}: either an act or open_to_all"
        if is_open:
            assert {door.blueprint, door.rule.endpoint} & BEFORE_THE_LOGIN, f"{door}: should everybody reach it?"


def test_every_act_and_role_has_words_and_somebody_who_may() -> None:
    assert set(ACT_WORDS) == set(Act)
    assert set(ROLE_NAMES) == set(ROLE_LINES) == set(Role)
    for act in Act:
        assert allows(Role.OWNER, act), f"{act}: nobody could do it where there is only one owner"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_is_let_in_without_a_login(app: Flask, world: World, method: str) -> None:
    stranger, before = reader(app), now()

    wrong = []
    for door, _act in guarded(app):
        if door.method == method:
            answer = stranger.open(address(app, door, world), method=method)
            kept_out = to_login(answer) if method == "GET" else answer.status_code == 401
            if not kept_out or shows_data(answer, world):
                wrong.append(f"{door}: {answer.status_code}")

    assert not wrong
    assert now() == before


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_what_the_policy_says_and_nothing_else(
    app: Flask, world: World, members: dict[Role, Desk], role: Role
) -> None:
    """GETs for all; of POSTs those that are refused, so that the world stays whole."""
    before, wrong = now(), []
    for door, act in guarded(app):
        if allows(role, act) and door.method != "GET":
            continue
        answer = ask(members[role], door, address(app, door, world))
        if allows(role, act):
            if answer.status_code in {401, 403, 423} or to_login(answer):
                wrong.append(f"{door}: {answer.status_code}, though {role} may {act}")
        elif answer.status_code != 403 or shows_data(answer, world):
            wrong.append(f"{door}: {answer.status_code}, though {role} may not {act}")

    assert not wrong
    assert now() == before, "what was refused or only read has changed something"


@pytest.mark.parametrize("role", list(Role))
def test_what_belongs_to_another_branch_does_not_exist(
    app: Flask, desk: MakeDesk, world: World, role: Role
) -> None:
    foreigner, before, wrong = desk(role), now(), []
    for door, act in guarded(app):
        if not door.rule.arguments or door.blueprint in SHARED:
            continue
        answer = ask(foreigner, door, address(app, door, world))
        if answer.status_code != (404 if allows(role, act) else 403) or shows_data(answer, world):
            wrong.append(f"{door}: {answer.status_code}")

    assert not wrong
    assert now() == before


def test_nothing_is_done_without_the_token_of_the_session(
    app: Flask, world: World, members: dict[Role, Desk]
) -> None:
    """cases.md F-4"""
    owner, before, wrong = members[Role.OWNER], now(), []
    for door in doors(app):
        if door.method == "GET":
            continue
        path = address(app, door, world)
        for data in ({}, {"csrf_token": ""}, {"csrf_token": "x" * 91}):
            answer = super(Desk, owner).post(path, data=data)
            if answer.status_code != 400:
                wrong.append(f"{door}: {answer.status_code}")

    assert not wrong
    assert now() == before


def test_a_form_of_another_site_does_nothing(app: Flask, world: World, members: dict[Role, Desk]) -> None:
    owner, before, wrong = members[Role.OWNER], now(), []
    for door in doors(app):
        if door.method == "GET":
            continue
        answer = owner.post(address(app, door, world), headers={"Origin": "https://evil.example"})
        if answer.status_code != 403:
            wrong.append(f"{door}: {answer.status_code}")

    assert not wrong
    assert now() == before


def test_what_a_laptop_left_open_must_not_do_asks_again(app: Flask, desk: MakeDesk, world: World) -> None:
    stale, wrong = desk(branch=world.branch, fresh=False), []
    for door, act in guarded(app):
        if act in STEP_UP:
            answer = ask(stale, door, address(app, door, world))
            if answer.status_code != 303 or "/organise/verify" not in answer.headers["Location"]:
                wrong.append(f"{door}: {answer.status_code}")

    assert not wrong


def test_a_frozen_branch_does_nothing_but_look_and_thaw(
    app: Flask, session: Session, desk: MakeDesk, world: World
) -> None:
    """cases.md G16"""
    session.get_one(Branch, world.branch.id).frozen_at = datetime.now(UTC)
    session.commit()
    owner, before, wrong = desk(branch=world.branch), now(), []
    for door, act in guarded(app):
        if act not in WHILE_FROZEN:
            answer = ask(owner, door, address(app, door, world))
            if answer.status_code != 423:
                wrong.append(f"{door}: {answer.status_code}")

    assert not wrong
    assert now() == before


def test_who_has_left_is_nobody(app: Flask, session: Session, desk: MakeDesk, world: World) -> None:
    gone = desk(branch=world.branch)
    session.get_one(Member, gone.member.id).left_at = datetime.now(UTC)
    session.commit()

    wrong = [
        str(door)
        for door, _act in guarded(app)
        if door.method == "GET" and not to_login(gone.get(address(app, door, world)))
    ]

    assert not wrong
