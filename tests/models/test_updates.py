"""The rules of news: so many a week, a text before it goes, one way from draft to sent."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from petitions.models import IllegalTransition, NothingWritten, Petition, PetitionUpdate, TooManyUpdates
from tests import factories

State = PetitionUpdate.State
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def petition(session: Session) -> Petition:
    return factories.petition(session)


def planned(session: Session, petition: Petition, *days: float) -> None:
    for day in days:
        member = factories.member(session, petition.branch)
        factories.news(session, petition, member).schedule(session, MONDAY + timedelta(days=day), per_week=3)
        session.flush()


@pytest.mark.parametrize("days", [(0, 1, 2, 7), (0, 0, 0, 7), (0, 6, 8, 14)])
def test_three_in_any_seven_days_may_go(days: tuple[float, ...], session: Session, petition: Petition) -> None:
    planned(session, petition, *days)


@pytest.mark.parametrize("days", [(0, 1, 2, 3), (0, 1, 2, 6.9), (0, 5, 6, 2), (7, 8, 9, 3)])
def test_a_fourth_within_them_may_not(days: tuple[float, ...], session: Session, petition: Petition) -> None:
    """M17; also not in between what is planned already."""
    planned(session, petition, *days[:3])
    with pytest.raises(TooManyUpdates):
        planned(session, petition, days[3])


def test_drafts_and_other_petitions_do_not_count(session: Session, petition: Petition) -> None:
    planned(session, factories.petition(session), 0, 1, 2)
    for _ in range(3):
        factories.news(session, petition, factories.member(session, petition.branch))
    planned(session, petition, 0)


def test_what_says_nothing_does_not_go(session: Session, petition: Petition) -> None:
    news = factories.news(session, petition, factories.member(session, petition.branch))
    news.texts.clear()
    with pytest.raises(NothingWritten):
        news.schedule(session, MONDAY, per_week=3)


@pytest.mark.parametrize("act", ["rewrite", "go_on"])
@pytest.mark.parametrize("state", [State.SENT, State.SENDING, State.DISCARDED])
def test_what_has_begun_does_not_begin_again(
    state: PetitionUpdate.State, act: str, session: Session, petition: Petition
) -> None:
    news = factories.news(session, petition, factories.member(session, petition.branch), state=state)
    with pytest.raises(IllegalTransition):
        getattr(news, act)()


def test_a_reader_of_no_language_it_is_written_in_gets_the_first(session: Session, petition: Petition) -> None:
    news = factories.news(session, petition, factories.member(session, petition.branch))
    assert [news.text_for(code).language for code in ("ru", "en", "de")] == ["ru", "en", "en"]
    news.texts = [text for text in news.texts if text.language == "ru"]
    assert news.text_for("de").language == "ru"
