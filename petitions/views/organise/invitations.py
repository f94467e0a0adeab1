"""Inviting somebody into a branch: the only way in. Whose an invited address is elsewhere, nobody learns (E3)."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.db import db
from petitions.forms.organise.members import InvitationForm
from petitions.i18n import present_language
from petitions.member_letters import tell_owners, write_to_address
from petitions.models import AuditEntry, Invitation, Letter, Member
from petitions.policy import Act, Role
from petitions.views.organise import scope
from petitions.views.organise.roles import ACT_WORDS, ROLE_LINES, ROLE_NAMES, difference

Answer = str | Response | tuple[str, int]

invitations = Blueprint("organise_invitations", __name__, url_prefix="/organise/members/invitations")


@invitations.get("/new")
@guard(Act.MANAGE_MEMBERS)
def new() -> str:
    return _page(InvitationForm())


@invitations.post("/")
@guard(Act.MANAGE_MEMBERS)
def create() -> Answer:
    """The same answer for every address that is nobody's in this branch: whether it is a member's of another one is
    settled when the link is used, before who holds it only."""
    form, owner = InvitationForm(), current_member()
    if form.validate() and _is_member_here(form.email.data):
        form.email.errors = [_("This person is a member of your branch already. Change the role instead.")]
    if form.errors:
        return _page(form), 422
    invitation, token = Invitation.make(
        db.session, owner.branch, email=form.email.data or "", role=form.wanted, name=form.name.data or "",
        invited_by=owner,
    )
    write_to_address(
        db.session, owner.branch, invitation.email, present_language(), Letter.Kind.MEMBER_INVITATION,
        cause=invitation.public_id, secret=token, words={"role": invitation.role.value},
    )
    _record(invitation, "member.invite", "member_invited", form.reason.data)
    flash(_("The invitation is on its way. It works once, for 72 hours. All owners are told by letter."))
    return redirect(url_for("organise_members.index"), 303)


@invitations.post("/<public_id>/revocation")
@guard(Act.MANAGE_MEMBERS)
def revoke(public_id: str) -> Response:
    invitation = scope.found(
        Invitation.waiting(scope.branch_id()).where(Invitation.public_id == public_id), lock=Invitation
    )
    invitation.revoke()
    _record(invitation, "member.revoke_invitation", "invitation_revoked", "")
    flash(_("The invitation is taken back: its link works no longer."))
    return redirect(url_for("organise_members.index"), 303)


# -- below: how ---------------------------------------------------------------------------------------


def _is_member_here(email: str | None) -> bool:
    same = select(Member.id).where(
        Member.branch_id == scope.branch_id(),
        Member.left_at.is_(None),
        func.lower(Member.email) == (email or "").lower(),
    )
    return db.session.scalar(same) is not None


def _page(form: InvitationForm) -> str:
    return render_template(
        "organise/invitations/new.html",
        form=form,
        differences={role: difference(None, role) for role in Role},
        role_names=ROLE_NAMES,
        role_lines=ROLE_LINES,
        act_words=ACT_WORDS,
    )


def _record(invitation: Invitation, verb: str, event: str, reason: str | None) -> None:
    """Names the invitation, never its address: the audit log is for good."""
    owner = current_member()
    role = invitation.role.value
    entry = AuditEntry.write(db.session, owner.public_id, verb, invitation.public_id, role=role, reason=reason or "")
    tell_owners(db.session, owner.branch, entry, event=event, role=role, path=url_for("organise_members.index"))
    db.session.commit()
    ring("letters")
