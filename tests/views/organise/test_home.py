"""The desk: what waits for whom, and how the petitions go."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.models import AuditEntry, Edition, Member, Petition, Proposal, Signature, Switch, Trend
from tests import factories
from tests.conftest import MakeDesk
from tests.views.organise.looking import last_entry, rows


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session)
    session.commit()
    return made


def test_a_desk_without_work_says_what_will_appear_here(desk: MakeDesk, session: Session) -> None:
    branch = factories.branch(session, seal_certificate=factories.certificate())
    session.commit()
    page = desk(branch=branch).get("/organise/").text
    assert "Nothing waits for you." in page
    assert "No petition is open." in page


def test_held_signatures_are_a_task_that_leads_to_the_queue(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    factories.signature(session, petition, held_reason="network")
    factories.signature(session, petition, held_reason="honeypot")
    session.commit()
    page = desk(Member.Role.MODERATOR, branch=petition.branch).get("/organise/").text
    assert "2 signatures are held" in page
    assert f"<bdi>{petition.title_in('en')}</bdi>" in page
    assert f"/organise/petitions/{petition.slug}/signatures" in page


def test_an_evidence_log_that_was_stopped_is_said_on_the_desk(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    petition.log_stopped_at = datetime.now(UTC)
    session.commit()
    assert "The evidence log is not the one that was published" in desk(branch=petition.branch).get("/organise/").text


def test_another_branch_s_work_is_not_seen(desk: MakeDesk, session: Session, petition: Petition) -> None:
    factories.signature(session, petition, held_reason="network")
    other = factories.branch(session)
    session.commit()
    page = desk(branch=other).get("/organise/").text
    assert "held" not in page
    assert petition.slug not in page


def test_a_trend_leads_to_the_fraud_desk_with_its_conditions(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    """cases.md D2: within five minutes on the desk, with a rule proposed."""
    Trend.seen(session, petition.id, Trend.Kind.NETWORK, "ab" * 16, example="a" * 24, count=60)
    session.commit()
    page = desk(branch=petition.branch).get("/organise/").text
    assert "60 signatures from one network" in page
    assert f"/organise/petitions/{petition.slug}/signatures/fraud?trend=" in page


def test_a_proposal_is_a_task_for_who_may_decide_and_a_note_for_who_asked(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    moderator = factories.member(session, petition.branch, Member.Role.MODERATOR)
    people = [factories.typed() for _ in range(3)]
    made = factories.signatures(session, petition, people, confirmed=True)
    invalidation = factories.invalidation(session, petition, moderator, [one.public_id for one in made])
    Proposal.ask(session, Proposal.Kind.INVALIDATION, invalidation.public_id, moderator, matched=3)
    session.commit()
    decision = f"/signatures/fraud/{invalidation.public_id}/decision"
    assert decision in desk(branch=petition.branch).get("/organise/").text
    own = desk(member=moderator).get("/organise/").text
    assert decision not in own
    assert "You asked for it; another owner decides." in own


def test_a_checked_edition_waits_for_a_yes_or_no(desk: MakeDesk, session: Session, petition: Petition) -> None:
    factories.signature(session, petition, confirmed=True)
    edition = Edition.freeze(session, petition, gap_days=7)
    edition.move_to(Edition.State.CHECKED)
    edition.checked_at = database_time(session)
    edition.report = {"problems": ["the counter says 1, the list 0"]}
    session.commit()
    page = desk(branch=petition.branch).get("/organise/").text
    assert f"Edition 1 of {petition.title_in('en')} is checked" in page
    assert "The check found 1 problem." in page


def test_a_consent_that_is_due_and_a_case_that_changed_are_tasks(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    petition.prisoner.consent_review_on = database_time(session).date() - timedelta(days=1)
    petition.needs_review = True
    session.commit()
    page = desk(branch=petition.branch).get("/organise/").text
    assert "The consent has to be asked for again" in page
    assert "check texts and addressees" in page


def test_what_has_run_out_or_is_missing_is_said(desk: MakeDesk, session: Session, petition: Petition) -> None:
    petition.addressees[0].authority.channels[0].failing_since = database_time(session)
    session.commit()
    page = desk(branch=petition.branch).get("/organise/").text
    assert "e-mail address was refused as unknown" in page
    assert "The branch has no seal" in page


def test_stopped_letters_lead_an_owner_to_the_page_where_they_go_on(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    """cases.md D12"""
    Switch.throw(session, Switch.Name.LETTERS, by="worker", reason="bounces")
    session.commit()
    owner = desk(branch=petition.branch)
    assert "Letters to signers are stopped" in owner.get("/organise/").text
    assert "mailboxes that do not exist" in owner.get("/organise/letters").text
    assert owner.post("/organise/letters/resumption").status_code == 303
    assert last_entry().verb == "letters.resume"  # the worker does it (tests/mailer/actors/test_moderation.py)


def test_what_the_operator_has_stopped_no_owner_lets_go_on(
    desk: MakeDesk, session: Session, petition: Petition
) -> None:
    Switch.throw(session, Switch.Name.LETTERS, by="operator", reason="the relay is being moved")
    session.commit()
    desk(branch=petition.branch).post("/organise/letters/resumption")
    assert rows(select(AuditEntry)) == []


def test_each_open_petition_has_its_line(desk: MakeDesk, session: Session, petition: Petition) -> None:
    made = factories.signatures(session, petition, [factories.typed() for _ in range(4)], confirmed=True)
    day = database_time(session).date()
    for ago, one in enumerate(made):
        session.get_one(Signature, one.id).confirmed_on = day - timedelta(days=ago)
    session.commit()
    page = desk(branch=petition.branch).get("/organise/").text
    assert "Confirmed in each of the last 30 days; the most on one day: 1." in page
    assert 'class="spark"' in page
