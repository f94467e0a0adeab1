"""What others will see of a petition, before anybody sees it: its page, the letter to signers, the document."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request, send_file, url_for
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import guard
from petitions.bell import ring
from petitions.db import db
from petitions.forms.signatures import SignatureForm
from petitions.i18n import speak
from petitions.models import Petition, Preview
from petitions.policy import Act
from petitions.views.facts import facts_of
from petitions.views.organise import scope
from petitions.views.organise.texts import spoken
from petitions.views.petitions import PublicNames
from petitions.views.situation import situation

previews = Blueprint("organise_previews", __name__, url_prefix="/organise/petitions/<slug:slug>/previews")


@previews.get("/page/<code>")
@guard(Act.LOOK)
def page(slug: str, code: str) -> str:
    """The public page as signers will see it once the drafts are approved; its form sends nothing."""
    petition = scope.petition(slug)
    if petition.newest_text(spoken(code)) is None:
        abort(404)
    speak(code)
    facts = replace(facts_of(petition, drafts=True), open=True, closes_at=None)
    events = petition.prisoner.public_events
    return render_template(
        "organise/previews/page.html",
        petition=petition,
        facts=facts,
        text=facts.text_in(code),
        events=events,
        situation=situation(events, datetime.now(UTC).date()),
        public_names=PublicNames([], 0),
        runs=petition.branch,
        form=SignatureForm(facts.asked(code), None),
        preview=True,
    )


@previews.post("/<code>")
@guard(Act.DRAFT)
def create(slug: str, code: str) -> Response:
    """Asks the worker for letter and document."""
    petition = scope.petition(slug)
    if petition.newest_text(spoken(code)) is None:
        abort(404)
    addressees = [one for one in petition.addressees if one.language == code]
    wanted = request.form.get("addressee", "")
    addressee = next((one for one in addressees if one.public_id == wanted), next(iter(addressees), None))
    preview = Preview(petition=petition, language=code, addressee=addressee)
    db.session.add(preview)
    db.session.commit()
    ring("previews")
    return redirect(url_for(".show", slug=slug, public_id=preview.public_id), 303)


@previews.get("/<public_id>")
@guard(Act.LOOK)
def show(slug: str, public_id: str) -> str:
    petition, preview = _preview(slug, public_id)
    text = petition.newest_text(preview.language)
    return render_template(
        "organise/previews/show.html",
        petition=petition,
        preview=preview,
        text=text,
        outdated=text is None or preview.text_hash != text.hash,
        addressees=[one for one in petition.addressees if one.language == preview.language],
    )


@previews.get("/<public_id>/document.pdf")
@guard(Act.LOOK)
def document(slug: str, public_id: str) -> Response:
    _petition, preview = _preview(slug, public_id)
    if preview.pdf is None:
        abort(404)
    return send_file(
        io.BytesIO(preview.pdf), mimetype="application/pdf", download_name=f"draft-{slug}-{preview.language}.pdf"
    )


def _preview(slug: str, public_id: str) -> tuple[Petition, Preview]:
    petition = scope.petition(slug)
    wanted = select(Preview).where(Preview.public_id == public_id, Preview.petition_id == petition.id)
    return petition, scope.found(wanted)
