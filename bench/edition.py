"""The steps of the compile bench, each a process of its own.

python -m bench.edition prepare SITE COUNT | compile SITE | render-large FOLDER MEGABYTES
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import configure_mappers

from bench import ours, sealing, world
from bench.measure import MB, timed
from bench.people import names
from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from mailer.document import SignatureLine
from mailer.pdf import render
from petitions import keys
from petitions.config import Settings
from petitions.db import db
from petitions.models import Document, Edition, Member

SECRETS = {"secret_key": "bench " * 8, "index_key": "index " * 8, "smtp_url": "smtp://127.0.0.1:25?tls=none"}
DIFFERENT = 100_000  # names of the large file before they come round again


class NotCompiled(Exception):
    """The edition failed, or its document does not name everybody."""


def prepare(site: Path, count: int) -> None:
    """A site with an edition that was frozen, checked and approved: compiling it is what comes next."""
    settings = _settings(site)
    world.found(settings)
    with db.writing() as session:
        world.keep_one_addressee(session)
        session.commit()
    world.add_confirmed(settings, count)
    with db.writing() as session:
        editor, owner = session.scalars(select(Member).order_by(Member.id).limit(2))
        Edition.freeze(session, world.petition_in(session), asked_by=editor, gap_days=7)
        session.commit()
    advance_editions(Runtime(settings))
    with db.writing() as session:
        session.scalars(select(Edition)).one().approve(session, owner, lapse_hours=72)
        session.commit()
    db.dispose()


def compile_edition(site: Path) -> dict[str, Any]:
    settings = _settings(site)
    db.connect(settings.database)
    advance_editions(Runtime(settings))
    with db.reading() as session:
        found = select(Edition.state, Edition.log_size, Document.names).join(Document)
        state, size, named = session.execute(found).one()
    db.dispose()
    if state is not Edition.State.COMPILED or named != size:
        raise NotCompiled
    return {"names": named}


def render_large(folder: Path, megabytes: int) -> dict[str, Any]:
    """A document of so many megabytes, by as many names as it takes; beside it a seal for it."""
    keys.new_seal(_settings(folder), sealing.KEY, "Open Door Association")
    with (folder / "large.pdf").open("wb") as out:
        rendering = render(ours.document(DIFFERENT), _lines(out.tell, megabytes * MB), out)
    return {"names": rendering.names, "size": rendering.size / MB}


def _lines(written: Callable[[], int], size: int) -> Iterator[SignatureLine]:
    day = ours.document(DIFFERENT).dated_on
    different = list(names(DIFFERENT))
    serial = 0
    while written() < size:
        for name, place in different:
            serial += 1
            yield SignatureLine(serial, name, place, day)


def _settings(site: Path) -> Settings:
    return world.settings_in(site, **SECRETS)


if __name__ == "__main__":
    step, folder = sys.argv[1], Path(sys.argv[2])
    if step == "prepare":
        prepare(folder, int(sys.argv[3]))
    elif step == "compile":
        configure_mappers()  # a worker does so once in its life, not for each edition
        timed(lambda: compile_edition(folder))
    else:
        timed(lambda: render_large(folder, int(sys.argv[3])))
