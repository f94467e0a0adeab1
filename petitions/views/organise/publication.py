"""Publishing: one member asks with everything in view, another one decides (organise_proposals)."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import db
from petitions.forms.organise.publication import PublicationForm
from petitions.lint import Finding
from petitions.models import AuditEntry, Petition, PetitionNotReady, Proposal
from petitions.policy import Act
from petitions.readiness import findings, ready
from petitions.views.organise import scope
from petitions.views.organise.petitions import lines_of, waiting_for
from petitions.views.organise.refusals import answer_refusals
from petitions.views.organise.standing import STATES

Answer = str | Response | tuple[str, int]

publication = Blueprint("organise_publication", __name__, url_prefix="/organise/petitions/<slug:slug>/publication")
answer_refusals(publication)


@publication.get("/")
@guard(Act.LOOK)
def show(slug: str) -> Answer:
    petition = scope.petition(slug)
    if petition.opened_at is not None or petition.over:
        return redirect(url_for("organise_petitions.show", slug=slug))
    return _page(petition, _form(petition))


@publication.post("/")
@guard(Act.ASK_PUBLICATION)
def ask(slug: str) -> Answer:
    petition = scope.petition(slug, lock=True)
    form = _form(petition, request.form)
    if not ready(lines_of(petition)):
        raise PetitionNotReady([])
    if not form.validate() or form.unread:
        return _page(petition, form, pointed_out=bool(form.unread)), 422
    petition.ask_publication()
    proposal = Proposal.ask(
        db.session, Proposal.Kind.PUBLICATION, petition.public_id, current_member(),
        petition=petition.public_id, slug=slug, read=sorted(form.read),
        opens_at=form.opens_at.data.isoformat() if form.opens_at.data else "",
        texts={text.language: text.hash for text in petition.newest_texts},
    )
    AuditEntry.write(
        db.session, current_member().public_id, "petition.ask", petition.public_id, proposal=proposal.public_id
    )
    db.session.commit()
    flash(_("Asked. Another owner sees everything that will be public, and decides. Until then nothing of it changes."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


@publication.post("/draft")
@guard(Act.ASK_PUBLICATION)
def take_back(slug: str) -> Response:
    """For a request that nobody decided in time, and for an hour that is given up."""
    petition = scope.petition(slug, lock=True)
    if any(one.kind is Proposal.Kind.PUBLICATION for one in waiting_for(petition)):
        flash(_("It waits for a decision. Whoever asked can take the request back."))
        return redirect(url_for("organise_petitions.show", slug=slug), 303)
    petition.send_back()
    AuditEntry.write(db.session, current_member().public_id, "petition.send_back", petition.public_id)
    db.session.commit()
    flash(_("It is a draft again."))
    return redirect(url_for("organise_petitions.show", slug=slug), 303)


def warnings_of(petition: Petition) -> list[Finding]:
    return [found for found in findings(petition) if not found.blocks]


def _form(petition: Petition, formdata: Any = None) -> PublicationForm:
    return PublicationForm([found.key for found in warnings_of(petition)], formdata)


def _page(petition: Petition, form: PublicationForm, *, pointed_out: bool = False) -> str:
    """`pointed_out`: warnings were left unticked."""
    lines = lines_of(petition)
    asked = [one for one in waiting_for(petition) if one.kind is Proposal.Kind.PUBLICATION]
    return render_template(
        "organise/publication/show.html",
        petition=petition,
        form=form,
        lines=lines,
        ready=ready(lines),
        warnings=warnings_of(petition),
        pointed_out=pointed_out,
        asked=asked[0] if asked else None,
        states=STATES,
    )
