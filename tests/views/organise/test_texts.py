"""Texts on the desk: written, previewed, compared, and a new version brought before a second person (cases.md G12)."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import Approval, Member, Petition, Preview, Proposal
from tests import factories
from tests.conftest import Desk, MakeDesk
from tests.views.organise.looking import fresh, rows

NEW = {"title": "Free Anna now", "demand": "Release Anna Verenko at once.", "background": "She is ill."}


def at(petition: Petition, rest: str = "") -> str:
    return f"/organise/petitions/{petition.slug}/texts/{rest}"


def save(at_desk: Desk, petition: Petition, language: str = "en", **wording: str) -> int:
    text = petition.newest_text(language)
    data = {**NEW, **wording, "seen": text.hash if text else ""}
    return at_desk.post(at(petition, language), data=data).status_code


def test_half_a_text_is_saved(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    session.commit()

    assert save(desk(Member.Role.EDITOR, branch=petition.branch), petition, demand="", background="") == 303

    petition = fresh(petition)
    draft = petition.newest_text("en")
    assert draft is not None
    assert (draft.version, draft.title, draft.complete) == (2, "Free Anna now", False)


def test_what_is_too_long_is_refused_and_kept(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    session.commit()
    long = "Free Anna " * 9

    answer = desk(branch=petition.branch).post(at(petition, "en"), data={**NEW, "title": long})

    assert answer.status_code == 422
    assert "Shorten the title to 80 characters." in answer.text
    assert long.strip() in answer.text
    assert petition.drafts == []


def test_what_somebody_else_saved_meanwhile_is_shown_and_not_overwritten(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    session.commit()
    first, second = desk(branch=petition.branch), desk(branch=petition.branch)
    seen = petition.newest_text("en").hash  # type: ignore[union-attr]
    assert save(first, petition) == 303

    answer = second.post(at(petition, "en"), data={**NEW, "title": "Mine", "seen": seen})

    petition = fresh(petition)
    assert answer.status_code == 409
    assert "Somebody else has saved meanwhile" in answer.text
    assert 'value="Mine"' in answer.text
    assert petition.newest_text("en").title == "Free Anna now"  # type: ignore[union-attr]


def test_a_translator_sees_the_original_beside_the_fields(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    session.commit()

    page = desk(branch=petition.branch).get(at(petition, "ru?beside=en"))

    assert "End the pre-trial detention of Anna Verenko" in page.text
    assert 'class="beside-text" lang="en"' in page.text


def test_what_the_linter_finds_stands_under_the_text(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    petition.write("en", "Free Anna", "Release her.", "The judge is a fascist. Call +375 29 123-45-67.")
    session.commit()

    page = desk(branch=petition.branch).get(at(petition, "en"))

    assert "An insult." in page.text
    assert "A telephone number." in page.text


@pytest.mark.parametrize("language", ["xx", "es", "EN"])
def test_a_language_we_do_not_speak_is_no_page(session: Session, desk: MakeDesk, language: str) -> None:
    petition = factories.petition(session, open=False)
    session.commit()

    assert desk(branch=petition.branch).get(at(petition, language)).status_code == 404


def test_a_draft_can_be_deleted_and_the_approved_one_cannot(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    petition.write("en", *NEW.values())
    session.commit()
    editor = desk(Member.Role.EDITOR, branch=petition.branch)

    assert editor.post(at(petition, "en/removal")).status_code == 303
    assert editor.post(at(petition, "en/removal")).status_code == 404

    petition = fresh(petition)
    assert [text.version for text in petition.texts if text.language == "en"] == [1]


# -- previews --------------------------------------------------------------------------------------------


def test_the_preview_of_the_page_shows_the_draft_and_its_form_sends_nothing(
    session: Session, desk: MakeDesk
) -> None:
    petition = factories.petition(session, open=False)
    petition.write("ru", "Новый заголовок", "Отпустите её.", "Факты.")
    session.commit()

    page = desk(branch=petition.branch).get(f"/organise/petitions/{petition.slug}/previews/page/ru")

    assert page.status_code == 200
    assert "Новый заголовок" in page.text
    assert '<fieldset disabled class="preview">' in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_markup_in_a_text_is_shown_and_never_run(session: Session, desk: MakeDesk) -> None:
    """cases.md F-2, F-3."""
    petition = factories.petition(session, open=False)
    bad = "{{7*7}} <script>alert(1)</script> [x](javascript:alert(1)) ![i](https://cdn.example.org/x.png)"
    petition.write("en", "{{7*7}} <b>", "{% raw %} <svg onload=x>", bad)
    session.commit()
    owner = desk(branch=petition.branch)

    for path in (at(petition), at(petition, "en"), at(petition, "en/versions"),
                 f"/organise/petitions/{petition.slug}/previews/page/en"):
        page = owner.get(path).text
        assert "<script>alert" not in page
        assert "<svg onload" not in page
        assert not re.search(r"<a[^>]+javascript:", page)
        assert "<img src=\"https://cdn" not in page
        assert "49" not in re.sub(r"<[^>]*>", "", page.split("{{7*7}}")[0][-20:])
        assert "{{7*7}}" in page


def test_letter_and_document_are_asked_of_the_worker(session: Session, desk: MakeDesk) -> None:
    petition = factories.petition(session, open=False)
    session.commit()
    editor = desk(Member.Role.EDITOR, branch=petition.branch)

    answer = editor.post(f"/organise/petitions/{petition.slug}/previews/ru")

    preview = rows(select(Preview))[0]
    assert answer.status_code == 303
    assert preview.addressee_id is not None
    page = editor.get(answer.headers["Location"])
    assert "They are being made." in page.text
    assert 'http-equiv="refresh"' in page.text


def test_the_document_has_a_safe_name_and_is_for_the_branch_only(session: Session, desk: MakeDesk) -> None:
    """cases.md F-7."""
    petition = factories.petition(session, open=False)
    preview = Preview(petition=petition, language="en", state=Preview.State.MADE, pdf=b"%PDF-1.7", pages=3,
                      addressee=petition.addressees[2], text_hash="0" * 64)
    session.add(preview)
    session.commit()
    path = f"/organise/petitions/{petition.slug}/previews/{preview.public_id}"

    answer = desk(branch=petition.branch).get(path + "/document.pdf")

    assert answer.headers["Content-Disposition"] == f"inline; filename=draft-{petition.slug}-en.pdf"
    assert "The text was changed after this was made." in desk(branch=petition.branch).get(path).text
    assert desk().get(path + "/document.pdf").status_code == 404


# -- a new version after signing began ---------------------------------------------------------------------


@pytest.fixture
def changed(session: Session) -> Petition:
    """An open petition with a draft of a second version."""
    petition = factories.petition(session)
    factories.signature(session, petition, confirmed=True)
    petition.write("en", *NEW.values())
    session.commit()
    return petition


def proposal() -> Proposal:
    return rows(select(Proposal).where(Proposal.state == Proposal.State.WAITING))[0]


def test_the_public_reads_the_old_version_until_a_second_person_has_approved(
    session: Session, desk: MakeDesk, changed: Petition
) -> None:
    editor, owner = desk(Member.Role.EDITOR, branch=changed.branch), desk(branch=changed.branch)
    editor.post(at(changed, "en/approval"))
    public = f"/en/petitions/{changed.slug}"
    assert "Free Anna now" not in owner.get(public).text
    page = f"/organise/petitions/{changed.slug}/proposals/{proposal().public_id}"
    assert "<ins>" in owner.get(page).text

    answer = owner.post(page + "/approval")

    changed = fresh(changed)
    assert answer.status_code == 303
    assert changed.text_in("en").version == 2  # type: ignore[union-attr]
    assert rows(select(Approval.kind)) == [Approval.Kind.TEXT]


def test_who_asked_cannot_be_who_approves(session: Session, desk: MakeDesk, changed: Petition) -> None:
    owner = desk(branch=changed.branch)
    owner.post(at(changed, "en/approval"))
    page = f"/organise/petitions/{changed.slug}/proposals/{proposal().public_id}"

    answer = owner.post(page + "/approval")

    changed = fresh(changed)
    assert answer.status_code == 409
    assert "Another owner must decide." in answer.text
    assert changed.text_in("en").version == 1  # type: ignore[union-attr]


def test_what_waits_for_a_decision_cannot_be_changed_under_the_hand(
    session: Session, desk: MakeDesk, changed: Petition
) -> None:
    editor = desk(Member.Role.EDITOR, branch=changed.branch)
    editor.post(at(changed, "en/approval"))
    changed = fresh(changed)

    assert save(editor, changed, title="Something else") == 409
    assert editor.post(at(changed, "en/removal")).status_code == 409

    changed = fresh(changed)
    assert changed.newest_text("en").title == "Free Anna now"  # type: ignore[union-attr]


def test_a_text_with_errors_is_not_brought_before_anybody(
    session: Session, desk: MakeDesk, changed: Petition
) -> None:
    changed.write("en", "Free Anna", "Release her.", "You will pay for this.")
    session.commit()
    editor = desk(Member.Role.EDITOR, branch=changed.branch)

    answer = editor.post(at(changed, "en/approval"), follow_redirects=True)

    assert "mend what is listed under it" in answer.text
    assert rows(select(Proposal)) == []


def test_what_was_sent_back_says_why_and_can_be_written_on(
    session: Session, desk: MakeDesk, changed: Petition
) -> None:
    editor, owner = desk(Member.Role.EDITOR, branch=changed.branch), desk(branch=changed.branch)
    editor.post(at(changed, "en/approval"))
    page = f"/organise/petitions/{changed.slug}/proposals/{proposal().public_id}"
    assert owner.post(page + "/refusal", data={"reason": ""}).status_code == 422

    assert owner.post(page + "/refusal", data={"reason": "Name the court."}).status_code == 303

    changed = fresh(changed)
    assert "Name the court." in owner.get(page).text
    assert save(editor, changed, title="Better") == 303
