"""Triage: what was reported, by whom it is looked at, what became of it.

The list shows what is known without opening anything. A report is opened into a copy for the member who asks, on a
page whose address only that member's browser has (models/report.py).
"""

from enum import StrEnum

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import db
from petitions.forms.organise.reports import REASON_WORDS, DeclineForm
from petitions.models import AuditEntry, IllegalTransition, Report, ReportCopy
from petitions.policy import Act
from petitions.views.organise import scope

Answer = str | Response | tuple[str, int]
PAGE_SIZE, LAST_PAGE = 50, 1_000

reports = Blueprint("organise_reports", __name__, url_prefix="/organise/reports")


class Shown(StrEnum):
    """Which reports the list shows."""

    OPEN = "open"
    DOUBTFUL = "doubtful"
    CASE = "case"
    DECLINED = "declined"


_WHERE = {
    Shown.OPEN: Report.state.in_([Report.State.NEW, Report.State.IN_WORK]) & Report.doubt.is_(None),
    Shown.DOUBTFUL: Report.state.in_([Report.State.NEW, Report.State.IN_WORK]) & Report.doubt.is_not(None),
    Shown.CASE: Report.state == Report.State.CASE,
    Shown.DECLINED: Report.state == Report.State.DECLINED,
}


@reports.get("")
@guard(Act.LOOK)
def index() -> str:
    shown = Shown(request.args["show"]) if request.args.get("show") in set(Shown) else Shown.OPEN
    page = max(1, min(request.args.get("page", 1, int), LAST_PAGE))
    ours = Report.branch_id == scope.branch_id()
    order = Report.id if shown is Shown.OPEN else Report.id.desc()  # who waits longest comes first
    wanted = select(Report).where(ours, _WHERE[shown]).order_by(order)
    found = db.session.scalars(wanted.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)).all()
    counts = {one: db.session.scalar(select(func.count()).where(ours, _WHERE[one])) or 0 for one in Shown}
    return render_template(
        "organise/reports/index.html", found=found[:PAGE_SIZE], shown=shown, page=page, more=len(found) > PAGE_SIZE,
        counts=counts, Shown=Shown, REASON_WORDS=REASON_WORDS, takes_reports=current_member().branch.takes_reports,
    )


@reports.get("/<public_id>")
@guard(Act.DRAFT)
def show(public_id: str) -> str:
    return _page(_report(public_id), DeclineForm())


@reports.post("/<public_id>/copies")
@guard(Act.DRAFT)
def open_copy(public_id: str) -> Answer:
    member, report = current_member(), _report(public_id, lock=True)
    report.take_on(member)
    token = ReportCopy.ask(db.session, report, member, hours=_settings().report_copy_hours)
    AuditEntry.write(db.session, member.public_id, "report.open", report.public_id)
    db.session.commit()
    ring("reports")
    return redirect(url_for("organise_report_copies.show", public_id=public_id, token=token), 303)


@reports.post("/<public_id>/refusal")
@guard(Act.DRAFT)
def decline(public_id: str) -> Answer:
    """Also unread: what lies apart is advertising more often than not."""
    report, form = _report(public_id, lock=True), DeclineForm()
    if not form.validate():
        return _page(report, form), 422
    reason = Report.Reason(form.reason.data)
    try:
        report.decline(reason)
    except IllegalTransition:
        abort(409)
    _note("report.decline", report, reason=reason.value)
    flash(_("The report is declined. It is kept for a while, and is open again if the reporter adds something."))
    return redirect(url_for(".index"), 303)


@reports.post("/<public_id>/reopening")
@guard(Act.DRAFT)
def reopen(public_id: str) -> Answer:
    report = _report(public_id, lock=True)
    try:
        report.reopen()
    except IllegalTransition:
        abort(409)
    _note("report.reopen", report)
    return redirect(url_for(".show", public_id=public_id), 303)


@reports.get("/door")
@guard(Act.APPROVE_PUBLICATION)
def door() -> str:
    """Whether strangers can report to this branch."""
    return render_template("organise/reports/door.html", branch=current_member().branch)


@reports.post("/door")
@guard(Act.APPROVE_PUBLICATION)
def turn_door() -> Answer:
    member = current_member()
    member.branch.takes_reports = "open" in request.form
    AuditEntry.write(
        db.session, member.public_id, "branch.takes_reports", member.branch.public_id, open=member.branch.takes_reports
    )
    db.session.commit()
    flash(_("Anybody can report a case now.") if member.branch.takes_reports else _("No reports are taken any more."))
    return redirect(url_for(".index"), 303)


def _page(report: Report, form: DeclineForm) -> str:
    return render_template(
        "organise/reports/show.html", report=report, form=form, REASON_WORDS=REASON_WORDS,
        hours=_settings().report_copy_hours,
    )


def _report(public_id: str, *, lock: bool = False) -> Report:
    wanted = select(Report).where(Report.public_id == public_id, Report.branch_id == scope.branch_id())
    return scope.found(wanted, lock=Report if lock else None)


def _note(verb: str, report: Report, **details: str) -> None:
    AuditEntry.write(db.session, current_member().public_id, verb, report.public_id, **details)
    db.session.commit()


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
