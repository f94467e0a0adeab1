"""Signing: check, sign, look in your inbox. The answer is the same for everybody (privacy.md)."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug import Response

from petitions.bell import ring
from petitions.config import Settings
from petitions.db import db
from petitions.forms.signatures import CheckedSignatureForm, SignatureForm, check_token
from petitions.i18n import present_language
from petitions.keyring import keyring
from petitions.limits import Limits
from petitions.security import public_page
from petitions.signing import sign
from petitions.text import likely_meant
from petitions.views.facts import FactsCache, PetitionFacts

Answer = str | Response | tuple[str, int]

signatures = Blueprint("signatures", __name__, url_prefix="/<lang:language>")


@signatures.post("/petitions/<slug:slug>/signatures/check")
def check(slug: str) -> Answer:
    """Shows all of it again; changes nothing."""
    petition = _petition(slug)
    if not petition.takes_signatures:
        return _over(petition)
    form = SignatureForm(petition.asked(present_language()), request.form)
    if "edit" in request.form:
        return _form_page(petition, form)
    if not form.validate():
        return _form_page(petition, form), 422
    return _check_page(petition, form, "text_changed" if form.text_changed else "")


@signatures.post("/petitions/<slug:slug>/signatures")
def create(slug: str) -> Answer:
    petition = _petition(slug)
    if not petition.takes_signatures:
        return _over(petition)
    language = present_language()
    form = CheckedSignatureForm(petition.asked(language), request.form)
    if not form.validate():
        return _refused(petition, form)
    how = _limits().circumstances(request.remote_addr, honeypot_filled=form.honeypot_filled)
    keys = keyring.current(db.session, petition.id, petition.public_id, petition.public_key)
    sign(db.session, petition.target(language), form.typed(), keys, current_app.config["INDEX_KEY"], how)
    db.session.commit()
    ring("letters")
    return redirect(url_for("signatures.inbox"), 303)


@signatures.get("/inbox")
@public_page
def inbox() -> str:
    return render_template("signatures/inbox.html", settings=_settings())


def _refused(petition: PetitionFacts, form: CheckedSignatureForm) -> Answer:
    """What was typed is wrong: the form again. Only the token is: the check page again, with a fresh one."""
    trouble = form.token_trouble
    if form.errors_in_order:
        return _form_page(petition, form), 422
    return _check_page(petition, form, trouble), 400 if trouble == "wrong" else 422


def _form_page(petition: PetitionFacts, form: SignatureForm) -> str:
    return render_template(
        "signatures/new.html", petition=petition, text=petition.text_in(present_language()), form=form
    )


def _check_page(petition: PetitionFacts, form: SignatureForm, trouble: str) -> str:
    typed = form.typed()
    return render_template(
        "signatures/check.html",
        petition=petition,
        text=petition.text_in(present_language()),
        form=form,
        typed=typed,
        trouble=trouble,
        token=check_token(form.asked),
        likely_meant=likely_meant(typed.email),
        warns=form.names_signer and petition.endangers(typed.country, _settings().punishing_countries),
    )


def _over(petition: PetitionFacts) -> Answer:
    if petition.open and petition.signing_stopped:
        return render_template("signatures/stopped.html", petition=petition), 503
    text = petition.text_in(present_language())
    return render_template("signatures/over.html", petition=petition, text=text), 410


def _petition(slug: str) -> PetitionFacts:
    facts: FactsCache = current_app.extensions["petition_facts"]
    return facts.public(db.session, slug)


def _limits() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
