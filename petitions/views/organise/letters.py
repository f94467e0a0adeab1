"""Letters to signers, when the worker has stopped them because too many were refused (cases.md D12)."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.config import Settings
from petitions.db import db
from petitions.models import AuditEntry, Letter, MailDomain, Petition, Signature, Switch
from petitions.policy import Act
from petitions.views.organise import scope

letters = Blueprint("organise_letters", __name__, url_prefix="/organise/letters")


@letters.get("")
@guard(Act.APPROVE_INVALIDATION)
def show() -> str:
    """What was refused under which petition of the branch, so that somebody can tell a flood from bad luck."""
    settings: Settings = current_app.config["SETTINGS"]
    return render_template(
        "organise/letters/show.html",
        stopped=_stopped(),
        refused=_refused(),
        waiting=_waiting(),
        percent=settings.bounces_percent,
        looked_at=settings.bounces_of_letters,
    )


@letters.post("/resumption")
@guard(Act.APPROVE_INVALIDATION)
def resume() -> Response:
    """What the worker stopped, an owner lets go on; what the operator stopped, only the operator. No web may touch a
    switch, so the worker does it when it finds this entry of the audit log."""
    stopped = _stopped()
    if stopped is None or stopped.thrown_by != "worker":
        flash(_("There is nothing here that you could let go on."))
        return redirect(url_for(".show"), 303)
    AuditEntry.write(db.session, current_member().public_id, "letters.resume", Switch.Name.LETTERS.value)
    db.session.commit()
    flash(_("Letters go on within a minute. If too many are refused again, they stop again."))
    return redirect(url_for("organise_home.show"), 303)


def _stopped() -> Switch | None:
    return db.session.scalars(select(Switch).where(Switch.name == Switch.Name.LETTERS)).one_or_none()


def _refused() -> list[tuple[str, str, str, int]]:
    """(petition, mail domain, why, letters), most first."""
    rows = db.session.execute(
        select(Petition.slug, MailDomain.name, Letter.reason, func.count())
        .join(Signature, Letter.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .outerjoin(MailDomain, Letter.mail_domain_id == MailDomain.id)
        .where(Petition.branch_id == scope.branch_id(), Letter.state == Letter.State.FAILED)
        .group_by(Petition.slug, MailDomain.name, Letter.reason)
        .order_by(func.count().desc())
        .limit(50)
    )
    return [(slug, name or "", reason or "", count) for slug, name, reason, count in rows]


def _waiting() -> int:
    found = db.session.scalar(
        select(func.count())
        .select_from(Letter)
        .join(Signature, Letter.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .where(Petition.branch_id == scope.branch_id(), Letter.state == Letter.State.READY)
    )
    return found or 0
