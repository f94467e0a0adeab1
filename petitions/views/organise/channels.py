"""How an authority takes documents. Once petitions are addressed to it, a change is asked for here, decided by another
owner in channel_changes.py, and takes effect a day later (cases.md G13)."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug import Response

from petitions.auth import current_member, guard
from petitions.authorities.notices import tell_owners
from petitions.authorities.profiles import channel_defaults, profile_of
from petitions.bell import ring
from petitions.db import database_time, db
from petitions.forms.organise.authorities import ChannelForm, ReasonForm
from petitions.models import AuditEntry, Authority, ChangeUnderWay, Channel, ChannelChange
from petitions.policy import Act
from petitions.views.organise.authorities import found
from petitions.views.organise.directory_words import directory_words

Answer = str | Response | tuple[str, int]

channels = Blueprint("organise_channels", __name__, url_prefix="/organise/authorities/<slug:slug>/channels")
channels.context_processor(directory_words)


@channels.get("/<kind>")
@guard(Act.ASK_CHANNEL)
def edit(slug: str, kind: str) -> str:
    """The channel of this kind, or the beginning of one as the law there says."""
    authority, wanted = found(slug), _kind(kind)
    channel = authority.channel(wanted)
    rule = profile_of(authority)
    if channel is None:
        address = authority.postal_address if wanted is Channel.Kind.POST else ""
        known = rule.channel(wanted) if rule else None
        values = {"address": address or (known.address if known else ""), **channel_defaults(rule, wanted)}
    else:
        values = {name: getattr(channel, name) for name in _FIELDS}
    form = ChannelForm(wanted, guarded=ChannelChange.guards(db.session, authority), **values)
    return _page(authority, wanted, form)


@channels.post("/<kind>")
@guard(Act.ASK_CHANNEL)
def update(slug: str, kind: str) -> Answer:
    authority, wanted = found(slug), _kind(kind)
    form = ChannelForm(wanted, guarded=ChannelChange.guards(db.session, authority))
    if not form.validate():
        return _page(authority, wanted, form), 422
    return _ask(authority, wanted, form.values, form.why) or (_page(authority, wanted, form, under_way=True), 409)


@channels.get("/<kind>/retirement")
@guard(Act.ASK_CHANNEL)
def retirement(slug: str, kind: str) -> str:
    authority, channel = _channel(slug, kind)
    return render_template("organise/channels/retirement.html", authority=authority, channel=channel, form=ReasonForm())


@channels.post("/<kind>/retirement")
@guard(Act.ASK_CHANNEL)
def retire(slug: str, kind: str) -> Answer:
    (authority, channel), form = _channel(slug, kind), ReasonForm()
    page = {"authority": authority, "channel": channel, "form": form}
    if not form.validate():
        return render_template("organise/channels/retirement.html", **page), 422
    answer = _ask(authority, channel.kind, {"retired": True}, form.reason.data or "")
    return answer or (render_template("organise/channels/retirement.html", **page, under_way=True), 409)


@channels.post("/<kind>/mending")
@guard(Act.ASK_CHANNEL)
def mend(slug: str, kind: str) -> Response:
    """Somebody has found out that the address takes mail again: it is tried as it is, so nothing is turned aside."""
    authority, channel = _channel(slug, kind)
    channel.failing_since = None
    return _saved(authority, "channel.mend", _("It will be tried again."), kind=channel.kind.value)


# -- below: how ---------------------------------------------------------------------------------------

_FIELDS = (
    "address", "legal_effect", "required", "by_link", "max_bytes", "max_pages", "max_characters", "note", "source"
)


def _kind(word: str) -> Channel.Kind:
    return next((kind for kind in Channel.Kind if kind.value == word), None) or abort(404)


def _channel(slug: str, kind: str) -> tuple[Authority, Channel]:
    authority = found(slug)
    return authority, authority.channel(_kind(kind)) or abort(404)


def _page(authority: Authority, kind: Channel.Kind, form: ChannelForm, *, under_way: bool = False) -> str:
    return render_template(
        "organise/channels/edit.html",
        authority=authority,
        kind=kind,
        channel=authority.channel(kind),
        profile=profile_of(authority),
        form=form,
        guarded=form.guarded,
        change=ChannelChange.under_way(db.session, authority, kind),
        under_way=under_way,
    )


def _ask(authority: Authority, kind: Channel.Kind, values: dict[str, Any], why: str) -> Response | None:
    """None where another change of the channel waits."""
    try:
        change = ChannelChange.ask(db.session, authority, kind, values, current_member(), why)
    except ChangeUnderWay:
        return None
    if change is None:
        return _saved(authority, "channel.change", _("Saved."), kind=kind.value, fields=sorted(values))
    tell_owners(db.session, change, "channel_change_asked", current_member())
    AuditEntry.write(
        db.session, current_member().public_id, "channel_change.ask", change.public_id,
        authority=authority.slug, kind=kind.value, fields=sorted(change.after),
    )
    db.session.commit()
    ring("letters")
    flash(_("Asked for. Nothing has changed yet: another owner has to agree, and all owners concerned are told."))
    return redirect(url_for("organise_channel_changes.show", public_id=change.public_id), 303)


def _saved(authority: Authority, verb: str, said: str, **details: Any) -> Response:
    member = current_member()
    authority.changed_at, authority.changed_by = database_time(db.session), member.branch
    AuditEntry.write(db.session, member.public_id, verb, authority.public_id, slug=authority.slug, **details)
    db.session.commit()
    flash(said)
    return redirect(url_for("organise_authorities.show", slug=authority.slug), 303)
