"""What an addressee gets to read: the signed text, a translation, its own salutation, names in its letters."""

from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from mailer.actors.compiling import Compilation, compilation, new_code
from mailer.actors.runtime import Runtime
from petitions.db import db
from petitions.models import Addressee, Edition, Member, Petition
from tests import factories
from tests.faults.machine import Machine


@dataclass(frozen=True)
class World:
    runtime: Runtime
    petition_id: int

    def compiled(self, session: Session, authority: str) -> Compilation:
        petition = session.get_one(Petition, self.petition_id)
        editor = factories.member(session, petition.branch, Member.Role.EDITOR)
        edition = Edition.freeze(session, petition, asked_by=editor, gap_days=7)
        session.flush()
        addressee = next(one for one in petition.addressees if one.authority.slug == authority)
        return compilation(self.runtime, session, edition, addressee, new_code())


@pytest.fixture
def world(machine: Machine, runtime: Runtime) -> World:
    """In English and Russian for signing; in Ukrainian for an authority."""
    with db.writing() as session:
        petition = machine.petition(session)
        factories.text(petition, "uk", "Свободу Анні", "Звільніть Анну.")
        kyiv = factories.authority(session, "Office", slug="kyiv", names={"en": "Office", "ru": "Офис"}, salutations={})
        factories.addressee(session, petition, kyiv, Addressee.Circle.INTERNATIONAL, "uk").transliterates = True
        moscow = factories.authority(session, "Council", slug="council")
        factories.addressee(session, petition, moscow, Addressee.Circle.INTERNATIONAL, "ru")
        people = [factories.typed(name="Ines Karlsen"), factories.typed(name="Володимир", country="UA")]
        factories.signatures(session, petition, people, confirmed=True)
        session.commit()
        return World(runtime, petition.id)


def test_a_text_that_nobody_signed_is_a_translation_of_the_one_that_was(world: World) -> None:
    with db.writing() as session:
        document = world.compiled(session, "kyiv").document

    assert (document.text.language, document.text.title) == ("en", "Free Anna Verenko")
    assert document.translation is not None
    assert document.translation.title == "Свободу Анні"
    assert document.reading.title == "Свободу Анні"


def test_a_text_that_one_person_signed_is_what_was_signed(world: World) -> None:
    with db.writing() as session:
        petition = session.get_one(Petition, world.petition_id)
        factories.signature(session, petition, language="ru", confirmed=True)
        document = world.compiled(session, "council").document

    assert document.text.language == "ru"
    assert document.translation is None


def test_an_office_without_a_salutation_is_greeted_in_its_language_and_named_in_its_script(world: World) -> None:
    with db.writing() as session:
        document = world.compiled(session, "kyiv").document

    assert document.addressee.salutation == "Шановні пані та панове!"
    assert document.addressee.name == "Офис"


def test_names_are_put_into_its_letters_for_the_office_that_asks_and_for_no_other(world: World) -> None:
    with db.writing() as session:
        asking = [line.name for line in world.compiled(session, "kyiv").roll]
        session.rollback()
        other = [line.name for line in world.compiled(session, "council").roll]

    assert sorted(asking) == ["Ines Karlsen (Інес Карлсен)", "Володимир"]
    assert sorted(other) == ["Ines Karlsen", "Володимир"]
