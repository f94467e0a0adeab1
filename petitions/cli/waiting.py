"""Waits for the worker, with a bar for whoever looks on."""

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy import func, select

from petitions.cli.output import stands_on_terminal
from petitions.cli.refusals import Refused
from petitions.db import db
from petitions.models import Addressee, Document, Edition

POLL_SECONDS = 0.3
_AT_WORK = {Edition.State.REQUESTED: "checking", Edition.State.APPROVED: "compiling"}


def await_worker(edition_id: int, seconds: float) -> Edition.State:
    """The state in which the worker has left the edition. Raises Refused when it takes longer than that."""
    deadline = time.monotonic() + seconds
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), disable=not stands_on_terminal(), transient=True,
    ) as progress:
        task = progress.add_task("waiting for the worker", total=None)
        while True:
            state, documents, addressees = _look(edition_id)
            if state not in _AT_WORK:
                return state
            progress.update(
                task,
                description=_AT_WORK[state],
                completed=documents,
                total=addressees if state is Edition.State.APPROVED else None,
            )
            if time.monotonic() > deadline:
                raise Refused(
                    f"After {seconds:g} seconds the edition is still {state}. The command has done its part; "
                    "is a worker running? See: petitions doctor"
                )
            time.sleep(POLL_SECONDS)


def _look(edition_id: int) -> tuple[Edition.State, int, int]:
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        documents = session.scalar(
            select(func.count()).where(Document.edition_id == edition_id, Document.state == Document.State.LIVE)
        )
        addressees = session.scalar(select(func.count()).where(Addressee.petition_id == edition.petition_id))
        return edition.state, documents or 0, addressees or 0
