"""The moderators' desk and the fraud desk (cases.md B9, C8, D2, D7; privacy.md, "Duplicates, fraud, floods")."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import database_time, db
from petitions.models import (
    AuditEntry,
    HeldCopy,
    Invalidation,
    InvalidationRow,
    Letter,
    MailDomain,
    Member,
    Petition,
    Proposal,
    Signature,
    Trend,
)
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.looking import rows

State, Role = Signature.State, Member.Role
WHY = {"reason_class": "robot", "reason": "all within one minute, from one network"}


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session)
    session.commit()
    return made


@pytest.fixture
def moderator(desk: MakeDesk, petition: Petition) -> Desk:
    return desk(Role.MODERATOR, branch=petition.branch)


def held(session: Session, petition: Petition, count: int = 1, **fields: Any) -> list[factories.Signed]:
    made = [factories.signature(session, petition, held_reason="network") for _ in range(count)]
    for one in made:
        for name, value in fields.items():
            setattr(session.get_one(Signature, one.id), name, value)
    session.commit()
    return made


def confirmed(session: Session, petition: Petition, count: int, **fields: Any) -> list[factories.Signed]:
    made = factories.signatures(session, petition, [factories.typed() for _ in range(count)], confirmed=True)
    for one in made:
        for name, value in fields.items():
            setattr(session.get_one(Signature, one.id), name, value)
    petition = session.merge(petition)
    petition.count_new(session)
    session.commit()
    return made


def states_of(signatures: list[factories.Signed]) -> list[str]:
    with db.reading() as session:
        return [session.get_one(Signature, one.id).state.value for one in signatures]


def verbs() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.sequence)))


def at(petition: Petition, rest: str = "") -> str:
    return f"/organise/petitions/{petition.slug}/signatures{rest}"


# -- looking ------------------------------------------------------------------------------------------------


def test_the_queue_tells_circumstances_and_never_who(session: Session, petition: Petition, moderator: Desk) -> None:
    """cases.md G20, E4"""
    held(session, petition, 2, net_tag=b"n" * 16)
    held(session, petition, 1)
    page = moderator.get(at(petition)).text
    assert "Very many from one network within an hour" in page
    assert "Norway" in page
    assert page.count(">A</a>") == 2  # the two that share a network
    assert "Ines Karlsen" not in page
    assert "@example.org" not in page


def test_an_editor_sees_numbers_and_no_queue(session: Session, petition: Petition, desk: MakeDesk) -> None:
    one = held(session, petition)[0]
    page = desk(Role.EDITOR, branch=petition.branch).get(at(petition)).text
    assert "held: wait for a person" in page
    assert one.public_id not in page


@pytest.mark.parametrize("arguments", ["page=999999", "page=-1", "page=x", "reason=%27%20OR%201%3D1--", "page=1e9"])
def test_odd_arguments_are_taken_for_what_they_can_mean(
    session: Session, petition: Petition, moderator: Desk, arguments: str
) -> None:
    """cases.md D13, F-10"""
    held(session, petition)
    assert moderator.get(at(petition, f"?{arguments}")).status_code == 200


def test_another_branch_s_signatures_are_not_found(session: Session, petition: Petition, desk: MakeDesk) -> None:
    one = held(session, petition)[0]
    elsewhere = factories.branch(session)
    session.commit()
    stranger = desk(Role.OWNER, branch=elsewhere)
    assert stranger.get(at(petition)).status_code == 404
    assert stranger.get(at(petition, f"/{one.public_id}")).status_code == 404
    assert stranger.post(at(petition, "/releases"), data={"ids": one.public_id, "reason": "why"}).status_code == 404


# -- names --------------------------------------------------------------------------------------------------


def test_names_are_asked_for_and_shown_from_the_worker_s_copy(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    one = held(session, petition)[0]
    assert moderator.post(at(petition, "/copies"), data={"ids": one.public_id}).status_code == 303
    assert "name is being opened" in moderator.get(at(petition)).text
    copy = session.scalars(select(HeldCopy)).one()
    copy.move_to(HeldCopy.State.OPENED)
    copy.name = "<b>Ines Karlsen</b>"
    session.commit()
    page = moderator.get(at(petition)).text
    assert "&lt;b&gt;Ines Karlsen&lt;/b&gt;" in page  # cases.md F-1
    assert "signature.read" in verbs()


def test_names_are_never_opened_as_a_list(session: Session, petition: Petition, moderator: Desk) -> None:
    many = held(session, petition, 51)
    answer = moderator.post(at(petition, "/copies"), data={"ids": [one.public_id for one in many]})
    assert answer.status_code == 422
    assert "Names are read 50 at a time." in answer.text
    assert rows(select(HeldCopy)) == []


def test_an_erased_signature_takes_its_copy_along(session: Session, petition: Petition, moderator: Desk) -> None:
    one = held(session, petition)[0]
    moderator.post(at(petition, "/copies"), data={"ids": one.public_id})
    session.get_one(Signature, one.id).erase(session)
    session.commit()
    copy = session.scalars(select(HeldCopy)).one()
    assert (copy.name, copy.state) == ("", HeldCopy.State.CLOSED)


# -- releasing ------------------------------------------------------------------------------------------------


def test_releasing_is_shown_first_and_changes_nothing_until_then(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    unanswered, answered = held(session, petition, 2)
    session.get_one(Signature, answered.id).owner_confirmed_on = database_time(session).date()
    session.commit()
    both = {"ids": [unanswered.public_id, answered.public_id]}
    page = moderator.post(at(petition, "/releases/check"), data=both).text
    assert "Release 2 signatures?" in page
    assert "1 owner has confirmed already" in page
    assert states_of([unanswered, answered]) == ["held", "held"]
    assert moderator.post(at(petition, "/releases"), data=both).status_code == 422  # no reason
    assert moderator.post(at(petition, "/releases"), data={**both, "reason": "a newspaper's link"}).status_code == 303
    assert states_of([unanswered, answered]) == ["pending", "confirmed"]
    letters = session.scalars(select(Letter.signature_id).where(Letter.kind == Letter.Kind.CONFIRM_SIGNATURE)).all()
    assert letters == [unanswered.id]
    assert verbs().count("signature.release") == 2
    assert "signatures.release" in verbs()


def test_nothing_ticked_is_said(petition: Petition, session: Session, moderator: Desk) -> None:
    held(session, petition)
    answer = moderator.post(at(petition, "/releases/check"))
    assert answer.status_code == 422
    assert "Tick at least one signature." in answer.text


# -- one signature --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Ines.Find+me@Example.org", "id"])
def test_a_signature_is_found_by_its_owner_s_address_or_its_id(
    session: Session, petition: Petition, moderator: Desk, typed: str
) -> None:
    one = factories.signature(session, petition, confirmed=True, email="ines.find@example.org")
    factories.signature(session, petition, confirmed=True)
    session.commit()
    page = moderator.post(at(petition, "/search"), data={"wanted": one.public_id if typed == "id" else typed}).text
    assert re.findall(r"<code>([a-z2-7]{24})</code>", page) == [one.public_id]
    assert "signature.search" in verbs()
    with db.reading() as reading:
        assert "ines" not in str([entry.details for entry in reading.scalars(select(AuditEntry))]).lower()


def test_one_signature_is_held_with_a_reason(session: Session, petition: Petition, moderator: Desk) -> None:
    one = confirmed(session, petition, 1)[0]
    assert "Hold it?" in moderator.get(at(petition, f"/{one.public_id}")).text
    assert moderator.post(at(petition, f"/{one.public_id}/hold"), data={"reason": "x"}).status_code == 422
    assert moderator.post(at(petition, f"/{one.public_id}/hold"), data=WHY).status_code == 303
    assert states_of([one]) == ["held"]
    with db.reading() as reading:
        assert reading.get_one(Petition, petition.id).confirmed_count == 0


# -- the fraud desk -------------------------------------------------------------------------------------------


def preview(moderator: Desk, petition: Petition, **conditions: Any) -> str:
    """The address of the preview."""
    answer = moderator.post(at(petition, "/fraud/previews"), data={"act": "strike", **conditions})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_no_condition_is_refused_and_what_was_typed_is_kept(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    confirmed(session, petition, 2)
    answer = moderator.post(at(petition, "/fraud/previews"), data={"act": "strike", "states": "confirmed"})
    assert answer.status_code == 422
    assert "Set at least one condition" in answer.text
    assert 'value="strike" checked' in answer.text
    assert rows(select(Invalidation)) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"network_of": "' OR 1=1 --"}, "A signature&#39;s id has 24 letters and digits."),
        ({"repeats": "1"}, "Write a number from 2 to 100000."),
        ({"repeats": "nine"}, "Write a whole number"),
        ({"from_day": "31.12.2026"}, "Write the day as year-month-day"),
        ({"country": "ZZ"}, "Choose from the list."),
        ({"mail_domain": "1; DROP TABLE signatures"}, "Choose from the list."),
        ({"country": "FR"}, "No signature meets these conditions."),
    ],
)
def test_what_cannot_be_meant_is_said(
    session: Session, petition: Petition, moderator: Desk, typed: dict[str, str], said: str
) -> None:
    """cases.md F-10"""
    confirmed(session, petition, 1)
    answer = moderator.post(at(petition, "/fraud/previews"), data={"act": "strike", **typed})
    assert answer.status_code == 422
    assert said in answer.text


def test_a_preview_shows_how_many_and_what_would_change_and_changes_nothing(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    signed = confirmed(session, petition, 3, net_tag=b"n" * 16)
    confirmed(session, petition, 2)
    page = moderator.get(preview(moderator, petition, network_of=signed[0].public_id)).text
    assert "Strike 3 signatures" in page
    assert re.search(r"confirmed</th><td class=\"number\">5</td><td class=\"number\">2 <small>\(−3\)", page)
    assert "another owner must approve" in page  # three of five are more than one per cent
    assert states_of(signed) == ["confirmed"] * 3


def test_who_signs_after_the_preview_is_not_meant(session: Session, petition: Petition, moderator: Desk) -> None:
    signed = confirmed(session, petition, 2, net_tag=b"n" * 16)
    preview(moderator, petition, network_of=signed[0].public_id)
    later = confirmed(session, petition, 1, net_tag=b"n" * 16)[0]
    frozen = session.scalars(select(InvalidationRow.signature_id)).all()
    assert sorted(frozen) == sorted(one.id for one in signed)
    assert later.id not in frozen


def test_a_few_held_rows_are_struck_by_one_moderator(session: Session, petition: Petition, moderator: Desk) -> None:
    two = held(session, petition, 2)
    answer = moderator.post(at(petition, "/strikes"), data={"ids": [one.public_id for one in two]})
    assert "You may decide on these alone." in moderator.get(answer.location).text
    assert moderator.post(f"{answer.location}/request", data={"reason_class": "robot"}).status_code == 422
    assert moderator.post(f"{answer.location}/request", data=WHY).status_code == 303
    assert rows(select(Invalidation))[0].state is Invalidation.State.RUNNING
    assert "Progress" in moderator.get(answer.location).text
    assert verbs() == ["invalidation.begin"]


def test_many_need_a_second_person_who_is_not_the_first(
    session: Session, petition: Petition, desk: MakeDesk
) -> None:
    signed = confirmed(session, petition, 3, net_tag=b"n" * 16)
    first, second = desk(branch=petition.branch), desk(branch=petition.branch)
    address = preview(first, petition, network_of=signed[0].public_id)
    assert first.post(f"{address}/request", data=WHY).status_code == 303
    assert first.post(f"{address}/request", data=WHY).status_code == 409
    assert "You asked for this yourself." in first.get(f"{address}/decision").text
    own = first.post(f"{address}/approval")
    assert own.status_code == 409
    assert "Another owner must decide." in own.text
    assert rows(select(Invalidation))[0].state is Invalidation.State.ASKED
    assert "Strike 3 signatures?" in second.get(f"{address}/decision").text
    assert second.post(f"{address}/approval").status_code == 303
    assert rows(select(Invalidation))[0].state is Invalidation.State.RUNNING
    assert second.post(f"{address}/approval").status_code == 409
    assert verbs()[-1] == "invalidation.approve"


def test_what_is_declined_is_not_done(session: Session, petition: Petition, desk: MakeDesk) -> None:
    signed = confirmed(session, petition, 3, net_tag=b"n" * 16)
    first, second = desk(Role.MODERATOR, branch=petition.branch), desk(branch=petition.branch)
    address = preview(first, petition, network_of=signed[0].public_id)
    first.post(f"{address}/request", data=WHY)
    assert second.post(f"{address}/refusal", data={"reason": "a school signed"}).status_code == 303
    assert rows(select(Invalidation))[0].state is Invalidation.State.DROPPED
    assert rows(select(Proposal))[0].reason == "a school signed"
    assert states_of(signed) == ["confirmed"] * 3


def test_a_moderator_does_not_decide_for_two(session: Session, petition: Petition, moderator: Desk) -> None:
    signed = confirmed(session, petition, 3, net_tag=b"n" * 16)
    address = preview(moderator, petition, network_of=signed[0].public_id)
    moderator.post(f"{address}/request", data=WHY)
    assert moderator.get(f"{address}/decision").status_code == 403
    assert moderator.post(f"{address}/approval").status_code == 403


def test_a_trend_fills_in_the_conditions_and_is_closed_by_hand(
    session: Session, petition: Petition, moderator: Desk
) -> None:
    """cases.md D2: a rule is proposed, a person decides."""
    domain = MailDomain(petition_id=petition.id, tag=b"t" * 16, name="flood.example", letters=60)
    session.add(domain)
    session.flush()
    domain_id = domain.id
    Trend.seen(session, petition.id, Trend.Kind.MAIL_DOMAIN, str(domain_id), example="a" * 24, count=60)
    session.commit()
    trend = rows(select(Trend))[0]
    page = moderator.get(at(petition, f"/fraud?trend={trend.public_id}")).text
    assert "60 letters to flood.example within an hour" in page
    assert f'<option value="{domain_id}" selected>flood.example</option>' in page
    assert moderator.post(at(petition, f"/fraud/trends/{trend.public_id}/closure")).status_code == 303
    assert "flood.example within" not in moderator.get(at(petition, "/fraud")).text
    Trend.seen(session, petition.id, Trend.Kind.MAIL_DOMAIN, str(domain_id), example="a" * 24, count=119)
    assert session.scalars(Trend.open()).all() == []
    Trend.seen(session, petition.id, Trend.Kind.MAIL_DOMAIN, str(domain_id), example="a" * 24, count=120)
    assert len(session.scalars(Trend.open()).all()) == 1  # it has doubled since somebody looked
