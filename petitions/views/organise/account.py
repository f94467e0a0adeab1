"""One's own account: name and language, how one logs in, and where one is logged in."""

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard, present_token_hash
from petitions.db import database_time, db
from petitions.forms.organise.account import AboutMeForm
from petitions.i18n import present_language, speak
from petitions.models import AuditEntry, MemberSession
from petitions.policy import Act
from petitions.views.organise.roles import ROLE_LINES, ROLE_NAMES
from petitions.views.organise.scope import found

Answer = str | Response | tuple[str, int]

account = Blueprint("organise_account", __name__, url_prefix="/organise/account")


@account.get("")
@guard(Act.OWN_ACCOUNT)
def show() -> str:
    member = current_member()
    return _page(AboutMeForm(formdata=None, name=member.name, language=member.language or present_language()))


@account.post("")
@guard(Act.OWN_ACCOUNT)
def update() -> Answer:
    form, member = AboutMeForm(), current_member()
    if not form.validate():
        return _page(form), 422
    member.name, member.language = form.about["name"], form.about["language"]
    AuditEntry.write(db.session, member.public_id, "member.update", member.public_id)
    db.session.commit()
    speak(member.language)
    flash(_("Saved."))
    return redirect(url_for(".show"), 303)


@account.post("/sessions/<public_id>/end")
@guard(Act.OWN_ACCOUNT)
def end_session(public_id: str) -> Answer:
    session = found(
        select(MemberSession).where(
            MemberSession.public_id == public_id, MemberSession.member_id == current_member().id
        )
    )
    session.ended_at = session.ended_at or database_time(db.session)
    return _ended(1)


@account.post("/sessions/others/end")
@guard(Act.OWN_ACCOUNT)
def end_others() -> Answer:
    return _ended(MemberSession.end_all(db.session, member_id=current_member().id, but=present_token_hash()))


def _ended(count: int) -> Response:
    member = current_member()
    AuditEntry.write(db.session, member.public_id, "member.sessions_ended", member.public_id, count=count)
    db.session.commit()
    flash(_("Ended. Whoever sat there must log in anew."))
    return redirect(url_for(".show"), 303)


def _page(form: AboutMeForm) -> str:
    member = current_member()
    return render_template(
        "organise/account/show.html",
        form=form,
        member=member,
        role_name=ROLE_NAMES[member.role],
        role_line=ROLE_LINES[member.role],
        sessions=_living_sessions(),
        present=present_token_hash(),
    )


def _living_sessions() -> list[MemberSession]:
    """The latest first."""
    settings = current_app.config["SETTINGS"]
    idle, absolute = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    moment = database_time(db.session)
    rows = db.session.scalars(
        select(MemberSession)
        .where(MemberSession.member_id == current_member().id, MemberSession.ended_at.is_(None))
        .order_by(MemberSession.seen_at.desc())
    )
    return [row for row in rows if row.lasts(moment, idle=idle, absolute=absolute)]
