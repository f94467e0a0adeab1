"""Files of authorities on screen: looked at, then applied exactly as they were looked at; H7, H8."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from petitions.models import AuditEntry, Authority, AuthorityImport, Branch, ChannelChange, Member
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.looking import notices, rows

ROOT = "/organise/authority-imports"
HEADER = "slug,kind,country,name_en,email,postal_address\n"
COURT = "court-one,court,BY,The First Court,court@authority.example,Square 1\n"


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session)
    session.commit()
    return made


@pytest.fixture
def editor(desk: MakeDesk, branch: Branch) -> Desk:
    return desk(Member.Role.EDITOR, branch=branch)


def upload(desk: Desk, content: str | bytes) -> TestResponse:
    """The body is written by hand: Werkzeug's client leaves a temporary file open for a large one."""
    data = content.encode() if isinstance(content, str) else content
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    body = part.format("csrf_token").encode() + desk.csrf_token.encode() + b"\r\n"
    body += part.format('file"; filename="authorities.csv').encode() + data + b"\r\n--x--\r\n"
    return desk.open(f"{ROOT}/", method="POST", data=body, content_type="multipart/form-data; boundary=x")


def previewed(desk: Desk, content: str | bytes) -> str:
    """The address of the preview."""
    answer = upload(desk, content)
    assert answer.status_code == 303, answer.text
    return answer.location


def slugs() -> list[str]:
    return rows(select(Authority.slug).order_by(Authority.slug))


def test_a_file_is_looked_at_before_it_changes_anything(editor: Desk, branch: Branch) -> None:
    page = previewed(editor, HEADER + COURT)

    shown = editor.get(page).text
    assert "The First Court" in shown
    assert "Apply it, all of it" in shown
    assert slugs() == []

    answer = editor.post(f"{page}/application")
    assert "1 new, 0 changed" in editor.get(answer.location).text
    assert slugs() == ["court-one"]
    assert rows(select(AuthorityImport)) == []
    entry = rows(select(AuditEntry).where(AuditEntry.verb == "authority.import"))[0]
    assert entry.details["new"] == 1
    assert rows(select(Authority.changed_by_id)) == [branch.id]


def test_a_preview_says_each_difference(editor: Desk) -> None:
    editor.post(f"{previewed(editor, HEADER + COURT)}/application")

    shown = editor.get(previewed(editor, HEADER + COURT.replace("Square 1", "Square 2"))).text

    assert "<del>Square 1</del> <ins>Square 2</ins>" in shown
    shown = editor.get(previewed(editor, HEADER + COURT)).text
    assert "Nothing would change" in shown
    assert "Apply it" not in shown


@pytest.mark.parametrize("change", [
    lambda text: "\ufeff" + text,
    lambda text: text.replace(",", ";"),
    lambda text: text.replace(",", "\t"),
    lambda text: text.encode("utf-16"),
], ids=["byte order mark", "semicolons", "tabs", "utf-16"])
def test_what_spreadsheets_write_is_read(editor: Desk, change: object) -> None:
    assert "The First Court" in editor.get(previewed(editor, change(HEADER + COURT))).text  # type: ignore[operator]


@pytest.mark.parametrize(("content", "words"), [
    ((HEADER + COURT).encode() + b"court-two,court,BY,Caf\xe9,,\n", "Line 3 is not UTF-8."),
    ((HEADER + COURT).replace("First", "Fi\0st"), "Line 2 has a NUL byte"),
    (HEADER + COURT.replace("The First", '"The First') + COURT.replace("one", "two"), "Row 1: After this row"),
    (HEADER + 'court-one,court,BY,"' + "x" * 11_000 + '",,\n', "longer than 10,000 characters"),
    (HEADER + 'court-one,court,BY,"' + "x" * 200_000 + '",,\n', "longer than 10,000 characters"),
    (HEADER + COURT * 2, "Row 3, slug: Row 2 has the same slug."),
    (HEADER, "no row below it"),
    ("", "The column “slug” is missing."),
    (HEADER.replace("email", "fax") + COURT, "No column is called “fax”."),
    (HEADER + COURT.replace("\n", ",more\n"), "There are 7 cells"),
    (HEADER + "x" * 1_000_001, "larger than 1,000,000 bytes"),
    (HEADER + "".join(f"c{n},court,BY,C,,\n" for n in range(5_001)), "more than 5,000 rows"),
    (HEADER + COURT.replace("BY", ""), "A country is needed"),
    (HEADER + COURT.replace("court,BY", "tribunal,BY"), "Row 2, kind: This is none of the words"),
    (HEADER + COURT.replace("The First Court", '"Court\r\nBcc: x@y.example"'), "Row 2, name_en: A line break"),
    (HEADER + COURT.replace("court@authority.example", '"a@b.example\nBcc: x@y.example"'), "Row 2, email: "),
    (HEADER + COURT.replace("court@authority.example", "Name <a@b.example>"), "Row 2, email: Write one plain"),
], ids=[
    "not utf-8", "nul", "unbalanced quote", "long cell", "huge cell", "slug twice", "header only", "empty",
    "unknown column", "too many cells", "too large", "too many rows", "no country", "kind", "header in a name",
    "header in an address", "named address",
])
def test_what_is_wrong_is_said_with_its_row_and_nothing_is_taken(
    editor: Desk, content: str | bytes, words: str
) -> None:
    answer = upload(editor, content)

    assert answer.status_code == 422
    assert words in answer.text
    assert slugs() == []
    assert rows(select(AuthorityImport)) == []


def test_a_body_beyond_the_limit_is_not_even_read(editor: Desk) -> None:
    assert upload(editor, b"x" * 1_200_000).status_code == 413


def test_a_bad_row_keeps_out_the_good_ones(editor: Desk) -> None:
    answer = upload(editor, HEADER + COURT + COURT.replace("court-one", "Not A Slug"))

    assert answer.status_code == 422
    assert "What the rows that are right would do" in answer.text
    assert slugs() == []


def test_a_formula_is_stored_as_text_and_neutral_in_the_download(editor: Desk) -> None:
    editor.post(f"{previewed(editor, HEADER + COURT.replace('Square 1', '=HYPERLINK(1)'))}/application")
    assert rows(select(Authority.postal_address)) == ["=HYPERLINK(1)"]

    download = editor.get("/organise/authorities/directory.csv")

    assert download.mimetype == "text/csv"
    assert "'=HYPERLINK(1)" in download.text
    assert "Nothing would change" in editor.get(previewed(editor, download.data)).text


def test_no_file_is_an_error_with_words(editor: Desk) -> None:
    answer = editor.post(f"{ROOT}/", data={})

    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


def test_what_was_looked_at_is_what_is_applied(editor: Desk, session: Session) -> None:
    page = previewed(editor, HEADER + COURT)
    factories.authority(session, slug="court-one")
    session.commit()

    answer = editor.post(f"{page}/application")

    assert "The directory has changed meanwhile." in editor.get(answer.location).text
    assert rows(select(Authority.names)) != [{"en": "The First Court"}]
    assert editor.post(f"{page}/application").location == "/organise/authorities/"


def test_a_preview_is_its_members_own_and_lasts_an_hour(
    editor: Desk, desk: MakeDesk, branch: Branch, session: Session
) -> None:
    page = previewed(editor, HEADER + COURT)
    assert desk(branch=branch).get(page).status_code == 404
    session.execute(update(AuthorityImport).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    session.commit()

    assert editor.get(page).status_code == 404
    assert editor.post(f"{page}/application").status_code == 404


def test_a_forgotten_file_changes_nothing(editor: Desk) -> None:
    page = previewed(editor, HEADER + COURT)

    editor.post(f"{page}/removal")

    assert rows(select(AuthorityImport)) == []
    assert slugs() == []


def test_a_file_cannot_turn_aside_what_a_petition_sends(
    editor: Desk, desk: MakeDesk, session: Session, branch: Branch
) -> None:
    """G13."""
    court = factories.petition(session, branch=branch).addressees[0].authority
    session.commit()
    owner = desk(branch=branch)
    content = f"slug,kind,country,name_en,email\n{court.slug},court,BY,Court,elsewhere@authority.example\n"

    page = previewed(editor, content)
    assert "E-mail: waits for another owner" in editor.get(page).text
    editor.post(f"{page}/application")

    change = rows(select(ChannelChange))[0]
    assert change.state is ChannelChange.State.ASKED
    assert notices("channel_change_asked") == {owner.member.id}
    assert "Settle that one first" in upload(editor, content).text


def test_who_may_only_look_imports_nothing(desk: MakeDesk, branch: Branch) -> None:
    moderator = desk(Member.Role.MODERATOR, branch=branch)

    assert moderator.get(f"{ROOT}/").status_code == 403
    assert upload(moderator, HEADER + COURT).status_code == 403


def test_bodies_of_known_countries_are_looked_at_and_loaded(editor: Desk, session: Session) -> None:
    page = editor.get(f"{ROOT}/seed").text
    assert "Генеральная прокуратура" not in page
    assert "Prosecutor General&#39;s Office of the Republic of Belarus" in page

    answer = editor.post(f"{ROOT}/seed")
    assert "31 new" in editor.get(answer.location).text
    assert "The directory has all of it." in editor.get(f"{ROOT}/seed").text

    known = session.scalars(select(Authority).where(Authority.slug == "ru-ombudsman")).one()
    known.names = {**known.names, "en": "As we write it"}
    known.seed = {**(known.seed or {}), "names.en": "An older name"}
    session.commit()
    page = editor.get(f"{ROOT}/seed").text
    assert "Changed by you, and said otherwise by the list" in page
    editor.post(f"{ROOT}/seed")
    assert rows(select(Authority.names).where(Authority.slug == "ru-ombudsman"))[0]["en"] == "As we write it"
