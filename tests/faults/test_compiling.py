"""Compiling under kill -9, with a full disk, twice at once, and while people sign and withdraw (I10, I11, I12)."""

import errno
import hashlib
import io
import os
import stat
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from mailer.actors import binding
from mailer.actors.compiling import compilation
from mailer.actors.editions import DISK_FULL, TRIES, advance_editions
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from mailer.pdf import rendering
from mailer.pdf.rendering import render
from petitions.db import db, now
from petitions.models import (
    Document,
    DocumentProgress,
    Edition,
    Petition,
    Signature,
)
from tests import factories
from tests.faults.fixtures import MakeMachine
from tests.faults.machine import Machine, eventually
from tests.mailer.pdf.documents import page_texts
from tests.smtp import SmtpServer

pytestmark = pytest.mark.faults

KILLS = 10


@pytest.fixture
def runtime(machine: Machine) -> Iterator[Runtime]:
    with machine.runtime() as runtime:
        yield runtime


def approved(machine: Machine, runtime: Runtime, count: int = 3, **typed: Any) -> int:
    """An edition of a petition with so many names, which waits to be compiled."""
    with db.writing() as session:
        petition = machine.petition(session)
        people = [factories.typed(**typed) for _ in range(count)]
        factories.signatures(session, petition, people, confirmed=True)
        edition = Edition.freeze(session, petition, gap_days=0)
        session.commit()
        edition_id = edition.id
    advance_editions(runtime)
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        edition.approve(session, factories.member(session, edition.petition.branch), lapse_hours=72)
        session.commit()
    return edition_id


def state(edition_id: int) -> tuple[Edition.State, str | None]:
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        return edition.state, edition.last_error_class


def texts(machine: Machine, edition_id: int) -> dict[int, tuple[str, ...]]:
    """What each live document of an edition says, page by page."""
    archive = Archive(machine.settings.archive, factories.PUBLIC_KEY)
    with db.reading() as session:
        rows = session.scalars(
            select(Document).where(Document.edition_id == edition_id, Document.state == Document.State.LIVE)
        )
        return {
            row.addressee_id: page_texts(archive.read(row.volumes[0].sha256, factories.PRIVATE_KEY)) for row in rows
        }


def partial_files(machine: Machine) -> list[str]:
    """Files in the archive that are not whole, or not what their name says."""
    archive, found = Archive(machine.settings.archive, factories.PUBLIC_KEY), []
    for path in machine.settings.archive.rglob("*"):
        if path.is_file() and not path.name.endswith(".unfinished"):
            content = archive.read(path.name, factories.PRIVATE_KEY)
            if hashlib.sha256(content).hexdigest() != path.name:
                found.append(path.name)
    return found


@pytest.mark.slow
def test_a_worker_killed_ten_times_while_it_compiles_leaves_nothing_partial_and_changes_no_text(
    new_machine: MakeMachine, server: SmtpServer
) -> None:
    machine = new_machine(server)
    with machine.runtime() as runtime:
        edition_id = approved(machine, runtime, 2_000)
    for kill in range(KILLS):
        worker = machine.start_worker()
        eventually(lambda: _at_work(edition_id), "the worker does not begin")
        time.sleep(0.06 * kill)  # rendering, sealing, storing: each is met by some
        worker.kill()
        assert partial_files(machine) == []
        with db.writing() as session:  # ten deaths, none of them by its fault
            session.execute(update(Edition).values(crashes=0, not_before=now()))
            session.execute(update(DocumentProgress).values(begun_at=now(-3_600)))
            session.commit()
    with machine.worker():
        eventually(lambda: state(edition_id)[0] is Edition.State.COMPILED, "it was not compiled in the end")
    assert partial_files(machine) == []
    with machine.runtime() as runtime:
        assert texts(machine, edition_id) == _expected(runtime, edition_id)
    with db.reading() as session:
        assert {row.names for row in session.scalars(select(Document))} == {2_000}
        assert len(session.scalars(select(Document)).all()) == 3


def _at_work(edition_id: int) -> bool:
    with db.reading() as session:
        begun = select(DocumentProgress.id).where(DocumentProgress.begun_at > now(-600))
        return session.scalar(begun.limit(1)) is not None or state(edition_id)[0] is Edition.State.COMPILED


def _expected(runtime: Runtime, edition_id: int) -> dict[int, tuple[str, ...]]:
    """The same documents, rendered now."""
    found = {}
    with db.reading() as session:
        for row in session.scalars(select(Document).where(Document.edition_id == edition_id)):
            made, out = compilation(runtime, session, row.edition, row.addressee, row.verification_code), io.BytesIO()
            render(made.document, made.roll, out)
            found[row.addressee_id] = page_texts(out.getvalue())
    return found


class Full(io.BytesIO):
    """A file on a disk that has room for so many bytes."""

    room = 20_000

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def _no_room_for_the_pdf(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(binding, "_nameless_file", lambda _folder, _files: Full())


def _no_room_in_the_archive(patch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    patch.setattr("mailer.archive.os.fsync", full)  # where a network's or a thin disk says so


@pytest.mark.parametrize("fill", [_no_room_for_the_pdf, _no_room_in_the_archive])
def test_a_full_disk_is_said_so_leaves_nothing_behind_and_is_tried_again(
    fill: Any, machine: Machine, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition_id = approved(machine, runtime)
    with monkeypatch.context() as patch:
        fill(patch)
        for _ in range(TRIES + 2):  # it does not give up: somebody makes room
            _due_now()
            advance_editions(runtime)
            assert state(edition_id) == (Edition.State.APPROVED, DISK_FULL)
            assert [path for path in machine.settings.archive.rglob("*") if path.is_file()] == []
    with db.reading() as session:
        assert session.scalars(select(Document)).all() == []
        assert session.get_one(Edition, edition_id).not_before > session.scalar(select(now()))  # type: ignore[operator]
    _due_now()
    advance_editions(runtime)
    assert state(edition_id) == (Edition.State.COMPILED, None)
    assert len(texts(machine, edition_id)) == 3


def _due_now() -> None:
    with db.writing() as session:
        session.execute(update(Edition).values(not_before=now()))
        session.commit()


def test_two_editions_compiled_at_once_never_mix_their_names(machine: Machine, runtime: Runtime) -> None:
    editions = {
        name: approved(machine, runtime, 150, name=f"{name} Example") for name in ("Berta", "Cyril")
    }
    workers = [threading.Thread(target=_answer_once, args=(runtime,)) for _ in editions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    for name, edition_id in editions.items():
        assert state(edition_id)[0] is Edition.State.COMPILED
        other = next(one for one in editions if one != name)
        for pages in texts(machine, edition_id).values():
            whole = " ".join(pages)
            assert whole.count(f"{name} Example") == 150
            assert other not in whole


def _answer_once(runtime: Runtime) -> None:
    with runtime.at_work():
        advance_editions(runtime)


def test_who_signs_or_withdraws_while_it_is_compiled_changes_nothing_in_it(
    machine: Machine, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Printed rows, printed number and the snapshot are one; the withdrawal is seen before anything leaves."""
    edition_id = approved(machine, runtime, 5)
    real, done = rendering.bind, list[bool]()

    def meanwhile(*given: Any) -> Any:
        if not done:
            done.append(True)
            with db.writing() as session:
                session.scalars(select(Signature).order_by(Signature.id)).first().withdraw(session)  # type: ignore[union-attr]
                petition = session.scalars(select(Petition)).one()
                factories.signature(session, petition, name="Late Example", confirmed=True)
                session.commit()
        return real(*given)

    monkeypatch.setattr(binding, "bind", meanwhile)
    advance_editions(runtime)
    with db.reading() as session:
        first, *others = session.scalars(select(Document).order_by(Document.id))
        assert (first.names, first.count_only) == (5, 0)
        assert {other.names for other in others} == {4}
        assert first.stale(session)
        assert not any(other.stale(session) for other in others)
    for pages in texts(machine, edition_id).values():
        assert "Late Example" not in " ".join(pages)
