"""Signing over HTTP: the form with its token is posted, the sealed row and its letter's row are durable, then 303.

The real server under production's rules (the limiter counts, the bell rings an embedded broker), with a thousand and
with a million signatures stored, against a Flask route that does nothing and against our own that does nothing.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Flask

from bench import load, stored, world
from bench.measure import figure, note
from bench.server import Server, serving
from bench.turns import CONNECTIONS, Target, Turns
from petitions import supervisor
from petitions.app import create_app
from petitions.db import db
from petitions.demo import data
from petitions.forms.signatures import Asked, check_token
from petitions.signing import Typed
from petitions.views.facts import facts_of

STORED = {"1k stored": 1_000, "1M stored": 1_000_000}
ROUNDS = 3
MANY = 4_000  # requests a round to what answers at once
PATH = f"/en/petitions/{data.SLUG}/signatures"
PACED_PART, PACED_SECONDS = 0.6, 8
# Recorded on an earlier machine of this kind (2 shared cores), not in this run: ms of CPU for one signature.
RECORDED_CPU = {"pytition as shipped": 309.0, "pytition without bcrypt": 17.4}


class Site(NamedTuple):
    environment: Mapping[str, str]
    server: Server
    forms: Iterator[str]  # valid ones, without end

    def posts(self, count: int) -> list[bytes]:
        return [load.post(PATH, world.HOST, form) for form in islice(self.forms, count)]


def main(work: Path) -> None:
    with ExitStack() as stack:
        empty = stack.enter_context(serving("bench.empty:app", work / "empty.log"))
        sites = {name: start(stack, work / name.replace(" ", "-"), count) for name, count in STORED.items()}
        first = sites["1k stored"]
        targets = {name: Target(site.server, site.posts, status=303) for name, site in sites.items()}
        post = first.posts(1)[0].replace(PATH.encode(), b"/", 1)
        health = load.get("/health", world.HOST)
        targets["empty route"] = Target(empty, lambda count: [post] * count, times=MANY)
        targets["own health route"] = Target(first.server, lambda count: [health] * count, times=MANY)
        turns = Turns(targets, rounds=ROUNDS)
        turns.say("sign")
        _say_ratios(turns)
        _say_paced(turns, targets["1M stored"])


def start(stack: ExitStack, var: Path, count: int) -> Site:
    """A running site with so many signatures stored."""
    settings = world.settings_in(var)
    world.found(settings)
    forms, keys = _forms(create_app(settings)), world.ids_of_keys()
    db.dispose()
    note(f"  storing {count} signatures")
    stored.fill(var / "petitions.db", count, keys)
    broker = stack.enter_context(supervisor.embedded_broker(var / "broker"))
    environment = world.environment(settings.model_copy(update={"broker_url": broker}))
    return Site(environment, stack.enter_context(serving("wsgi:app", var / "web.log", environment)), forms)


def _forms(app: Flask) -> Iterator[str]:
    """What the check page would send back, with a fresh token each, as if every page had been read just now."""
    with db.reading() as session:
        asked = facts_of(world.petition_in(session)).asked("en")
    return (_form(app, asked, number, person) for number, person in enumerate(world.typed(world.ENDLESS)))


def _form(app: Flask, asked: Asked, number: int, person: Typed) -> str:
    with app.app_context():
        token = check_token(asked)
    return urlencode(
        {
            "name": person.name,
            "email": f"bench{number}@signers.example.org",
            "country": person.country,
            "city": person.city,
            "disclosure": person.disclosure.value,
            "shows_city": "y",
            "consent": "y",
            "subject": "",
            "text_hash": asked.text_hash,
            "token": token,
        }
    )


def _say_ratios(turns: Turns) -> None:
    few, many = STORED
    for connections in CONNECTIONS:
        cpu = turns.cpu(few, connections)
        what = f"sign {connections} connections"
        figure(f"{what} cpu ratio empty route", cpu / turns.cpu("empty route", connections))
        figure(f"{what} cpu ratio own health route", cpu / turns.cpu("own health route", connections))
        figure(f"{what} rate ratio 1M to 1k", turns.rate(many, connections) / turns.rate(few, connections))
        figure(f"{what} cpu ratio 1M to 1k", turns.cpu(many, connections) / cpu)
    for name in STORED:
        tail = turns.quantile(name, 64, 0.99) / turns.quantile(name, 64, 0.5)
        figure(f"sign {name} 64 connections p99 to p50", tail)
    for peer, recorded in RECORDED_CPU.items():
        figure(f"sign cpu ratio {peer} as recorded", recorded / turns.cpu(few, 16))


def _say_paced(turns: Turns, target: Target) -> None:
    """At a pace the server can keep, over connections enough that none is waited for."""
    rate = PACED_PART * max(turns.rate("1M stored", connections) for connections in CONNECTIONS)
    driven = target.drive(int(rate * PACED_SECONDS), connections=64, rate=rate)
    figure("sign 1M stored at 60 % of the peak a second", driven.rate)
    figure("sign 1M stored at 60 % of the peak p50 ms", driven.quantile(0.5) * 1000)
    figure("sign 1M stored at 60 % of the peak p99 ms", driven.quantile(0.99) * 1000)
    figure("sign 1M stored at 60 % of the peak slowest ms", driven.latencies[-1] * 1000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
