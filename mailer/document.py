"""The only facts that reach paper.

One `PetitionDocument` per edition and addressee. What that addressee may see is decided before it is
built; the code that lays it out has nothing else to print.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple


class SignatureLine(NamedTuple):
    """One row of the annex of names. It has no field for an address, so no layout mistake can print one."""

    serial: int
    name: str
    place: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class CountryTotal:
    country: str  # already in the language of the document; small countries are already "other"
    signatures: int


class DayTotal(NamedTuple):
    """How many were confirmed up to the end of a day."""

    day: date
    signatures: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The honest arithmetic of an edition."""

    confirmed: int  # all that count in this edition
    named: int  # rows printed in this document
    count_only: int  # confirmed, but not named to this addressee
    held: int = 0
    invalidated: int = 0
    withdrawn: int = 0
    on_paper: int = 0  # collected by hand, beside the confirmed ones
    by_country: tuple[CountryTotal, ...] = ()
    by_day: tuple[DayTotal, ...] = ()  # so far apart that no step tells of few persons; at most about 60
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    when: str
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as it was signed."""

    language: str
    version: int
    title: str
    demand: str
    background: str  # the mini markup of mailer.pdf.markup
    hash: str  # SHA-256, hexadecimal


@dataclass(frozen=True, slots=True)
class EarlierText(Wording):
    """A wording that some of the signers signed before the present one was approved."""

    signatures: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """The office that the document is addressed to."""

    name: str
    lines: tuple[str, ...]  # postal address
    salutation: str


@dataclass(frozen=True, slots=True)
class Sender:
    """The organisation that hands the document in and answers for it."""

    name: str
    lines: tuple[str, ...]  # legal form, postal address for the reply
    representative: str
    role: str
    reply_email: str
    place: str


@dataclass(frozen=True, slots=True)
class Case:
    """The prisoner, as far as it is known and may be told."""

    name: str
    other_names: tuple[str, ...]  # other spellings
    birth_year: int | None
    citizenships: tuple[str, ...]
    number: str
    article: str
    held_at: str
    events: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """By what anyone can check the document."""

    url: str
    code: str
    log_size: int
    log_root: str  # hexadecimal; empty until the evidence log has a checkpoint
    seal_fingerprint: str  # SHA-256 of the seal's certificate, hexadecimal
    log_key: str = ""  # Ed25519, hexadecimal
    log_url: str = ""
    stamped_by: str = ""  # who attests the time of the seal; empty: nobody but us


@dataclass(frozen=True, slots=True)
class PetitionDocument:
    """An edition as compiled for one addressee: plain values, in the language of the document."""

    language: str
    file_name: str
    dated_on: date

    text: Wording
    addressee: Recipient
    sender: Sender
    case: Case
    proof: Proof
    totals: Totals

    edition: int
    previous_edition: int | None
    new_since_previous: int
    volume: int
    volumes: int
    demonstration: bool

    earlier_texts: tuple[EarlierText, ...] = ()
    translation: Wording | None = None  # approved, in the addressee's language, where nobody has signed it
    respelled: bool = False  # names are followed by the same in the addressee's letters

    @property
    def reading(self) -> Wording:
        """The wording that the addressee can read."""
        return self.translation or self.text

    def as_volume(self, volume: int, volumes: int) -> "PetitionDocument":
        stem = _VOLUME.sub("", self.file_name)
        return replace(self, volume=volume, volumes=volumes, file_name=f"{stem}-V{volume}of{volumes}.pdf")


_VOLUME = re.compile(r"-V\d+of\d+\.pdf\Z")


def letter_name(volume: str) -> str:
    """`PET-free-anna-E03-letter.pdf`, beside the file name of a volume."""
    return _VOLUME.sub("-letter.pdf", volume)


def file_name(slug: str, *, edition: int, volume: int = 1, volumes: int = 1) -> str:
    """`PET-free-anna-E03-V1of1.pdf`: plain ASCII, and no name but the petition's own."""
    safe = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:60] or "petition"
    return f"PET-{safe}-E{edition:02}-V{volume}of{volumes}.pdf"
