"""Files of authorities: looked at first, then applied exactly as they were looked at (cases.md H7, H8)."""

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import delete
from werkzeug import Response

from petitions.auth import current_member, guard, takes_upload
from petitions.authorities.csv_files import COLUMNS, Reading, read_rows
from petitions.authorities.directory import Done, Outcome, Planned, Wanted, carry_out, fingerprint, plan
from petitions.authorities.notices import tell_owners
from petitions.authorities.profiles import directory
from petitions.authorities.rows import AuthorityRow
from petitions.authorities.seed import load_seed, plan_seed, proposals
from petitions.bell import ring
from petitions.db import database_time, db
from petitions.forms.organise.authorities import FileForm
from petitions.forms.organise.authority_flaws import flaw_line
from petitions.models import AuditEntry, AuthorityImport, ChangeUnderWay
from petitions.policy import Act
from petitions.textfile import MOST_BYTES
from petitions.views.organise import scope
from petitions.views.organise.directory_words import directory_words

Answer = str | Response | tuple[str, int]

BODY_BYTES = MOST_BYTES + 100_000  # the file, and the form around it
FLAWS_SHOWN, ROWS_SHOWN = 50, 300

authority_imports = Blueprint("organise_authority_imports", __name__, url_prefix="/organise/authority-imports")
authority_imports.context_processor(directory_words)


@authority_imports.get("/")
@guard(Act.ASK_CHANNEL)
def index() -> str:
    return _upload(FileForm())


@authority_imports.post("/")
@guard(Act.ASK_CHANNEL)
@takes_upload(BODY_BYTES)
def create() -> Answer:
    """Checks the file and keeps its rows for an hour; changes nothing in the directory."""
    form = FileForm()
    if not form.validate():
        return _upload(form), 422
    reading = read_rows(form.content(MOST_BYTES))
    planned = plan(db.session, [Wanted(number, row) for number, row in reading.rows])
    flaws = [*reading.flaws, *(flaw for one in planned for flaw in one.flaws)]
    if flaws:
        lines = [flaw_line(flaw) for flaw in sorted(flaws, key=lambda flaw: flaw.row)]
        form.file.errors = [_("The file cannot be taken as it is. Nothing was changed.")]
        return _upload(form, planned, lines), 422
    kept = _keep(reading, planned)
    db.session.commit()
    return redirect(url_for(".show", public_id=kept.public_id), 303)


@authority_imports.get("/<public_id>")
@guard(Act.ASK_CHANNEL)
def show(public_id: str) -> str:
    kept = scope.found(AuthorityImport.brought_by(current_member(), public_id))
    planned = _planned(kept)
    return render_template(
        "organise/authority_imports/show.html",
        kept=kept,
        changed_since=fingerprint(planned) != kept.plan_sha256,
        **_overview(planned),
    )


@authority_imports.post("/<public_id>/application")
@guard(Act.ASK_CHANNEL)
def apply(public_id: str) -> Response:
    """Exactly what was shown: if the directory has changed meanwhile, it is shown again."""
    kept = scope.found(AuthorityImport.brought_by(current_member(), public_id), lock=AuthorityImport)
    planned = _planned(kept)
    if fingerprint(planned) != kept.plan_sha256 or any(one.flaws for one in planned):
        kept.plan_sha256 = fingerprint(planned)
        db.session.commit()
        flash(_("The directory has changed meanwhile. This is what the file would do now; look again."))
        return redirect(url_for(".show", public_id=public_id), 303)
    done = carry_out(db.session, planned, current_member(), _("From a file"))
    db.session.delete(kept)
    return _finish(done, "authority.import", file=kept.file_sha256)


@authority_imports.post("/<public_id>/removal")
@guard(Act.ASK_CHANNEL)
def discard(public_id: str) -> Response:
    kept = scope.found(AuthorityImport.brought_by(current_member(), public_id))
    db.session.delete(kept)
    db.session.commit()
    flash(_("The file is forgotten. Nothing was changed."))
    return redirect(url_for(".index"), 303)


@authority_imports.get("/seed")
@guard(Act.ASK_CHANNEL)
def seed() -> str:
    """What our own data file would bring."""
    planned = plan_seed(db.session)
    proposed = [(one, proposals(one)) for one in planned if proposals(one)]
    return render_template(
        "organise/authority_imports/seed.html", file=directory(), proposed=proposed, **_overview(planned)
    )


@authority_imports.post("/seed")
@guard(Act.ASK_CHANNEL)
def load() -> Response:
    try:
        done = load_seed(db.session, plan_seed(db.session), current_member())
    except ChangeUnderWay:
        db.session.rollback()
        flash(_("A change of a channel that the file speaks of waits for a decision. Settle that one first."))
        return redirect(url_for(".seed"), 303)
    return _finish(done, "authority.seed", version=directory().version)


# -- below: how ---------------------------------------------------------------------------------------


def _upload(form: FileForm, planned: list[Planned] | None = None, flaws: list[str] | None = None) -> str:
    return render_template(
        "organise/authority_imports/index.html",
        form=form,
        flaws=(flaws or [])[:FLAWS_SHOWN],
        more_flaws=max(len(flaws or []) - FLAWS_SHOWN, 0),
        columns=COLUMNS,
        **_overview(planned or []),
    )


def _overview(planned: list[Planned]) -> dict[str, object]:
    """What would change, the first rows of it, and the numbers."""
    telling = [one for one in planned if one.outcome is not Outcome.SAME]
    return {
        "rows": telling[:ROWS_SHOWN],
        "more_rows": max(len(telling) - ROWS_SHOWN, 0),
        "counts": {outcome.value: sum(one.outcome is outcome for one in planned) for outcome in Outcome},
        "waits": sum(len(one.waits) for one in planned),
    }


def _keep(reading: Reading, planned: list[Planned]) -> AuthorityImport:
    """A member has one file at a time."""
    member, minutes = current_member(), current_app.config["SETTINGS"].authority_import_minutes
    db.session.execute(delete(AuthorityImport).where(AuthorityImport.member_id == member.id))
    kept = AuthorityImport(
        member_id=member.id,
        file_sha256=reading.sha256,
        rows=[
            [number, row.model_dump(mode="json", by_alias=True, exclude_unset=True)] for number, row in reading.rows
        ],
        plan_sha256=fingerprint(planned),
        expires_at=database_time(db.session) + timedelta(minutes=minutes),
    )
    db.session.add(kept)
    db.session.flush()
    return kept


def _planned(kept: AuthorityImport) -> list[Planned]:
    return plan(db.session, [Wanted(number, AuthorityRow.model_validate(row)) for number, row in kept.rows])


def _finish(done: Done, verb: str, **details: object) -> Response:
    member = current_member()
    for change in done.asked:
        tell_owners(db.session, change, "channel_change_asked", member)
        AuditEntry.write(
            db.session, member.public_id, "channel_change.ask", change.public_id,
            authority=change.authority.slug, kind=change.kind.value, fields=sorted(change.after),
        )
    AuditEntry.write(db.session, member.public_id, verb, "authorities", **details, **done.counts)
    db.session.commit()
    ring("letters")
    flash(
        _(
            "%(new)s new, %(changed)s changed, %(unchanged)s as before. %(waiting)s changes of channels wait for "
            "another owner.",
            **{name: str(done.counts[name]) for name in ("new", "changed", "unchanged", "waiting")},
        )
    )
    return redirect(url_for("organise_authorities.index"), 303)
