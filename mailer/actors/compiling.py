"""From rows to the facts that reach paper: what one addressee may see, in that addressee's language."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from mailer.actors.figures import totals_of
from mailer.actors.particulars import case_of, country_names, fingerprint, recipient_of, sender_of
from mailer.actors.runtime import Runtime
from mailer.actors.wordings import wordings_for
from mailer.document import (
    PetitionDocument,
    Proof,
    SignatureLine,
    file_name,
)
from mailer.respelling import with_respelling
from mailer.timestamps import Stamper
from petitions.models import (
    Addressee,
    Checkpoint,
    DataKey,
    Edition,
    EvidenceLog,
    Signature,
    last_received,
)
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
        respells = self._addressee.transliterates
        serial = 0
        for part in in_parts(self._session, self._edition.roll_for(self._addressee, *columns)):
            self._digest.update(roll_entries(row[3:5] for row in part))
            opened = self._runtime.unsealer.names(row[:3] for row in part)
            for (_, _, _, _, shows_city, country, day), (name, city) in zip(part, opened, strict=True):
                serial += 1
                place = countries.get(country, "")
                if shows_city and city:
                    place = f"{city}, {place}" if place else city
                if respells:
                    name = with_respelling(name, self._addressee.language, country)
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
    runtime: Runtime, session: Session, edition: Edition, addressee: Addressee, code: str,
    stamper: Stamper | None = None,
) -> Compilation:
    """All that one addressee may see of an edition, as of this transaction's snapshot."""
    runtime.learn_petition(session, edition.petition, DataKey.Purpose.NAMES)
    petition, branch, language = edition.petition, edition.petition.branch, addressee.language
    wordings = wordings_for(session, edition, language)
    previous = last_received(session, addressee, before=edition.number)
    document = PetitionDocument(
        language=language,
        file_name=file_name(petition.slug, edition=edition.number),
        dated_on=datetime.now(UTC).date(),
        text=wordings.signed,
        addressee=recipient_of(addressee),
        sender=sender_of(branch),
        case=case_of(edition.facts, language),
        proof=_proof(runtime, session, edition, code, stamper),
        totals=totals_of(session, edition, addressee, small=runtime.settings.small_country),
        edition=edition.number,
        previous_edition=previous.number if previous else None,
        new_since_previous=_confirmed_after(session, edition, previous.log_size) if previous else 0,
        volume=1,
        volumes=1,
        demonstration=bool(edition.facts["invented"]) or runtime.settings.demonstration,
        earlier_texts=wordings.earlier,
        translation=wordings.translation,
        respelled=addressee.transliterates,
    )
    return Compilation(document, Roll(runtime, session, edition, addressee))


def _proof(
    runtime: Runtime, session: Session, edition: Edition, code: str, stamper: Stamper | None
) -> Proof:
    """The root of the log as of this edition, once a checkpoint that covers it is signed."""
    petition = edition.petition
    checkpoint = Checkpoint.covering(session, petition.id, edition.log_size)
    return Proof(
        url=runtime.url("verify", code),
        code=spaced(code),
        log_size=edition.log_size,
        log_root=EvidenceLog(session, petition.id).root(edition.log_size).hex() if checkpoint else "",
        seal_fingerprint=fingerprint(petition.branch),
        log_key=checkpoint.public_key.hex() if checkpoint else "",
        log_url=runtime.url("log", petition.slug, "checkpoint"),
        stamped_by=stamper.name if stamper else "",
    )


def new_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def spaced(code: str) -> str:
    """The code as printed: in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _confirmed_after(session: Session, edition: Edition, log_size: int) -> int:
    return _count(session, select(Signature.id).where(*edition.listed(), Signature.position > log_size))


def _count(session: Session, rows: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
