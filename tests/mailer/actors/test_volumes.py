"""A document larger than its channel takes goes in volumes: never cut off, never as a part of itself (I9, J12)."""

import email
import email.policy
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailer.actors.deliveries import deliver_documents
from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.db import database_time, db, now
from petitions.models import (
    Addressee,
    Channel,
    Clock,
    Delivery,
    Document,
    Edition,
    Petition,
    Signature,
    last_received,
)
from petitions.verify import inspect
from tests import factories
from tests.faults.machine import Machine
from tests.mailer.pdf.documents import page_texts
from tests.smtp import Answer, SmtpServer

PAGES, NAMES = 10, 400  # of a volume: the letter, text and facts, some pages of names
S = Delivery.State


@pytest.fixture
def petition_id(machine: Machine) -> int:
    """To one authority, which takes no more than PAGES at once."""
    with db.writing() as session:
        petition = machine.petition(session)
        only, *others = petition.addressees
        only.authority.channels[0].max_pages = PAGES
        session.execute(delete(Addressee).where(Addressee.id.in_([other.id for other in others])))
        session.expire(petition, ["addressees"])
        factories.signatures(session, petition, [factories.typed() for _ in range(NAMES)], confirmed=True)
        session.commit()
        return petition.id


def checked(petition_id: int, runtime: Runtime) -> int:
    with db.writing() as session:
        edition = Edition.freeze(session, session.get_one(Petition, petition_id), gap_days=0)
        session.commit()
        edition_id = edition.id
    advance_editions(runtime)
    return edition_id


def compiled(petition_id: int, runtime: Runtime) -> int:
    edition_id = checked(petition_id, runtime)
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        edition.approve(session, factories.member(session, edition.petition.branch), lapse_hours=72)
        session.commit()
    advance_editions(runtime)
    return edition_id


def live(session: Session) -> Document:
    return session.scalars(select(Document).where(Document.state == Document.State.LIVE)).one()


def became() -> list[tuple[int, str]]:
    with db.reading() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.volume.number, row.state.value) for row in rows]


def change(act: Callable[[Session], Any]) -> None:
    with db.writing() as session:
        act(session)
        session.commit()


def try_again(runtime: Runtime) -> None:
    change(lambda session: session.execute(update(Delivery).values(not_before=now())))
    deliver_documents(runtime)


def test_the_check_says_in_how_many_volumes_it_goes(petition_id: int, runtime: Runtime) -> None:
    edition_id = checked(petition_id, runtime)
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        assert edition.problems == []
        assert edition.report is not None
        [found] = [one for one in edition.report["findings"] if one["rule"] == "volumes"]
        assert found["values"]["most_pages"] == PAGES
        assert found["values"]["volumes"] == edition.report["documents"][0]["channels"][0]["volumes"]
    compiled_volumes = _approved_volumes(edition_id, runtime)
    assert abs(found["values"]["volumes"] - compiled_volumes) <= 1


def _approved_volumes(edition_id: int, runtime: Runtime) -> int:
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        edition.approve(session, factories.member(session, edition.petition.branch), lapse_hours=72)
        session.commit()
    advance_editions(runtime)
    with db.reading() as session:
        return len(live(session).volumes)


def test_each_volume_is_sealed_and_kept_and_every_name_is_in_one(
    petition_id: int, machine: Machine, runtime: Runtime
) -> None:
    compiled(petition_id, runtime)
    archive = Archive(machine.settings.archive, factories.PUBLIC_KEY)
    with db.reading() as session:
        document = live(session)
        certificate = document.edition.petition.branch.seal_certificate or b""
        assert len(document.volumes) > 2
        serials: list[int] = []
        for volume in document.volumes:
            content = archive.read(volume.sha256, factories.PRIVATE_KEY)
            assert inspect(io.BytesIO(content), [certificate]).bottom_line
            assert (len(content), volume.pages) == (volume.size, len(page_texts(content)))
            assert volume.pages <= PAGES
            names = re.findall(r"(\d+) Ines Karlsen \d+ ", " ".join(page_texts(content)))
            serials += map(int, names)
            assert [int(names[0]), int(names[-1])] == [volume.first_serial, volume.last_serial]
        assert serials == list(range(1, NAMES + 1))
        assert (document.names, document.count_only) == (NAMES, 0)
        first = "".join(page_texts(archive.read(document.volumes[0].sha256, factories.PRIVATE_KEY)))
        assert all(volume.sha256 in re.sub(r"\s", "", first) for volume in document.volumes[1:])
        assert document.front_matter is not None
        copy = re.sub(r"\s", "", "".join(page_texts(document.front_matter)))
        assert all(volume.sha256 in copy for volume in document.volumes[1:])
        assert "InesKarlsen" not in copy


def test_the_letters_with_the_volumes_are_one_thread_in_their_order(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    mails = [email.message_from_bytes(mail.data, policy=email.policy.default) for mail in server.messages]
    count = len(mails)
    assert count > 2
    for number, mail in enumerate(mails, start=1):
        assert str(mail["Subject"]).endswith(f"({number}/{count})")
        [attached] = [part for part in mail.walk() if part.get_content_type() == "application/pdf"]
        assert str(attached.get_filename()).endswith(f"-V{number}of{count}.pdf")
        assert mail["In-Reply-To"] == mail["References"] == (None if number == 1 else mails[0]["Message-ID"])
    assert became() == [(number, "accepted") for number in range(1, count + 1)]


def test_no_volume_goes_before_the_one_before_it(petition_id: int, runtime: Runtime, server: SmtpServer) -> None:
    compiled(petition_id, runtime)
    server.faults = {"rcpt": Answer("450 4.2.1 try later", times=1)}
    deliver_documents(runtime)
    assert server.messages == []
    assert {state for _, state in became()} == {"ready"}
    try_again(runtime)
    assert {state for _, state in became()} == {"accepted"}


def test_a_volume_that_was_refused_keeps_the_others_back(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    compiled(petition_id, runtime)
    server.faults = {"dot": Answer("554 5.6.0 not wanted", times=1)}
    deliver_documents(runtime)
    try_again(runtime)
    assert server.messages == []
    assert became()[0] == (1, "rejected")
    assert {state for _, state in became()[1:]} == {"ready"}


def test_a_document_has_been_received_when_all_of_its_volumes_have(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    change(
        lambda session: session.execute(update(Channel).values(legal_effect=Channel.LegalEffect.APPEAL))
    )
    compiled(petition_id, runtime)
    with db.reading() as session:
        last = live(session).volumes[-1].deliveries[0].id
    change(lambda session: setattr(session.get_one(Delivery, last), "hold_reason", "look first"))
    deliver_documents(runtime)
    with db.reading() as session:
        assert session.scalars(select(Clock)).all() == []
        assert session.get_one(Delivery, last).state is S.READY
    change(lambda session: session.get_one(Delivery, last).lift())
    try_again(runtime)
    with db.reading() as session:
        assert {clock.delivery_id for clock in session.scalars(select(Clock))} == {last}
        assert last_received(session, live(session).addressee) is not None
    change(lambda session: setattr(session.get_one(Delivery, last), "state", S.BOUNCED))
    with db.reading() as session:
        assert last_received(session, live(session).addressee) is None


def test_who_withdraws_between_two_volumes_is_in_none_of_the_new_ones(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    """A part has left; the addressee gets the whole anew, without that name, and what had not left never does."""
    compiled(petition_id, runtime)
    with db.writing() as session:
        for row in live(session).volumes[1].deliveries:
            row.hold_reason = "look first"
        session.commit()
    deliver_documents(runtime)
    assert len(server.messages) == 1
    with db.writing() as session:
        first = live(session)
        session.scalars(select(Signature).order_by(Signature.id)).first().withdraw(session)  # type: ignore[union-attr]
        session.execute(update(Delivery).values(hold_reason=None))
        session.commit()
        first_id = first.id
    try_again(runtime)
    advance_editions(runtime)
    try_again(runtime)
    with db.reading() as session:
        second = live(session)
        assert second.id != first_id
        assert second.names == NAMES - 1
        assert {row.state for row in second.deliveries} == {S.ACCEPTED}
        assert len(server.messages) == 1 + len(second.volumes)
        old = session.get_one(Document, first_id)
        assert [row.state for row in old.deliveries] == [S.ACCEPTED, *[S.SUPERSEDED] * (len(old.volumes) - 1)]


def test_a_channel_that_takes_not_even_one_volume_stops_as_too_big(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    change(lambda session: session.execute(update(Channel).values(max_bytes=5_000, max_pages=None)))
    edition_id = compiled(petition_id, runtime)
    assert became() == [(1, "too_big")]
    with db.reading() as session:
        report = session.get_one(Edition, edition_id).report
        assert report is not None
        [found] = [one for one in report["findings"] if one["rule"] == "size"]
        assert (found["tone"], found["values"]["volumes"]) == ("wait", None)


def test_several_volumes_are_one_document_of_the_day(
    petition_id: int, runtime: Runtime, server: SmtpServer
) -> None:
    """An authority gets two documents a day, in however many letters."""
    compiled(petition_id, runtime)
    deliver_documents(runtime)
    assert len(server.messages) > runtime.settings.deliveries_per_authority
    with db.reading() as session:
        settled = session.scalars(select(Delivery.settled_at)).all()
        assert all(at and at > database_time(session) - timedelta(minutes=5) for at in settled)
