"""Ways round a second person, the freezing and the limits: each was open once."""

from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer.actors.handouts import make_handouts
from mailer.actors.runtime import Runtime
from petitions.auth import way_back
from petitions.db import database_time, db
from petitions.models import (
    Addressee,
    Authority,
    Conditions,
    Delivery,
    HeldCopy,
    Invalidation,
    Invitation,
    Member,
    Petition,
    Trigger,
)
from petitions.models.held_copy import COPIES_A_DAY, COPIES_AT_ONCE
from petitions.models.invalidation import ROWS_ALONE
from tests import factories
from tests.conftest import Desk, MakeDesk, reader
from tests.views.organise.test_handouts import begun, posted, released
from tests.views.organise.test_publication import at, decision, ready_draft

__all__ = ["posted"]  # a fixture
Role, WHY = Member.Role, {"reason_class": "robot", "reason": "all within one minute, from one network"}


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session)
    session.commit()
    return made


@pytest.fixture
def moderator(desk: MakeDesk, petition: Petition) -> Desk:
    return desk(Role.MODERATOR, branch=petition.branch)


# -- while the branch is frozen --------------------------------------------------------------------------------


@pytest.mark.parametrize(("by_owner", "status"), [(True, 404), (False, 200)])
def test_nobody_whom_a_member_invited_joins_a_frozen_branch(
    app: Flask, session: Session, petition: Petition, by_owner: bool, status: int
) -> None:
    """cases.md G16: else who holds one owner's laptop brings the second owner whom unfreezing takes."""
    owner = factories.member(session, petition.branch) if by_owner else None
    _invitation, token = Invitation.make(
        session, petition.branch, email="second@example.org", role=Role.OWNER, invited_by=owner
    )
    petition.branch.freeze(database_time(session), by="operator")
    session.commit()
    stranger = reader(app)
    assert stranger.get(f"/organise/invitations/{token}").status_code == status
    petition.branch.unfreeze()
    session.commit()
    assert stranger.get(f"/organise/invitations/{token}").status_code == 200


def test_nothing_is_struck_while_the_branch_is_frozen(session: Session, petition: Petition) -> None:
    """cases.md G16"""
    one = factories.signature(session, petition, confirmed=True)
    striking = _preview(session, petition, [one])
    striking.begin(session)
    due = select(Invalidation.id).where(Invalidation.due())
    assert session.scalars(due).all() == [striking.id]
    petition.branch.freeze(database_time(session), by="operator")
    session.flush()
    assert session.scalars(due).all() == []


# -- the second person -----------------------------------------------------------------------------------------


def test_a_standing_order_cannot_slip_into_what_is_being_approved(session: Session, desk: MakeDesk) -> None:
    draft = ready_draft(session)
    session.commit()
    editor, owner = desk(Role.EDITOR, branch=draft.branch), desk(branch=draft.branch)
    assert editor.post(at(draft, "/publication/")).status_code == 303
    assert editor.post(at(draft, "/triggers/"), data={"kind": "count", "threshold": "10"}).status_code == 409
    assert owner.post(f"{decision(draft)}/approval").status_code == 303
    with db.reading() as reading:
        assert reading.scalar(select(func.count(Trigger.id))) == 0


def test_the_address_of_a_new_addressee_cannot_be_changed_under_the_second_person(
    session: Session, petition: Petition, desk: MakeDesk
) -> None:
    """cases.md G13: before anything is addressed to it, one person alone may change it."""
    body = factories.authority(session, kind=Authority.Kind.INTERNATIONAL, country="")
    session.commit()
    editor, owner = desk(Role.EDITOR, branch=petition.branch), desk(branch=petition.branch)
    session.commit()
    typed = {"circle": "international", "language": "en"}
    assert editor.post(at(petition, f"/addressees/new/{body.slug}"), data=typed).status_code == 303
    page = decision(petition)
    session.execute(update(Authority).where(Authority.id == body.id).values(changed_at=database_time(session)))
    session.commit()
    assert owner.post(f"{page}/approval").status_code == 409
    with db.reading() as reading:
        assert reading.scalar(select(Addressee.id).where(Addressee.authority_id == body.id)) is None


def test_what_was_only_previewed_cannot_be_struck_by_undoing_it(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    """It would be without a reason."""
    shown = _preview(session, petition, [factories.signature(session, petition, held_reason="network")])
    session.commit()
    path = at(petition, f"/signatures/fraud/{shown.public_id}")
    assert moderator.post(f"{path}/undo").status_code == 409
    assert moderator.post(f"{path}/request", data=WHY).status_code == 303
    assert moderator.post(f"{path}/request", data=WHY).status_code == 409


def test_many_struck_in_small_portions_are_many(session: Session, petition: Petition) -> None:
    petition.confirmed_count = 100_000
    people = [factories.typed() for _ in range(ROWS_ALONE + 1)]
    signed = factories.signatures(session, petition, people, confirmed=True)
    first, second = _preview(session, petition, signed[:60]), _preview(session, petition, signed[60:])
    assert not first.needs_second_person
    assert not second.needs_second_person
    first.begin(session)
    session.flush()
    assert second.needs_second_person
    first.decided_at = None
    assert not second.needs_second_person


# -- limits ------------------------------------------------------------------------------------------------------


def test_names_are_not_read_one_portion_after_the_other(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    rows = [factories.signature(session, petition, held_reason="network") for _ in range(COPIES_A_DAY + 1)]
    session.commit()
    *full, rest = [rows[at : at + COPIES_AT_ONCE] for at in range(0, len(rows), COPIES_AT_ONCE)]
    path = at(petition, "/signatures/copies")
    for portion in full:
        assert moderator.post(path, data={"ids": [row.public_id for row in portion]}).status_code == 303
    refused = moderator.post(path, data={"ids": [row.public_id for row in rest]})
    assert refused.status_code == 422
    assert "200 names within a day" in refused.text
    assert moderator.post(path, data={"ids": rows[0].public_id}).status_code == 303  # asked for before
    with db.reading() as reading:
        assert reading.scalar(select(func.count(HeldCopy.id))) == COPIES_A_DAY


def test_a_document_is_not_fetched_after_it_was_held(
    two: SimpleNamespace, posted: Delivery, runtime: Runtime
) -> None:
    released(two, posted)
    waiting = begun(two.editor)
    make_handouts(runtime)
    with db.writing() as session:
        session.get_one(Delivery, posted.id).hold("the address is doubted")
        session.commit()
    assert two.editor.post(waiting).status_code == 409
    with db.writing() as session:
        session.get_one(Delivery, posted.id).lift()
        session.commit()
    assert two.editor.post(waiting).status_code == 200


@pytest.mark.parametrize("asked", ["/organise/\r\nX: y", "/organise/\x00", "/organise/\u2028", None, "//evil.example"])
def test_the_way_back_never_breaks_a_header(asked: str | None) -> None:
    assert way_back(asked) == "/organise/"


def _preview(session: Session, petition: Petition, meant: list[factories.Signed]) -> Invalidation:
    member = factories.member(session, petition.branch, Role.MODERATOR)
    conditions = Conditions(ids=tuple(one.public_id for one in meant))
    return Invalidation.preview(session, petition, member, Invalidation.Act.STRIKE, conditions)
