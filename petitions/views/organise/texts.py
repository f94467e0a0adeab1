"""A petition's texts: written, previewed, compared, and brought before a second person."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import db
from petitions.forms.organise.texts import TextForm
from petitions.i18n import LanguageChoice, choice
from petitions.models import AuditEntry, Petition, PetitionText, Proposal, UnderReview
from petitions.policy import Act
from petitions.readiness import findings
from petitions.views.organise import scope
from petitions.views.organise.comparison import Comparison, comparison
from petitions.views.organise.refusals import answer_refusals

Answer = str | Response | tuple[str, int]

texts = Blueprint("organise_texts", __name__, url_prefix="/organise/petitions/<slug:slug>/texts")
answer_refusals(texts)


@texts.get("/")
@guard(Act.LOOK)
def index(slug: str) -> str:
    petition = scope.petition(slug)
    return render_template(
        "organise/texts/index.html",
        petition=petition,
        offered=offered(petition),
        newest={text.language: text for text in petition.newest_texts},
        wanted={addressee.language for addressee in petition.addressees},
        found=findings(petition),
        asked={text.language for text in petition.newest_texts if asked_for(text) is not None},
    )


@texts.get("/<code>")
@guard(Act.DRAFT)
def edit(slug: str, code: str) -> str:
    petition, text = _text(slug, code)
    form = TextForm(None, obj=text)
    return _edit_page(petition, code, form)


@texts.post("/<code>")
@guard(Act.DRAFT)
def save(slug: str, code: str) -> Answer:
    petition, text = _text(slug, code, lock=True)
    form = TextForm(request.form)
    if not form.validate():
        return _edit_page(petition, code, form), 422
    if not petition.editable or (text is not None and asked_for(text) is not None):
        raise UnderReview
    if text is not None and form.seen.data != text.hash:
        return _edit_page(petition, code, form, overtaken=True), 409
    written = petition.write(code, *form.wording)
    AuditEntry.write(
        db.session, current_member().public_id, "text.write", petition.public_id, language=code,
        version=written.version, hash=written.hash,
    )
    db.session.commit()
    flash(_("Saved. It is a draft: nobody outside sees it before a second person has approved it."))
    return redirect(url_for(".edit", slug=slug, code=code, beside=request.args.get("beside") or None), 303)


@texts.get("/<code>/removal")
@guard(Act.DRAFT)
def removal(slug: str, code: str) -> str:
    petition, draft = _draft(slug, code)
    return render_template("organise/texts/removal.html", petition=petition, text=draft)


@texts.post("/<code>/removal")
@guard(Act.DRAFT)
def remove(slug: str, code: str) -> Response:
    """Throws a draft away; what was approved before it stands."""
    petition, draft = _draft(slug, code, lock=True)
    if not petition.editable or asked_for(draft) is not None:
        raise UnderReview
    AuditEntry.write(
        db.session, current_member().public_id, "text.remove", petition.public_id, language=code,
        version=draft.version, hash=draft.hash,
    )
    db.session.delete(draft)
    db.session.commit()
    flash(_("The draft is deleted."))
    return redirect(url_for(".index", slug=slug), 303)


@texts.get("/<code>/versions")
@guard(Act.LOOK)
def versions(slug: str, code: str) -> str:
    petition = scope.petition(slug)
    known = [text for text in petition.texts if text.language == code]
    if not known:
        abort(404)
    steps = [comparison(before, after) for before, after in zip([None, *known], known, strict=False)]
    return render_template("organise/texts/versions.html", petition=petition, language_code=code, steps=steps[::-1])


@texts.post("/<code>/approval")
@guard(Act.ASK_PUBLICATION)
def ask(slug: str, code: str) -> Response:
    """A new version of a text that people have signed: a second person sees what changed, and decides."""
    petition, draft = _draft(slug, code, lock=True)
    if petition.opened_at is None:  # its texts are approved together with the petition
        return redirect(url_for("organise_publication.show", slug=slug), 303)
    if not petition.editable:
        raise UnderReview
    if not draft.complete or any(found.blocks for found in findings(petition, code)):
        flash(_("The text cannot be approved as it is. Finish its three parts and mend what is listed under it."))
        return redirect(url_for(".edit", slug=slug, code=code), 303)
    proposal = Proposal.ask(
        db.session, Proposal.Kind.TEXT, draft.subject, current_member(), petition=petition.public_id, slug=slug,
        language=code, version=draft.version, hash=draft.hash,
    )
    AuditEntry.write(
        db.session, current_member().public_id, "text.ask", petition.public_id, proposal=proposal.public_id,
        language=code, version=draft.version,
    )
    db.session.commit()
    flash(_("Asked. Another owner decides; until then people sign the text as it was."))
    return redirect(url_for(".index", slug=slug), 303)


# -- below: how ---------------------------------------------------------------------------------------


def asked_for(text: PetitionText) -> Proposal | None:
    """What waits for a decision on this version."""
    return db.session.scalars(
        select(Proposal).where(
            Proposal.kind == Proposal.Kind.TEXT,
            Proposal.subject == text.subject,
            Proposal.state == Proposal.State.WAITING,
        )
    ).one_or_none()


def change_of(petition: Petition, text: PetitionText) -> Comparison:
    """A draft beside what is approved in its language."""
    return comparison(petition.text_in(text.language), text)


def spoken(language: str) -> str:
    """A language of pages or documents, or 404."""
    settings = current_app.config["SETTINGS"]
    if language not in (*settings.languages, *settings.document_languages):
        abort(404)
    return language


def offered(petition: Petition) -> list[LanguageChoice]:
    """The languages of the pages, and those that only authorities read, as far as they are needed."""
    pages = current_app.config["SETTINGS"].languages
    needed = [text.language for text in petition.texts] + [one.language for one in petition.addressees]
    return [choice(code) for code in dict.fromkeys([*pages, *needed])]


def _text(slug: str, language: str, *, lock: bool = False) -> tuple[Petition, PetitionText | None]:
    petition = scope.petition(slug, lock=lock)
    return petition, petition.newest_text(spoken(language))


def _draft(slug: str, language: str, *, lock: bool = False) -> tuple[Petition, PetitionText]:
    petition, text = _text(slug, language, lock=lock)
    if text is None or text.approved:
        abort(404)
    return petition, text


def _edit_page(petition: Petition, language: str, form: TextForm, *, overtaken: bool = False) -> str:
    """`overtaken`: what was typed is kept and shown beside what somebody else has saved meanwhile."""
    beside = petition.newest_text(request.args.get("beside", ""))
    text = petition.newest_text(language)
    return render_template(
        "organise/texts/edit.html",
        petition=petition,
        language_code=language,
        form=form,
        text=text,
        beside=beside if beside is not None and beside.language != language else None,
        others=[other for other in petition.newest_texts if other.language != language],
        found=findings(petition, language),
        asked=asked_for(text) if text is not None else None,
        overtaken=overtaken,
    )
