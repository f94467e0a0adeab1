"""The audit log of a branch in words, and whether the chain of all entries is whole (cases.md M12)."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import Select, select

from petitions.auth import guard
from petitions.db import db
from petitions.forms.organise.audit import AuditForm
from petitions.models import AuditEntry, Member
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.subjects import subjects
from petitions.views.organise.verbs import words_for

PAGE_SIZE = 100
OTHERS = ("worker", "operator")  # who acts where no member does

audit = Blueprint("organise_audit", __name__, url_prefix="/organise/audit")


@audit.get("/")
@guard(Act.READ_AUDIT)
def index() -> str:
    """Newest first; `before` is the number that the next page goes on from."""
    names = _names()
    form = _form()
    found = db.session.scalars(_wanted(form).limit(PAGE_SIZE + 1)).all()
    entries = found[:PAGE_SIZE]
    return render_template(
        "organise/audit/index.html",
        form=form,
        entries=entries,
        next_before=entries[-1].sequence if len(found) > PAGE_SIZE else None,
        names=names,
        actors=[*names.items(), *((other, other) for other in OTHERS)],
        verbs=_verbs(),
        subjects=subjects(db.session, {entry.subject for entry in entries}),
        words_for=words_for,
        who_words=_who,
        searching=any(request.args.get(name) for name in form.data),
        kept={name: value for name, value in request.args.items() if name != "before"},
    )


@audit.get("/chain")
@guard(Act.READ_AUDIT)
def chain() -> str:
    """Follows the chain of the whole site: an entry missing anywhere breaks it."""
    count, head = AuditEntry.head(db.session)
    return render_template(
        "organise/audit/chain.html", first_broken=AuditEntry.first_broken(db.session), count=count, head=head.hex()
    )


# -- below: how ---------------------------------------------------------------------------------------


def _who(actor: str, name: str) -> str:
    words: dict[str, str] = {"worker": _("The service itself"), "operator": _("Operator of the site")}
    return words.get(actor, name)


def _names() -> dict[str, str]:
    """Of everybody who is or was a member here, by public id."""
    members = select(Member.public_id, Member.name).where(Member.branch_id == scope.branch_id()).order_by(Member.name)
    return dict(db.session.execute(members).all())


def _verbs() -> list[tuple[str, str]]:
    """Those that occur, in words and by their alphabet."""
    found = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.branch_id == scope.branch_id()).distinct())
    return sorted(((verb, words_for(verb)) for verb in found), key=lambda one: one[1])


def _form() -> AuditForm:
    form = AuditForm(request.args)
    form.in_our_words()
    form.validate()
    return form


def _wanted(form: AuditForm) -> Select[AuditEntry]:
    """What is wrong in the form narrows nothing."""
    good: dict[str, Any] = {name: value for name, value in form.data.items() if value and name not in form.errors}
    found = select(AuditEntry).where(AuditEntry.branch_id == scope.branch_id())
    for name in ("actor", "verb", "subject"):
        if name in good:
            found = found.where(getattr(AuditEntry, name) == good[name])
    if "since" in good:
        found = found.where(AuditEntry.happened_at >= _midnight(good["since"]))
    if "until" in good:
        found = found.where(AuditEntry.happened_at < _midnight(good["until"]) + timedelta(days=1))
    before = request.args.get("before", type=int)
    if before is not None and 0 < before < 2**62:
        found = found.where(AuditEntry.sequence < before)
    return found.order_by(AuditEntry.sequence.desc())


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
