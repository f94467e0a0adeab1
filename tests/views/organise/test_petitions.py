"""An organiser's petitions on the desk: made, completed, limited, looked at (journeys.md, "An organiser")."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import AuditEntry, Member, Petition
from tests import factories
from tests.conftest import MakeDesk
from tests.views.organise.looking import fresh, rows

LIST = "/organise/petitions/"


def at(petition: Petition, rest: str = "") -> str:
    return f"{LIST}{petition.slug}{rest}"


def test_an_empty_list_says_what_to_do(desk: MakeDesk) -> None:
    page = desk().get(LIST)

    assert "It begins with a case" in page.text


def test_the_list_shows_state_count_and_next_step_of_the_own_branch_only(session: Session, desk: MakeDesk) -> None:
    mine = factories.petition(session, confirmed_count=1234)
    draft = factories.petition(session, branch=mine.branch, open=False)
    factories.petition(session, slug="somebody-elses")
    session.commit()

    page = desk(branch=mine.branch).get(LIST)

    assert "1,234 confirmed signatures" in page.text
    assert "Complete the checklist, then ask for publication." in page.text
    assert draft.slug in page.text
    assert "somebody-elses" not in page.text


def test_a_new_petition_is_a_draft_with_an_address_made_of_the_name(session: Session, desk: MakeDesk) -> None:
    prisoner = factories.prisoner(session, factories.branch(session), names={"ru": "Ёлка Щукина"})
    session.commit()
    editor = desk(Member.Role.EDITOR, branch=prisoner.branch)

    answer = editor.post(LIST, data={"prisoner": prisoner.public_id, "slug": "", "goal": "500"})

    petition = rows(select(Petition))[0]
    assert answer.status_code == 303
    assert (petition.state, petition.goal) == (Petition.State.DRAFT, 500)
    assert petition.slug.isascii()
    assert "ukina" in petition.slug
    assert rows(select(AuditEntry.verb)) == ["petition.new"]


def test_an_address_that_is_taken_is_refused_with_one_that_is_free(session: Session, desk: MakeDesk) -> None:
    taken = factories.petition(session, slug="free-anna")
    session.commit()

    answer = desk(branch=taken.branch).post(
        LIST, data={"prisoner": taken.prisoner.public_id, "slug": "free-anna", "goal": "700"}
    )

    assert answer.status_code == 422
    assert "free-anna-2" in answer.text
    assert 'value="700"' in answer.text


@pytest.mark.parametrize("slug", ["Free Anna", "free_anna", "-", "a" * 81, "анна"])
def test_an_address_that_is_none_is_refused_and_what_was_typed_stays(
    session: Session, desk: MakeDesk, slug: str
) -> None:
    prisoner = factories.prisoner(session, factories.branch(session))
    session.commit()

    answer = desk(branch=prisoner.branch).post(
        LIST, data={"prisoner": prisoner.public_id, "slug": slug, "goal": "1000"}
    )

    assert answer.status_code == 422
    assert "Use small Latin letters" in answer.text
    assert slug in answer.text


def test_a_case_of_another_branch_is_not_there(session: Session, desk: MakeDesk) -> None:
    """cases.md G2."""
    foreign = factories.prisoner(session, factories.branch(session))
    session.commit()

    answer = desk().post(LIST, data={"prisoner": foreign.public_id, "slug": "mine", "goal": "10"})

    assert answer.status_code == 404
    assert rows(select(Petition)) == []


def test_the_overview_of_a_draft_says_what_is_missing_and_where_to_mend_it(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False, addressees=False)
    petition.write("en", "Free Anna now", "", "")
    session.commit()

    page = desk(branch=petition.branch).get(at(petition))

    assert "Choose an authority with a channel that works." in page.text
    assert "Unfinished: English." in page.text
    assert "Invite a second owner: nobody publishes alone." in page.text
    assert f'href="{at(petition, "/addressees/")}"' in page.text


def test_the_overview_says_that_the_operator_does_not_know_the_branch(session: Session, desk: MakeDesk) -> None:
    """cases.md M13."""
    petition = factories.petition(session, open=False, branch=factories.branch(session, verified_at=None))
    session.commit()

    page = desk(branch=petition.branch).get(at(petition))

    assert "Ask the operator to verify it." in page.text


def test_goal_last_day_and_limits_are_kept(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    session.commit()

    answer = desk(branch=petition.branch).post(at(petition, "/limits"), data={
        "goal": "2000", "closes_on": "2030-01-31", "count_only_countries": ["BY"], "another_country": "NO",
    })

    petition = fresh(petition)
    assert answer.status_code == 303
    assert petition.goal == 2_000
    assert petition.closes_at == datetime(2030, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert petition.count_only_countries == ["BY", "NO"]


def test_limits_that_signers_were_told_cannot_be_loosened(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, forbids_naming=True)
    session.commit()

    answer = desk(branch=petition.branch).post(at(petition, "/limits"), data={"goal": "1000"})

    petition = fresh(petition)
    assert answer.status_code == 409
    assert "they were told who may see their names" in answer.text
    assert petition.forbids_naming


@pytest.mark.parametrize(("goal", "closes_on"), [("0", ""), ("many", ""), ("-5", ""), ("1000", "31.01.2030"),
                                                 ("1000", "2020-01-31"), ("", "")])  # fmt: skip
def test_a_goal_or_a_day_that_is_none_is_refused(
    session: Session, desk: MakeDesk, goal: str, closes_on: str
) -> None:
    petition = factories.petition(session, open=False)
    session.commit()

    answer = desk(branch=petition.branch).post(
        at(petition, "/limits"), data={"goal": goal, "closes_on": closes_on}
    )

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_after_something_happened_an_owner_says_that_it_still_fits(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, needs_review=True)
    session.commit()
    owner = desk(branch=petition.branch)
    assert "Look whether texts and addressees still fit." in owner.get(at(petition)).text

    answer = owner.post(at(petition, "/review"))

    petition = fresh(petition)
    assert answer.status_code == 303
    assert not petition.needs_review


def test_a_draft_is_no_page_to_the_public(session: Session, desk: MakeDesk) -> None:
    """cases.md A16: a draft and what does not exist cannot be told apart."""
    draft = factories.petition(session, open=False)
    session.commit()
    public = desk()

    assert public.get(f"/en/petitions/{draft.slug}").status_code == 404
    assert public.get(at(draft)).status_code == 404
