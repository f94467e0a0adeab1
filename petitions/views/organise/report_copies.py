"""A report as its reader sees it, and what the reader does with it: answers, makes a case of it, adds it to one."""

import base64
import json
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response as AnyResponse

from petitions import crypto, tokens
from petitions.auth import current_member, guard
from petitions.db import database_time, db
from petitions.forms.organise.prisoners import PrisonerForm
from petitions.forms.organise.reports import AnswerForm, DeclineForm, JoinForm
from petitions.forms.reports import FAMILY_WORDS, HOW_WORDS
from petitions.models import AuditEntry, IllegalTransition, Prisoner, Report, ReportCopy
from petitions.policy import Act
from petitions.views.media import as_image
from petitions.views.organise import scope

Answer = str | AnyResponse | tuple[str, int]
SIMILAR_SHOWN = 20

copies = Blueprint("organise_report_copies", __name__, url_prefix="/organise/reports/<public_id>/copies/<token>")


@copies.get("")
@guard(Act.DRAFT)
def show(public_id: str, token: str) -> str:
    return _page(_copy(public_id, token), token, AnswerForm(), JoinForm())


@copies.get("/photos/<int:number>")
@guard(Act.DRAFT)
def photo(public_id: str, token: str, number: int) -> Response:
    images = _content(_copy(public_id, token), token)["photos"]
    if not 1 <= number <= len(images):
        abort(404)
    return as_image(base64.b64decode(images[number - 1]))


@copies.get("/case")
@guard(Act.DRAFT)
def to_case(public_id: str, token: str) -> str:
    """The form of a new case with what was told in it."""
    copy = _copy(public_id, token)
    told = _told(_content(copy, token))
    form = PrisonerForm(
        formdata=None,
        names={copy.report.language: told["who"]} if told.get("who") else {},
        country=told.get("country", ""),
        held_at={copy.report.language: told["where"]} if told.get("where") else {},
    )
    return render_template("organise/prisoners/new.html", form=form, report=copy.report)


@copies.post("/answers")
@guard(Act.DRAFT)
def answer(public_id: str, token: str) -> Answer:
    member, copy, form = current_member(), _copy(public_id, token), AnswerForm()
    if not form.validate():
        return _page(copy, token, form, JoinForm(formdata=None)), 422
    copy.report.answer(db.session, member, str(form.words.data))
    AuditEntry.write(db.session, member.public_id, "report.answer", public_id)
    db.session.commit()
    flash(_("The answer is there. The reporter sees it with the code; nobody is written to."))
    return redirect(url_for(".show", public_id=public_id, token=token), 303)


@copies.post("/case")
@guard(Act.DRAFT)
def join(public_id: str, token: str) -> Answer:
    """One more report about a person who is a case already."""
    copy, form = _copy(public_id, token), JoinForm()
    form.offer(_similar(_told(_content(copy, token))))
    if not form.validate():
        return _page(copy, token, AnswerForm(formdata=None), form), 422
    prisoner = scope.prisoner(str(form.prisoner.data))
    try:
        copy.report.join(prisoner)
    except IllegalTransition:
        abort(409)
    AuditEntry.write(
        db.session, current_member().public_id, "report.join", public_id, prisoner=prisoner.public_id
    )
    db.session.commit()
    flash(_("The report belongs to this case now."))
    return redirect(url_for("organise_prisoners.show", public_id=prisoner.public_id), 303)


def _page(copy: ReportCopy, token: str, form: AnswerForm, joining: JoinForm) -> str:
    ready = copy.state is ReportCopy.State.READY
    content = _content(copy, token) if ready else {"messages": [], "photos": []}
    told = _told(content)
    joining.offer(_similar(told) if ready else [])
    return render_template(
        "organise/report_copies/show.html", copy=copy, report=copy.report, token=token, told=told,
        messages=content["messages"][1:], photos=len(content["photos"]), form=form, joining=joining,
        declining=DeclineForm(formdata=None), HOW_WORDS=HOW_WORDS, FAMILY_WORDS=FAMILY_WORDS,
        left_out=sum(not photo.ready for photo in copy.report.photos),
        newer=ready and len(copy.report.messages) > len(content["messages"]),
    )


def _similar(told: dict[str, str]) -> list[Prisoner]:
    """Cases of this branch that may be of the same person."""
    if not told.get("who"):
        return []
    alike = Prisoner.perhaps_same(db.session, [told["who"]], None)
    return [prisoner for prisoner in alike if prisoner.branch_id == scope.branch_id()][:SIMILAR_SHOWN]


def _told(content: dict[str, Any]) -> dict[str, str]:
    """The first message: the report, field by field."""
    messages = content["messages"]
    found: dict[str, str] = json.loads(messages[0]["words"]) if messages else {}
    return found


def _content(copy: ReportCopy, token: str) -> dict[str, Any]:
    if copy.state is not ReportCopy.State.READY:
        abort(404)
    try:
        return copy.read(token)
    except crypto.BoxDamaged:
        abort(404)


def _copy(public_id: str, token: str) -> ReportCopy:
    """Of the member who asked for it, while it lasts; for everybody else there is no such page."""
    return scope.found(
        select(ReportCopy)
        .join(Report)
        .where(
            ReportCopy.token_hash == tokens.token_hash(token),
            ReportCopy.member_id == current_member().id,
            ReportCopy.expires_at > database_time(db.session),
            Report.public_id == public_id,
            Report.branch_id == scope.branch_id(),
        )
    )
