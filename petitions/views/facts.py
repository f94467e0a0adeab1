"""What signing needs to know of a petition: plain values, kept for two seconds.

So a rush of signatures reads the petition once, and no relationship is loaded on the way of one. Two seconds late is
what a form in flight is anyway; a closing date is compared to the clock each time.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session, selectinload
from werkzeug.exceptions import Gone, NotFound

from petitions.forms.signatures import Asked
from petitions.models import Addressee, Disclosure, Petition, PetitionText, Switch
from petitions.signing import Target

SECONDS = 2.0
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class TextFacts:
    id: int
    language: str
    version: int
    hash: str
    title: str
    demand: str
    background: str


@dataclass(frozen=True, slots=True)
class AddresseeFacts:
    """An addressee, named in each language of the directory."""

    names: dict[str, str]
    country: str
    names_blocked: bool = False  # it gets numbers only

    def name_in(self, language: str) -> str:
        return self.names.get(language) or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class PetitionFacts:
    id: int
    public_id: str
    slug: str
    open: bool
    signing_stopped: bool  # by the operator, for the whole site and for a while
    closes_at: datetime | None
    prisoner_country: str  # where held
    forbids_naming: bool
    count_only_countries: tuple[str, ...]
    public_key: bytes  # of its branch
    texts: tuple[TextFacts, ...]  # the newest approved of each language; the first is the petition's own
    international: tuple[AddresseeFacts, ...]
    domestic: tuple[AddresseeFacts, ...]

    @property
    def takes_signatures(self) -> bool:
        if self.signing_stopped or not self.open:
            return False
        return self.closes_at is None or self.closes_at > datetime.now(UTC)

    def text_in(self, language: str) -> TextFacts:
        """The text in a language, else the petition's own."""
        return next((text for text in self.texts if text.language == language), self.texts[0])

    @property
    def offered(self) -> tuple[Disclosure, ...]:
        """The answers that mean something here: each names at least one addressee the one before did not."""
        if self.forbids_naming:
            return (Disclosure.COUNT_ONLY,)
        return (
            Disclosure.COUNT_ONLY,
            *([Disclosure.INTERNATIONAL] if _named(self.international) else []),
            *([Disclosure.ALL] if _named(self.domestic) else []),
        )

    def seen_by(self, choice: Disclosure) -> tuple[AddresseeFacts, ...]:
        """The addressees that an answer covers."""
        seen: tuple[AddresseeFacts, ...] = ()
        if choice in Disclosure.admitting(Addressee.Circle.INTERNATIONAL):
            seen += _named(self.international)
        if choice in Disclosure.admitting(Addressee.Circle.DOMESTIC):
            seen += _named(self.domestic)
        return seen

    def not_seen_by(self, choice: Disclosure) -> tuple[AddresseeFacts, ...]:
        seen = self.seen_by(choice)
        return tuple(found for found in self.international + self.domestic if found not in seen)

    def endangers(self, country: str, punishing: list[str]) -> bool:
        """Whether a signer of a country (or of none given) should think of her safety before she names herself."""
        return not country or country in punishing or self.prisoner_country in punishing

    def asked(self, language: str) -> Asked:
        text = self.text_in(language)
        return Asked(
            self.public_id, text.hash, self.offered, self.forbids_naming, self.count_only_countries, language
        )

    def target(self, language: str) -> Target:
        text = self.text_in(language)
        return Target(self.id, self.public_id, text.id, text.hash, text.version)


class FactsCache:
    """One for an app."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, PetitionFacts]] = {}
        self._lock = threading.Lock()

    def public(self, session: Session, slug: str) -> PetitionFacts:
        """The facts of a public petition. Raises NotFound, or Gone (`g.gone_state`) for one that was removed."""
        kept = self._kept.get(slug)
        if kept is not None and time.monotonic() - kept[0] < SECONDS:
            return kept[1]
        found = facts_of(public_petition(session, slug))
        with self._lock:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[slug] = (time.monotonic(), found)
        return found

    def forget(self) -> None:
        self._kept.clear()


def public_petition(session: Session, slug: str) -> Petition:
    """Raises NotFound for a draft as for an unknown one, Gone for one that was public and is not any more."""
    petition = session.scalars(
        select(Petition)
        .where(Petition.slug == slug)
        .options(
            selectinload(Petition.texts),
            selectinload(Petition.branch),
            selectinload(Petition.prisoner),
            selectinload(Petition.addressees).selectinload(Addressee.authority),
        )
    ).one_or_none()
    if petition is not None and petition.gone:
        g.gone_state, g.gone_because = petition.state, petition.removed_because
        raise Gone
    if petition is None or not petition.public or not petition.languages:
        raise NotFound
    return petition


def facts_of(petition: Petition, *, drafts: bool = False) -> PetitionFacts:
    """As the public sees it; with `drafts`, as it would if every draft were approved."""

    def circle(wanted: Addressee.Circle) -> tuple[AddresseeFacts, ...]:
        return tuple(
            AddresseeFacts(dict(found.authority.names), found.authority.country, found.names_blocked)
            for found in petition.addressees
            if found.circle is wanted
        )

    shown = {text.language: text for text in petition.texts if drafts or text.approved_at}  # the newest of each
    own = [language for language in petition.branch.languages if language in shown]
    texts = [shown[language] for language in dict.fromkeys([*own, *sorted(shown)])]
    return PetitionFacts(
        id=petition.id,
        public_id=petition.public_id,
        slug=petition.slug,
        signing_stopped=_signing_stopped(petition),
        open=petition.state is Petition.State.OPEN and petition.signing_paused_at is None,
        closes_at=petition.closes_at,
        prisoner_country=petition.prisoner.country,
        forbids_naming=petition.forbids_naming,
        count_only_countries=tuple(petition.count_only_countries),
        public_key=petition.branch.public_key,
        texts=tuple(_text_facts(text) for text in texts),
        international=circle(Addressee.Circle.INTERNATIONAL),
        domestic=circle(Addressee.Circle.DOMESTIC),
    )


def _named(addressees: tuple[AddresseeFacts, ...]) -> tuple[AddresseeFacts, ...]:
    return tuple(found for found in addressees if not found.names_blocked)


def _signing_stopped(petition: Petition) -> bool:
    session = object_session(petition)
    return session is not None and Switch.thrown(session, Switch.Name.SIGNING)


def _text_facts(text: PetitionText) -> TextFacts:
    return TextFacts(
        text.id, text.language, text.version, text.hash, text.title, text.demand, text.background
    )
