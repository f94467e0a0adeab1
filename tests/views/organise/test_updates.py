"""News to signers at the organisers' desk: written, looked at, tried, agreed to, sent, stopped (cases.md B14, M17)."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.config import Settings
from petitions.db import db
from petitions.models import AuditEntry, Letter, Member, Petition, PetitionUpdate, Proposal, UpdateLetter
from tests import factories
from tests.conftest import Desk, MakeDesk

Role = Member.Role
State = PetitionUpdate.State
WRITTEN = {
    "title_en": "She was moved",
    "body_en": "To **another** prison.",
    "title_ru": "Её перевели",
    "body_ru": "В **другую** колонию.",
    "on_page": "yes",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"update_alone": 2})


@pytest.fixture
def petition(session: Session) -> Petition:
    made = factories.petition(session, slug="free-anna")
    session.commit()
    return made


@pytest.fixture
def editor(desk: MakeDesk, petition: Petition) -> Desk:
    return desk(Role.EDITOR, branch=petition.branch)


@pytest.fixture
def owner(desk: MakeDesk, petition: Petition) -> Desk:
    return desk(Role.OWNER, branch=petition.branch)


@pytest.fixture
def news(session: Session, petition: Petition) -> PetitionUpdate:
    made = factories.news(session, petition, factories.member(session, petition.branch))
    session.commit()
    return made


def readers(session: Session, petition: Petition, count: int, language: str = "en") -> None:
    for _ in range(count):
        factories.subscription(session, petition, language=language)
    session.commit()


def address(news: PetitionUpdate, rest: str = "") -> str:
    return f"/organise/petitions/free-anna/updates/{news.public_id}{rest}"


def stands(news: PetitionUpdate) -> PetitionUpdate.State:
    with db.reading() as looking:
        return looking.get_one(PetitionUpdate, news.id).state


def put(news: PetitionUpdate, state: PetitionUpdate.State) -> None:
    with db.writing() as session:
        session.get_one(PetitionUpdate, news.id).state = state
        session.commit()


def verbs() -> list[str]:
    with db.reading() as looking:
        return list(looking.scalars(select(AuditEntry.verb).order_by(AuditEntry.sequence)))


# -- writing and looking ------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do(editor: Desk, petition: Petition) -> None:
    page = editor.get("/organise/petitions/free-anna/updates").text
    assert "No news yet." in page
    assert "Write news" in page


def test_what_is_written_is_shown_as_page_and_as_letter(editor: Desk, petition: Petition) -> None:
    answer = editor.post("/organise/petitions/free-anna/updates", data=WRITTEN, follow_redirects=True)
    assert answer.status_code == 200
    assert "To <strong>another</strong> prison." in answer.text
    assert "To another prison." in answer.text  # the letter
    assert "News of a petition" not in answer.text
    assert "https://petitions.example.org/ru/petitions/free-anna" in answer.text
    assert "Свободу Анне Веренко" in answer.text


@pytest.mark.parametrize(
    ("fields", "complaint", "field"),
    [
        ({"title_en": "", "body_en": "", "title_ru": "", "body_ru": ""}, "in at least one language", "title_en"),
        ({"body_en": ""}, "Write the text in this language", "body_en"),
        ({"title_ru": ""}, "Write a title in this language", "title_ru"),
        ({"title_en": "x" * 81}, "Shorten the title", "title_en"),
        ({"body_en": "x" * 5001}, "Shorten the text", "body_en"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    fields: dict[str, str], complaint: str, field: str, editor: Desk, petition: Petition
) -> None:
    typed = {**WRITTEN, **fields}
    answer = editor.post("/organise/petitions/free-anna/updates", data=typed)
    assert answer.status_code == 422
    assert complaint in answer.text
    assert f'href="#{field}"' in answer.text
    for value in typed.values():
        assert value in answer.text


def test_a_draft_is_changed_and_a_language_taken_out(editor: Desk, news: PetitionUpdate) -> None:
    assert "She was moved" in editor.get(address(news, "/edit")).text
    changed = {**WRITTEN, "title_en": "She is well", "title_ru": "", "body_ru": ""}
    editor.post(address(news, "/edit"), data=changed)
    with db.reading() as looking:
        texts = looking.get_one(PetitionUpdate, news.id).texts
        assert [(text.language, text.title) for text in texts] == [("en", "She is well")]


def test_what_was_sent_is_not_changed_any_more(editor: Desk, news: PetitionUpdate) -> None:
    put(news, State.SENT)
    answer = editor.post(address(news, "/edit"), data=WRITTEN, follow_redirects=True)
    assert "nothing was changed" in answer.text
    with db.reading() as looking:
        assert "prison" in looking.get_one(PetitionUpdate, news.id).text_for("en").body


def test_markup_and_foreign_addresses_do_nothing_in_it(editor: Desk, petition: Petition) -> None:
    evil = {**WRITTEN, "body_en": "<script>alert(1)</script> [x](javascript:alert(1)) ![i](https://spy.example.org/i)"}
    page = editor.post("/organise/petitions/free-anna/updates", data=evil, follow_redirects=True).text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img src=\"https://spy" not in page


def test_a_test_goes_to_oneself_in_each_language(editor: Desk, news: PetitionUpdate) -> None:
    assert "Send a test to your own address" in editor.get(address(news)).text
    editor.post(address(news, "/test"))
    with db.reading() as looking:
        letters = looking.scalars(select(Letter).where(Letter.kind == Letter.Kind.UPDATE_TEST)).all()
        assert {letter.member_id for letter in letters} == {editor.member.id}
        assert sorted(letter.words["language"] for letter in letters) == ["en", "ru"]
        assert looking.scalars(select(UpdateLetter)).all() == []
    assert "Send a test to your own address" not in editor.get(address(news)).text


def test_readers_are_counted_by_language_and_told_what_they_would_get(
    editor: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    readers(session, petition, 2, "ru")
    readers(session, petition, 1, "de")
    page = editor.get(address(news)).text
    assert "2 readers of Русский" in page
    assert "1 reader of Deutsch" in page
    assert "get it in English" in page


# -- sending ------------------------------------------------------------------------------------------------------


def test_to_few_one_person_sends_it(
    editor: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    readers(session, petition, 2)
    editor.post(address(news, "/sending"))
    assert stands(news) is State.SCHEDULED
    assert verbs() == ["update.schedule"]


def test_to_many_a_second_person_must_agree(
    editor: Desk, owner: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    """M17."""
    readers(session, petition, 3)
    answer = editor.post(address(news, "/sending"), follow_redirects=True)
    assert stands(news) is State.ASKED
    assert "A second person decides" in answer.text
    with db.reading() as looking:
        notice = looking.scalars(select(Letter).where(Letter.member_id == owner.member.id)).one()
        assert notice.words["event"] == "update_asked"
    assert "3 readers" in owner.get(address(news, "/decision")).text
    owner.post(address(news, "/approval"))
    assert stands(news) is State.SCHEDULED
    assert verbs() == ["update.ask", "update.approve"]


def test_who_asked_does_not_agree(
    owner: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    readers(session, petition, 3)
    owner.post(address(news, "/sending"))
    assert "another owner must decide" in owner.get(address(news, "/decision")).text
    answer = owner.post(address(news, "/approval"), follow_redirects=True)
    assert "another owner must decide" in answer.text
    assert stands(news) is State.ASKED


def test_an_editor_does_not_decide(
    editor: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    readers(session, petition, 3)
    editor.post(address(news, "/sending"))
    assert editor.post(address(news, "/approval")).status_code == 403
    assert stands(news) is State.ASKED


def test_a_no_says_why_and_the_writer_reads_it(
    editor: Desk, owner: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    readers(session, petition, 3)
    editor.post(address(news, "/sending"))
    assert owner.post(address(news, "/refusal"), data={"reason": ""}).status_code == 422
    owner.post(address(news, "/refusal"), data={"reason": "The date is wrong."})
    assert stands(news) is State.DRAFT
    assert "The date is wrong." in editor.get(address(news)).text


def test_a_yes_that_comes_too_late_sends_nothing(
    editor: Desk, owner: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    readers(session, petition, 3)
    editor.post(address(news, "/sending"))
    with db.writing() as later:
        later.scalars(select(Proposal)).one().asked_at = datetime.now(UTC) - timedelta(hours=73)
        later.commit()
    answer = owner.post(address(news, "/approval"), follow_redirects=True)
    assert "too long ago" in answer.text
    assert stands(news) is State.ASKED
    editor.post(address(news, "/draft"))
    assert stands(news) is State.DRAFT


def test_the_fourth_in_a_week_is_refused_with_words(
    editor: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    by = factories.member(session, petition.branch)
    for _ in range(3):
        factories.news(session, petition, by, state=State.SENT, published_at=datetime.now(UTC))
    session.commit()
    answer = editor.post(address(news, "/sending"))
    assert answer.status_code == 409
    assert "has its share of news" in answer.text
    assert stands(news) is State.DRAFT


@pytest.mark.parametrize(("when", "status"), [("2020-01-01T10:00", 422), ("2126-01-01T10:00", 422), ("soon", 422)])
def test_a_time_that_cannot_be_is_refused_and_kept(
    when: str, status: int, editor: Desk, news: PetitionUpdate
) -> None:
    answer = editor.post(address(news, "/sending"), data={"when": when})
    assert answer.status_code == status
    assert when in answer.text
    assert stands(news) is State.DRAFT


def test_it_can_be_planned_and_called_back(editor: Desk, news: PetitionUpdate) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(second=0, microsecond=0)
    editor.post(address(news, "/sending"), data={"when": tomorrow.strftime("%Y-%m-%dT%H:%M")})
    with db.reading() as looking:
        assert looking.get_one(PetitionUpdate, news.id).not_before == tomorrow
    assert "Call it back" in editor.get(address(news)).text
    editor.post(address(news, "/stop"))
    assert stands(news) is State.DRAFT


# -- stop ---------------------------------------------------------------------------------------------------------


def test_everybody_who_acts_can_stop_it_at_once(desk: MakeDesk, petition: Petition, news: PetitionUpdate) -> None:
    put(news, State.SENDING)
    moderator = desk(Role.MODERATOR, branch=petition.branch)
    assert "Stop" in moderator.get(address(news)).text
    moderator.post(address(news, "/stop"))
    assert stands(news) is State.STOPPED


def test_it_goes_on_or_is_ended_for_good(editor: Desk, news: PetitionUpdate) -> None:
    put(news, State.STOPPED)
    editor.post(address(news, "/resumption"))
    assert stands(news) is State.SENDING
    put(news, State.STOPPED)
    editor.post(address(news, "/end"))
    assert stands(news) is State.SENT
    assert verbs() == ["update.resume", "update.end"]


def test_stop_pressed_too_late_says_so(editor: Desk, news: PetitionUpdate) -> None:
    put(news, State.SENT)
    assert "nothing was changed" in editor.post(address(news, "/stop"), follow_redirects=True).text


def test_how_far_it_is_can_be_seen_by_looking_again(
    editor: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    for state in (Letter.State.SENT, Letter.State.SENT, Letter.State.READY, Letter.State.FAILED):
        session.add(UpdateLetter(update_id=news.id, state=state))
    session.commit()
    put(news, State.SENDING)
    page = editor.get(address(news)).text
    assert '<progress value="3" max="4"' in page
    assert "2 letters sent" in page
    assert "1 waiting" in page
    assert "1 refused" in page


# -- who may, and whose ---------------------------------------------------------------------------------------------


def test_another_branch_s_news_is_no_page(desk: MakeDesk, news: PetitionUpdate) -> None:
    stranger = desk(Role.OWNER)
    assert stranger.get(address(news)).status_code == 404
    assert stranger.post(address(news, "/stop")).status_code == 404


def test_another_petition_s_news_is_no_page(
    editor: Desk, session: Session, petition: Petition, news: PetitionUpdate
) -> None:
    factories.petition(session, slug="other", branch=session.merge(petition.branch))
    session.commit()
    assert editor.get(f"/organise/petitions/other/updates/{news.public_id}").status_code == 404


def test_an_auditor_looks_and_writes_nothing(desk: MakeDesk, petition: Petition, news: PetitionUpdate) -> None:
    auditor = desk(Role.AUDITOR, branch=petition.branch)
    page = auditor.get(address(news))
    assert page.status_code == 200
    assert "Send it" not in page.text
    assert auditor.post(address(news, "/sending")).status_code == 403


# -- on the petition's page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "shown"), [({}, True), ({"on_page": False}, False), ({"published_at": None}, False)]
)
def test_the_last_news_stands_on_the_page_once_it_went(
    fields: dict[str, object], shown: bool, client: FlaskClient, session: Session, petition: Petition
) -> None:
    by = factories.member(session, petition.branch)
    sent = {"state": State.SENT, "published_at": datetime(2026, 11, 20, 12, tzinfo=UTC), **fields}
    factories.news(session, petition, by, **sent)
    session.commit()
    page = client.get("/en/petitions/free-anna").text
    assert ("She was moved" in page) is shown
    assert ("November 20, 2026" in page) is shown


def test_it_stands_there_in_the_reader_s_language(client: FlaskClient, session: Session, petition: Petition) -> None:
    by = factories.member(session, petition.branch)
    factories.news(session, petition, by, state=State.SENT, published_at=datetime.now(UTC))
    session.commit()
    assert "Её перевели" in client.get("/ru/petitions/free-anna").text
