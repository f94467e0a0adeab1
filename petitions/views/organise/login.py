"""Coming in and going out. What is wrong is never said, and nobody is locked out (cases.md E2, G3-G7).

Password and code are asked on one page: no step between them that could be reached by itself, and no answer that
tells whether the password alone was right.
"""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug import Response as AnyResponse

from petitions.auth import admit, dismiss, guard, open_to_all, present_member, way_back
from petitions.db import db
from petitions.forms.organise.account import LoginForm, PasskeyForm
from petitions.login import accounts, passkeys
from petitions.login.proofs import member_by
from petitions.models import AuditEntry, Member, PasswordReset
from petitions.policy import Act

Answer = str | AnyResponse | tuple[str, int]

login = Blueprint("organise_login", __name__, url_prefix="/organise")


@login.get("/login")
@open_to_all
def show() -> Answer:
    if present_member() is not None:
        return redirect(way_back(request.args.get("next")), 303)
    return _page(LoginForm(formdata=None))


@login.post("/login")
@open_to_all
def create() -> Answer:
    form = LoginForm()
    if not form.validate():
        return _page(form), 422
    wait = accounts.throttle().wait_for_login(form.address, request.remote_addr)
    if wait:
        return _slow_down(form, wait)
    member = member_by(form.address, *form.proof)
    if member is None:
        return _page(form, refused=True), 422
    accounts.throttle().welcome(form.address, request.remote_addr)
    return _let_in(member, "password")


@login.post("/login/challenge")
@open_to_all
def challenge() -> Response:
    return Response(passkeys.ask_to_prove(), mimetype="application/json")


@login.post("/login/passkey")
@open_to_all
def by_passkey() -> Answer:
    """Never made to wait: a passkey cannot be guessed."""
    form = PasskeyForm()
    try:
        member = passkeys.proved(db.session, form.passkey)
    except passkeys.PasskeyRefused:
        return _page(LoginForm(formdata=None), passkey_refused=True), 422
    return _let_in(member, "passkey")


@login.post("/logout")
@guard(Act.OWN_ACCOUNT)
def delete() -> Answer:
    dismiss()
    flash(_("You are logged out."))
    return redirect(url_for(".show"), 303)


def _let_in(member: Member, how: str) -> AnyResponse:
    PasswordReset.forget(db.session, member)  # a link that was asked for is no longer needed (cases.md G8)
    AuditEntry.write(db.session, member.public_id, "member.login", member.public_id, by=how)
    db.session.commit()
    admit(member)
    return redirect(way_back(request.args.get("next")), 303)


def _slow_down(form: LoginForm, seconds: int) -> Answer:
    answer = make_response(_page(form, seconds=seconds), 429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _page(form: LoginForm, *, refused: bool = False, passkey_refused: bool = False, seconds: int = 0) -> str:
    return render_template(
        "organise/login/show.html",
        form=form,
        refused=refused,
        passkey_refused=passkey_refused,
        seconds=seconds,
        next=request.args.get("next", ""),
    )
