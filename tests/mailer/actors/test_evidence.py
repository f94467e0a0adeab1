"""Signing the log: after each batch, at the size of each edition, and never against what was published."""

import itertools
import shutil
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from mailer.actors.counting import count, recount
from mailer.actors.editions import advance_editions
from mailer.actors.evidence import LogStopped, sign_log
from mailer.actors.runtime import Runtime
from petitions import merkle, notes, watermark
from petitions.db import db
from petitions.keys import LogKeyMissing, log_key_file
from petitions.models import AuditEntry, Checkpoint, Edition, EvidenceLog, Petition, Signature, Tile
from tests import factories
from tests.faults.machine import Machine


@pytest.fixture
def petition(machine: Machine) -> Petition:
    with db.writing() as session:
        made = machine.petition(session)
        session.commit()
        return made


def signed(petition: Petition, number: int = 1) -> list[int]:
    with db.writing() as session:
        people = [factories.typed() for _ in range(number)]
        made = factories.signatures(session, session.get_one(Petition, petition.id), people, confirmed=True)
        session.commit()
    return [one.id for one in made]


def checkpoints(petition: Petition) -> list[Checkpoint]:
    with db.reading() as session:
        wanted = select(Checkpoint).where(Checkpoint.petition_id == petition.id).order_by(Checkpoint.size)
        return list(session.scalars(wanted))


def stopped(petition: Petition) -> bool:
    with db.reading() as session:
        return session.get_one(Petition, petition.id).log_stopped_at is not None


def test_each_batch_is_signed_and_follows_from_the_one_before(runtime: Runtime, petition: Petition) -> None:
    for number in (3, 1, 260):
        signed(petition, number)
        count(runtime)
    made = checkpoints(petition)
    assert [one.size for one in made] == [3, 4, 264]
    key = notes.LogKey(f"{runtime.settings.host}/log/{petition.slug}", made[0].public_key)
    heads = [notes.opened(one.note, key) for one in made]
    with db.reading() as session:
        log = EvidenceLog(session, petition.id)
        for small, large in itertools.pairwise(heads):
            proof = log.consistency_proof(small.size, large.size)
            assert merkle.proves_consistency(small.size, large.size, proof, small.root, large.root)


def test_a_withdrawal_alone_is_logged_and_signed(runtime: Runtime, petition: Petition) -> None:
    """M8."""
    one, _ = signed(petition, 2)
    count(runtime)
    with db.writing() as session:
        session.get_one(Signature, one).withdraw(session)
        session.commit()
    count(runtime)
    assert [one.size for one in checkpoints(petition)] == [2, 3]


def test_an_edition_has_a_checkpoint_of_its_own_size(runtime: Runtime, petition: Petition) -> None:
    signed(petition, 3)
    with db.writing() as session:
        edition = Edition.freeze(session, session.get_one(Petition, petition.id), gap_days=0)
        session.commit()
    signed(petition, 2)
    with db.writing() as session:
        session.get_one(Petition, petition.id).count_new(session)
        session.commit()
    advance_editions(runtime)
    assert [one.size for one in checkpoints(petition)] == [3, 5]
    with db.reading() as session:
        found = session.get_one(Edition, edition.id)
        assert (found.state, found.problems) == (Edition.State.CHECKED, [])


def test_what_was_signed_is_known_outside_of_the_database(runtime: Runtime, petition: Petition) -> None:
    signed(petition, 3)
    count(runtime)
    kept = watermark.marked(runtime.settings, petition.public_id)
    assert kept == checkpoints(petition)[-1].note
    path = runtime.settings.log_marks / f"{petition.public_id}.checkpoint"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_crash_between_mark_and_commit_stops_nothing(
    runtime: Runtime, petition: Petition, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(petition, 3)
    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "__init__", broken)
        count(runtime)
    assert checkpoints(petition) == []
    assert watermark.marked(runtime.settings, petition.public_id) is not None
    signed(petition, 2)
    count(runtime)
    assert [one.size for one in checkpoints(petition)] == [5]
    assert not stopped(petition)


def broken(*_: object, **__: object) -> None:
    raise OSError


@pytest.fixture
def old_database(machine: Machine, runtime: Runtime, petition: Petition, tmp_path: Path) -> Path:
    """A backup from before the last batch, which has been published."""
    signed(petition, 3)
    count(runtime)
    backup = tmp_path / "backup.db"
    _folded(machine)
    shutil.copyfile(machine.settings.var / "petitions.db", backup)
    signed(petition, 2)
    count(runtime)
    return backup


def _folded(machine: Machine) -> None:
    """Closing the last connection writes all into the one file."""
    db.dispose()
    db.connect(machine.settings.database)


def restore(machine: Machine, backup: Path) -> None:
    db.dispose()
    target = machine.settings.var / "petitions.db"
    for beside in target.parent.glob("petitions.db-*"):
        beside.unlink()
    shutil.copyfile(backup, target)
    db.connect(machine.settings.database)


def test_an_old_database_put_back_signs_nothing(
    machine: Machine, runtime: Runtime, petition: Petition, old_database: Path
) -> None:
    before = watermark.marked(runtime.settings, petition.public_id)
    restore(machine, old_database)
    signed(petition)
    count(runtime)  # smaller than what was published
    assert stopped(petition)
    signed(petition, 4)
    count(runtime)  # larger, and other leaves at the places of published ones
    assert stopped(petition)
    assert [one.size for one in checkpoints(petition)] == [3]
    assert watermark.marked(runtime.settings, petition.public_id) == before
    with db.reading() as session:
        assert session.get_one(Petition, petition.id).confirmed_count == 8  # people go on signing
        found = session.scalars(select(AuditEntry).where(AuditEntry.verb == "log.stop")).all()
    assert [entry.details for entry in found] == [{"departure": "smaller"}]


def test_an_old_database_is_noticed_at_night_even_if_nobody_signs(
    machine: Machine, runtime: Runtime, petition: Petition, old_database: Path
) -> None:
    restore(machine, old_database)
    recount(runtime)
    assert stopped(petition)


def test_the_newest_database_put_back_lets_it_go_on(
    machine: Machine, runtime: Runtime, petition: Petition, old_database: Path, tmp_path: Path
) -> None:
    newest = tmp_path / "newest.db"
    _folded(machine)
    shutil.copyfile(machine.settings.var / "petitions.db", newest)
    restore(machine, old_database)
    recount(runtime)
    restore(machine, newest)
    with db.writing() as session:
        session.execute(update(Petition).values(log_stopped_at=Petition.counted_at))
        session.commit()
    signed(petition)
    count(runtime)
    assert not stopped(petition)
    assert [one.size for one in checkpoints(petition)] == [3, 5, 6]


def test_no_edition_is_compiled_from_a_log_that_is_not_the_published_one(
    machine: Machine, runtime: Runtime, petition: Petition, old_database: Path
) -> None:
    restore(machine, old_database)
    signed(petition)
    with db.writing() as session:
        edition = Edition.freeze(session, session.get_one(Petition, petition.id), gap_days=0)
        session.commit()
    advance_editions(runtime)
    with db.writing() as session:
        found = session.get_one(Edition, edition.id)
        assert any("evidence log" in problem for problem in found.problems)
        found.move_to(Edition.State.APPROVED)
        session.commit()
    advance_editions(runtime)
    with db.reading() as session:
        found = session.get_one(Edition, edition.id)
        assert (found.state, found.last_error_class) == (Edition.State.FAILED, "LogStopped")


def test_altered_leaves_are_found_before_anything_is_signed(runtime: Runtime, petition: Petition) -> None:
    """M5: the operator's own database shows another tree than the one that was published."""
    signed(petition, 3)
    count(runtime)
    with db.writing() as session:
        tile = session.scalars(select(Tile)).one()
        tile.hashes = tile.hashes[:32] + merkle.leaf_hash(b"invented") + tile.hashes[64:]
        session.commit()
    signed(petition)
    count(runtime)
    assert stopped(petition)
    assert [one.size for one in checkpoints(petition)] == [3]


def test_another_key_signs_nothing(runtime: Runtime, petition: Petition) -> None:
    signed(petition)
    count(runtime)
    log_key_file(runtime.settings).write_bytes(bytes(reversed(range(32))))
    with pytest.raises(LogStopped) as stop:
        sign_log(runtime, petition.id)
    assert stop.value.departure is watermark.Departure.UNREADABLE


def test_without_its_key_signatures_are_counted_and_nothing_is_signed(runtime: Runtime, petition: Petition) -> None:
    log_key_file(runtime.settings).unlink()
    signed(petition, 2)
    assert count(runtime) == 2
    assert checkpoints(petition) == []
    with pytest.raises(LogKeyMissing):
        sign_log(runtime, petition.id)


def test_positions_from_before_the_log_are_signed_without_anybody_signing(
    runtime: Runtime, petition: Petition
) -> None:
    signed(petition, 3)
    count(runtime)
    with db.writing() as session:
        session.execute(delete(Tile))
        session.execute(delete(Checkpoint))
        session.commit()
    (runtime.settings.log_marks / f"{petition.public_id}.checkpoint").unlink()
    count(runtime)
    assert [one.size for one in checkpoints(petition)] == [3]
