"""From rows to the facts that reach paper: what one addressee may see, in that addressee's language."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mailer.actors.particulars import case_of, country_names, fingerprint, recipient_of, sender_of, wording_of
from mailer.actors.runtime import Runtime
from mailer.document import (
    CountryTotal,
    EarlierText,
    PetitionDocument,
    Proof,
    SignatureLine,
    Totals,
    file_name,
)
from mailer.wording import catalogue
from petitions.models import Addressee, DataKey, Edition, Signature, last_received, totals
from petitions.models.roll import digest_of, in_parts, roll_entries

CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is misread on paper
CODE_LENGTH = 12  # 60 bits: cannot be guessed, can be typed


class Roll:
    """The names one addressee may see, opened one after the other; counts them and digests who is named how."""

    def __init__(self, runtime: Runtime, session: Session, edition: Edition, addressee: Addressee) -> None:
        self._runtime, self._session = runtime, session
        self._edition, self._addressee = edition, addressee
        self._digest = hashlib.sha256()
        self.names = 0

    def __iter__(self) -> Iterator[SignatureLine]:
        columns = (
            Signature.public_id, Signature.name_key_id, Signature.name_box,
            Signature.position, Signature.shows_city, Signature.country, Signature.confirmed_on,
        )
        countries = dict(country_names(self._addressee.language))  # Babel's own mapping looks for aliases each time
        serial = 0
        for part in in_parts(self._session, self._edition.roll_for(self._addressee, *columns)):
            self._digest.update(roll_entries(row[3:5] for row in part))
            opened = self._runtime.unsealer.names(row[:3] for row in part)
            for (_, _, _, _, shows_city, country, day), (name, city) in zip(part, opened, strict=True):
                serial += 1
                place = countries.get(country, "")
                if shows_city and city:
                    place = f"{city}, {place}" if place else city
                yield SignatureLine(serial, name, place, day)
        self.names = serial

    @property
    def digest(self) -> bytes:
        return self._digest.digest()


def roll_digest(session: Session, edition: Edition, addressee: Addressee) -> bytes:
    """What `Roll.digest` would be now: differs as soon as someone named withdrew, was struck or narrowed."""
    return digest_of(session, edition.roll_for(addressee, Signature.position, Signature.shows_city))


@dataclass(frozen=True, slots=True)
class Compilation:
    """One addressee's document and the names to print in it."""

    document: PetitionDocument
    roll: Roll


def compilation(
    runtime: Runtime, session: Session, edition: Edition, addressee: Addressee, code: str
) -> Compilation:
    """All that one addressee may see of an edition, as of this transaction's snapshot."""
    runtime.learn_petition(session, edition.petition, DataKey.Purpose.NAMES)
    petition, branch, language = edition.petition, edition.petition.branch, addressee.language
    text_language = language if language in edition.texts else next(iter(edition.texts))
    text = edition.texts[text_language]
    numbers = totals(session, petition, edition.log_size)
    previous = last_received(session, addressee, before=edition.number)
    document = PetitionDocument(
        language=language,
        file_name=file_name(petition.slug, edition=edition.number),
        dated_on=datetime.now(UTC).date(),
        text=wording_of(text_language, text),
        addressee=recipient_of(addressee),
        sender=sender_of(branch),
        case=case_of(edition.facts, language),
        proof=Proof(
            url=runtime.url("verify", code),
            code=spaced(code),
            log_size=edition.log_size,
            log_root="",
            seal_fingerprint=fingerprint(branch),
        ),
        totals=_totals(session, runtime, edition, addressee, numbers),
        edition=edition.number,
        previous_edition=previous.number if previous else None,
        new_since_previous=_confirmed_after(session, edition, previous.log_size) if previous else 0,
        volume=1,
        volumes=1,
        demonstration=bool(edition.facts["invented"]) or runtime.settings.demonstration,
        earlier_texts=tuple(_earlier_texts(session, edition)),
    )
    return Compilation(document, Roll(runtime, session, edition, addressee))


def _earlier_texts(session: Session, edition: Edition) -> Iterator[EarlierText]:
    signed = edition.signed_versions(session)
    for language, text in edition.texts.items():
        for one in text.get("earlier", []):
            if number := signed.get((language, one["version"])):
                yield EarlierText(language=language, signatures=number, **one)


def new_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def spaced(code: str) -> str:
    """The code as printed: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _totals(
    session: Session, runtime: Runtime, edition: Edition, addressee: Addressee, numbers: dict[str, Any]
) -> Totals:
    named = _count(session, edition.roll_for(addressee, Signature.id))
    return Totals(
        confirmed=numbers["confirmed"],
        named=named,
        count_only=numbers["confirmed"] - named,
        held=numbers["held"],
        invalidated=numbers["invalidated"],
        withdrawn=numbers["withdrawn"],
        on_paper=numbers["on_paper"],
        by_country=_by_country(numbers["by_country"], addressee.language, runtime.settings.small_country),
        first_on=_day(numbers["first_on"]),
        last_on=_day(numbers["last_on"]),
    )


def _by_country(numbers: Mapping[str, int], language: str, least: int) -> tuple[CountryTotal, ...]:
    """Largest first; a country with few signers, and whoever did not say, is "other": a count of 1 is a person."""
    names = country_names(language)
    large = {names.get(code, code): count for code, count in numbers.items() if code and count >= least}
    ordered = [CountryTotal(name, count) for name, count in sorted(large.items(), key=lambda one: (-one[1], one[0]))]
    rest = sum(numbers.values()) - sum(large.values())
    if rest:
        other = catalogue(language).gettext("Other countries, or not stated")
        ordered.append(CountryTotal(other, rest))
    return tuple(ordered)


def _confirmed_after(session: Session, edition: Edition, log_size: int) -> int:
    return _count(session, select(Signature.id).where(*edition.listed(), Signature.position > log_size))


def _count(session: Session, rows: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
