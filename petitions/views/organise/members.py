"""The people of a branch: who they are, and what only an owner does to a membership. Every change says why, is in the
audit log, and is told to all owners at once (cases.md G10, M11)."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.db import database_time, db
from petitions.forms.organise.members import ReasonForm, RoleForm
from petitions.member_letters import tell_owners, write_to
from petitions.models import (
    AuditEntry,
    Invitation,
    LastOwner,
    Letter,
    Member,
    MemberSession,
    OnlyOwner,
    OwnRole,
    PasswordReset,
    Proposal,
)
from petitions.policy import Act, Role
from petitions.views.organise import scope
from petitions.views.organise.roles import ACT_WORDS, ROLE_LINES, ROLE_NAMES, difference

Answer = str | Response | tuple[str, int]

REFUSALS = {
    OwnRole: _l("Nobody changes their own role. Ask another owner to do it."),
    LastOwner: _l("This is the branch's last owner. Make somebody else an owner first."),
    OnlyOwner: _l(
        "You would be the only owner left, and nothing that needs two people could be done. Invite another owner "
        "first. If there is danger, reset this person's credentials or freeze the branch: both act at once."
    ),
}
REFUSED = tuple(REFUSALS)

members = Blueprint("organise_members", __name__, url_prefix="/organise/members")


@members.get("/")
@guard(Act.LOOK)
def index() -> str:
    everybody = db.session.scalars(
        select(Member).where(Member.branch_id == scope.branch_id()).order_by(Member.joined_at, Member.id)
    ).all()
    present = [member for member in everybody if member.left_at is None]
    return render_template(
        "organise/members/index.html",
        members=sorted(present, key=lambda member: _PLACES[member.role]),
        former=[member for member in everybody if member.left_at is not None],
        invitations=db.session.scalars(Invitation.waiting(scope.branch_id())).all(),
        last_logins=_last_logins(),
        lone_owner=sum(member.role is Role.OWNER for member in present) < 2,
        role_names=ROLE_NAMES,
        role_lines=ROLE_LINES,
        act_words=ACT_WORDS,
        acts_of={role: difference(None, role).gained for role in Role},
    )


@members.get("/<public_id>/role")
@guard(Act.MANAGE_MEMBERS)
def role(public_id: str) -> str:
    return _page("role", _member(public_id), RoleForm())


@members.post("/<public_id>/role")
@guard(Act.MANAGE_MEMBERS)
def change_role(public_id: str) -> Answer:
    member, form = _member(public_id), RoleForm()
    if not form.validate():
        return _page("role", member, form), 422
    before = member.role
    try:
        member.change_role(db.session, form.wanted, by=current_member())
    except REFUSED as error:
        return _page("role", member, form, error), 409
    _record(member, "member.role", "member_role_changed", form.reason.data, before=before.value, role=member.role.value)
    flash(_("The role is changed. All owners are told by letter."))
    return redirect(url_for(".index"), 303)


@members.get("/<public_id>/removal")
@guard(Act.MANAGE_MEMBERS)
def removal(public_id: str) -> str:
    return _page("removal", _member(public_id), ReasonForm())


@members.post("/<public_id>/removal")
@guard(Act.MANAGE_MEMBERS)
def remove(public_id: str) -> Answer:
    """What the member asked for and nobody decided yet is off the table, and so are the invitations they sent."""
    member, form = _member(public_id), ReasonForm()
    if not form.validate():
        return _page("removal", member, form), 422
    try:
        member.leave(db.session, by=current_member())
    except REFUSED as error:
        return _page("removal", member, form, error), 409
    _end_access(member)
    moment = database_time(db.session)
    for proposal in db.session.scalars(_asked_by(member)):
        proposal.lapse(moment)
    for invitation in db.session.scalars(Invitation.waiting(member.branch_id)):
        if invitation.invited_by_id == member.id:
            invitation.revoke()
    _record(member, "member.leave", "member_left", form.reason.data, role=member.role.value)
    flash(_("The person is no longer a member. All owners are told by letter."))
    return redirect(url_for(".index"), 303)


@members.get("/<public_id>/credentials")
@guard(Act.MANAGE_MEMBERS)
def credentials(public_id: str) -> str:
    return _page("credentials", _member(public_id), ReasonForm())


@members.post("/<public_id>/credentials")
@guard(Act.MANAGE_MEMBERS)
def reset_credentials(public_id: str) -> Answer:
    """For who lost every key, and for whose keys somebody else may have: at once nobody is logged in as that member."""
    member, form = _member(public_id), ReasonForm()
    if not form.validate():
        return _page("credentials", member, form), 422
    invitation, token = Invitation.renew(db.session, member, invited_by=current_member())
    write_to(
        db.session, member, Letter.Kind.MEMBER_INVITATION, cause=invitation.public_id, secret=token,
        words={"role": member.role.value, "renews": True},
    )
    _record(member, "member.reset", "member_credentials_reset", form.reason.data)
    flash(_("The old credentials work no longer. A link for new ones is on its way to the member's address."))
    return redirect(url_for(".index"), 303)


@members.get("/<public_id>/pseudonym")
@guard(Act.MANAGE_MEMBERS)
def pseudonym(public_id: str) -> str:
    return _page("pseudonym", _former(public_id), ReasonForm())


@members.post("/<public_id>/pseudonym")
@guard(Act.MANAGE_MEMBERS)
def pseudonymise(public_id: str) -> Answer:
    member, form = _former(public_id), ReasonForm()
    if not form.validate():
        return _page("pseudonym", member, form), 422
    member.pseudonymise()
    AuditEntry.write(
        db.session, current_member().public_id, "member.pseudonymise", member.public_id, reason=form.reason.data
    )
    db.session.commit()
    flash(_("Name and address are erased. The audit log keeps the number."))
    return redirect(url_for(".index"), 303)


# -- below: how ---------------------------------------------------------------------------------------


_PLACES = {one: place for place, one in enumerate((Role.OWNER, Role.EDITOR, Role.MODERATOR, Role.AUDITOR))}


def _member(public_id: str) -> Member:
    return scope.found(
        select(Member).where(
            Member.public_id == public_id, Member.branch_id == scope.branch_id(), Member.left_at.is_(None)
        )
    )


def _former(public_id: str) -> Member:
    return scope.found(
        select(Member).where(
            Member.public_id == public_id, Member.branch_id == scope.branch_id(), Member.left_at.is_not(None)
        )
    )


def _last_logins() -> dict[int, datetime]:
    """When each member of the branch last logged in, as far back as sessions are kept."""
    rows = db.session.execute(
        select(MemberSession.member_id, func.max(MemberSession.began_at))
        .join(Member)
        .where(Member.branch_id == scope.branch_id())
        .group_by(MemberSession.member_id)
    )
    return dict(rows.all())


def _page(name: str, member: Member, form: ReasonForm, refusal: Exception | None = None) -> str:
    return render_template(
        f"organise/members/{name}.html",
        person=member,
        form=form,
        refusal=None if refusal is None else REFUSALS[type(refusal)],
        own=member.id == current_member().id,
        differences={one: difference(member.role, one) for one in Role},
        losses=difference(member.role, None).lost,
        role_names=ROLE_NAMES,
        role_lines=ROLE_LINES,
        act_words=ACT_WORDS,
    )


def _end_access(member: Member) -> None:
    """No login, password or passkey of the member's works from now on."""
    member.forget_credentials()
    PasswordReset.forget(db.session, member)
    MemberSession.end_all(db.session, member_id=member.id)


def _asked_by(member: Member) -> Select[Proposal]:
    return Proposal.waiting(member.branch_id).where(Proposal.asked_by_id == member.id).with_for_update()


def _record(member: Member, verb: str, event: str, reason: str | None, **details: Any) -> None:
    """The audit entry, and the letters: to all owners, and to the member."""
    entry = AuditEntry.write(
        db.session, current_member().public_id, verb, member.public_id, reason=reason, **details
    )
    told = {"person": member.name, "path": url_for(".index"), **details}
    tell_owners(db.session, member.branch, entry, member, event=event, **told)
    db.session.commit()
    ring("letters")
