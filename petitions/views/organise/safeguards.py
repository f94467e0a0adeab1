"""The gate before publishing: who agreed, and what publishing could do to the prisoner and the family.

Taking a consent back, or finding that publishing would harm, stops every delivery in this person's name at once.
"""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import db
from petitions.forms.organise.prisoners import ConsentForm, HarmForm
from petitions.models import AuditEntry, Prisoner
from petitions.models.timeline import ask_for_review, petitions_of
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.cases import stopped

Answer = str | Response | tuple[str, int]

safeguards = Blueprint("organise_safeguards", __name__, url_prefix="/organise/prisoners/<public_id>")


@safeguards.get("/consent")
@guard(Act.DRAFT)
def consent(public_id: str) -> str:
    prisoner = scope.prisoner(public_id)
    form = ConsentForm(formdata=None, obj=prisoner)
    return render_template("organise/safeguards/consent.html", prisoner=prisoner, form=form)


@safeguards.post("/consent")
@guard(Act.DRAFT)
def save_consent(public_id: str) -> Answer:
    prisoner, form = scope.prisoner(public_id), ConsentForm()
    if not form.validate():
        return render_template("organise/safeguards/consent.html", prisoner=prisoner, form=form), 422
    had = prisoner.consent_recorded
    form.populate_obj(prisoner)
    AuditEntry.write(
        db.session, current_member().public_id, "prisoner.consent", prisoner.public_id,
        recorded=prisoner.consent_recorded, review_on=str(prisoner.consent_review_on or ""),
    )
    return _saved(prisoner, stops=had and form.withdrawn)


@safeguards.get("/harm")
@guard(Act.DRAFT)
def harm(public_id: str) -> str:
    prisoner = scope.prisoner(public_id)
    form = HarmForm(formdata=None, obj=prisoner)
    return render_template("organise/safeguards/harm.html", prisoner=prisoner, form=form)


@safeguards.post("/harm")
@guard(Act.DRAFT)
def save_harm(public_id: str) -> Answer:
    prisoner, form, member = scope.prisoner(public_id), HarmForm(), current_member()
    if not form.validate():
        return render_template("organise/safeguards/harm.html", prisoner=prisoner, form=form), 422
    prisoner.harm_assessment, prisoner.harm_limits = str(form.harm_assessment.data), form.harm_limits.data or ""
    prisoner.harm_result = Prisoner.Harm(form.harm_result.data)
    prisoner.harm_assessed_on, prisoner.harm_assessed_by = datetime.now(UTC).date(), member
    AuditEntry.write(
        db.session, member.public_id, "prisoner.harm", prisoner.public_id, result=prisoner.harm_result.value
    )
    return _saved(prisoner, stops=prisoner.harm_result is Prisoner.Harm.STOP)


def _saved(prisoner: Prisoner, *, stops: bool) -> Response:
    """Whether a petition's page goes as well is for an owner to decide, on the petition's own page."""
    lines = []
    if stops:
        ask_for_review(db.session, prisoner)
        lines = stopped(petitions_of(db.session, prisoner))
    db.session.commit()
    flash(_("Saved."))
    for line in lines:
        flash(line)
    if lines:
        flash(_("If the page of a petition should go as well, hide it: open the petition and choose “Hide”."))
    return redirect(url_for("organise_prisoners.show", public_id=prisoner.public_id, _anchor="gate"), 303)
