"""Telling us of a prisoner, as somebody without scripts, cookies and account does it."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from petitions.db import db
from petitions.models import Photo, Report, ReportMessage
from tests import factories, pictures
from tests.conftest import reader
from tests.views.steps import hidden_fields

STORY = {
    "what": "A man was taken from the square and has not come back.", "who": "Pavel Zimin", "country": "BY",
    "where": "Prison No. 8", "since": "March", "how": "family", "family": "yes", "contact": "aunt.canary@example.org",
    "subject": "",
}


@pytest.fixture(autouse=True)
def open_door(session: Session) -> None:
    if session.scalar(select(Report.id)) is None:
        factories.branch(session, takes_reports=True)
        session.commit()


def check(client: FlaskClient, **fields: Any) -> TestResponse:
    return client.post("/en/report/check", **pictures.upload({**STORY, **fields}))


def send(client: FlaskClient, photos: Sequence[bytes] = (), **fields: Any) -> TestResponse:
    """Both steps: the check page, then its button."""
    checked = check(client, **fields)
    assert checked.status_code == 200, checked.text
    files = [("photos", photo, "IMG_0001.jpg") for photo in photos]
    return client.post("/en/report", **pictures.upload(hidden_fields(checked.text), *files))


def code_of(answer: TestResponse) -> str:
    found = re.search(r"<strong>((?:\d{4} ){5}\d{4})</strong>", answer.text)
    assert found, answer.text
    return found[1]


def answers(client: FlaskClient, code: str) -> TestResponse:
    return client.post("/en/report/answer", data={"code": code})


def reports() -> list[Report]:
    with db.reading() as session:
        return list(session.scalars(select(Report).order_by(Report.id)))


def messages() -> list[ReportMessage]:
    with db.reading() as session:
        return list(session.scalars(select(ReportMessage)))


def test_a_report_is_sent_and_gives_a_code_that_leads_back(client: FlaskClient) -> None:
    sent = send(client)
    assert sent.status_code == 200
    assert sent.headers["Cache-Control"] == "no-store"  # E8

    thread = answers(client, code_of(sent))

    assert "Nobody has opened it yet." in thread.text
    assert thread.headers["Cache-Control"] == "no-store"
    assert STORY["what"] not in thread.text
    (report,) = reports()
    assert (report.country, report.doubt) == ("BY", None)


def test_only_what_happened_must_be_told(client: FlaskClient) -> None:
    nothing: dict[str, Any] = dict.fromkeys(set(STORY) - {"what"}, "")
    assert code_of(send(client, **nothing))


def test_no_cookie_is_set_and_none_is_needed(client: FlaskClient) -> None:
    """F-18, A21."""
    for answer in (client.get("/en/report"), check(client), send(client), client.get("/en/report/answer")):
        assert "Set-Cookie" not in answer.headers
    assert "<script" not in client.get("/en/report").text


def test_the_same_form_sent_twice_is_one_report_with_one_code(client: FlaskClient) -> None:
    data = hidden_fields(check(client).text)
    first, second = (client.post("/en/report", data=data, content_type="multipart/form-data") for _ in range(2))
    assert code_of(first) == code_of(second)
    assert len(reports()) == len(messages()) == 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("what", ""), ("what", "help"), ("what", "x" * 10_001), ("what", "\u200b" * 30), ("who", "x" * 201),
        ("country", "ZZ"), ("how", "dreamt"), ("family", "maybe"),
    ],
)
def test_a_refusal_keeps_all_that_was_typed(client: FlaskClient, field: str, typed: str) -> None:
    answer = check(client, **{field: typed})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "Prison No. 8" in answer.text
    assert reports() == []


@pytest.mark.parametrize("where", ["what", "who", "where", "contact"])
@pytest.mark.parametrize("payload", ["<script>alert(1)</script>", '"><img src=x onerror=a()>', "{{7*7}}"])
def test_what_is_typed_is_shown_and_never_run(client: FlaskClient, where: str, payload: str) -> None:
    """A10, F-1, F-3."""
    typed = f"{payload} and some more words of it"
    for page in (check(client, **{where: typed}), check(client, **{where: typed, "edit": "1"})):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\u202e", "\u2066"])
def test_control_and_directional_characters_go(client: FlaskClient, character: str) -> None:
    """A3, A5."""
    assert character not in check(client, what=f"A man was{character} taken from the square.").text


@pytest.mark.parametrize("body", [b"what=%ED%A0%80%FF" + b"x" * 30, b"what=" + b"%00" * 40, b"\xff\xfe"])
def test_bytes_that_are_no_text_harm_nobody(client: FlaskClient, body: bytes) -> None:
    """A4."""
    answer = client.post("/en/report/check", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {200, 422}


def test_a_megabyte_of_text_is_refused_before_it_is_read(client: FlaskClient) -> None:
    """A11, A23."""
    assert check(client, what="x" * 1_000_000).status_code == 413
    assert client.post("/en/report", json={"what": "x"}).status_code == 415
    assert client.put("/en/report").status_code == 405


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000])
def test_without_the_check_pages_token_nothing_is_kept(client: FlaskClient, token: str) -> None:
    """F-4."""
    answer = client.post("/en/report", data={**STORY, "token": token}, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert STORY["what"] in answer.text
    assert reports() == []


def test_a_token_of_the_sign_form_is_none_of_ours(client: FlaskClient, app: Any) -> None:
    token = app.extensions["check_tokens"].dumps(["petition", "hash", "nonce"])
    answer = client.post("/en/report", data={**STORY, "token": token}, content_type="multipart/form-data")
    assert answer.status_code == 400


def test_a_form_on_another_site_cannot_send_one(client: FlaskClient) -> None:
    """F-4."""
    data = hidden_fields(check(client).text)
    assert client.post("/en/report", data=data, headers={"Origin": "https://evil.example"}).status_code == 403


def test_an_old_page_is_shown_again_with_all_of_it(client: FlaskClient, app: Any) -> None:
    """A22."""
    data = hidden_fields(check(client).text)
    app.config["CHECK_TOKEN_SECONDS"] = -1
    answer = client.post("/en/report", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "open for a long time" in answer.text
    app.config["CHECK_TOKEN_SECONDS"] = 3600
    again = client.post("/en/report", data=hidden_fields(answer.text), content_type="multipart/form-data")
    assert code_of(again)


# -- photographs ----------------------------------------------------------------------------------------------


def test_photographs_are_sealed_as_they_come(client: FlaskClient) -> None:
    send(client, photos=[pictures.with_place(), pictures.photo()])
    with db.reading() as session:
        boxes = session.scalars(select(Photo.upload_box)).all()
    assert len(boxes) == 2
    assert all(box and pictures.SECRET.encode() not in box for box in boxes)


@pytest.mark.parametrize(
    ("photos", "words"),
    [([b"x"] * 4, "at most three"), ([b"x" * 5_000_001], "at most 5 MB")],
)
def test_too_many_or_too_large_ones_are_refused_with_the_words_kept(
    client: FlaskClient, photos: list[bytes], words: str
) -> None:
    answer = send(client, photos=photos)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'href="#photos"' in answer.text
    assert STORY["what"] in answer.text
    assert reports() == []


def test_when_there_is_no_room_a_report_still_comes_without_them(client: FlaskClient, app: Any) -> None:
    """H6."""
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"photo_quota": 10})
    assert send(client, photos=[pictures.photo()]).status_code == 422
    assert code_of(send(client))


# -- floods -----------------------------------------------------------------------------------------------------


def test_who_sends_many_gets_the_same_answer_and_the_rest_lies_apart(client: FlaskClient) -> None:
    """D1, D3: nothing is lost."""
    pages = [re.sub(r"(\d{4} ){5}\d{4}", "", send(client).text) for _ in range(7)]
    assert len(set(pages)) == 1
    assert [report.doubt for report in reports()] == [None] * 5 + [Report.Doubt.NETWORK] * 2


def test_a_filled_honeypot_changes_nothing_that_can_be_seen(client: FlaskClient) -> None:
    """D7."""
    pages = [re.sub(r"(\d{4} ){5}\d{4}", "", send(client, subject=typed).text) for typed in ("", "spam")]
    assert pages[0] == pages[1]
    assert reports()[1].doubt is Report.Doubt.HONEYPOT


# -- the way back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "1234", "abc", "1" * 25, "x" * 5000, "1234 5678 1234 5678 1234 567x"])
def test_what_cannot_be_a_code_is_said_to_be_none(client: FlaskClient, typed: str) -> None:
    answer = answers(client, typed)
    assert answer.status_code == 422
    assert "24 digits" in answer.text


def test_a_wrong_code_opens_nothing_and_many_are_stopped(client: FlaskClient, app: Any) -> None:
    """B2."""
    code = code_of(send(client))
    tries = [answers(client, f"{number:024d}").status_code for number in range(22)]
    assert set(tries[:20]) == {404}
    assert tries[-1] == 429
    assert answers(client, code).status_code == 200  # the right one always works
    assert answers(reader(app, "198.51.100.9"), "1" * 24).status_code == 404


@pytest.mark.parametrize("grouped", [" ", "", "-", "  "])
def test_a_code_works_however_it_is_grouped(client: FlaskClient, grouped: str) -> None:
    code = code_of(send(client))
    assert answers(client, code.replace(" ", grouped)).status_code == 200


def test_more_can_be_told_and_the_same_words_count_once(client: FlaskClient) -> None:
    code = code_of(send(client))
    for _ in range(2):
        said = client.post("/en/report/answer/messages", data={"code": code, "message": "He was moved to Minsk."})
        assert "It has come and is sealed." in said.text
    assert len(messages()) == 2
    empty = client.post("/en/report/answer/messages", data={"code": code, "message": " "})
    assert empty.status_code == 422
    assert client.post("/en/report/answer/messages", data={"code": "1" * 24, "message": "x"}).status_code == 404


def test_nothing_of_a_report_is_in_the_log(client: FlaskClient, capfd: pytest.CaptureFixture[str]) -> None:
    code = code_of(send(client))
    answers(client, code)
    answers(client, "2" * 24)
    logged = "".join(capfd.readouterr())
    assert "reports.create" in logged
    for canary in ("Zimin", "canary", code, code.replace(" ", ""), "203.0.113"):
        assert canary not in logged


# -- who reads it ------------------------------------------------------------------------------------------------


def test_where_several_branches_read_one_is_chosen(client: FlaskClient, session: Session) -> None:
    other = factories.branch(session, takes_reports=True, legal_name="Northern Light", report_countries=["BY"])
    session.commit()
    assert "Northern Light" in client.get("/en/report").text
    assert check(client).status_code == 422

    send(client, branch=other.public_id)

    assert reports()[0].branch_id == other.id


def test_a_branch_that_takes_none_is_not_offered(client: FlaskClient, session: Session) -> None:
    closed = factories.branch(session, legal_name="Closed Door")
    session.commit()
    assert "Closed Door" not in client.get("/en/report").text
    assert check(client, branch=closed.public_id).status_code == 200  # goes to the only one that reads
    send(client, branch=closed.public_id)
    assert reports()[0].branch_id != closed.id
