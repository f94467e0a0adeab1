"""A petition as a TOML or JSON file: its prisoner, texts, addressees and thresholds. All errors at once."""

import json
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, ValidationError, field_validator, model_validator

from petitions.cli.fields import FileRefused, text_of
from petitions.models import Addressee, DateUnclear, PrisonerEvent
from petitions.models.petition import BACKGROUND_LENGTH, DEMAND_LENGTH, TITLE_LENGTH
from petitions.shapes import Country, Filled, Language, Line, Part, Slug, errors_of, filled, lines

Several = Annotated[str, Field(max_length=2_000), AfterValidator(lines)]
Sentence = Annotated[str, Field(max_length=500), AfterValidator(lines), AfterValidator(filled)]
ByLanguage = Annotated[dict[Language, Filled], Field(min_length=1)]

EXAMPLE = """\
thresholds = [100, 1000]      # an edition each; may be left out

[petition]
branch = "north"              # its slug
slug = "free-ivan-invented"
goal = 1000
closes_at = 2027-01-31T00:00:00Z   # may be left out
forbids_naming = false             # true: every signer is counted only
count_only_countries = []          # signers from these countries are counted only
# prisoner_of = "other-petition"   # instead of [prisoner]: the same person as there

[prisoner]
country = "BY"                # where held
birth_year = 1990
citizenships = ["BY"]
case_number = ""
other_spellings = []
names = { en = "Ivan Invented", ru = "Иван Вымышленный" }
article = { en = "Article 342 of the Criminal Code" }
held_at = { en = "Prison No. 0" }
consent = { by = "his sister", scope = "name and case", evidence = "letter of 2 March 2026", on = 2026-03-02 }

[[prisoner.events]]
kind = "arrest"               # charge, hearing, verdict, appeal, transfer, health, release, death, other
happened = "2026-02"          # YYYY, YYYY-MM or YYYY-MM-DD
what = { en = "Arrested at home." }
source = "his lawyer"
visibility = "public"         # or internal

[[texts]]                     # one for each language; each addressee needs its own
language = "en"
title = "Free Ivan Invented"
demand = "Release Ivan Invented at once."
background = "..."

[[addressees]]
authority = "prosecutor-general"   # its slug in the directory
circle = "domestic"                # or international
language = "en"
"""


class PetitionPart(Part):
    branch: Slug
    slug: Slug
    goal: int = Field(default=1_000, ge=1, le=100_000_000)
    closes_at: AwareDatetime | None = None
    forbids_naming: bool = False
    count_only_countries: tuple[Country, ...] = ()
    prisoner_of: Slug | None = None


class ConsentPart(Part):
    by: Filled
    scope: Several = ""
    evidence: Annotated[Several, AfterValidator(filled)]
    on: date
    review_on: date | None = None


class EventPart(Part):
    kind: PrisonerEvent.Kind
    happened: str
    what: dict[Language, Sentence] = Field(min_length=1)
    source: Several = ""
    visibility: PrisonerEvent.Visibility = PrisonerEvent.Visibility.PUBLIC

    @field_validator("happened")
    @classmethod
    def _is_partial_date(cls, typed: str) -> str:
        try:
            PrisonerEvent(happened=typed)
        except DateUnclear as error:
            raise ValueError(str(error)) from None
        return typed


class PrisonerPart(Part):
    country: Country
    names: ByLanguage
    other_spellings: tuple[Filled, ...] = ()
    birth_year: int | None = Field(default=None, ge=1900, le=2100)
    citizenships: tuple[Country, ...] = ()
    case_number: Annotated[Line, Field(max_length=80)] = ""
    article: dict[Language, Filled] = Field(default_factory=dict)
    held_at: dict[Language, Filled] = Field(default_factory=dict)
    consent: ConsentPart | None = None  # may come later; opening needs it
    photo_rights: Several = ""
    invented: bool = False
    events: tuple[EventPart, ...] = ()


class TextPart(Part):
    language: Language
    title: Annotated[Filled, Field(max_length=TITLE_LENGTH)]
    demand: Annotated[str, Field(max_length=DEMAND_LENGTH), AfterValidator(lines), AfterValidator(filled)]
    background: Annotated[str, Field(max_length=BACKGROUND_LENGTH), AfterValidator(lines), AfterValidator(filled)]


class AddresseePart(Part):
    authority: Slug
    circle: Literal["international", "domestic"]
    language: Language
    transliterates: bool = False  # each name also in the letters of that language

    @property
    def in_circle(self) -> Addressee.Circle:
        return Addressee.Circle(self.circle)


class PetitionFile(Part):
    petition: PetitionPart
    prisoner: PrisonerPart | None = None
    texts: tuple[TextPart, ...] = Field(min_length=1)
    addressees: tuple[AddresseePart, ...] = Field(min_length=1)
    thresholds: tuple[Annotated[int, Field(ge=1, le=100_000_000)], ...] = ()

    @model_validator(mode="after")
    def _one_prisoner(self) -> "PetitionFile":
        if (self.prisoner is None) == (self.petition.prisoner_of is None):
            raise ValueError("name the prisoner either in [prisoner] or by petition.prisoner_of")
        return self

    @model_validator(mode="after")
    def _nothing_twice(self) -> "PetitionFile":
        _once("a text in", [text.language for text in self.texts])
        _once("the addressee", [addressee.authority for addressee in self.addressees])
        _once("the threshold", self.thresholds)
        return self

    @model_validator(mode="after")
    def _a_text_for_each_addressee(self) -> "PetitionFile":
        missing = {addressee.language for addressee in self.addressees} - {text.language for text in self.texts}
        if missing:
            raise ValueError(f"an addressee's language has no text: {', '.join(sorted(missing))}")
        return self


def read_petition(path: Path) -> PetitionFile:
    """The file, checked as far as it can be without the records. Raises FileRefused."""
    text = text_of(path)
    try:
        data = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except ValueError as error:  # both readers' errors say the line and quote nothing of it
        raise FileRefused([f"it is not readable {path.suffix.lstrip('.').upper() or 'JSON'}: {error}"]) from None
    except RecursionError:
        raise FileRefused(["it is nested too deeply"]) from None
    try:
        return PetitionFile.model_validate(data)
    except ValidationError as error:
        raise FileRefused([f"{where or 'the file'}: {what}" for where, what in errors_of(error)]) from None


def _once(what: str, values: Iterable[object]) -> None:
    found = list(values)
    twice = {str(value) for value in found if found.count(value) > 1}
    if twice:
        raise ValueError(f"{what} {', '.join(sorted(twice))} is there twice")
