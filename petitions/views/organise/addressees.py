"""To whom a petition goes: suggested by country and stage, each with what its law says and what is still missing."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import exists, select
from sqlalchemy.orm import selectinload
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.authorities.requirements import required_contents
from petitions.db import database_time, db, new_public_id
from petitions.forms.organise.addressees import CIRCLES, AddresseeForm
from petitions.i18n import choice
from petitions.models import (
    Addressee,
    AddresseeKnown,
    AuditEntry,
    Authority,
    Document,
    Petition,
    Proposal,
    UnderReview,
)
from petitions.models.suggestions import circle_of, suggested, suggestion
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.refusals import answer_refusals

Answer = str | Response | tuple[str, int]

addressees = Blueprint("organise_addressees", __name__, url_prefix="/organise/petitions/<slug:slug>/addressees")
answer_refusals(addressees)


@addressees.get("/")
@guard(Act.LOOK)
def index(slug: str) -> str:
    petition = scope.petition(slug)
    return render_template(
        "organise/addressees/index.html",
        petition=petition,
        chosen=[(one, suggestion(petition, one.authority)) for one in petition.addressees],
        suggestions=suggested(db.session, petition) if petition.editable else [],
        stage=petition.stage(),
        required=required_contents,
        circles=CIRCLES,
    )


@addressees.get("/new/<slug:authority>")
@guard(Act.DRAFT)
def new(slug: str, authority: str) -> str:
    petition, found = scope.petition(slug), _authority(authority)
    form = _form(petition, found)
    form.circle.data = circle_of(found).value
    form.language.data = _likely_language(petition, found)
    return _new_page(petition, found, form)


@addressees.post("/new/<slug:authority>")
@guard(Act.DRAFT)
def create(slug: str, authority: str) -> Answer:
    """Before the petition is published it is simply chosen; after that two people send names to somebody new."""
    petition, found = scope.petition(slug, lock=True), _authority(authority)
    form = _form(petition, found)
    if not form.validate():
        return _new_page(petition, found, form), 422
    if not petition.editable:
        raise UnderReview
    circle, language = Addressee.Circle(form.circle.data), form.language.data
    if petition.opened_at is None:
        made = petition.address(db.session, found, circle, language, database_time(db.session))
        made.transliterates = form.transliterates.data
        AuditEntry.write(
            db.session, current_member().public_id, "addressee.add", made.public_id, petition=petition.public_id,
            authority=found.public_id, circle=circle.value, language=language,
        )
        flash(_("Chosen. Signers see this addressee before they decide who may see their name."))
    else:
        _ask(petition, found, form)
        flash(_("Asked. Another owner decides; from then on signers see this addressee."))
    db.session.commit()
    return redirect(url_for(".index", slug=slug), 303)


@addressees.get("/<public_id>/removal")
@guard(Act.DRAFT)
def removal(slug: str, public_id: str) -> str:
    petition, addressee = _addressee(slug, public_id)
    return render_template(
        "organise/addressees/removal.html", petition=petition, addressee=addressee, served=_served(addressee)
    )


@addressees.post("/<public_id>/removal")
@guard(Act.DRAFT)
def remove(slug: str, public_id: str) -> Response:
    """One person may: fewer people see fewer names. What is not sent yet is not sent any more."""
    petition, addressee = _addressee(slug, public_id, lock=True)
    if not petition.editable:
        raise UnderReview
    AuditEntry.write(
        db.session, current_member().public_id, "addressee.remove", addressee.public_id,
        petition=petition.public_id, authority=addressee.authority.public_id,
    )
    if petition.opened_at is None and not _served(addressee):
        db.session.delete(addressee)
    else:
        addressee.removed_at = database_time(db.session)
    db.session.commit()
    flash(_("Removed. It gets nothing more of this petition."))
    return redirect(url_for(".index", slug=slug), 303)


# -- below: how ---------------------------------------------------------------------------------------


def _authority(slug: str) -> Authority:
    """The directory is shared by all branches."""
    return scope.found(select(Authority).where(Authority.slug == slug).options(selectinload(Authority.channels)))


def _addressee(slug: str, public_id: str, *, lock: bool = False) -> tuple[Petition, Addressee]:
    petition = scope.petition(slug, lock=lock)
    wanted = select(Addressee).where(
        Addressee.petition_id == petition.id, Addressee.public_id == public_id, Addressee.removed_at.is_(None)
    )
    return petition, scope.found(wanted)


def _served(addressee: Addressee) -> bool:
    """Whether a document was ever made for it."""
    return bool(db.session.scalar(select(exists().where(Document.addressee_id == addressee.id))))


def _ask(petition: Petition, authority: Authority, form: AddresseeForm) -> None:
    if any(one.authority_id == authority.id for one in petition.addressees):
        raise AddresseeKnown
    proposal = Proposal.ask(
        db.session, Proposal.Kind.ADDRESSEE, new_public_id(), current_member(), petition=petition.public_id,
        slug=petition.slug, authority=authority.public_id, circle=form.circle.data, language=form.language.data,
        transliterates=form.transliterates.data,
    )
    AuditEntry.write(
        db.session, current_member().public_id, "addressee.ask", petition.public_id, proposal=proposal.public_id,
        authority=authority.public_id,
    )


def _likely_language(petition: Petition, authority: Authority) -> str:
    """One that it accepts and we write, else the branch's own."""
    known = current_app.config["SETTINGS"].document_languages
    return next((code for code in [*authority.languages, *petition.branch.languages] if code in known), known[0])


def _form(petition: Petition, authority: Authority) -> AddresseeForm:
    known = current_app.config["SETTINGS"].document_languages
    accepted = [code for code in known if code in authority.languages] or known
    languages = dict.fromkeys([*accepted, *known])
    formdata = request.form if request.method == "POST" else None
    return AddresseeForm([(code, choice(code).name) for code in languages], petition, authority, formdata)


def _new_page(petition: Petition, authority: Authority, form: AddresseeForm) -> str:
    return render_template(
        "organise/addressees/new.html",
        petition=petition,
        found=suggestion(petition, authority),
        form=form,
        required=required_contents,
        stage=petition.stage(),
    )
