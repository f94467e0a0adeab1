"""What a petition still needs before it can be published: codes over records, for the checklist; pages have the words.

`Petition.missing_for_opening` is the least that opens it whoever asks; this asks for more, and says where to mend it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from petitions.lint import Finding, Reader, Wording, examine
from petitions.models import Addressee, Petition, PetitionText, Prisoner


class Need(StrEnum):
    BRANCH = "branch"  # known to the operator
    CASE = "case"  # consent, harm, sources: the case's own gate
    TEXT = "text"  # at least one, and each one finished
    ADDRESSEE = "addressee"  # one that can be reached
    LANGUAGE = "language"  # a text in each addressee's
    WORDING = "wording"  # the linter's errors
    CLOSING = "closing"  # not in the past
    OWNER = "owner"  # somebody else who can approve
    VERIFIED = "verified"  # each addressee looked at within half a year


# Said, but no reason to wait for ever.
_HINTS = frozenset({Need.VERIFIED})


@dataclass(frozen=True, slots=True)
class Line:
    need: Need
    met: bool
    about: tuple[str, ...] = ()  # languages, names of addressees, codes of the case: what is missing

    @property
    def blocks(self) -> bool:
        return not self.met and self.need not in _HINTS


def checklist(petition: Petition, owners: Iterable[int], asking: int | None) -> list[Line]:
    """`owners` are the ids of the members who could approve, `asking` is who would ask."""
    today = datetime.now(UTC).date()
    texts, addressees = petition.newest_texts, petition.addressees
    unfinished = tuple(text.language for text in texts if not text.complete)
    finished = {text.language for text in texts if text.complete}
    wanting = tuple(sorted({addressee.language for addressee in addressees} - finished))
    unverified = tuple(_name(one, petition) for one in addressees if not one.authority.verified_lately(today))
    errors = tuple(dict.fromkeys(found.language for found in findings(petition) if found.blocks))
    case = tuple(_case(petition, today))
    return [
        Line(Need.CASE, not case, case),
        Line(Need.TEXT, bool(texts) and not unfinished, unfinished),
        Line(Need.ADDRESSEE, any(addressee.usable_channels for addressee in addressees)),
        Line(Need.LANGUAGE, not wanting, wanting),
        Line(Need.WORDING, not errors, errors),
        Line(Need.VERIFIED, not unverified, unverified),
        Line(Need.CLOSING, petition.closes_at is None or petition.closes_at.date() > today),
        Line(Need.OWNER, any(owner != asking for owner in owners)),
        Line(Need.BRANCH, petition.branch.verified_at is not None),
    ]


def ready(lines: Iterable[Line]) -> bool:
    return not any(line.blocks for line in lines)


def findings(petition: Petition, language: str = "") -> list[Finding]:
    """The linter's, of the newest text in each language, or in one."""
    readers = [_reader(addressee, petition) for addressee in petition.addressees]
    texts = [text for text in petition.newest_texts if language in {"", text.language}]
    return [found for text in texts for found in examine(_wording(text), readers)]


def _case(petition: Petition, today: date) -> list[Prisoner.Missing]:
    return petition.prisoner.missing_for_publishing(today)


def _wording(text: PetitionText) -> Wording:
    return Wording(text.language, text.title, text.demand, text.background)


def _reader(addressee: Addressee, petition: Petition) -> Reader:
    authority = addressee.authority
    limits = [channel.max_characters for channel in addressee.usable_channels if channel.max_characters]
    return Reader(
        slug=authority.slug,
        name=_name(addressee, petition),
        kind=authority.kind.value,
        language=addressee.language,
        pending=petition.stage().pending,
        most_characters=min(limits, default=None),
    )


def _name(addressee: Addressee, petition: Petition) -> str:
    return addressee.authority.name_in(petition.branch.languages[0])
