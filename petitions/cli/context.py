"""What every command starts with: settings, the database at the right revision, one transaction, the bell."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
import structlog
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from petitions import migrate
from petitions.bell import bell, make_broker
from petitions.cli.refusals import Refused
from petitions.config import Settings, load
from petitions.db import db, now
from petitions.keys import with_kept_secrets

OPERATOR = "operator"  # who acts where no member does: whoever has this machine


def connected() -> Settings:
    """The settings, with the database connected and at this version's revision. Raises what refusals.py knows."""
    settings = load()
    require_database_file(settings)
    settings = with_kept_secrets(settings)
    # Commands print their answer on stdout and nothing else; what a library logs goes the other way.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    db.connect(settings.database, pool_size=2)
    click.get_current_context().call_on_close(db.dispose)
    migrate.require_current(db.engine)
    return settings


@contextmanager
def writing() -> Iterator[Session]:
    """One transaction, committed at the end; an error on the way changes nothing."""
    with db.writing() as session:
        yield session
        session.commit()


def ring(settings: Settings, *queues: str) -> None:
    """Hints for the worker. Without one its sweep finds the rows within 15 seconds."""
    bell.hang(make_broker(settings.broker_url))
    for queue in queues:
        bell.send(queue)


def moment(session: Session) -> datetime:
    """Database time."""
    found: datetime | None = session.scalar(select(now()))
    assert found is not None
    return found


def require_database_file(settings: Settings) -> None:
    """Looking at a SQLite file that is not there would make an empty one."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise Refused("There is no database yet; run: petitions db upgrade")
