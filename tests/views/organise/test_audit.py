"""The audit log of a branch on screen, and the chain of all entries (cases.md M12)."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from petitions.models import AuditEntry, Branch, Member
from petitions.views.organise.verbs import VERBS
from tests import factories
from tests.conftest import MakeDesk

Role = Member.Role
ROOT = Path(__file__).parents[3]
WRITTEN = re.compile(r'AuditEntry\.write\(\s*[^,"]+,\s*[^,]+,\s*"([a-z_.]+)"')


@pytest.fixture
def branch(session: Session) -> Branch:
    made = factories.branch(session)
    session.commit()
    return made


@pytest.fixture
def mara(session: Session, branch: Branch) -> Member:
    made = factories.member(session, branch, name="Mara Lind")
    session.commit()
    return made


def write(session: Session, actor: str, verb: str, subject: str, **details: object) -> AuditEntry:
    entry = AuditEntry.write(session, actor, verb, subject, **details)
    session.commit()
    return entry


def test_an_entry_is_told_in_words(desk: MakeDesk, session: Session, branch: Branch, mara: Member) -> None:
    petition = factories.petition(session, branch=branch, slug="free-anna")
    write(session, mara.public_id, "petition.pause", petition.public_id, reason="they asked us to")

    page = desk(branch=branch).get("/organise/audit/").text

    assert "Mara Lind" in page
    assert "Petition paused" in page
    assert "free-anna" in page
    assert "they asked us to" in page


def test_a_verb_without_words_is_shown_as_it_is(desk: MakeDesk, session: Session, branch: Branch, mara: Member) -> None:
    write(session, mara.public_id, "comet.catch", "x")

    assert "comet.catch" in desk(branch=branch).get("/organise/audit/").text


def test_every_verb_that_is_written_has_words() -> None:
    sources = [*(ROOT / "petitions").rglob("*.py"), *(ROOT / "mailer").rglob("*.py")]
    written = {verb for source in sources for verb in WRITTEN.findall(source.read_text())}

    assert len(written) > 50
    assert not written - set(VERBS), "say it in words in petitions/views/organise/verbs.py"


def test_what_the_worker_and_the_operator_did_to_a_branchs_records_is_shown_to_it(
    desk: MakeDesk, session: Session, branch: Branch
) -> None:
    petition = factories.petition(session, branch=branch, slug="free-anna")
    write(session, "worker", "petition.recount", petition.public_id)
    write(session, "operator", "keys.new", "x", branch=branch.public_id)

    page = desk(branch=branch).get("/organise/audit/").text

    assert "Count corrected" in page
    assert "The service itself" in page
    assert "Keys made" in page


def test_entries_of_another_branch_are_not_shown(desk: MakeDesk, session: Session, branch: Branch) -> None:
    other = factories.branch(session)
    stranger = factories.member(session, other, name="Stranger Person")
    petition = factories.petition(session, branch=other, slug="their-petition")
    write(session, stranger.public_id, "petition.pause", petition.public_id)
    write(session, "worker", "petition.recount", petition.public_id)
    write(session, "operator", "letter.retry", "nobody's")

    page = desk(branch=branch).get("/organise/audit/").text
    searched = desk(branch=branch).get(f"/organise/audit/?subject={petition.public_id}").text

    assert "Nothing has been done in this branch yet." in page
    for hidden in ("Stranger Person", "their-petition", "Petition paused", "Count corrected"):
        assert hidden not in page + searched


def test_the_log_is_searched(desk: MakeDesk, session: Session, branch: Branch, mara: Member) -> None:
    write(session, mara.public_id, "petition.pause", "first")
    write(session, "worker", "edition.check", "second", branch=branch.public_id)
    noon = datetime(2026, 3, 31, 12, tzinfo=UTC)
    session.execute(update(AuditEntry).where(AuditEntry.subject == "first").values(happened_at=noon))
    session.commit()
    me = desk(branch=branch)

    def found(**wanted: str) -> list[str]:
        page = me.get("/organise/audit/", query_string=wanted).text
        return [subject for subject in ("first", "second") if f"<code>{subject}</code>" in page]

    assert found() == ["first", "second"]
    assert found(actor=mara.public_id) == ["first"]
    assert found(actor="worker") == ["second"]
    assert found(verb="edition.check") == ["second"]
    assert found(subject="first") == ["first"]
    assert found(until="2026-03-31") == ["first"]
    assert found(since="2026-03-31", until="2026-03-31") == ["first"]
    assert found(since="2026-04-01") == ["second"]
    assert found(verb="' OR 1=1 --") == []


@pytest.mark.parametrize("wrong", ["since=31.3.2026", "until=2026-02-31", "subject=%00%27", "since=0000-00-00"])
def test_what_cannot_be_searched_for_is_said_and_narrows_nothing(
    desk: MakeDesk, session: Session, branch: Branch, mara: Member, wrong: str
) -> None:
    write(session, mara.public_id, "petition.pause", "first")

    page = desk(branch=branch).get(f"/organise/audit/?{wrong}")

    assert page.status_code == 200
    assert "error-summary" in page.text
    assert "<code>first</code>" in page.text


@pytest.mark.parametrize("before", ["-1", "0", "x", "99999999999999999999999", "%00"])
def test_a_page_that_cannot_be_is_the_first(
    desk: MakeDesk, session: Session, branch: Branch, mara: Member, before: str
) -> None:
    write(session, mara.public_id, "petition.pause", "first")

    page = desk(branch=branch).get(f"/organise/audit/?before={before}")

    assert page.status_code == 200
    assert "<code>first</code>" in page.text


def test_a_long_log_has_pages_of_a_hundred(desk: MakeDesk, session: Session, branch: Branch, mara: Member) -> None:
    for number in range(130):
        AuditEntry.write(session, mara.public_id, "petition.pause", f"subject-{number}")
    session.commit()
    me = desk(branch=branch)

    first = me.get("/organise/audit/?verb=petition.pause")
    second = me.get("/organise/audit/?verb=petition.pause&before=31")

    assert first.text.count("<code>subject-") == 100
    assert "before=31" in first.text
    assert "verb=petition.pause" in first.text
    assert second.text.count("<code>subject-") == 30
    assert "Older entries" not in second.text


@pytest.mark.parametrize("role", [Role.EDITOR, Role.MODERATOR])
def test_who_may_not_read_it_reads_nothing(desk: MakeDesk, branch: Branch, role: Role) -> None:
    for path in ("/organise/audit/", "/organise/audit/chain"):
        assert desk(role, branch=branch).get(path).status_code == 403


def test_a_whole_chain_says_its_head(desk: MakeDesk, session: Session, branch: Branch, mara: Member) -> None:
    write(session, mara.public_id, "petition.pause", "first")
    entry = write(session, "worker", "edition.check", "second")

    page = desk(Role.AUDITOR, branch=branch).get("/organise/audit/chain").text

    assert "Whole" in page
    assert "2 entries" in page
    assert entry.hash.hex() in page


def test_a_broken_chain_says_where(desk: MakeDesk, session: Session, branch: Branch, mara: Member) -> None:
    for number in range(3):
        write(session, mara.public_id, "petition.pause", f"subject-{number}")
    session.execute(update(AuditEntry).where(AuditEntry.sequence == 2).values(actor="somebody"))
    session.commit()

    page = desk(branch=branch).get("/organise/audit/chain").text

    assert "From entry 2 on" in page
    assert "Freeze the branch" in page


def test_whose_an_entry_is_does_not_belong_to_the_chain(session: Session, branch: Branch, mara: Member) -> None:
    write(session, mara.public_id, "petition.pause", "first")
    session.execute(update(AuditEntry).values(branch_id=None))
    session.commit()

    assert AuditEntry.first_broken(session) is None
