"""The only facts that reach paper.

One `PetitionDocument` per edition and addressee. What that addressee may see is decided before it is
built; the code that lays it out has nothing else to print.
"""

import re
from dataclasses import dataclass
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


def file_name(slug: str, *, edition: int, volume: int = 1, volumes: int = 1) -> str:
    """`PET-free-anna-E03-V1of1.pdf`: plain ASCII, and no name but the petition's own."""
    safe = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:60] or "petition"
    return f"PET-{safe}-E{edition:02}-V{volume}of{volumes}.pdf"
