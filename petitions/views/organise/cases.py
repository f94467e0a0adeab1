"""What several pages of a case say: what is missing for publishing, and what each petition does at present."""

from collections.abc import Iterable
from typing import NamedTuple

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from petitions.models import Petition, Prisoner
from petitions.views.situation import Status, situation_of

Missing = Prisoner.Missing
MISSING_WORDS = {
    Missing.NAME: _l("A name"),
    Missing.COUNTRY: _l("The country where the person is held"),
    Missing.CONSENT: _l("The consent of the prisoner or the family: who, to what, since when, how we know"),
    Missing.REVIEW_DUE: _l("The consent is not older than was agreed"),
    Missing.HARM: _l("Somebody has thought about what publishing could do"),
    Missing.HARM_STOP: _l("Nothing speaks against publishing"),
    Missing.SOURCES: _l("Every public fact has a source"),
}
# where it is mended: endpoint, and the part of the page
_PLACES = {
    Missing.NAME: "organise_prisoners.edit",
    Missing.COUNTRY: "organise_prisoners.edit",
    Missing.CONSENT: "organise_safeguards.consent",
    Missing.REVIEW_DUE: "organise_safeguards.consent",
    Missing.HARM: "organise_safeguards.harm",
    Missing.HARM_STOP: "organise_safeguards.harm",
}
# what can only be asked once the other is there
_ASKED_AFTER = {Missing.REVIEW_DUE: Missing.CONSENT, Missing.HARM_STOP: Missing.HARM}


class PetitionNow(NamedTuple):
    petition: Petition
    code: str
    words: str
    tone: str


def gate_steps(prisoner: Prisoner) -> list[tuple[str, str, str, str]]:
    """The gate before publishing, for the checklist: words, state, note, address."""
    missing = prisoner.missing_for_publishing()
    steps = []
    for what, words in MISSING_WORDS.items():
        if _ASKED_AFTER.get(what) in missing:
            continue
        place = _PLACES.get(what)
        href = url_for(place, public_id=prisoner.public_id) if place and what in missing else ""
        steps.append((str(words), "bad" if what in missing else "good", "", href))
    thin = sum(not event.well_sourced for event in prisoner.public_events)
    if thin:
        steps.append((_("Two sources for every public fact"), "wait", _("%(number)d with only one", number=thin), ""))
    return steps


def petition_states(petitions: Iterable[Petition]) -> list[PetitionNow]:
    """Whether each of them delivers, and if not, why: what an event stopped is said where the event is told."""
    return [PetitionNow(petition, *_state_of(petition)) for petition in petitions]


def stopped(petitions: Iterable[Petition]) -> list[str]:
    """In words, for the moment after an event was saved: which petitions deliver nothing from now on."""
    return [f"{now.petition.slug}: {now.words}" for now in petition_states(petitions) if now.code in _STOPPED]


_STOPPED = {"released", "died", "review"}


def _state_of(petition: Petition) -> tuple[str, str, str]:
    status = situation_of(petition.prisoner).status
    if petition.state is Petition.State.DRAFT or petition.state is Petition.State.IN_REVIEW:
        return "draft", _("not published yet"), "quiet"
    if not petition.public:
        return "gone", _("not public any more"), "quiet"
    if any(event.stops_deliveries for event in petition.prisoner.events):
        if status is Status.DIED:
            return "died", _("nothing more is delivered, because the person has died"), "bad"
        return "released", _("nothing more is delivered, because the person is free"), "bad"
    if petition.needs_review:
        return "review", _("nothing is delivered until an owner has looked whether it still fits"), "wait"
    if petition.state is Petition.State.PAUSED:
        return "paused", _("paused"), "wait"
    return "open", _("goes on"), "good"
