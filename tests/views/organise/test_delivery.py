"""One delivery on screen: what a person settles, prints, posts, files, and what stops it (domain.md, "Delivery")."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from petitions.db import db
from petitions.models import (
    AuditEntry,
    Channel,
    Clock,
    Delivery,
    DeliveryAttempt,
    Edition,
    Member,
    Petition,
    Signature,
)
from tests.conftest import Desk, MakeDesk
from tests.views.organise.editing import add_channel, compile_first, delivery, fetch, page

S, K = Delivery.State, Channel.Kind
TODAY = datetime.now(UTC).date()


def at(row: Delivery, *parts: str) -> str:
    return "/".join(("/organise/deliveries", row.public_id, *parts)) + ("" if parts else "/")


def step(desk: Desk, row: Delivery, name: str, **typed: Any) -> int:
    data = {f"{name}-{field}": value for field, value in typed.items()}
    return desk.post(at(row, "steps", name), data=data).status_code


def became(row: Delivery) -> Delivery:
    with db.reading() as session:
        found = session.get_one(Delivery, row.id)
        _ = [attempt.by for attempt in found.attempts], found.channel
        return found


def put(row: Delivery, **values: Any) -> None:
    with db.writing() as session:
        session.execute(update(Delivery).where(Delivery.id == row.id).values(**values))
        session.commit()


@pytest.fixture
def made(two: SimpleNamespace, signed_petition: Petition, runtime: Runtime, request: pytest.FixtureRequest) -> Delivery:
    """A delivery by the kind of channel that the test names; by post where it names none."""
    kind: Channel.Kind = getattr(request, "param", K.POST)
    if kind is not K.EMAIL:
        add_channel(signed_petition, kind)
    compile_first(two, signed_petition, runtime)
    return delivery(kind)


def test_what_goes_by_post_is_printed_posted_and_delivered(two: SimpleNamespace, made: Delivery) -> None:
    assert "Have the document released, print it" in page(two.editor, at(made))
    assert "220000 Sampleburg" in page(two.editor, at(made, "pack"))
    fetch(two.editor, made)
    assert "Yes, it is printed" in page(two.editor, at(made))
    assert step(two.editor, made, "printed") == 303
    assert step(two.editor, made, "posted", on=TODAY.isoformat(), reference="RR123456789BY") == 303

    row = became(made)
    assert (row.state, row.sent_on, row.reference) == (S.POSTED, TODAY, "RR123456789BY")
    shown = page(two.editor, at(made))
    assert "RR123456789BY" in shown
    assert "To be answered" in shown  # by post it counts: the clock runs
    assert step(two.editor, made, "arrived", on=TODAY.isoformat(), note="card signed") == 303
    assert became(made).state is S.DELIVERED
    noted = [(one.outcome, one.by_id) for one in became(made).attempts]
    assert noted == [(outcome, two.editor.member.id) for outcome in ("printed", "posted", "delivered")]


def test_what_nobody_has_in_hand_cannot_have_been_printed(two: SimpleNamespace, made: Delivery) -> None:
    assert "Yes, it is printed" not in page(two.editor, at(made))
    answer = two.editor.post(at(made, "steps", "printed"))
    assert answer.status_code == 409
    assert "Have it released first" in answer.text
    assert became(made).state is S.PACK_READY


@pytest.mark.parametrize("made", [K.PORTAL], indirect=True)
def test_what_goes_through_a_portal_is_taken_on_filed_and_registered(two: SimpleNamespace, made: Delivery) -> None:
    assert step(two.owner, made, "submitted", on=TODAY.isoformat(), reference="1") == 409  # nobody took it on
    assert step(two.owner, made, "taken", who=two.editor.member.public_id) == 303
    assert step(two.editor, made, "submitted", on=TODAY.isoformat(), reference="") == 422
    assert step(two.editor, made, "submitted", on=TODAY.isoformat(), reference="17-В/4") == 303
    assert step(two.editor, made, "registered", on=TODAY.isoformat()) == 303

    assert (became(made).state, became(made).reference) == (S.ACCEPTED, "17-В/4")
    assert "registered by the portal" in page(two.editor, at(made))


@pytest.mark.parametrize("made", [K.PORTAL], indirect=True)
def test_what_a_portal_refuses_can_be_begun_anew(two: SimpleNamespace, made: Delivery) -> None:
    step(two.owner, made, "taken", who=two.owner.member.public_id)
    step(two.owner, made, "submitted", on=TODAY.isoformat(), reference="1")
    assert step(two.owner, made, "refused", on=TODAY.isoformat(), note="file too large") == 303
    assert step(two.owner, made, "again", reason="compressed by the portal's own tool") == 303
    assert (became(made).state, became(made).reference, became(made).assigned_to_id) == (S.AWAITING_PERSON, "", None)


@pytest.mark.parametrize("made", [K.BY_HAND], indirect=True)
def test_what_is_taken_there_is_handed_over_with_a_stamp(two: SimpleNamespace, made: Delivery) -> None:
    step(two.editor, made, "taken", who=two.editor.member.public_id)
    assert step(two.editor, made, "handed-over", on=TODAY.isoformat(), note="") == 422
    typed = {"on": TODAY.isoformat(), "reference": "E-17", "note": "office 4, binder 2"}
    assert step(two.editor, made, "handed-over", **typed) == 303
    assert became(made).state is S.HANDED_OVER
    with db.reading() as session:
        assert session.scalars(select(Clock.kind)).all() == [Clock.Kind.REPLY]


@pytest.mark.parametrize("day", ["", "31.02.2026", (TODAY + timedelta(days=3)).isoformat(), "1999-01-01"])
def test_a_day_that_cannot_be_is_refused_and_what_was_typed_is_kept(
    day: str, two: SimpleNamespace, made: Delivery
) -> None:
    fetch(two.editor, made)
    step(two.editor, made, "printed")
    data = {"posted-on": day, "posted-reference": "RR1", "posted-note": "kept"}
    answer = two.editor.post(at(made, "steps", "posted"), data=data)
    assert answer.status_code == 422
    assert 'href="#posted-on"' in answer.text
    assert "kept" in answer.text
    assert became(made).state is S.PRINTED


def test_a_hold_stops_every_step_and_one_person_is_enough(
    desk: MakeDesk, two: SimpleNamespace, made: Delivery
) -> None:
    moderator = desk(Member.Role.MODERATOR, branch=two.owner.member.branch)
    assert moderator.post(at(made, "hold"), data={"hold-reason": "the address is doubted"}).status_code == 303
    assert step(two.editor, made, "printed") == 409
    assert "the address is doubted" in page(two.editor, at(made))
    assert two.editor.post(at(made, "lifting")).status_code == 403
    assert two.owner.post(at(made, "lifting")).status_code == 303
    fetch(two.editor, made)
    assert step(two.editor, made, "printed") == 303


@pytest.mark.parametrize("made", [K.EMAIL], indirect=True)
def test_an_uncertain_one_is_settled_with_evidence_by_an_owner(two: SimpleNamespace, made: Delivery) -> None:
    put(made, state=S.UNCERTAIN, last_error_class="dropped")
    assert "never sent again by itself" in page(two.owner, at(made))
    assert two.editor.get(at(made, "settlement")).status_code == 403
    data = {"answer": "accepted", "evidence": ""}
    assert two.owner.post(at(made, "settlement"), data=data).status_code == 422
    data["evidence"] = "relay log: 250 2.0.0 queued as 4F2"
    assert two.owner.post(at(made, "settlement"), data=data).status_code == 303

    assert became(made).state is S.ACCEPTED
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "delivery.resolve")).one()
        assert entry.details["evidence"] == data["evidence"]


@pytest.mark.parametrize("made", [K.EMAIL], indirect=True)
def test_a_receipt_or_a_bounce_is_noted_by_hand(two: SimpleNamespace, made: Delivery) -> None:
    put(made, state=S.ACCEPTED)
    assert step(two.editor, made, "came-back", on=TODAY.isoformat(), note="no such user") == 303
    assert became(made).state is S.BOUNCED
    put(made, state=S.ACCEPTED)
    assert step(two.editor, made, "arrived", on=TODAY.isoformat(), note="their letter 17-4") == 303
    assert became(made).state is S.DELIVERED


@pytest.mark.parametrize("made", [K.EMAIL], indirect=True)
def test_sending_again_what_may_have_arrived_needs_a_second_look(two: SimpleNamespace, made: Delivery) -> None:
    put(made, state=S.UNCERTAIN)
    data = {"answer": "not-sent", "evidence": "the relay never saw it"}
    first = two.owner.post(at(made, "settlement"), data=data)
    assert first.status_code == 200
    assert "twice" in first.text
    assert became(made).state is S.UNCERTAIN
    assert two.owner.post(at(made, "settlement"), data={**data, "sure": "yes"}).status_code == 303
    assert became(made).state is S.READY


@pytest.mark.parametrize("made", [K.EMAIL], indirect=True)
@pytest.mark.parametrize("values", [{"state": S.TRANSMITTING}, {"lease_owner": "a worker"}])
def test_what_a_worker_has_in_hand_is_left_to_it(
    values: dict[str, Any], two: SimpleNamespace, made: Delivery
) -> None:
    put(made, **values)
    assert two.owner.post(at(made, "cancellation"), data={"cancel-reason": "not any more"}).status_code == 409
    assert two.owner.post(at(made, "hold"), data={"hold-reason": "not any more"}).status_code == 409


@pytest.mark.parametrize("made", [K.EMAIL], indirect=True)
def test_what_is_too_large_goes_by_another_way(
    two: SimpleNamespace, made: Delivery, signed_petition: Petition
) -> None:
    """Case I9: never truncated."""
    put(made, state=S.TOO_BIG, last_error_class="larger_than_channel")
    with db.writing() as session:
        authority = session.get_one(Delivery, made.id).channel.authority
        authority.channels.append(Channel(kind=K.POST, address="Square 1", required=[]))
        session.commit()
        post = authority.channels[-1].public_id
    assert "Nothing of it is cut off" in page(two.editor, at(made))

    assert two.editor.post(at(made, "another-way"), data={"other-channel": post}).status_code == 403
    answer = two.owner.post(at(made, "another-way"), data={"other-channel": post})
    assert answer.status_code == 303
    assert became(made).state is S.CANCELLED
    instead = delivery(K.POST)
    assert (instead.state, instead.volume_id) == (S.PACK_READY, made.volume_id)


def test_a_printed_one_that_went_stale_says_so_and_is_compiled_again(
    two: SimpleNamespace, made: Delivery, runtime: Runtime
) -> None:
    fetch(two.editor, made)
    step(two.editor, made, "printed")
    assert two.editor.post(at(made, "renewal")).status_code == 409
    with db.writing() as session:
        session.scalars(select(Signature)).first().withdraw(session)  # type: ignore[union-attr]
        session.commit()

    assert "destroy the paper" in page(two.editor, at(made))
    assert two.editor.post(at(made, "renewal")).status_code == 303
    assert became(made).state is S.SUPERSEDED
    advance_editions(runtime)
    again = delivery(K.POST)
    assert (again.state, again.id != made.id) == (S.PACK_READY, True)
    assert again.volume.document.names == made.volume.document.names - 1


def test_an_addressee_that_has_it_by_one_way_does_not_get_it_twice(
    two: SimpleNamespace, made: Delivery, runtime: Runtime
) -> None:
    """The letter was posted; the mail of the same document went stale before it left."""
    fetch(two.editor, made)
    step(two.editor, made, "printed")
    step(two.editor, made, "posted", on=TODAY.isoformat())
    with db.writing() as session:
        session.scalars(select(Signature)).first().withdraw(session)  # type: ignore[union-attr]
        session.get_one(Delivery, made.id).volume.document.supersede(session)
        session.commit()
    advance_editions(runtime)
    with db.reading() as session:
        assert session.scalars(select(Edition.state)).one() is Edition.State.COMPILED
        by_post = session.scalars(select(Delivery).join(Channel).where(Channel.kind == K.POST)).all()
        assert [row.state for row in by_post] == [S.POSTED]


def test_every_try_is_shown_with_what_the_server_said(two: SimpleNamespace, made: Delivery) -> None:
    with db.writing() as session:
        session.add(DeliveryAttempt(delivery_id=made.id, outcome="permanent", code=550, reply="5.1.1 <b>no such user"))
        session.commit()
    shown = two.editor.get(at(made)).text
    assert "550" in shown
    assert "&lt;b&gt;no such user" in shown
    assert made.volume.sha256 in shown


def test_another_branch_does_not_see_it(desk: MakeDesk, made: Delivery) -> None:
    stranger = desk()
    for path in (at(made), at(made, "settlement"), at(made, "pack"), at(made, "release")):
        assert stranger.get(path).status_code == 404
    assert stranger.post(at(made, "hold"), data={"hold-reason": "curious"}).status_code == 404
