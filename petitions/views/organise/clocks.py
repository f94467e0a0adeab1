"""One term that an authority has: how long it has run, and what somebody says has become of it."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.db import database_time, db
from petitions.forms.organise.clocks import ClockForm
from petitions.models import AuditEntry, Clock, ClockStopped
from petitions.policy import Act
from petitions.views.organise import board, scope

Answer = str | Response | tuple[str, int]

clocks = Blueprint("organise_clocks", __name__, url_prefix="/organise/clocks/<public_id>")


@clocks.get("")
@guard(Act.LOOK)
def show(public_id: str) -> str:
    return _page(_clock(public_id), ClockForm())


@clocks.post("")
@guard(Act.DELIVER)
def stop(public_id: str) -> Answer:
    clock, member, form = _clock(public_id, lock=True), current_member(), ClockForm()
    if not form.validate():
        return _page(clock, form), 422
    try:
        if form.wanted is Clock.StoppedBy.EXTENDED:
            clock.extend(db.session, member, _today())
        else:
            clock.stop(member, _today(), form.wanted, form.note.data or "")
    except ClockStopped:
        return _page(clock, form), 409
    AuditEntry.write(
        db.session, member.public_id, "clock.stop", clock.delivery.public_id,
        clock=clock.kind.value, answer=form.wanted.value,
    )
    db.session.commit()
    flash(_("It is noted."))
    return redirect(url_for("organise_deliveries.index"), 303)


def _clock(public_id: str, *, lock: bool = False) -> Clock:
    own = board.ids_of_branch(scope.branch_id())
    wanted = select(Clock).where(Clock.public_id == public_id, Clock.delivery_id.in_(own))
    return scope.found(wanted, lock=Clock if lock else None)


def _page(clock: Clock, form: ClockForm) -> str:
    document = clock.delivery.volume.document
    return render_template(
        "organise/clocks/show.html",
        clock=clock,
        form=form,
        today=_today(),
        authority=document.addressee.authority,
        edition=document.edition,
        others=db.session.scalars(Clock.of(clock.delivery)).all(),
    )


def _today() -> date:
    return database_time(db.session).date()
