"""Editions: what the check refuses and names, who may approve, what is compiled for whom (domain.md, "Edition")."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from mailer.actors import editions as actor
from mailer.actors.counting import count_signatures
from mailer.actors.deliveries import deliver_documents
from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from mailer.archive import Archive
from petitions.db import database_time, db, now
from petitions.models import (
    Addressee,
    Approval,
    CheckFailed,
    Delivery,
    Disclosure,
    Document,
    Edition,
    EditionInProgress,
    Member,
    NothingNew,
    Petition,
    PetitionText,
    RequestLapsed,
    SamePerson,
    Signature,
    TooSoon,
    Trigger,
)
from tests import factories
from tests.faults.machine import Machine
from tests.smtp import SmtpServer


@pytest.fixture
def petition_id(machine: Machine) -> int:
    with db.writing() as session:
        petition = machine.petition(session)
        factories.signatures(session, petition, [factories.typed() for _ in range(3)], confirmed=True)
        session.commit()
        return petition.id


def asked(petition_id: int, **how: Any) -> int:
    """An edition that an editor has asked for."""
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        editor = factories.member(session, petition.branch, Member.Role.EDITOR)
        edition = Edition.freeze(session, petition, asked_by=editor, gap_days=7, **how)
        session.commit()
        return edition.id


def approved(edition_id: int) -> None:
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        edition.approve(session, factories.member(session, edition.petition.branch), lapse_hours=72)
        session.commit()


def compiled(petition_id: int, runtime: Runtime, **how: Any) -> int:
    edition_id = asked(petition_id, **how)
    advance_editions(runtime)
    approved(edition_id)
    advance_editions(runtime)
    return edition_id


def problems(edition_id: int) -> list[str]:
    with db.reading() as session:
        return session.get_one(Edition, edition_id).problems


def test_the_check_reports_and_touches_no_disk(petition_id: int, machine: Machine, runtime: Runtime) -> None:
    edition_id = asked(petition_id)
    advance_editions(runtime)
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        assert edition.state is Edition.State.CHECKED
        assert edition.problems == []
        assert edition.report is not None
        assert [one["names"] for one in edition.report["documents"]] == [3, 3, 3]
        assert all(one["pages"] > 0 and one["size"] > 1_000 for one in edition.report["documents"])
        assert edition.report["totals"]["confirmed"] == 3
        assert session.scalars(select(Document)).all() == []
    assert not [path for path in machine.settings.archive.rglob("*") if path.is_file()]


def test_a_name_that_no_font_can_print_is_refused_and_its_characters_are_named(
    petition_id: int, runtime: Runtime
) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        factories.signature(session, petition, name="Ana \U00016800 Ćirić", confirmed=True)
        session.commit()
    edition_id = asked(petition_id)
    advance_editions(runtime)
    assert [problem for problem in problems(edition_id) if "U+16800" in problem]
    with pytest.raises(CheckFailed):
        approved(edition_id)


REFUSED: dict[str, tuple[Callable[[Petition], Any], str]] = {
    "its law asks for a birth year": (
        lambda petition: _require_birth_year(petition),
        "requires birth_year",
    ),
    "its law asks for something unheard of": (
        lambda petition: _require(petition, "apostille"), "“apostille”",
    ),
    "the counter is wrong": (
        lambda petition: setattr(petition, "confirmed_count", 99), "the counter says 99",
    ),
    "the log is wrong": (lambda petition: setattr(petition, "log_size", 4), "the log has 4 positions"),
}


def _require_birth_year(petition: Petition) -> None:
    petition.prisoner.birth_year = None
    _require(petition, "birth_year")


def _require(petition: Petition, content: str) -> None:
    petition.addressees[0].authority.channels[0].required = [content]


@pytest.mark.parametrize("why", REFUSED)
def test_the_check_names_what_must_be_mended_first(why: str, petition_id: int, runtime: Runtime) -> None:
    spoil, words = REFUSED[why]
    with db.writing() as session:
        spoil(session.get_one(Petition, petition_id))
        session.commit()
    edition_id = asked(petition_id)
    if "is wrong" in why:
        with db.writing() as session:
            spoil(session.get_one(Petition, petition_id))
            session.commit()
    advance_editions(runtime)
    assert [problem for problem in problems(edition_id) if words in problem]


def test_an_addressee_without_a_text_in_its_language_is_named(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        session.execute(update(PetitionText).where(PetitionText.language == "ru").values(approved_at=None))
        session.commit()
    edition_id = asked(petition_id)
    advance_editions(runtime)
    assert sum("no approved text in its language (ru)" in problem for problem in problems(edition_id)) == 2


def test_who_asked_cannot_approve(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        owner = factories.member(session, petition.branch)
        edition = Edition.freeze(session, petition, asked_by=owner, gap_days=7)
        edition.state = Edition.State.CHECKED
        with pytest.raises(SamePerson):
            edition.approve(session, owner, lapse_hours=72)
        assert edition.state is Edition.State.CHECKED


def test_a_request_that_nobody_approved_in_three_days_has_lapsed(petition_id: int, runtime: Runtime) -> None:
    edition_id = asked(petition_id)
    advance_editions(runtime)
    with db.writing() as session:
        session.execute(update(Edition).values(requested_at=now(-73 * 3_600)))
        session.commit()
    with pytest.raises(RequestLapsed):
        approved(edition_id)


def test_nothing_new_makes_no_edition(petition_id: int, runtime: Runtime) -> None:
    compiled(petition_id, runtime)
    with pytest.raises(NothingNew):
        asked(petition_id, urgent=True)


def test_an_edition_follows_no_sooner_than_seven_days_unless_urgent(petition_id: int, runtime: Runtime) -> None:
    compiled(petition_id, runtime)
    with db.writing() as session:
        factories.signature(session, session.get_one(Petition, petition_id), confirmed=True)
        session.commit()
    with pytest.raises(TooSoon):
        asked(petition_id)
    second = compiled(petition_id, runtime, urgent=True)
    with db.reading() as session:
        edition = session.get_one(Edition, second)
        assert (edition.number, edition.state) == (2, Edition.State.COMPILED)
        assert edition.report is not None
        assert [one["new_since_previous"] for one in edition.report["documents"]] == [1, 1, 1]


def test_one_edition_at_a_time(petition_id: int) -> None:
    asked(petition_id)
    with pytest.raises(EditionInProgress):
        asked(petition_id, urgent=True)


def test_a_standing_order_needs_no_further_approval(petition_id: int, machine: Machine, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        machine.standing_order(session, petition, 3)
        machine.standing_order(session, petition, 2)
        session.commit()
    count_signatures(runtime)
    advance_editions(runtime)
    with db.reading() as session:
        [edition] = session.scalars(select(Edition)).all()
        assert edition.state is Edition.State.COMPILED
        assert edition.trigger is not None
        assert edition.trigger.threshold == 3  # the highest that was reached; the lower one is met by the same
        assert all(one.fired_at for one in session.scalars(select(Trigger)))
        assert session.scalars(select(Approval.kind)).all() == [Approval.Kind.EDITION]


def test_a_threshold_that_one_person_set_asks_for_nothing(petition_id: int, machine: Machine, runtime: Runtime) -> None:
    with db.writing() as session:
        machine.standing_order(session, session.get_one(Petition, petition_id), 1)
        session.execute(update(Trigger).values(approved_by_id=None))
        session.commit()
    count_signatures(runtime)
    with db.reading() as session:
        assert session.scalars(select(Edition)).all() == []


def test_each_addressee_has_a_document_of_its_own_that_is_kept_under_its_hash(
    petition_id: int, machine: Machine, runtime: Runtime
) -> None:
    compiled(petition_id, runtime)
    archive = Archive(machine.settings.archive, factories.PUBLIC_KEY)
    with db.reading() as session:
        documents = session.scalars(select(Document)).all()
        assert len({document.addressee_id for document in documents}) == len(documents) == 3
        assert len({document.volumes[0].sha256 for document in documents}) == 3
        for document in documents:
            content = archive.read(document.volumes[0].sha256, factories.PRIVATE_KEY)
            assert len(content) == document.volumes[0].size
            assert content.startswith(b"%PDF-")
        assert session.scalar(select(func.count()).select_from(Delivery)) == 3
    assert not (machine.settings.var / "documents").exists()  # readable copies are the demonstration's


def test_who_chose_less_is_named_to_fewer(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        factories.signature(session, petition, disclosure=Disclosure.INTERNATIONAL, confirmed=True)
        factories.signature(session, petition, disclosure=Disclosure.COUNT_ONLY, confirmed=True)
        session.commit()
    compiled(petition_id, runtime)
    with db.reading() as session:
        found = {
            (document.addressee.circle, document.names, document.count_only)
            for document in session.scalars(select(Document))
        }
    assert found == {(Addressee.Circle.DOMESTIC, 3, 2), (Addressee.Circle.INTERNATIONAL, 4, 1)}


def test_a_petition_or_a_country_that_is_only_counted_names_nobody(petition_id: int, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, petition_id)
        petition.count_only_countries = ["BY"]
        factories.signature(session, petition, country="BY", confirmed=True)
        session.commit()
    compiled(petition_id, runtime)
    with db.reading() as session:
        assert set(session.execute(select(Document.names, Document.count_only)).all()) == {(3, 1)}


def test_a_seal_that_is_missing_fails_the_edition_and_nothing_leaves(
    petition_id: int, machine: Machine, runtime: Runtime, server: SmtpServer
) -> None:
    edition_id = asked(petition_id)
    advance_editions(runtime)
    approved(edition_id)
    for path in machine.settings.keys.glob("seal-*"):
        path.unlink()
    for _ in range(actor.TRIES):
        with db.writing() as session:
            session.execute(update(Edition).values(not_before=now()))
            session.commit()
        advance_editions(runtime)
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        assert edition.state is Edition.State.FAILED
        assert edition.last_error_class
        assert session.scalars(select(Document)).all() == []


def test_a_document_superseded_while_another_is_compiled_is_compiled_again(
    petition_id: int, runtime: Runtime, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is silently missed: it went stale after the compilation had looked which documents it lacks."""
    edition_id = compiled(petition_id, runtime)
    with db.writing() as session:
        others = session.scalars(select(Delivery).order_by(Delivery.id).offset(1)).all()
        for other in others:
            other.not_before = database_time(session) + timedelta(days=1)
        session.scalars(select(Signature)).first().withdraw(session)  # type: ignore[union-attr]
        session.commit()
    deliver_documents(runtime)  # the first one is stale: the edition is to be compiled again
    real = actor._compile_document

    def meanwhile(*given: Any) -> bool:
        with db.writing() as session:
            session.execute(update(Delivery).values(not_before=now()))
            session.commit()
        deliver_documents(runtime)
        return real(*given)

    monkeypatch.setattr(actor, "_compile_document", meanwhile)
    advance_editions(runtime)
    monkeypatch.undo()
    deliver_documents(runtime)
    with db.reading() as session:
        assert session.get_one(Edition, edition_id).state is Edition.State.COMPILED
        live = session.scalars(select(Document).where(Document.state == Document.State.LIVE)).all()
        assert len(live) == 3
        assert {document.names for document in live} == {2}
    assert len(set(server.taken)) == len(server.taken) == 3
