"""Accepting an invitation: a link that works once makes the account, with its keys, in one step. There is no account
without keys, so nothing can be seen before they are there (cases.md G7, G11)."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug import Response as AnyResponse

from petitions.auth import admit, open_to_all, way_back
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.account import AboutMeForm, JoiningForm, PasskeyForm
from petitions.i18n import present_language
from petitions.login import accounts, passkeys
from petitions.member_letters import tell_owners
from petitions.models import AlreadyMember, AuditEntry, Invitation, InvitationOver, Member
from petitions.views.organise.personal import personal_words
from petitions.views.organise.roles import ROLE_LINES, ROLE_NAMES

Answer = str | AnyResponse | tuple[str, int]

joining = Blueprint("organise_joining", __name__, url_prefix="/organise/invitations/<token>")


@joining.get("")
@open_to_all
def show(token: str) -> Answer:
    invitation = _invitation(token)
    if invitation is None:
        return _over()
    form = JoiningForm(formdata=None, name=invitation.name, language=present_language())
    form.secret.data = accounts.new_code_secret()
    return _page(invitation, token, form)


@joining.post("")
@open_to_all
def create(token: str) -> Answer:
    """With password and one-time codes."""
    invitation = _invitation(token, lock=True)
    if invitation is None:
        return _over()
    form = JoiningForm(personal=personal_words(invitation.branch, invitation.name, invitation.email))
    whole = form.validate()
    if not form.secret_is_ours:
        form.secret.data = accounts.new_code_secret()
        return _page(invitation, token, form, secret_lost=True), 422
    if not whole:
        return _page(invitation, token, form), 422
    try:
        member = invitation.accept(db.session, **form.about)
    except AlreadyMember:
        return _over()
    codes = member.use_codes(form.new_secret)
    if not accounts.code_matches(form.first_code, form.new_secret, member):
        db.session.rollback()
        form.refuse_code()
        return _page(_again(token), token, form), 422
    member.password = accounts.hashed(form.chosen)
    _welcome(invitation, member, "password")
    return render_template("organise/joining/joined.html", codes=codes, email=member.email)


@joining.post("/challenge")
@open_to_all
def challenge(token: str) -> AnyResponse:
    invitation = _invitation(token)
    if invitation is None:
        return Response("{}", 404, mimetype="application/json")
    options = passkeys.ask_to_make(invitation.public_id, invitation.email, invitation.name, [])
    return Response(options, mimetype="application/json")


@joining.post("/passkey")
@open_to_all
def by_passkey(token: str) -> Answer:
    invitation = _invitation(token, lock=True)
    if invitation is None:
        return _over()
    about, key = AboutMeForm(), PasskeyForm()
    if not about.validate():
        return _page(invitation, token, _whole(about)), 422
    try:
        passkey = passkeys.made(key.passkey, _("First passkey"))
        member = invitation.accept(db.session, **about.about)
    except passkeys.PasskeyRefused:
        return _page(invitation, token, _whole(about), passkey_refused=True), 422
    except AlreadyMember:
        return _over()
    member.passkeys.append(passkey)
    _welcome(invitation, member, "passkey")
    flash(_("Welcome. Your passkey is set up; add a second key on “Your account”, for the day this device is lost."))
    return redirect(way_back(None), 303)


def _welcome(invitation: Invitation, member: Member, how: str) -> None:
    """All owners hear of it, so that nobody joins unseen."""
    entry = AuditEntry.write(
        db.session, member.public_id, "member.join", member.public_id,
        branch=member.branch.public_id, invitation=invitation.public_id, role=member.role.value, by=how,
    )
    path = url_for("organise_members.index")
    tell_owners(db.session, member.branch, entry, event="member_joined", person=member.name, path=path)
    db.session.commit()
    ring("letters")
    admit(member)


def _invitation(token: str, *, lock: bool = False) -> Invitation | None:
    try:
        return Invitation.by_token(db.session, token, lock=lock)
    except InvitationOver:
        return None


def _again(token: str) -> Invitation:
    """After a rollback, which has let go of everything that was read."""
    return Invitation.by_token(db.session, token)


def _whole(about: AboutMeForm) -> JoiningForm:
    """The page's form, with what was typed and what was wrong of the part that was looked at."""
    form = JoiningForm()
    form.secret.data = form.secret.data if form.secret_is_ours else accounts.new_code_secret()
    form.name.errors, form.language.errors = about.name.errors, about.language.errors
    return form


def _page(
    invitation: Invitation,
    token: str,
    form: JoiningForm,
    *,
    passkey_refused: bool = False,
    secret_lost: bool = False,
) -> str:
    return render_template(
        "organise/joining/show.html",
        invitation=invitation,
        token=token,
        form=form,
        passkey_refused=passkey_refused,
        secret_lost=secret_lost,
        picture=accounts.code_picture(form.new_secret, invitation.email),
        key=accounts.code_key(form.new_secret),
        role_name=ROLE_NAMES[invitation.role],
        role_line=ROLE_LINES[invitation.role],
    )


def _over() -> Answer:
    return render_template("organise/joining/over.html"), 404
