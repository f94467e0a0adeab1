"""Once more passkey, or password and code, before what an open laptop must not do (policy.py, STEP_UP)."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug import Response as AnyResponse

from petitions.auth import current_member, guard, prove, way_back
from petitions.db import db
from petitions.forms.organise.account import PasskeyForm, ProofForm
from petitions.login import accounts, passkeys
from petitions.login.proofs import member_by
from petitions.policy import Act

Answer = str | AnyResponse | tuple[str, int]

verify = Blueprint("organise_verify", __name__, url_prefix="/organise/verify")


@verify.get("")
@guard(Act.OWN_ACCOUNT)
def show() -> str:
    return _page(ProofForm(formdata=None))


@verify.post("")
@guard(Act.OWN_ACCOUNT)
def create() -> Answer:
    form, email = ProofForm(), current_member().email.lower()
    if not form.validate():
        return _page(form), 422
    wait = accounts.throttle().wait_for_login(email, request.remote_addr)
    if wait:
        return _slow_down(form, wait)
    if member_by(email, *form.proof) is None:
        return _page(form, refused=True), 422
    accounts.throttle().welcome(email, request.remote_addr)
    return _go_on()


@verify.post("/challenge")
@guard(Act.OWN_ACCOUNT)
def challenge() -> Response:
    return Response(passkeys.ask_to_prove(current_member().passkeys), mimetype="application/json")


@verify.post("/passkey")
@guard(Act.OWN_ACCOUNT)
def by_passkey() -> Answer:
    member = current_member()
    try:
        proved = passkeys.proved(db.session, PasskeyForm().passkey)
    except passkeys.PasskeyRefused:
        proved = None
    if proved is None or proved.id != member.id:
        return _page(ProofForm(formdata=None), passkey_refused=True), 422
    return _go_on()


def _go_on() -> AnyResponse:
    """Commits that the code is spent, or how often the passkey was used."""
    db.session.commit()
    prove()
    return redirect(way_back(request.args.get("next")), 303)


def _slow_down(form: ProofForm, seconds: int) -> AnyResponse:
    answer = make_response(_page(form, seconds=seconds), 429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _page(form: ProofForm, *, refused: bool = False, passkey_refused: bool = False, seconds: int = 0) -> str:
    member = current_member()
    return render_template(
        "organise/verify/show.html",
        form=form,
        refused=refused,
        passkey_refused=passkey_refused,
        seconds=seconds,
        next=request.args.get("next", ""),
        has_passkey=bool(member.passkeys),
        has_password=member.has_password,
    )
