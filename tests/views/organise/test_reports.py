"""Triage: a report is opened for one reader, answered, becomes a case or is declined."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm import Session

from mailer.actors.photos import prepare_photos
from mailer.actors.reports import drop_copies, open_reports
from mailer.actors.runtime import Runtime
from petitions import retention
from petitions.db import Base, db, now
from petitions.models import AuditEntry, Branch, Member, Photo, Prisoner, Report, ReportCopy, ReportMessage
from tests import factories, pictures
from tests.conftest import Desk, MakeDesk
from tests.views.test_reports import STORY, answers, code_of, send

CANARIES = ("Zimin", "taken from the square", "aunt.canary@example.org")


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session, takes_reports=True)
    session.commit()
    return made


@pytest.fixture
def editor(desk: MakeDesk, branch: Branch) -> Desk:
    return desk(Member.Role.EDITOR, branch=branch)


@pytest.fixture
def runtime(settings: Any, branch: Branch) -> Iterator[Runtime]:
    settings.keys.mkdir(mode=0o700, parents=True)
    (settings.keys / f"branch-{branch.public_id}.key").write_bytes(factories.PRIVATE_KEY)
    made = Runtime(settings.model_copy(update={"smtp_url": SecretStr("smtp://localhost:1")}))
    yield made
    made.close()


def report() -> Report:
    with db.reading() as session:
        return session.scalars(select(Report)).one()


def address(more: str = "") -> str:
    return f"/organise/reports/{report().public_id}{more}"


def opened(editor: Desk, runtime: Runtime) -> str:
    """The address of the page on which it stands."""
    answer = editor.post(address("/copies"))
    assert answer.status_code == 303
    open_reports(runtime)
    return str(answer.headers["Location"])


def test_a_report_is_read_by_who_opens_it_and_answered(
    editor: Desk, client: Any, runtime: Runtime
) -> None:
    code = code_of(send(client))
    listed = editor.get("/organise/reports").text
    assert "Belarus" in listed
    assert "new" in listed
    assert not [canary for canary in CANARIES if canary in listed + editor.get(address()).text]

    there = opened(editor, runtime)
    page = editor.get(there).text
    assert STORY["what"] in page
    assert "Pavel Zimin" in page
    assert "I am family or a close friend" in page
    assert report().state is Report.State.IN_WORK

    editor.post(f"{there}/answers", data={"words": "Do you know his lawyer's name?"})

    reply = answers(client, code)
    assert "Do you know his lawyer&#39;s name?" in reply.text
    assert STORY["what"] not in reply.text  # a code that is found does not tell what was reported
    with db.reading() as session:
        verbs = list(session.scalars(select(AuditEntry.verb)))
    assert verbs == ["report.open", "report.answer"]


def test_a_dump_of_the_database_at_any_time_tells_nothing(
    editor: Desk, client: Any, runtime: Runtime
) -> None:
    """M1."""
    send(client, photos=[pictures.with_place()])
    dumps = [_dump()]
    prepare_photos(runtime)
    dumps.append(_dump())
    there = opened(editor, runtime)
    dumps.append(_dump())
    editor.post(f"{there}/answers", data={"words": "aunt.canary@example.org is safe?"})
    dumps.append(_dump())
    for canary in (*CANARIES, pictures.SECRET, "family", there.rpartition("/")[2]):
        assert not [number for number, dump in enumerate(dumps) if canary.encode() in dump]


def test_the_page_is_nobody_elses(desk: MakeDesk, editor: Desk, client: Any, runtime: Runtime, branch: Branch) -> None:
    """G1: also not of another owner of the same branch, who opens it for herself, audited."""
    send(client)
    there = opened(editor, runtime)
    colleague, stranger, looker = desk(branch=branch), desk(), desk(Member.Role.AUDITOR, branch=branch)
    assert colleague.get(there).status_code == 404
    assert stranger.get(there).status_code == 404
    assert stranger.get(address()).status_code == 404
    assert stranger.post(address("/copies")).status_code == 404
    assert stranger.post(address("/refusal"), data={"reason": "spam"}).status_code == 404
    assert looker.get(there).status_code == 403
    assert looker.get("/organise/reports").status_code == 200
    assert address() not in stranger.get("/organise/reports").text


def test_a_copy_lasts_its_hours_and_is_erased(editor: Desk, client: Any, runtime: Runtime, session: Session) -> None:
    send(client)
    there = opened(editor, runtime)
    session.execute(update(ReportCopy).values(expires_at=now(-1)))
    session.commit()
    assert editor.get(there).status_code == 404
    assert drop_copies(runtime) == 1


def test_until_the_worker_has_opened_it_the_page_says_so_and_looks_again(editor: Desk, client: Any) -> None:
    send(client)
    answer = editor.post(address("/copies"), follow_redirects=True)
    assert "It is being opened" in answer.text
    assert '<meta http-equiv="refresh"' in answer.text


def test_with_another_branchs_key_it_says_that_it_does_not_open(
    editor: Desk, client: Any, runtime: Runtime, branch: Branch
) -> None:
    send(client)
    (runtime.settings.keys / f"branch-{branch.public_id}.key").write_bytes(b"x" * 32)
    assert "cannot be opened" in editor.get(opened(editor, runtime)).text


def test_photographs_are_stripped_and_seen_only_by_the_reader(
    editor: Desk, client: Any, runtime: Runtime
) -> None:
    """H4, H12."""
    send(client, photos=[pictures.with_place(), pictures.SVG])
    prepare_photos(runtime)
    there = opened(editor, runtime)
    page = editor.get(there).text
    assert "1 file is still being prepared, or was no photograph." in page
    image = editor.get(f"{there}/photos/1")
    assert image.data.startswith(b"\xff\xd8")
    assert pictures.SECRET.encode() not in image.data
    assert image.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert editor.get(f"{there}/photos/2").status_code == 404


def test_what_was_told_is_shown_and_never_run(editor: Desk, client: Any, runtime: Runtime) -> None:
    """F-1, F-3."""
    payload = "<script>alert(1)</script> {{7*7}} and more of it"
    send(client, what=payload, who=payload, where=payload, contact=payload)
    page = editor.get(opened(editor, runtime)).text
    assert "<script>alert" not in page
    assert "{{7*7}}" in page


# -- what becomes of it -------------------------------------------------------------------------------------


def test_a_case_is_made_of_it(editor: Desk, client: Any, runtime: Runtime) -> None:
    code = code_of(send(client))
    there = opened(editor, runtime)
    form = editor.get(f"{there}/case").text
    assert 'value="Pavel Zimin"' in form
    assert '<option value="BY" selected' in form

    data = {"names.en": "Pavel Zimin", "country": "BY", "report": report().public_id}
    editor.post("/organise/prisoners", data=data)

    assert report().state is Report.State.CASE
    assert "We work for this person." in answers(client, code).text


def test_the_report_stays_with_the_case_through_the_question_for_duplicates(
    editor: Desk, client: Any, runtime: Runtime, session: Session, branch: Branch
) -> None:
    factories.prisoner(session, session.merge(branch), names={"en": "Pavel Zimin"}, other_spellings=[])
    session.commit()
    send(client)
    opened(editor, runtime)
    asked = editor.post("/organise/prisoners", data={"names.en": "Pavel Zimin", "report": report().public_id})
    assert asked.status_code == 409
    assert f'name="report" value="{report().public_id}"' in asked.text


def test_it_is_added_to_a_case_that_is_there(
    editor: Desk, client: Any, runtime: Runtime, session: Session, branch: Branch
) -> None:
    known = factories.prisoner(session, session.merge(branch), names={"ru": "Павел Зимин"}, other_spellings=[])
    session.commit()
    send(client)
    there = opened(editor, runtime)
    assert "Павел Зимин" in editor.get(there).text

    answer = editor.post(f"{there}/case", data={"prisoner": known.public_id})

    assert answer.headers["Location"].endswith(known.public_id)
    assert (report().state, report().prisoner_id) == (Report.State.CASE, known.id)


def test_to_no_case_of_another_branch(
    editor: Desk, client: Any, runtime: Runtime, session: Session
) -> None:
    other = factories.prisoner(session, factories.branch(session), names={"en": "Pavel Zimin"})
    session.commit()
    send(client)
    there = opened(editor, runtime)
    assert editor.post(f"{there}/case", data={"prisoner": other.public_id}).status_code == 422
    assert report().state is Report.State.IN_WORK


def test_a_report_of_another_branch_makes_no_case(desk: MakeDesk, client: Any, branch: Branch) -> None:
    """G2."""
    send(client)
    stranger = desk(Member.Role.EDITOR)
    data = {"names.en": "Pavel Zimin", "report": report().public_id}
    assert stranger.post("/organise/prisoners", data=data).status_code == 404
    with db.reading() as session:
        assert session.scalars(select(Prisoner)).all() == []


def test_it_is_declined_with_a_reason_and_opens_again_when_more_is_told(
    editor: Desk, client: Any, runtime: Runtime
) -> None:
    code = code_of(send(client))
    refused = editor.post(address("/refusal"))
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.text

    editor.post(address("/refusal"), data={"reason": "too_little"})
    assert "Too little is known" in editor.get("/organise/reports?show=declined").text
    assert "Too little" not in answers(client, code).text

    client.post("/en/report/answer/messages", data={"code": code, "message": "His lawyer is found."})
    assert report().state is Report.State.IN_WORK
    assert "His lawyer is found." in editor.get(opened(editor, runtime)).text


def test_a_declined_one_can_be_looked_at_again(editor: Desk, client: Any) -> None:
    send(client)
    editor.post(address("/refusal"), data={"reason": "spam"})
    editor.post(address("/reopening"))
    assert report().state is Report.State.IN_WORK
    assert editor.post(address("/reopening")).status_code == 409


def test_what_may_come_from_a_robot_lies_apart(editor: Desk, client: Any) -> None:
    """D7."""
    send(client, subject="http://buy.example")
    assert address() not in editor.get("/organise/reports").text
    assert address() in editor.get("/organise/reports?show=doubtful").text


def test_a_settled_report_goes_in_time_with_all_that_was_sent(
    editor: Desk, client: Any, runtime: Runtime, session: Session
) -> None:
    send(client, photos=[pictures.photo()])
    due = retention.settled_reports(runtime.settings)
    assert session.scalars(due).all() == []
    session.rollback()
    editor.post(address("/refusal"), data={"reason": "too_little"})
    session.execute(update(Report).values(settled_on=date.today() - timedelta(days=89)))
    assert session.scalars(due).all() == []
    session.execute(update(Report).values(settled_on=date.today() - timedelta(days=92)))
    assert session.scalars(due).all() == [report().id]
    session.execute(delete(Report).where(Report.id.in_(due)))
    for kind in (ReportMessage, Photo):
        assert session.scalars(select(kind.id)).all() == []


# -- the door --------------------------------------------------------------------------------------------------


def test_an_owner_opens_and_closes_the_form(desk: MakeDesk, client: Any, session: Session) -> None:
    branch = factories.branch(session)
    session.commit()
    owner = desk(branch=branch)
    assert client.get("/en/report").status_code == 404
    assert "Take reports from everybody?" in owner.get("/organise/reports/door").text

    owner.post("/organise/reports/door", data={"open": "yes"})
    assert "Open Door Association" in client.get("/en/report").text
    owner.post("/organise/reports/door")
    with db.reading() as looking:
        assert not looking.scalars(select(Branch.takes_reports)).one()
        assert list(looking.scalars(select(AuditEntry.verb))) == ["branch.takes_reports"] * 2


def test_an_editor_does_not(editor: Desk) -> None:
    assert editor.get("/organise/reports/door").status_code == 403
    assert editor.post("/organise/reports/door").status_code == 403


def _dump() -> bytes:
    with db.reading() as session:
        assert inspect(session.get_bind()) is not None
        rows = [row for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    return repr(rows).encode("latin-1", "backslashreplace")
