"""For who forgot the password. The letter's link sets a new one and does nothing else: it never logs in and leaves
the one-time codes as they are (cases.md G7, G8)."""

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug import Response

from petitions.auth import open_to_all
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.account import LostPasswordForm, NewPasswordForm
from petitions.login import accounts
from petitions.member_letters import write_to
from petitions.models import AuditEntry, Letter, Member, MemberSession, PasswordReset, ResetOver
from petitions.tokens import token_hash
from petitions.views.organise.personal import personal_words

Answer = str | Response | tuple[str, int]

lost = Blueprint("organise_lost", __name__, url_prefix="/organise")


@lost.get("/login/lost")
@open_to_all
def show() -> str:
    return render_template("organise/lost/show.html", form=LostPasswordForm(formdata=None), seconds=0)


@lost.post("/login/lost")
@open_to_all
def create() -> Answer:
    """The same page and the same work, whether anybody has the address or not (cases.md E2)."""
    form = LostPasswordForm()
    if not form.validate():
        return render_template("organise/lost/show.html", form=form, seconds=0), 422
    wait = accounts.throttle().wait_for_login(f"lost:{form.address}", request.remote_addr)
    if wait:
        answer = make_response(render_template("organise/lost/show.html", form=form, seconds=wait), 429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    member = _with_password(form.address)
    token = PasswordReset.make(db.session, member)
    if member is not None:
        cause = token_hash(token).hex()[:24]
        write_to(db.session, member, Letter.Kind.MEMBER_RESET, cause=cause, secret=token)
    db.session.commit()
    ring("letters")
    return redirect(url_for(".asked"), 303)


@lost.get("/login/lost/asked")
@open_to_all
def asked() -> str:
    return render_template("organise/lost/asked.html")


@lost.get("/reset/<token>")
@open_to_all
def edit(token: str) -> Answer:
    try:
        PasswordReset.owner_of(db.session, token)
    except ResetOver:
        return _over()
    return render_template("organise/lost/edit.html", form=NewPasswordForm(formdata=None), token=token)


@lost.post("/reset/<token>")
@open_to_all
def update(token: str) -> Answer:
    """Whoever was logged in as the member is no longer: the password may have been lost to somebody."""
    try:
        member = PasswordReset.owner_of(db.session, token)
    except ResetOver:
        return _over()
    form = NewPasswordForm(personal=personal_words(member.branch, member.name, member.email))
    if not form.validate():
        return render_template("organise/lost/edit.html", form=form, token=token), 422
    member.password = accounts.hashed(form.chosen)
    PasswordReset.forget(db.session, member)
    MemberSession.end_all(db.session, member_id=member.id)
    entry = AuditEntry.write(db.session, member.public_id, "member.password", member.public_id, by="reset")
    words = {"event": "credentials_changed", "happened_at": entry.happened_at.isoformat(), "path": "/organise/account"}
    write_to(db.session, member, Letter.Kind.MEMBER_NOTICE, cause=f"audit:{entry.sequence}", words=words)
    db.session.commit()
    ring("letters")
    flash(_("Your new password is set. Log in with it and a code of your app."))
    return redirect(url_for("organise_login.show"), 303)


def _with_password(email: str) -> Member | None:
    """Who logs in by passkey alone has no password to forget; the page says what to do then."""
    same = func.lower(Member.email) == email
    member = db.session.scalars(select(Member).where(same, Member.left_at.is_(None))).one_or_none()
    return member if member is not None and member.has_password else None


def _over() -> Answer:
    return render_template("organise/lost/over.html"), 404
