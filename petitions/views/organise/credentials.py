"""The keys of one's own account. Each change asks for a proof first, is in the audit log, and is told to the member by
letter: whoever sits at somebody else's desk cannot do it, and nobody can in secret."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response as AnyResponse

from petitions.auth import current_member, guard, needs_proof, present_token_hash
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.account import CodesForm, NewPasswordForm, PasskeyForm, PasswordAndCodesForm
from petitions.login import accounts, passkeys
from petitions.member_letters import write_to
from petitions.models import AuditEntry, LastCredential, Letter, Member, MemberSession, Passkey, PasswordReset
from petitions.policy import Act
from petitions.views.organise.personal import personal_words
from petitions.views.organise.scope import found

Answer = str | AnyResponse | tuple[str, int]

credentials = Blueprint("organise_credentials", __name__, url_prefix="/organise/account")


@credentials.get("/password")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def password() -> str:
    if current_member().has_password:
        return render_template("organise/credentials/password.html", form=NewPasswordForm(formdata=None))
    form = PasswordAndCodesForm(formdata=None)
    return _codes_page("password_and_codes", form)


@credentials.post("/password")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def change_password() -> Answer:
    member = current_member()
    if not member.has_password:
        return _set_up_password(member)
    form = NewPasswordForm(personal=_personal(member))
    if not form.validate():
        return render_template("organise/credentials/password.html", form=form), 422
    member.password = accounts.hashed(form.chosen)
    _changed(member, "password")
    flash(_("Your new password is set."))
    return _back()


@credentials.get("/codes")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def codes() -> Answer:
    if not current_member().has_password:
        return redirect(url_for(".password"), 303)
    return _codes_page("codes", CodesForm(formdata=None))


@credentials.post("/codes")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def change_codes() -> Answer:
    """Another phone: the old one's codes work no longer, nor do the old recovery codes."""
    return _take_codes(current_member(), CodesForm(), "codes")


@credentials.post("/recovery-codes")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def new_recovery_codes() -> Answer:
    member = current_member()
    if not member.has_password:
        return _back()
    made = member.new_recovery_codes()
    _changed(member, "recovery_codes")
    return render_template("organise/credentials/recovery_codes.html", codes=made)


@credentials.get("/passkeys/new")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def new_passkey() -> str:
    return render_template("organise/credentials/new_passkey.html", form=PasskeyForm(formdata=None), refused=False)


@credentials.post("/passkeys/challenge")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def challenge() -> Response:
    member = current_member()
    options = passkeys.ask_to_make(member.public_id, member.email, member.name, member.passkeys)
    return Response(options, mimetype="application/json")


@credentials.post("/passkeys")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def add_passkey() -> Answer:
    form, member = PasskeyForm(), current_member()
    if not form.validate():
        return render_template("organise/credentials/new_passkey.html", form=form, refused=False), 422
    try:
        passkey = passkeys.made(form.passkey, form.device.data or _("Passkey"))
    except passkeys.PasskeyRefused:
        return render_template("organise/credentials/new_passkey.html", form=form, refused=True), 422
    member.passkeys.append(passkey)
    db.session.flush()
    _changed(member, "passkey_added", passkey=passkey.public_id)
    flash(_("The passkey is set up. From now on you can log in with it."))
    return _back()


@credentials.get("/passkeys/<public_id>/removal")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def passkey_removal(public_id: str) -> str:
    return _removal_page(_passkey(public_id))


@credentials.post("/passkeys/<public_id>/removal")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def remove_passkey(public_id: str) -> Answer:
    passkey, member = _passkey(public_id), current_member()
    try:
        member.drop_passkey(passkey)
    except LastCredential:
        return _removal_page(passkey, last=True), 409
    _changed(member, "passkey_removed", passkey=public_id)
    flash(_("The passkey opens nothing here any more. Delete it on the device too."))
    return _back()


@credentials.get("/password/removal")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def password_removal() -> str:
    return _removal_page(None)


@credentials.post("/password/removal")
@guard(Act.OWN_ACCOUNT)
@needs_proof
def remove_password() -> Answer:
    member = current_member()
    try:
        member.drop_password()
    except LastCredential:
        return _removal_page(None, last=True), 409
    _changed(member, "password_removed")
    flash(_("From now on you log in by passkey alone."))
    return _back()


def _set_up_password(member: Member) -> Answer:
    return _take_codes(member, PasswordAndCodesForm(personal=_personal(member)), "password_and_codes")


def _take_codes(member: Member, form: CodesForm, page: str) -> Answer:
    """Takes the codes of a new secret, once a first one is right; and the password, if the form asks for one."""
    if not form.validate() or not form.secret_is_ours:
        return _codes_page(page, form), 422
    kept = (member.tf_totp_secret, member.totp_counter, member.recovery_hashes)
    made = member.use_codes(form.new_secret)
    if not accounts.code_matches(form.first_code, form.new_secret, member):
        member.tf_totp_secret, member.totp_counter, member.recovery_hashes = kept
        form.refuse_code()
        return _codes_page(page, form), 422
    if isinstance(form, NewPasswordForm):
        member.password = accounts.hashed(form.chosen)
    _changed(member, page)
    return render_template("organise/credentials/recovery_codes.html", codes=made)


def _codes_page(name: str, form: CodesForm) -> str:
    if not form.secret_is_ours:
        form.secret.data = accounts.new_code_secret()
    return render_template(
        f"organise/credentials/{name}.html",
        form=form,
        picture=accounts.code_picture(form.new_secret, current_member().email),
        key=accounts.code_key(form.new_secret),
    )


def _removal_page(passkey: Passkey | None, *, last: bool = False) -> str:
    return render_template("organise/credentials/removal.html", passkey=passkey, last=last)


def _passkey(public_id: str) -> Passkey:
    return found(
        select(Passkey).where(Passkey.public_id == public_id, Passkey.member_id == current_member().id)
    )


def _personal(member: Member) -> list[str]:
    return personal_words(member.branch, member.name, member.email)


def _changed(member: Member, what: str, **details: str) -> None:
    """Ends the member's other sessions too: what was changed may have been lost to somebody."""
    MemberSession.end_all(db.session, member_id=member.id, but=present_token_hash())
    PasswordReset.forget(db.session, member)
    entry = AuditEntry.write(db.session, member.public_id, f"member.{what}", member.public_id, **details)
    words = {
        "event": "credentials_changed",
        "happened_at": entry.happened_at.isoformat(),
        "path": url_for("organise_account.show"),
    }
    write_to(db.session, member, Letter.Kind.MEMBER_NOTICE, cause=f"audit:{entry.sequence}", words=words)
    db.session.commit()
    ring("letters")


def _back() -> AnyResponse:
    return redirect(url_for("organise_account.show"), 303)
