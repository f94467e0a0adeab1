"""One delivery: where it is, what proves it, and what a person does with it: hold, settle, print, post, file, take
there. What leaves by a person's hand starts its clocks when that is noted."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.bell import ring
from petitions.db import database_time, db, insert_or_ignore
from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.delivery import AnotherWayForm, HoldForm, ReasonForm, SettlementForm
from petitions.models import (
    AlreadyLeft,
    AtWork,
    AuditEntry,
    Channel,
    Clock,
    Delivery,
    Document,
    Handout,
    IllegalTransition,
    Link,
    LinkOver,
    Member,
    NotFetched,
    NotOnHold,
    OnHold,
    Proposal,
    Volume,
)
from petitions.policy import Act
from petitions.views.organise import scope
from petitions.views.organise.delivery_steps import form_of, offered_steps, steps_of

Answer = str | Response | tuple[str, int]
S = Delivery.State

REFUSALS: dict[type[Exception], object] = {
    AtWork: _l("A worker has it in hand just now. Look again in a minute."),
    OnHold: _l("A hold stops it. Lift the hold first, if its reason is gone."),
    NotFetched: _l("Nobody has fetched all of this document yet, so it cannot be printed. Have it released first."),
    NotOnHold: _l("Nothing holds it any more."),
    LinkOver: _l("The link does not work any more."),
    AlreadyLeft: _l("It has left already and cannot be held."),
    IllegalTransition: _l("Somebody was faster: it is not waiting for that any more. See where it stands now."),
}
REFUSED = tuple(REFUSALS)

delivery = Blueprint("organise_delivery", __name__, url_prefix="/organise/deliveries/<public_id>")


@delivery.get("/")
@guard(Act.LOOK)
def show(public_id: str) -> str:
    return _show(scope.delivery(public_id))


@delivery.get("/pack")
@guard(Act.DELIVER)
def pack(public_id: str) -> str:
    """What goes with the printed document: the address for the envelope, the list of contents."""
    return _page("pack", scope.delivery(public_id))


@delivery.post("/steps/<step>")
@guard(Act.DELIVER)
def note(public_id: str, step: str) -> Answer:
    row, member = scope.delivery(public_id, lock=True), current_member()
    wanted = next((one for one in steps_of(row) if one.name == step), None)
    if wanted is None:
        return _show(row, refusal=IllegalTransition("delivery", row.state, row.state)), 409
    form = form_of(wanted)
    if not form.validate():
        return _show(row, typed={step: form}), 422
    moment, before = database_time(db.session), row.state
    try:
        for one in _in_one_parcel(row):
            if one.state is before:
                wanted.do(one, form, moment, member)
    except REFUSED as error:
        db.session.rollback()
        return _show(scope.delivery(public_id), typed={step: form}, refusal=error), 409
    if wanted.starts_clocks:
        db.session.flush()
        Clock.start_for(db.session, row)
    _record(member, f"delivery.{step.replace('-', '_')}", row, reference=row.reference)
    flash(_("Noted."))
    return _back(row)


@delivery.post("/hold")
@guard(Act.PAUSE)
def hold(public_id: str) -> Answer:
    """One person is enough to stop it."""
    row, form, member = scope.delivery(public_id, lock=True), HoldForm(prefix="hold-"), current_member()
    if not form.validate():
        return _show(row, typed={"hold": form}), 422
    try:
        row.hold(form.reason.data or "")
    except REFUSED as error:
        return _show(row, typed={"hold": form}, refusal=error), 409
    _record(member, "delivery.hold", row, reason=row.hold_reason)
    flash(_("Held. It waits until an owner lifts the hold."))
    return _back(row)


@delivery.get("/settlement")
@guard(Act.RESOLVE_DELIVERY)
def settlement(public_id: str) -> str:
    row = scope.delivery(public_id)
    return _page("settlement", row, form=SettlementForm().offer(row))


@delivery.post("/settlement")
@guard(Act.RESOLVE_DELIVERY)
def settle(public_id: str) -> Answer:
    """What became of it, with the evidence. To send again what may have arrived needs a second look: the first answer
    shows the warning, the second is the yes."""
    row, member = scope.delivery(public_id, lock=True), current_member()
    form = SettlementForm().offer(row)
    if not form.validate():
        return _page("settlement", row, form=form), 422
    if form.answer.data == "not-sent" and not form.sure.data:
        return _page("settlement", row, form=form, asks=True)
    before = row.state
    try:
        row.resolve(form.answer.data, form.evidence.data or "", database_time(db.session), member)
    except REFUSED as error:
        return _page("settlement", row, form=form, refusal=error), 409
    if row.state is S.ACCEPTED:
        Clock.start_for(db.session, row)
    _record(member, "delivery.resolve", row, before=before.value, after=row.state.value, evidence=form.evidence.data)
    ring("authorities")
    flash(_("Settled."))
    return _back(row)


@delivery.post("/link-revocation")
@guard(Act.PAUSE)
def revoke_link(public_id: str) -> Answer:
    """One person is enough to stop what is still being fetched."""
    row, member = scope.delivery(public_id, lock=True), current_member()
    live = [link for link in Link.all_of(db.session, row) if link.live(database_time(db.session))]
    if not live:
        return _show(row, refusal=LinkOver()), 409
    for link in live:
        link.revoke(member, database_time(db.session))
    _record(member, "link.revoke", row, links=[link.public_id for link in live])
    flash(_("The link does not work any more; the files behind it are being removed."))
    return _back(row)


@delivery.get("/lifting")
@guard(Act.RESOLVE_DELIVERY)
def lifting(public_id: str) -> str:
    return _page("lifting", scope.delivery(public_id))


@delivery.post("/lifting")
@guard(Act.RESOLVE_DELIVERY)
def lift(public_id: str) -> Answer:
    row, member = scope.delivery(public_id, lock=True), current_member()
    try:
        reason = row.lift()
    except REFUSED as error:
        return _show(row, refusal=error), 409
    _record(member, "delivery.lift", row, reason=reason)
    ring("authorities")
    flash(_("The hold is lifted: it goes on."))
    return _back(row)


@delivery.post("/cancellation")
@guard(Act.DELIVER)
def cancel(public_id: str) -> Answer:
    row, form, member = scope.delivery(public_id, lock=True), ReasonForm(prefix="cancel-"), current_member()
    if not form.validate():
        return _show(row, typed={"cancel": form}), 422
    try:
        row.cancel(form.reason.data or "", database_time(db.session), member)
    except REFUSED as error:
        return _show(row, typed={"cancel": form}, refusal=error), 409
    _record(member, "delivery.cancel", row, reason=form.reason.data)
    flash(_("Cancelled: by this way it does not go."))
    return _back(row)


@delivery.post("/another-way")
@guard(Act.RESOLVE_DELIVERY)
def another_way(public_id: str) -> Answer:
    """Instead of one that cannot go: the same document, by another channel of the same authority."""
    row, member = scope.delivery(public_id, lock=True), current_member()
    form = _another_way(row, bound=True)
    if not form.validate() or row.state not in _STUCK:
        return _show(row, typed={"other": form}), 422
    channel = next(one for one in _other_ways(row) if one.public_id == form.channel.data)
    moment = database_time(db.session)
    try:
        for one in row.together:
            if one is row or one.state in _GIVEN_UP:
                one.cancel(f"→ {channel.kind}", moment, member)
    except REFUSED as error:
        return _show(row, typed={"other": form}, refusal=error), 409
    document = row.volume.document
    for volume in document.sent_apart(channel):
        values = {"volume_id": volume.id, "channel_id": channel.id, "state": Delivery.FIRST[channel.kind]}
        values["by_link"] = document.goes_by_link(channel)
        later = moment + timedelta(milliseconds=volume.number - 1)
        insert_or_ignore(db.session, Delivery, {**values, "not_before": later})
    made = db.session.scalars(
        select(Delivery).join(Delivery.volume).order_by(Volume.number)
        .where(Volume.document_id == document.id, Delivery.channel_id == channel.id)
    ).first()
    assert made is not None
    _record(member, "delivery.another_way", row, instead=made.public_id, channel=channel.kind.value)
    ring("authorities")
    flash(_("It goes by another way now; this is its new page."))
    return _back(made)


@delivery.post("/renewal")
@guard(Act.DELIVER)
def renew(public_id: str) -> Answer:
    """Compiled again before it leaves: without somebody named in it who has withdrawn since, or in smaller volumes."""
    row, member = scope.delivery(public_id), current_member()
    document = scope.found(select(Document).where(Document.id == row.volume.document_id), lock=Document)
    due = row.waits and (_to_divide(row) or document.stale(db.session))
    if document.state is not Document.State.LIVE or not due:
        return _show(row, refusal=IllegalTransition("delivery", row.state, row.state)), 409
    document.supersede(db.session)
    _record(member, "document.supersede", document, edition=document.edition.public_id)
    ring("editions")
    flash(_("The document is compiled again. Its new delivery appears with the edition."))
    edition = document.edition
    return redirect(url_for("organise_editions.show", slug=edition.petition.slug, number=edition.number), 303)


# -- below: how --------------------------------------------------------------------------------------------

_STUCK = frozenset({S.TOO_BIG, S.REJECTED, S.BOUNCED, S.RETURNED, S.REFUSED})


_GIVEN_UP = _STUCK | {S.READY, S.PACK_READY, S.PRINTED, S.AWAITING_PERSON, S.ASSIGNED}


def _in_one_parcel(row: Delivery) -> list[Delivery]:
    """What a person does with a volume is done with all of them: they are one document."""
    return [row] if row.channel.kind is Channel.Kind.EMAIL else row.together


def _other_ways(row: Delivery) -> list[Channel]:
    """Channels of the same authority by which this document is not on its way."""
    of_document = select(Delivery.channel_id).join(Delivery.volume).where(Volume.document_id == row.volume.document_id)
    taken = set(db.session.scalars(of_document))
    others = [one for one in row.channel.authority.channels if one.usable and one.id not in taken]
    return [one for one in others if _takes_all(one, row.volume.document)]


def _takes_all(channel: Channel, document: Document) -> bool:
    by_link = document.goes_by_link(channel)
    return by_link or all(channel.takes(volume.size, volume.pages) for volume in document.volumes)


def _to_divide(row: Delivery) -> bool:
    """A server found it too large, and its true limit has been entered since."""
    refused = row.state is S.TOO_BIG and row.last_error_class == "too_big"
    return refused and not _takes_all(row.channel, row.volume.document)


def _may_go_round(row: Delivery) -> bool:
    """By a channel that nobody approved: an owner's to say."""
    return row.state in _STUCK and bool(_other_ways(row)) and current_member().may(Act.RESOLVE_DELIVERY)


def _another_way(row: Delivery, *, bound: bool = False) -> AnotherWayForm:
    form = AnotherWayForm(prefix="other-") if bound else AnotherWayForm(None, prefix="other-")
    form.channel.choices = {one.public_id: one.kind.value for one in _other_ways(row)}
    return form


def _show(row: Delivery, *, typed: dict[str, DeskForm] | None = None, refusal: Exception | None = None) -> str:
    typed = typed or {}
    document = row.volume.document
    begun = [Handout.State.GRANTED, Handout.State.ASKED, Handout.State.READY]
    fetchable = select(Handout).where(Handout.delivery_id == row.id, Handout.state.in_(begun))
    return _page(
        "show",
        row,
        refusal=refusal,
        steps=[(step, typed.get(step.name) or form_of(step, bound=False)) for step in offered_steps(row)],
        hold_form=typed.get("hold") or HoldForm(None, prefix="hold-"),
        cancel_form=typed.get("cancel") or ReasonForm(None, prefix="cancel-"),
        other_form=(typed.get("other") or _another_way(row)) if _may_go_round(row) else None,
        wrong=next((form for form in typed.values() if form.errors), None),
        to_divide=_to_divide(row) and document.state is Document.State.LIVE,
        stale=row.waits and document.state is Document.State.LIVE and document.stale(db.session),
        clocks=db.session.scalars(Clock.of(row)).all(),
        links=Link.all_of(db.session, row) if row.by_link else [],
        release=db.session.scalars(
            select(Proposal).where(
                Proposal.kind == Proposal.Kind.RELEASE,
                Proposal.subject == row.public_id,
                Proposal.state == Proposal.State.WAITING,
            )
        ).one_or_none(),
        handouts=db.session.scalars(fetchable.order_by(Handout.id)).all(),
    )


def _page(name: str, row: Delivery, *, refusal: Exception | None = None, **more: Any) -> str:
    document = row.volume.document
    return render_template(
        f"organise/delivery/{name}.html",
        delivery=row,
        document=document,
        edition=document.edition,
        petition=document.edition.petition,
        authority=document.addressee.authority,
        message_id=f"<{row.message_id_local}@{current_app.config['SETTINGS'].mail_domain}>",
        moment=database_time(db.session),
        refusal=str(REFUSALS[type(refusal)]) if refusal is not None else "",
        **more,
    )


def _record(member: Member, verb: str, subject: Delivery | Document, **details: Any) -> None:
    AuditEntry.write(db.session, member.public_id, verb, subject.public_id, **details)
    db.session.commit()


def _back(row: Delivery) -> Response:
    return redirect(url_for(".show", public_id=row.public_id), 303)
