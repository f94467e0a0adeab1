"""Floods: nobody is refused; what is too much waits or is looked at first, and the answer is the same (cases.md D)."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.app import create_app
from petitions.config import Settings
from petitions.db import Database, db
from petitions.limits import HourCounts, Limits, network_of
from petitions.models import Letter, Petition, Signature
from petitions.signing import Circumstances
from tests import factories
from tests.conftest import reader
from tests.views import steps


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.fixture
def strict(settings: Settings, database: Database) -> Flask:
    return create_app(
        settings.model_copy(
            update={"signs_per_network": 2, "signs_before_hold": 4, "wrong_tokens_per_network": 3}
        )
    )


def delays() -> list[timedelta]:
    with db.reading() as looking:
        return [letter.not_before - letter.created_at for letter in looking.scalars(select(Letter).order_by(Letter.id))]


def test_above_a_limit_letters_wait_and_above_the_next_a_person_looks(strict: Flask, petition: Petition) -> None:
    """D1, D3."""
    answers = [
        steps.sign(reader(strict, f"198.51.100.{n}"), "free-anna", email=f"p{n}@example.org", name=f"Person {n}x")
        for n in range(1, 7)
    ]

    assert {answer.status_code for answer in answers} == {303}
    states = [(row.state, row.held_reason) for row in steps.rows(petition)]
    assert states == [(Signature.State.PENDING, None)] * 4 + [(Signature.State.HELD, "network")] * 2
    assert delays() == [timedelta()] * 2 + [timedelta(minutes=10)] * 2


def test_other_networks_are_not_affected(strict: Flask, petition: Petition) -> None:
    """D1."""
    for n in range(5):
        steps.sign(reader(strict, "198.51.100.1"), "free-anna", email=f"p{n}@example.org", name=f"Person {n}x")
    steps.sign(reader(strict, "203.0.113.9"), "free-anna", email="other@example.org")

    assert steps.rows(petition)[-1].state is Signature.State.PENDING
    assert delays()[-1] == timedelta()


def test_a_filled_honeypot_is_held_with_the_same_answer(client: FlaskClient, petition: Petition) -> None:
    """D7."""
    answer = steps.sign(client, "free-anna", subject="buy")
    other = steps.sign(client, "free-anna", email="other@example.org")

    assert (answer.status_code, answer.headers["Location"]) == (other.status_code, other.headers["Location"])
    assert [row.held_reason for row in steps.rows(petition)] == ["honeypot", None]
    assert len(delays()) == 1


def test_wrong_links_are_slowed_down_and_right_ones_always_work(
    strict: Flask, session: Session, petition: Petition
) -> None:
    """B2: a Tor exit is many people."""
    signed = factories.signature(session, petition)
    session.commit()
    client = reader(strict)

    answers = [client.get(f"/s/{'A' * 42}{n}").status_code for n in range(5)]

    assert answers == [404, 404, 404, 429, 429]
    assert client.get("/s/short").headers["Retry-After"] == "3600"
    assert client.get(f"/s/{signed.token}").status_code == 200
    assert reader(strict, "203.0.113.99").get("/s/short").status_code == 429
    assert reader(strict, "192.0.2.1").get("/s/short").status_code == 404


def test_the_stored_network_tag_is_no_address(client: FlaskClient, petition: Petition) -> None:
    steps.sign(client, "free-anna")
    tag = steps.row(petition).net_tag
    assert tag is not None
    assert len(tag) == 16
    assert b"203" not in tag


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", None),  # a proxy that names nobody, or an onion service
        ("127.8.9.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        (None, None),
        ("", None),
        ("unix:", None),
    ],
)
def test_a_network_is_a_24_or_a_48(address: str | None, network: str | None) -> None:
    assert network_of(address) == network


@pytest.fixture
def hung_redis() -> Iterator[socket.socket]:
    """Takes every connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_redis_that_hangs_costs_a_moment_and_this_process_counts_on(
    settings: Settings, hung_redis: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("petitions.limits.time.monotonic", lambda: clock[0])
    broker = f"redis://127.0.0.1:{hung_redis.getsockname()[1]}/0"
    limits = Limits(
        settings.model_copy(
            update={"broker_url": broker, "web_processes": 2, "signs_per_network": 2, "signs_before_hold": 3}
        )
    )

    def took() -> float:
        began = time.perf_counter()
        found.append(limits.circumstances("203.0.113.7", honeypot_filled=False))
        return time.perf_counter() - began

    found: list[Circumstances] = []
    assert 0.15 < took() < 1  # asked, and given up soon
    assert max(took() for _ in range(3)) < 0.05  # not asked for a minute
    assert [(how.held_reason, how.letter_delay) for how in found] == [
        (None, timedelta()), (None, timedelta()), (None, timedelta(minutes=10)), ("network", timedelta(minutes=10)),
    ]  # fmt: skip
    clock[0] += 61
    assert took() > 0.15  # asked again


def test_who_comes_from_loopback_shares_no_limit_with_all_the_world(strict: Flask, petition: Petition) -> None:
    for number in range(6):
        signing = reader(strict, "127.0.0.1")
        assert steps.sign(signing, "free-anna", email=f"p{number}@example.org").status_code == 303
    assert {row.held_reason for row in steps.rows(petition)} == {None}
    assert {row.net_tag for row in steps.rows(petition)} == {None}
    assert set(delays()) == {timedelta()}


def test_counts_begin_anew_each_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 22, 10, 59, tzinfo=UTC).timestamp()
    monkeypatch.setattr("petitions.limits.time.time", lambda: now)
    counts = HourCounts()
    assert [counts.incr("a"), counts.incr("a"), counts.incr("b")] == [1, 2, 1]
    now += 120
    assert counts.incr("a") == 1


def test_an_address_the_proxy_names_counts_only_when_the_proxy_is_trusted(
    settings: Settings, database: Database, petition: Petition
) -> None:
    """peers.md: spoofable client addresses."""
    spoofed = {"X-Forwarded-For": "192.0.2.200"}
    tags = []
    for proxies in (0, 1):
        app = create_app(settings.model_copy(update={"trusted_proxies": proxies}))
        client = reader(app)
        page = steps.check(client, "free-anna", email=f"p{proxies}@example.org").text
        client.post("/en/petitions/free-anna/signatures", data=steps.hidden_fields(page), headers=spoofed)
        tags.append(steps.rows(petition)[-1].net_tag)
    straight = Limits(settings).circumstances("203.0.113.7", honeypot_filled=False).net_tag
    named = Limits(settings).circumstances("192.0.2.200", honeypot_filled=False).net_tag
    assert tags == [straight, named]
