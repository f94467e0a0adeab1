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
class EarlierText:
    """A wording that some of the signers signed before the present one was approved."""

    language: str
    version: int
    title: str
    demand: str
    background: str
    hash: str
    signatures: int


@dataclass(frozen=True, slots=True)
class PetitionDocument:
    """An edition as compiled for one addressee: plain values, in the language of the document."""

    language: str
    file_name: str

    petition_title: str
    demand: str
    background: str  # the mini markup of mailer.pdf.markup
    text_language: str
    text_version: int
    text_hash: str  # SHA-256, hexadecimal

    addressee_name: str
    addressee_lines: tuple[str, ...]  # postal address
    salutation: str

    sender_name: str
    sender_lines: tuple[str, ...]  # legal form, postal address for the reply
    representative: str
    representative_role: str
    reply_email: str
    place: str
    dated_on: date

    prisoner_name: str
    prisoner_names: tuple[str, ...]  # other spellings
    birth_year: int | None
    citizenships: tuple[str, ...]
    case_number: str
    article: str
    detained_at: str
    facts: tuple[Fact, ...]

    edition: int
    previous_edition: int | None
    new_since_previous: int
    volume: int
    volumes: int
    totals: Totals

    verification_url: str
    verification_code: str
    log_size: int
    log_root: str  # hexadecimal; empty until the evidence log has a checkpoint
    seal_fingerprint: str  # SHA-256 of the seal's certificate, hexadecimal
    demonstration: bool

    earlier_texts: tuple[EarlierText, ...] = ()


def file_name(slug: str, *, edition: int, volume: int = 1, volumes: int = 1) -> str:
    """`PET-free-anna-E03-V1of1.pdf`: plain ASCII, and no name but the petition's own."""
    safe = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:60] or "petition"
    return f"PET-{safe}-E{edition:02}-V{volume}of{volumes}.pdf"
