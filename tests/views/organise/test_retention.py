"""What is kept and until when, at the organisers' desk; erasing before its time needs two owners and a day."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.db import db
from petitions.models import AuditEntry, Edition, Erasure, Member, Petition, Proposal, Signature
from tests import factories
from tests.conftest import Desk, MakeDesk

Role = Member.Role
HERE = "/organise/retention/free-anna"


@pytest.fixture
def petition(session: Session) -> Petition:
    """Closed yesterday; two signed, one wants news."""
    made = factories.petition(session, slug="free-anna")
    for _ in range(2):
        factories.signature(session, made, confirmed=True)
    factories.subscription(session, made)
    made.close(datetime.now(UTC) - timedelta(days=1))
    session.commit()
    return made


@pytest.fixture
def owner(desk: MakeDesk, petition: Petition) -> Desk:
    return desk(Role.OWNER, branch=petition.branch)


@pytest.fixture
def other(desk: MakeDesk, petition: Petition) -> Desk:
    return desk(Role.OWNER, branch=petition.branch)


def marks() -> list[tuple[str, str]]:
    with db.reading() as looking:
        return [(one.kind.value, one.state.value) for one in looking.scalars(select(Erasure))]


def asked(owner: Desk) -> None:
    owner.post(f"{HERE}/erasure", data={"reason": "A laptop was taken"})


# -- looking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_branch_sees_what_goes_when(role: Member.Role, desk: MakeDesk, petition: Petition) -> None:
    page = desk(role, branch=petition.branch).get("/organise/retention/").text
    assert "names and addresses of 2 signers" in page
    assert "address of 1 reader of the news" in page
    assert (datetime.now(UTC) + timedelta(days=29)).strftime("%Y") in page


def test_an_open_petition_says_why_nothing_has_a_day_yet(owner: Desk, session: Session, petition: Petition) -> None:
    session.execute(update(Petition).values(state=Petition.State.OPEN))
    session.commit()
    assert "not while the petition is open" in owner.get("/organise/retention/").text


def test_looking_changes_nothing(owner: Desk, petition: Petition) -> None:
    owner.get("/organise/retention/")
    owner.get(HERE)
    assert marks() == []


def test_a_certificate_has_number_day_and_hash(owner: Desk, session: Session, petition: Petition) -> None:
    entry = AuditEntry.write(session, "worker", "retention.erase", petition.public_id, erased=2)
    session.add(
        Erasure(
            petition_id=petition.id, kind=Erasure.Kind.SIGNERS, state=Erasure.State.ERASED, by="worker", planned=2,
            erased=2, erased_at=datetime(2026, 11, 20, tzinfo=UTC), audit_hash=entry.hash,
        )
    )
    session.commit()
    page = owner.get("/organise/retention/").text
    assert entry.hash.hex() in page
    assert "November 20, 2026" in page
    assert "names and addresses of 2 signers" in page


def test_another_branch_sees_nothing_of_it(desk: MakeDesk, petition: Petition) -> None:
    stranger = desk(Role.OWNER)
    assert "Free Anna" not in stranger.get("/organise/retention/").text
    assert stranger.get(HERE).status_code == 404
    assert stranger.post(f"{HERE}/erasure", data={"reason": "because"}).status_code == 404


# -- a stricter term --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "kept"), [("5", 5), ("0", 0), ("30", 30), ("", None)])
def test_a_petition_may_be_stricter(days: str, kept: int | None, owner: Desk, petition: Petition) -> None:
    assert owner.post(f"{HERE}/term", data={"days": days}).status_code == 303
    with db.reading() as looking:
        assert looking.get_one(Petition, petition.id).retention_days == kept


@pytest.mark.parametrize("days", ["31", "-1", "many"])
def test_and_never_laxer(days: str, owner: Desk, petition: Petition) -> None:
    answer = owner.post(f"{HERE}/term", data={"days": days})
    assert answer.status_code == 422
    assert 'href="#days"' in answer.text
    with db.reading() as looking:
        assert looking.get_one(Petition, petition.id).retention_days is None


# -- before its time --------------------------------------------------------------------------------------------------


def test_it_needs_two_owners_and_a_day(owner: Desk, other: Desk, petition: Petition) -> None:
    assert "Goes for good" in owner.get(HERE).text
    asked(owner)
    assert marks() == []
    page = other.get(f"{HERE}/erasure/decision").text
    assert "A laptop was taken" in page
    assert "2 signers" in page
    other.post(f"{HERE}/erasure/approval")
    assert marks() == [("signers", "marked")]
    assert "Two owners have decided it." in owner.get("/organise/retention/").text
    with db.reading() as looking:
        assert {row.erased_at for row in looking.scalars(select(Signature))} == {None}


def test_who_asked_does_not_decide(owner: Desk, petition: Petition) -> None:
    asked(owner)
    assert "another owner must decide" in owner.get(f"{HERE}/erasure/decision").text
    assert "another owner must decide" in owner.post(f"{HERE}/erasure/approval", follow_redirects=True).text
    assert marks() == []


@pytest.mark.parametrize("role", [Role.EDITOR, Role.MODERATOR, Role.AUDITOR])
def test_only_owners_do(role: Member.Role, desk: MakeDesk, petition: Petition) -> None:
    member = desk(role, branch=petition.branch)
    assert member.get(HERE).status_code == 403
    assert member.post(f"{HERE}/erasure", data={"reason": "because"}).status_code == 403


def test_a_no_erases_nothing(owner: Desk, other: Desk, petition: Petition) -> None:
    asked(owner)
    assert other.post(f"{HERE}/erasure/refusal", data={"reason": ""}).status_code == 422
    other.post(f"{HERE}/erasure/refusal", data={"reason": "Wait for the court."})
    assert marks() == []
    with db.reading() as looking:
        assert looking.scalars(select(Proposal.state)).all() == [Proposal.State.DECLINED]


def test_within_the_day_an_owner_takes_the_mark_off(owner: Desk, other: Desk, petition: Petition) -> None:
    asked(owner)
    other.post(f"{HERE}/erasure/approval")
    owner.post(f"{HERE}/erasure/sparing")
    assert marks() == [("signers", "spared")]


def test_what_a_term_has_ended_is_not_spared(owner: Desk, session: Session, petition: Petition) -> None:
    """It was promised to signers."""
    Erasure.mark(session, petition, Erasure.Kind.SIGNERS, "worker", 2)
    session.commit()
    assert "Take the mark off" not in owner.get(HERE).text
    owner.post(f"{HERE}/erasure/sparing")
    assert marks() == [("signers", "marked")]


def test_what_is_still_needed_is_not_erased(owner: Desk, session: Session, petition: Petition) -> None:
    session.execute(update(Petition).values(state=Petition.State.OPEN))
    session.commit()
    assert "Close the petition first" in owner.get(HERE).text
    assert "Close the petition first" in owner.post(
        f"{HERE}/erasure", data={"reason": "A laptop was taken"}, follow_redirects=True
    ).text
    with db.reading() as looking:
        assert looking.scalars(select(Proposal)).all() == []


def test_an_edition_begun_after_the_asking_stops_the_yes(
    owner: Desk, other: Desk, session: Session, petition: Petition
) -> None:
    asked(owner)
    petition = session.merge(petition)
    petition.state, closed_at, petition.closed_at = Petition.State.OPEN, petition.closed_at, None
    Edition.freeze(session, petition, gap_days=0)
    petition.state, petition.closed_at = Petition.State.CLOSED, closed_at
    session.commit()
    assert "Close the petition first" in other.post(f"{HERE}/erasure/approval", follow_redirects=True).text
    assert marks() == []


def test_a_reason_is_asked_for_and_kept_in_the_audit_log(owner: Desk, petition: Petition) -> None:
    assert owner.post(f"{HERE}/erasure", data={"reason": ""}).status_code == 422
    asked(owner)
    with db.reading() as looking:
        entry = looking.scalars(select(AuditEntry)).one()
        assert (entry.verb, entry.details["reason"], entry.details["signers"]) == (
            "retention.ask", "A laptop was taken", 2,
        )
