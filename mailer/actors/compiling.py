"""From rows to the facts that reach paper: what one addressee may see, in that addressee's language."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from babel import Locale
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime
from mailer.document import (
    CountryTotal,
    EarlierText,
    Fact,
    PetitionDocument,
    SignatureLine,
    Totals,
    file_name,
)
from mailer.wording import catalogue
from petitions.models import Addressee, Branch, DataKey, Edition, Signature, last_received, totals
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
    facts = edition.facts
    document = PetitionDocument(
        language=language,
        file_name=file_name(petition.slug, edition=edition.number),
        petition_title=text["title"],
        demand=text["demand"],
        background=text["background"],
        text_language=text_language,
        text_version=text["version"],
        text_hash=text["hash"],
        addressee_name=addressee.authority.name_in(language),
        addressee_lines=lines_of(addressee.authority.postal_address),
        salutation=addressee.authority.salutation_in(language),
        sender_name=branch.legal_name,
        sender_lines=lines_of(branch.postal_address),
        representative=branch.representative,
        representative_role=branch.representative_role,
        reply_email=branch.reply_email,
        place=branch.place,
        dated_on=datetime.now(UTC).date(),
        prisoner_name=in_language(facts["names"], language),
        prisoner_names=tuple(other_names(facts, language)),
        birth_year=facts["birth_year"],
        citizenships=tuple(country_names(language).get(code, code) for code in facts["citizenships"]),
        case_number=facts["case_number"],
        article=in_language(facts["article"], language),
        detained_at=in_language(facts["held_at"], language),
        facts=tuple(
            Fact(fact["happened"], in_language(fact["what"], language), fact["source"]) for fact in facts["events"]
        ),
        edition=edition.number,
        previous_edition=previous.number if previous else None,
        new_since_previous=_confirmed_after(session, edition, previous.log_size) if previous else 0,
        volume=1,
        volumes=1,
        totals=_totals(session, runtime, edition, addressee, numbers),
        verification_url=runtime.url("verify", code),
        verification_code=spaced(code),
        log_size=edition.log_size,
        log_root="",
        seal_fingerprint=fingerprint(branch),
        demonstration=bool(facts["invented"]) or runtime.settings.demonstration,
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


def fingerprint(branch: Branch) -> str:
    """SHA-256 of the branch's seal certificate, hexadecimal; empty without one."""
    return hashlib.sha256(branch.seal_certificate).hexdigest() if branch.seal_certificate else ""


def country_names(language: str) -> Mapping[str, str]:
    territories: Mapping[str, str] = Locale.parse(language).territories
    return territories


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


def other_names(facts: Mapping[str, Any], language: str) -> Iterator[str]:
    main = in_language(facts["names"], language)
    seen = {main}
    for name in (*facts["names"].values(), *facts["other_spellings"]):
        if name not in seen:
            seen.add(name)
            yield name


def in_language(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or next(iter(words.values()), "")


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
