"""Telling us of a prisoner: no account, no cookie, no script. The way back is a code, which nobody but its owner has.

Everybody gets the same page, also whose report will lie apart as doubtful. Once it is sent, this process cannot read
it any more (models/report.py).
"""

from collections.abc import Sequence

from flask import Blueprint, current_app, render_template, request
from sqlalchemy import select
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.exceptions import NotFound, TooManyRequests

from petitions.auth import takes_upload
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import db
from petitions.forms.reports import (
    FAMILY_WORDS,
    HOW_WORDS,
    MOST_PHOTOS,
    CodeForm,
    MessageForm,
    ReportForm,
    SentReportForm,
    check_token,
)
from petitions.i18n import present_language
from petitions.limits import Limits
from petitions.models import Branch, NoReportsTaken, Photo, Report
from petitions.models.photo import UPLOAD_BYTES
from petitions.replycode import ReplyKey, code_for, in_groups, reply_key
from petitions.security import FORM_BYTES, public_page

Answer = str | tuple[str, int]

reports = Blueprint("reports", __name__, url_prefix="/<lang:language>/report")


@reports.get("")
@public_page
def new() -> Answer:
    return _form_page(ReportForm(_readers()))


@reports.post("/check")
def check() -> Answer:
    """Shows all of it again; keeps nothing."""
    form = ReportForm(_readers(), request.form)
    if "edit" in request.form:
        return _form_page(form)
    return _check_page(form) if form.validate() else (_form_page(form), 422)


@reports.post("")
@takes_upload(MOST_PHOTOS * UPLOAD_BYTES + FORM_BYTES)
def create() -> Answer:
    form = SentReportForm(_readers(), CombinedMultiDict([request.form, request.files]))
    if not form.validate() or not _has_room(form):
        return _refused(form)
    assert form.reader is not None
    code = code_for(form.seed, _index_key())
    key = reply_key(code, _index_key())  # slow on purpose, so before this request holds up other writers
    doubt = _limits().doubts_report(request.remote_addr, honeypot_filled=form.honeypot_filled)
    branch = db.session.get_one(Branch, form.reader.id)
    try:
        report = Report.receive(db.session, branch, form.told(), key, language=present_language(), doubt=doubt)
    except NoReportsTaken:
        raise NotFound from None
    if report is not None:
        for upload in form.uploads:
            Photo.of_report(db.session, report, upload)
    db.session.commit()
    ring("media")
    return render_template("reports/taken.html", code=in_groups(code))


@reports.get("/answer")
@public_page
def ask_code() -> str:
    return render_template("reports/ask_code.html", form=CodeForm(), unknown=False)


@reports.post("/answer")
def answer() -> Answer:
    """A POST that changes nothing: a code in an address would stay in the browser's history."""
    form = CodeForm(request.form)
    if not form.validate():
        return render_template("reports/ask_code.html", form=form, unknown=False), 422
    key = reply_key(form.digits or "", _index_key())
    report = _report(key)
    return _unknown(form) if report is None else _thread(report, key, MessageForm(request.form), said=False)


@reports.post("/answer/messages")
def add() -> Answer:
    form = MessageForm(request.form)
    key = reply_key(form.digits, _index_key()) if form.digits else None
    report = _report(key) if key else None
    if key is None or report is None:
        return _unknown(form)
    if not form.validate():
        return _thread(report, key, form, said=False), 422
    report.add(db.session, str(form.message.data), key)
    page = _thread(report, key, MessageForm(None, data={"code": form.digits}), said=True)
    db.session.commit()
    return page


def _refused(form: SentReportForm) -> Answer:
    """What was typed is wrong: the form again. Photographs or the token are: the check page, with a fresh one."""
    if [name for name, _message in form.errors_in_order if name != "photos"]:
        return _form_page(form), 422
    trouble = form.token_trouble
    return _check_page(form, trouble), 400 if trouble == "wrong" else 422


def _has_room(form: SentReportForm) -> bool:
    """For the photographs; a report without them is always taken."""
    if not form.uploads or form.reader is None:
        return True
    with db.reading() as session:
        kept = Photo.kept_bytes(session, form.reader.id, of_reports=True)
    if kept + sum(map(len, form.uploads)) <= _settings().photo_quota:
        return True
    form.photos.errors = [form.NO_ROOM]
    return False


def _form_page(form: ReportForm) -> str:
    return render_template("reports/new.html", form=form)


def _check_page(form: ReportForm, trouble: str = "") -> str:
    return render_template(
        "reports/check.html", form=form, told=form.told(), trouble=trouble, token=check_token(), reader=form.reader,
        HOW_WORDS=HOW_WORDS, FAMILY_WORDS=FAMILY_WORDS,
    )


def _thread(report: Report, key: ReplyKey, form: MessageForm, *, said: bool) -> str:
    answers = [(message.written_on, message.read_answer(key)) for message in report.messages if message.answer_box]
    return render_template("reports/answer.html", report=report, answers=answers, form=form, said=said)


def _unknown(form: CodeForm) -> Answer:
    """The same for every code that opens nothing."""
    if _limits().too_many_wrong_tokens(request.remote_addr):
        raise TooManyRequests
    return render_template("reports/ask_code.html", form=form, unknown=True), 404


def _report(key: ReplyKey) -> Report | None:
    return Report.by_code(db.session, key)


def _readers() -> Sequence[Branch]:
    """The branches that take reports; where there is none, there is no such page."""
    with db.reading() as session:
        found = session.scalars(select(Branch).where(Branch.takes_reports).order_by(Branch.legal_name)).all()
    if not found:
        raise NotFound
    return found


def _index_key() -> bytes:
    key: bytes = current_app.config["INDEX_KEY"]
    return key


def _limits() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
