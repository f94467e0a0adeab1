"""A site with the demonstration's records and as many invented signers as a bench asks for; production's rules."""

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.people import names
from petitions import migrate, signing
from petitions.config import Settings, load
from petitions.db import db
from petitions.demo.load import load_once
from petitions.keyring import Keyring, SealingKeys
from petitions.models import Addressee, Disclosure, Petition, Signature

T = TypeVar("T")
HOST = "petitions.example.org"
ENDLESS = 1_000_000_000  # of a limit that still counts, but never bites
FIRST_DAY, DAYS = date(2026, 9, 1), 60
RECORDS_A_KEY = 50  # a data key lives a quarter of an hour: 100,000 signatures in three weeks
NOW = signing.Circumstances(b"\0" * 16, None, timedelta(), confirm_days=14)


def settings_in(var: Path, **changes: object) -> Settings:
    """Production's settings with fresh secrets. The limits count as they do there, but one machine signs for all."""
    chosen: dict[str, object] = {
        "var": var,
        "base_url": f"https://{HOST}",
        "secret_key": secrets.token_urlsafe(32),
        "index_key": secrets.token_urlsafe(32),
        "broker_url": "none",
        "signs_per_network": ENDLESS,
        "signs_before_hold": ENDLESS,
    }
    return load(_env_file=None, **chosen | changes)


def environment(settings: Settings) -> Mapping[str, str]:
    """The same settings for a process of ours, and none of the caller's."""
    plain = ("profile", "var", "base_url", "broker_url", "signs_per_network", "signs_before_hold", "count_seconds")
    chosen = {f"PETITIONS_{name.upper()}": str(getattr(settings, name)) for name in plain}
    for name in ("secret_key", "index_key", "smtp_url"):  # the secret ones
        chosen[f"PETITIONS_{name.upper()}"] = getattr(settings, name).get_secret_value()
    others = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
    return others | chosen


def found(settings: Settings) -> None:
    """An empty site: schema, branch with keys and seal, petition with addressees, opened. Connects `db` to it."""
    migrate.upgrade(settings.database)
    db.connect(settings.database)
    load_once(settings, ())


def petition_in(session: Session) -> Petition:
    return session.scalars(select(Petition)).one()


def keep_one_addressee(session: Session) -> None:
    """A domestic one, listed since before the first signature: who sees every name that was given for all."""
    petition = petition_in(session)
    kept = next(one for one in petition.addressees if one.circle is Addressee.Circle.DOMESTIC)
    kept.listed_at = datetime.combine(FIRST_DAY, time(), UTC)
    for addressee in petition.addressees:
        if addressee is not kept:
            session.delete(addressee)
    session.flush()
    session.expire(petition, ["addressees"])


def typed(count: int, first: int = 1) -> Iterator[signing.Typed]:
    """What so many supporters type, whose mailboxes are numbered from `first`: all of them may be named to
    everybody, with their city."""
    for number, (name, place) in enumerate(names(count), start=first):
        yield signing.Typed(
            name=name,
            city=place.partition(",")[0],
            email=f"signer{number}@signers.example.org",
            country="DE",
            language="en",
            disclosure=Disclosure.ALL,
            shows_city=True,
            wants_listing=False,
            notice_version="2026-11",
        )


def target(petition: Petition) -> signing.Target:
    text = petition.text_in("en")
    assert text is not None
    return signing.Target(petition.id, petition.public_id, text.id, text.hash, text.version)


def fresh_keys(session: Session, petition: Petition) -> SealingKeys:
    """New data keys, as after every quarter of an hour."""
    return Keyring().current(session, petition.id, petition.public_id, petition.branch.public_key)


def add_confirmed(settings: Settings, count: int) -> None:
    """Sealed, confirmed and counted signatures, as the web and the counting job leave them."""
    index_key = settings.index_key.get_secret_value().encode()
    with db.writing() as session:
        petition = petition_in(session)
        of = target(petition)
        for start, people in enumerate(groups(typed(count), RECORDS_A_KEY)):
            keys, rows = fresh_keys(session, petition), []
            for position, person in enumerate(people, start=start * RECORDS_A_KEY + 1):
                day = FIRST_DAY + timedelta(days=position * DAYS // (count + 1))
                moment = datetime.combine(day, time(12), UTC)
                row = signing.sealed_row(of, person, keys, index_key, NOW, moment)
                confirmed = {"state": Signature.State.CONFIRMED, "owner_confirmed_on": day, "confirmed_on": day}
                rows.append(row | confirmed | {"position": position})
            session.connection().execute(insert(Signature), rows)
        petition.log_size = petition.confirmed_count = count
        petition.log_caught_up(session)
        session.commit()


def add_letters(settings: Settings, count: int, first: int = 1) -> None:
    """Pending signatures of one quarter of an hour, each with its letter; all of them appear at once."""
    index_key = settings.index_key.get_secret_value().encode()
    with db.writing() as session:
        petition = petition_in(session)
        of, keys = target(petition), fresh_keys(session, petition)
        for person in typed(count, first):
            signing.sign(session, of, person, keys, index_key, NOW)
        session.commit()


def ids_of_keys() -> dict[str, int]:
    """The ids of the petition, its text and a pair of data keys, for rows that are made without them."""
    with db.writing() as session:
        petition = petition_in(session)
        sealing, of = fresh_keys(session, petition), target(petition)
        session.commit()
    return {"petition": of.petition_id, "text": of.text_id, "name_key": sealing.names_id, "mail_key": sealing.mail_id}


def groups(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group
