"""Editions on screen: from asking to the documents, seen by the two people it takes (journeys.md, "An organiser")."""

from collections.abc import Callable
from html import unescape
from types import SimpleNamespace
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from petitions.config import Settings
from petitions.db import db, now
from petitions.models import (
    Authority,
    Branch,
    Delivery,
    Document,
    Edition,
    Member,
    Petition,
    Prisoner,
    Signature,
)
from tests import factories
from tests.conftest import MakeDesk
from tests.views.organise.editing import add_channel, address, ask, compile_first, page, ticked

S = Delivery.State


def edition(number: int = 1) -> Edition:
    with db.reading() as session:
        return session.scalars(select(Edition).where(Edition.number == number)).one()


def test_from_asking_to_compiled_documents_it_takes_two_people(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    assert "3" in page(two.editor, address(signed_petition))
    assert ask(two.editor, signed_petition) == 303
    assert "The worker is checking it" in page(two.editor, address(signed_petition, 1))

    advance_editions(runtime)
    checked = page(two.owner, address(signed_petition, 1))
    assert "Every character of every name can be printed" in checked
    assert "Choose the ways and approve" in checked
    assert two.editor.get(address(signed_petition, 1, "approval")).status_code == 403

    answer = two.owner.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition))
    assert answer.status_code == 303
    assert "The worker is compiling it" in page(two.owner, address(signed_petition, 1))
    advance_editions(runtime)

    done = page(two.editor, address(signed_petition, 1))
    assert "3 of 3 documents are compiled, sealed and archived." in done
    assert done.count("Cover letter and totals (PDF)") == 3
    assert done.count("External time stamp: none") == 3
    assert edition().state is Edition.State.COMPILED


def test_who_asked_cannot_approve(desk: MakeDesk, signed_petition: Petition, runtime: Runtime) -> None:
    owner = desk(branch=signed_petition.branch)
    ask(owner, signed_petition)
    advance_editions(runtime)

    assert "Another owner has to approve it." in page(owner, address(signed_petition, 1, "approval"))
    assert owner.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition)).status_code == 409
    assert edition().state is Edition.State.CHECKED


def test_approving_asks_for_a_fresh_proof_of_who_is_there(
    desk: MakeDesk, signed_petition: Petition, runtime: Runtime
) -> None:
    ask(desk(Member.Role.EDITOR, branch=signed_petition.branch), signed_petition)
    advance_editions(runtime)
    left_open = desk(branch=signed_petition.branch, fresh=False)

    assert left_open.get(address(signed_petition, 1, "approval")).status_code in {302, 303}
    assert left_open.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition)).status_code == 303
    assert edition().state is Edition.State.CHECKED


SPOILT: dict[str, tuple[Callable[[Session], Any], list[str]]] = {
    "the law's content": (
        lambda session: session.execute(update(Prisoner).values(birth_year=None)),
        ["Its law asks for it, and it is missing here.", "Source: 300-З, art. 12"],
    ),
    "a review": (
        lambda session: session.execute(update(Petition).values(needs_review=True)),
        ["An event in the case changes it."],
    ),
    "an old entry": (
        lambda session: session.execute(update(Authority).values(verified_on=None)),
        ["Its entry was verified within the last 180 days"],
    ),
    "a seal of somebody else": (
        lambda session: session.execute(update(Branch).values(seal_certificate=b"another")),
        ["The seal on the worker's machine is not the one that the branch has published."],
    ),
    "no consent": (
        lambda session: session.execute(update(Prisoner).values(consent_by="")),
        ["There is no consent record."],
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_the_dry_run_names_each_rule_that_is_not_met(
    what: str, two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    spoil, words = SPOILT[what]
    add_channel(signed_petition)
    with db.writing() as session:
        spoil(session)
        session.commit()
    ask(two.editor, signed_petition)
    advance_editions(runtime)

    shown = page(two.owner, address(signed_petition, 1))
    assert all(word in shown for word in words)
    if what != "an old entry":  # which only asks to be looked at
        assert "must be mended first" in shown
        assert two.owner.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition)).status_code == 409


def test_a_character_without_a_glyph_is_named_by_its_code_point(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    with db.writing() as session:
        whole = session.get_one(Petition, signed_petition.id)
        factories.signature(session, whole, name="Ana \U00016800", confirmed=True)
        whole.count_new(session)
        session.commit()
    ask(two.editor, signed_petition)
    advance_editions(runtime)

    assert "No font has the character U+16800" in page(two.editor, address(signed_petition, 1))


def test_what_is_frozen_is_shown_before_anyone_approves_with_what_is_new_to_each(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    compile_first(two, signed_petition, runtime)
    with db.writing() as session:
        whole = session.get_one(Petition, signed_petition.id)
        factories.signature(session, whole, confirmed=True)
        whole.count_new(session)
        session.commit()

    listed = page(two.editor, address(signed_petition))
    assert "new since the last edition" in listed
    assert "The last edition is recent" in listed
    assert ask(two.editor, signed_petition) == 409  # too soon
    assert ask(two.editor, signed_petition, urgent="yes", reason="") == 422
    assert ask(two.editor, signed_petition, urgent="yes", reason="the hearing is on Monday") == 303
    advance_editions(runtime)
    second = page(two.owner, address(signed_petition, 2))
    assert "the hearing is on Monday" in second
    assert second.count("New since edition 1") == 3


def test_nobody_new_makes_no_edition(two: SimpleNamespace, signed_petition: Petition, runtime: Runtime) -> None:
    compile_first(two, signed_petition, runtime)

    assert "Nobody new has been counted" in page(two.editor, address(signed_petition))
    assert ask(two.editor, signed_petition, urgent="yes", reason="please, at once") == 409


def test_a_refusal_says_why_and_nothing_leaves(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    ask(two.editor, signed_petition)
    advance_editions(runtime)

    assert two.owner.post(address(signed_petition, 1, "refusal"), data={"reason": "no"}).status_code == 422
    answer = two.owner.post(address(signed_petition, 1, "refusal"), data={"reason": "the article is wrong"})
    assert answer.status_code == 303
    assert "the article is wrong" in page(two.editor, address(signed_petition, 1))
    assert two.owner.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition)).status_code == 409


def test_an_approval_after_three_days_is_too_late(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    ask(two.editor, signed_petition)
    advance_editions(runtime)
    with db.writing() as session:
        session.execute(update(Edition).values(requested_at=now(-73 * 3_600)))
        session.commit()

    answer = two.owner.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition))
    assert answer.status_code == 409
    assert "Nobody approved in time." in unescape(answer.text)


def test_what_counts_in_law_is_ticked_and_what_is_chosen_is_used(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    add_channel(signed_petition)
    ask(two.editor, signed_petition)
    advance_editions(runtime)
    shown = page(two.owner, address(signed_petition, 1, "approval"))
    assert shown.count(" checked>") == 3  # by post to the first, by e-mail to the others

    chosen, approval = ticked(signed_petition), address(signed_petition, 1, "approval")
    assert two.owner.post(approval, data=dict(list(chosen.items())[1:])).status_code == 422
    two.owner.post(approval, data=chosen)
    advance_editions(runtime)
    with db.reading() as session:
        made = session.scalars(select(Delivery)).all()
        assert sorted(row.state for row in made) == [S.PACK_READY, S.READY, S.READY, S.READY]


def test_organisers_see_every_page_but_those_with_names(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    compile_first(two, signed_petition, runtime)
    with db.reading() as session:
        document = session.scalars(select(Document)).first()
        assert document is not None
    answer = two.editor.get(address(signed_petition, 1, "documents", document.public_id) + "front-matter.pdf")

    assert answer.mimetype == "application/pdf"
    pdf = pypdfium2.PdfDocument(answer.data)
    text = "\n".join(one.get_textpage().get_text_bounded() for one in pdf)
    pdf.close()
    assert "Ines Karlsen" not in text
    assert "Анна Веренко" in text
    assert text.count("Копия без имён, для организаторов") + text.count("Copy without names, for organisers") >= 4


def test_an_edition_that_failed_says_why_and_is_checked_again(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime, settings: Settings
) -> None:
    """Case I14."""
    ask(two.editor, signed_petition)
    advance_editions(runtime)
    two.owner.post(address(signed_petition, 1, "approval"), data=ticked(signed_petition))
    for path in settings.keys.glob("seal-*"):
        path.unlink()
    advance_editions(runtime)

    failed = page(two.editor, address(signed_petition, 1))
    assert "The seal is missing on the worker's machine." in failed
    assert two.editor.post(address(signed_petition, 1, "check")).status_code == 303
    advance_editions(runtime)
    assert "must be mended first" in page(two.owner, address(signed_petition, 1))


def test_a_part_of_the_page_can_be_loaded_alone(
    two: SimpleNamespace, signed_petition: Petition, runtime: Runtime
) -> None:
    ask(two.editor, signed_petition)
    assert "data-going-on" in page(two.editor, address(signed_petition, 1, "progress"))
    advance_editions(runtime)
    two.owner.post(address(signed_petition, 1, "refusal"), data={"reason": "not now, please"})
    assert "data-going-on" not in page(two.editor, address(signed_petition, 1, "progress"))


def test_a_page_keeps_no_signer(two: SimpleNamespace, signed_petition: Petition, runtime: Runtime) -> None:
    compile_first(two, signed_petition, runtime)
    shown = page(two.owner, address(signed_petition, 1)) + page(two.owner, address(signed_petition))
    assert "Ines Karlsen" not in shown
    with db.reading() as session:
        assert session.scalars(select(Signature)).first() is not None


def test_another_branch_does_not_see_it(desk: MakeDesk, two: SimpleNamespace, signed_petition: Petition) -> None:
    ask(two.editor, signed_petition)
    stranger = desk()
    for path in (address(signed_petition), address(signed_petition, 1), address(signed_petition, 1, "approval")):
        assert stranger.get(path).status_code == 404
