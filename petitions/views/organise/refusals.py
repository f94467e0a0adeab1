"""What a petition's verbs refuse, as a page that says so and leads back; nothing was changed."""

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from petitions.models import (
    AddresseeKnown,
    AlreadyAsked,
    AlreadyDecided,
    IllegalTransition,
    LimitsLoosened,
    MayNot,
    PetitionNotReady,
    ProposalLapsed,
    SamePerson,
    UnderReview,
)

WORDS = {
    AddresseeKnown: _l("This authority is an addressee of the petition already."),
    AlreadyAsked: _l("The same is waiting for a second person already."),
    AlreadyDecided: _l("This was decided or taken back in the meantime. Nothing was changed by you."),
    IllegalTransition: _l("The petition is in another state by now. Look at its overview, then decide again."),
    LimitsLoosened: _l(
        "People have signed under stricter limits: they were told who may see their names. After that the limits can "
        "only be made stricter."
    ),
    MayNot: _l("Your role does not allow you to decide this."),
    PetitionNotReady: _l("Something that it needs is missing by now. Look at the checklist on its overview."),
    ProposalLapsed: _l("This was asked for too long ago. Ask again, so that what is approved is what is true now."),
    SamePerson: _l("You asked for this yourself. Another owner must decide."),
    UnderReview: _l(
        "A second person is looking at it, so nothing of it can change: what is approved must be what was seen. Take "
        "the request back first, or wait for the decision."
    ),
}


def answer_refusals(blueprint: Blueprint) -> None:
    """Every view of the blueprint may raise them; what it had done is not committed."""
    for refusal in WORDS:
        blueprint.register_error_handler(refusal, _refused)


def _refused(refusal: Exception) -> Response:
    slug = (request.view_args or {}).get("slug")
    back = url_for("organise_petitions.show", slug=slug) if slug else url_for("organise_petitions.index")
    return make_response(
        render_template("organise/petitions/refused.html", words=WORDS[type(refusal)], back=back), 409
    )
