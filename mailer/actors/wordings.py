"""Which wordings an edition prints for an addressee: what was signed, and what the addressee can read."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy.orm import Session

from mailer.actors.particulars import wording_of
from mailer.document import EarlierText, Wording
from petitions.models import Edition


class Wordings(NamedTuple):
    signed: Wording
    translation: Wording | None  # approved, but nobody signed it: printed and marked as a translation
    earlier: tuple[EarlierText, ...]


def wordings_for(session: Session, edition: Edition, language: str) -> Wordings:
    """What most have signed counts as the original, unless somebody signed in the addressee's own language."""
    versions = edition.signed_versions(session)
    signers = Counter[str]()
    for (code, _version), number in versions.items():
        signers[code] += number
    original = max(edition.texts, key=signers.__getitem__)
    chosen = language if language in edition.texts and (signers[language] or not signers[original]) else original
    translation = wording_of(language, edition.texts[language]) if language in edition.texts else None
    return Wordings(
        wording_of(chosen, edition.texts[chosen]),
        translation if language != chosen else None,
        tuple(_earlier_texts(edition, versions)),
    )


def _earlier_texts(edition: Edition, versions: dict[tuple[str, int], int]) -> Iterator[EarlierText]:
    for language, text in edition.texts.items():
        for one in text.get("earlier", []):
            if number := versions.get((language, one["version"])):
                yield EarlierText(language=language, signatures=number, **one)
