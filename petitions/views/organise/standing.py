"""Where a petition stands, for the list and the overview: its state in a word and a colour, and what to do next."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l

from petitions.models import Petition

State = Petition.State

STATES = {
    State.DRAFT: (_l("draft"), "quiet"),
    State.IN_REVIEW: (_l("waits for a second person"), "wait"),
    State.OPEN: (_l("open"), "good"),
    State.PAUSED: (_l("paused"), "bad"),
    State.CLOSED: (_l("closed"), "quiet"),
    State.ENDED: (_l("ended"), "quiet"),
    State.WITHDRAWN: (_l("withdrawn"), "quiet"),
    State.HIDDEN: (_l("hidden"), "quiet"),
}


class Next(StrEnum):
    """The one thing that most needs somebody; the words are in organise/petitions/_next.html."""

    REVIEW = "review"
    RESUME = "resume"
    COMPLETE = "complete"
    DECIDE = "decide"
    WAIT_FOR_HOUR = "wait_for_hour"
    DECIDE_TEXT = "decide_text"
    SAY_OUTCOME = "say_outcome"
    NOTHING = "nothing"


def next_step(petition: Petition) -> Next:
    if petition.state is State.DRAFT:
        return Next.COMPLETE
    if petition.state is State.IN_REVIEW:
        return Next.WAIT_FOR_HOUR if petition.opens_at else Next.DECIDE
    if petition.over:
        return Next.SAY_OUTCOME if petition.state is State.CLOSED else Next.NOTHING
    if petition.needs_review:
        return Next.REVIEW
    if petition.stopped:
        return Next.RESUME
    return Next.DECIDE_TEXT if petition.drafts else Next.NOTHING
