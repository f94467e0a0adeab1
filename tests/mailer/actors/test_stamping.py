"""A document gets the time of a third party; what becomes of it when that is silent is the operator's policy (I15)."""

from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import select

from mailer import timestamps
from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.config import TsaPolicy
from petitions.db import db
from petitions.models import Branch, Document, Edition, Volume
from tests import factories
from tests.faults.machine import Machine
from tests.mailer.actors.test_editions import approved, asked, petition_id
from tests.mailer.pdf.authority import Authority, authority
from tests.mailer.pdf.documents import page_texts

__all__ = ["petition_id"]  # a fixture of theirs

NONE = "No external time stamp"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    monkeypatch.setattr(timestamps, "PAUSE", 0.0)
    with authority() as server:
        yield server


def worker(machine: Machine, clock: Authority, policy: TsaPolicy) -> Runtime:
    return Runtime(machine.settings.model_copy(
        update={"tsa_url": type(machine.settings.tsa_url)(clock.url), "tsa_policy": policy}
    ))


def ready_to_compile(petition_id: int, runtime: Runtime) -> int:
    edition_id = asked(petition_id)
    advance_editions(runtime)
    approved(edition_id)
    return edition_id


def volumes() -> list[Volume]:
    with db.reading() as session:
        return list(session.scalars(select(Volume).order_by(Volume.id)))


def english(machine: Machine) -> str:
    """What the document in English says."""
    with db.reading() as session:
        archive = Archive(machine.settings.archive, session.scalars(select(Branch)).one().public_key)
        found = select(Volume.sha256).join(Volume.document).where(Document.language == "en")
        sha256 = session.scalars(found.limit(1)).one()
    return " ".join(" ".join(page_texts(archive.read(sha256, factories.PRIVATE_KEY))).split())


def test_every_volume_carries_the_time_and_says_whose(petition_id: int, machine: Machine, clock: Authority) -> None:
    runtime = worker(machine, clock, TsaPolicy.MARK)
    ready_to_compile(petition_id, runtime)
    advance_editions(runtime)

    made = volumes()
    assert len(made) == 3
    assert all(volume.stamped_at for volume in made)
    assert "external time stamp of 127.0.0.1" in english(machine)
    assert clock.asked == 4


def test_a_silent_authority_is_said_on_the_page_and_in_the_records(
    petition_id: int, machine: Machine, clock: Authority
) -> None:
    runtime = worker(machine, clock, TsaPolicy.MARK)
    ready_to_compile(petition_id, runtime)
    clock.behaviour = "down"
    advance_editions(runtime)

    made = volumes()
    assert [volume.stamped_at for volume in made] == [None] * 3
    assert NONE in english(machine)


def test_an_authority_that_falls_silent_between_two_documents_leaves_none_half_sealed(
    petition_id: int, machine: Machine, clock: Authority
) -> None:
    runtime = worker(machine, clock, TsaPolicy.MARK)
    ready_to_compile(petition_id, runtime)
    assert runtime.stamper is not None
    runtime.stamper.ready()
    clock.behaviour = "wrong digest"
    advance_editions(runtime)

    made = volumes()
    assert [volume.stamped_at for volume in made] == [None] * 3
    assert NONE in english(machine)


def test_where_the_policy_is_to_wait_nothing_leaves_without_and_nothing_fails(
    petition_id: int, machine: Machine, clock: Authority
) -> None:
    runtime = worker(machine, clock, TsaPolicy.WAIT)
    edition_id = ready_to_compile(petition_id, runtime)
    clock.behaviour = "down"
    with structlog.testing.capture_logs() as said:
        advance_editions(runtime)

    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        assert (edition.state, edition.tries, edition.last_error_class) == (Edition.State.APPROVED, 0, "NoTimeStamp")
    assert volumes() == []
    assert "edition.no_time_stamp" in [line["event"] for line in said]

    clock.behaviour = "well"
    with db.writing() as session:
        session.get_one(Edition, edition_id).not_before = session.get_one(Edition, edition_id).requested_at
        session.commit()
    advance_editions(runtime)
    assert all(volume.stamped_at for volume in volumes())


def test_without_an_authority_the_document_says_so(petition_id: int, machine: Machine, runtime: Runtime) -> None:
    ready_to_compile(petition_id, runtime)
    advance_editions(runtime)

    assert NONE in english(machine)
