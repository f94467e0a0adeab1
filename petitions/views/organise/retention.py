"""What is kept, until when, and what has been erased: everybody of the branch may look."""

from datetime import datetime

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.forms.organise.retention import EraseForm, TermForm
from petitions.models import AuditEntry, Erasure, Petition, Proposal
from petitions.policy import Act
from petitions.retention import Due, plan
from petitions.views.organise import scope

Answer = str | Response | tuple[str, int]
SHOWN = 200  # of the newest certificates

retention = Blueprint("organise_retention", __name__, url_prefix="/organise/retention")


@retention.get("/")
@guard(Act.LOOK)
def index() -> str:
    """The dry run: of each petition what there is, and when it goes."""
    petitions = db.session.scalars(
        select(Petition).where(Petition.branch_id == scope.branch_id()).order_by(Petition.id.desc())
    ).all()
    dues = [due for petition in petitions for due in plan(db.session, settings(), petition) if due.count]
    erasures = db.session.scalars(Erasure.of_branch(scope.branch_id()).limit(SHOWN)).all()
    return render_template(
        "organise/retention/index.html",
        dues=sorted(dues, key=_by_day),
        marked=[one for one in erasures if one.state is Erasure.State.MARKED],
        erased=[one for one in erasures if one.state is Erasure.State.ERASED],
        present=database_time(db.session),
        settings=settings(),
    )


@retention.get("/<slug:slug>")
@guard(Act.ERASE)
def show(slug: str) -> str:
    petition = scope.petition(slug)
    return page(petition, TermForm(data={"days": petition.retention_days}), EraseForm(None))


@retention.post("/<slug:slug>/term")
@guard(Act.ERASE)
def shorten(slug: str) -> Answer:
    """Stricter than the site, never laxer: what signers were promised stays the most."""
    petition, form, most = scope.petition(slug, lock=True), TermForm(), settings().erase_after_days
    if not form.validate():
        return page(petition, form, EraseForm(None)), 422
    if (form.days.data or 0) > most:
        form.days.errors = [_("Signers were promised at most %(days)s days. Write fewer, or none.", days=most)]
        return page(petition, form, EraseForm(None)), 422
    before, petition.retention_days = petition.retention_days, form.days.data
    AuditEntry.write(
        db.session, current_member().public_id, "retention.term", petition.public_id,
        before=before, days=petition.retention_days,
    )
    db.session.commit()
    flash(_("The term is changed."))
    return redirect(url_for(".show", slug=slug), 303)


def page(petition: Petition, term: TermForm, erase: EraseForm) -> str:
    signers = next(plan(db.session, settings(), petition))
    kind = Erasure.Kind.SIGNERS
    return render_template(
        "organise/retention/show.html",
        petition=petition,
        dues=list(plan(db.session, settings(), petition)),
        signers=signers,
        marked=marked(petition, kind),
        proposal=Proposal.of(db.session, Proposal.Kind.ERASURE, petition.public_id, lock=False),
        term=term,
        form=erase,
        settings=settings(),
    )


def marked(petition: Petition, kind: Erasure.Kind) -> Erasure | None:
    wanted = select(Erasure).where(
        Erasure.petition_id == petition.id, Erasure.kind == kind, Erasure.state == Erasure.State.MARKED
    )
    return db.session.scalars(wanted).one_or_none()


def settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def _by_day(due: Due) -> tuple[bool, float, int]:
    at: datetime | None = due.at
    return at is None, at.timestamp() if at else 0.0, -due.petition.id
