"""A document of several volumes is one document to whoever prints, posts, files and releases it (I9)."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from petitions.db import db
from petitions.models import (
    Approval,
    Channel,
    Clock,
    Delivery,
    Handout,
    Petition,
    Proposal,
    Volume,
)
from tests.views.organise.editing import add_channel, compile_first, delivery, fetch, page

TODAY = datetime.now(UTC).date().isoformat()
S = Delivery.State


@pytest.fixture
def volumes(two: SimpleNamespace, signed_petition: Petition, runtime: Runtime) -> list[Delivery]:
    """Two volumes that go by post."""
    add_channel(signed_petition, Channel.Kind.POST)
    compile_first(two, signed_petition, runtime)
    with db.writing() as session:
        first = session.get_one(Delivery, delivery(Channel.Kind.POST).id)
        second = Volume(
            document_id=first.volume.document_id, number=2, file_name="PET-V2of2.pdf", sha256="2" * 64, size=2_000_000,
            pages=77, first_serial=3, last_serial=1_003,
        )
        session.add(second)
        session.flush()
        session.add(Delivery(volume_id=second.id, channel_id=first.channel_id, state=S.PACK_READY))
        session.commit()
    with db.reading() as session:
        rows = list(session.scalars(select(Delivery).where(Delivery.channel_id == first.channel_id)))
        assert [row.volume.number for row in rows] == [1, 2]
        return rows


def at(row: Delivery, *parts: str) -> str:
    return "/".join((f"/organise/deliveries/{row.public_id}", *parts)) + ("" if parts else "/")


def states() -> list[Delivery.State]:
    with db.reading() as session:
        by_post = select(Delivery.state).join(Channel).where(Channel.kind == Channel.Kind.POST)
        return list(session.scalars(by_post.order_by(Delivery.id)))


def test_the_page_of_a_volume_shows_the_others(two: SimpleNamespace, volumes: list[Delivery]) -> None:
    shown = page(two.editor, at(volumes[1]))
    assert "volume 2 of 2" in shown
    assert "3–1,003" in shown
    assert at(volumes[0]) in shown
    assert "volume 2 of 2" in page(two.editor, "/organise/deliveries")
    assert "volume 2 of 2" in page(two.editor, at(volumes[0], "pack"))


def test_volumes_that_are_printed_together_are_one_thing_to_do(two: SimpleNamespace, volumes: list[Delivery]) -> None:
    assert page(two.owner, "/organise/").count("A letter is ready to print") == 1


def test_what_is_noted_of_one_volume_is_noted_of_all(two: SimpleNamespace, volumes: list[Delivery]) -> None:
    first, second = volumes
    fetch(two.editor, first)
    assert "Yes, it is printed" not in page(two.editor, at(first))
    assert two.editor.post(at(first, "steps", "printed")).status_code == 409  # not all of it is in hand
    fetch(two.editor, second)
    assert two.editor.post(at(first, "steps", "printed")).status_code == 303
    assert states() == [S.PRINTED, S.PRINTED]
    typed = {"posted-on": TODAY, "posted-reference": "RR123456789BY"}
    assert two.editor.post(at(second, "steps", "posted"), data=typed).status_code == 303
    assert states() == [S.POSTED, S.POSTED]
    with db.reading() as session:
        assert {row.reference for row in session.scalars(select(Delivery)) if row.sent_on} == {"RR123456789BY"}
        assert {clock.delivery_id for clock in session.scalars(select(Clock))} == {second.id}


def test_a_held_volume_keeps_the_parcel_here(two: SimpleNamespace, volumes: list[Delivery]) -> None:
    with db.writing() as session:
        session.execute(update(Delivery).where(Delivery.id == volumes[1].id).values(hold_reason="look first"))
        session.commit()
    assert two.editor.post(at(volumes[0], "steps", "printed")).status_code == 409
    assert states() == [S.PACK_READY, S.PACK_READY]


def test_a_release_covers_every_volume(two: SimpleNamespace, volumes: list[Delivery]) -> None:
    data = {"who": two.editor.member.public_id, "reason": "print it on Tuesday"}
    assert two.editor.post(at(volumes[0], "release"), data=data).status_code == 303
    with db.reading() as session:
        kind = Proposal.kind == Approval.Kind.RELEASE
        asked = session.scalars(select(Proposal.public_id).where(kind)).one()
    assert two.owner.post(f"/organise/releases/{asked}/approval").status_code == 303
    with db.reading() as session:
        found = session.execute(select(Handout.delivery_id, Handout.file_name).order_by(Handout.id)).all()
        assert [row[0] for row in found] == [row.id for row in volumes]
        assert found[1][1] == "PET-V2of2.pdf"
    assert "PET-V2of2.pdf" in page(two.editor, "/organise/handouts/")


def test_another_way_takes_all_volumes(two: SimpleNamespace, volumes: list[Delivery]) -> None:
    with db.writing() as session:
        first = session.get_one(Delivery, volumes[0].id)
        for row in first.together:
            row.state = S.RETURNED
        first.channel.authority.channels.append(Channel(kind=Channel.Kind.BY_HAND, address="Square 1", required=[]))
        session.commit()
        other = first.channel.authority.channels[-1].public_id
    answer = two.owner.post(at(volumes[0], "another-way"), data={"other-channel": other})
    assert answer.status_code == 303
    assert states() == [S.CANCELLED, S.CANCELLED]
    with db.reading() as session:
        rows = session.scalars(select(Delivery).join(Channel).where(Channel.kind == Channel.Kind.BY_HAND))
        assert [(row.volume.number, row.state) for row in rows] == [(1, S.AWAITING_PERSON), (2, S.AWAITING_PERSON)]


def test_what_a_server_found_too_large_is_divided_when_its_limit_is_known(
    two: SimpleNamespace, volumes: list[Delivery], runtime: Runtime
) -> None:
    """Case J12: 552 5.3.4."""
    with db.writing() as session:
        for row in session.get_one(Delivery, volumes[0].id).together:
            row.state, row.last_error_class = S.TOO_BIG, "too_big"
        session.commit()
    assert "put the true limit" in page(two.editor, at(volumes[0]))
    assert two.editor.post(at(volumes[0], "renewal")).status_code == 409
    with db.writing() as session:
        session.get_one(Delivery, volumes[0].id).channel.max_bytes = 1_000_000
        session.commit()
    assert "Divide it into smaller volumes" in page(two.editor, at(volumes[0]))
    assert two.editor.post(at(volumes[0], "renewal")).status_code == 303
    assert states() == [S.SUPERSEDED, S.SUPERSEDED]
    advance_editions(runtime)
    again = delivery(Channel.Kind.POST)
    assert (again.state, again.id not in {row.id for row in volumes}) == (S.PACK_READY, True)
