"""The signer's own pages, reached by the secret link of her letter: the token in the address is the key.

GET shows, only POST acts: mail scanners follow links. What she typed is opened with her token; no key of ours can.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug import Response as AnyResponse
from werkzeug.exceptions import NotFound, TooManyRequests

from petitions import crypto, tokens
from petitions.bell import ring
from petitions.config import Settings
from petitions.db import db, insert_or_ignore, now
from petitions.forms.signatures import DisclosureForm
from petitions.i18n import present_language, speak
from petitions.limits import Limits
from petitions.mailboxes import canonical
from petitions.models import (
    Addressee,
    AlreadySigned,
    Delivery,
    Document,
    Edition,
    IllegalTransition,
    Letter,
    LinkExpired,
    NotConfirmable,
    PetitionOver,
    Signature,
    SignatureHeld,
    Slot,
    Subscription,
    Suppression,
    Volume,
)
from petitions.signing import open_own
from petitions.views.facts import PetitionFacts, facts_of
from petitions.views.inclusion import places_of, proof_for

Answer = str | AnyResponse | tuple[str, int]
State = Signature.State
HELD_BACK = {State.PENDING, State.HELD, State.VOID, State.EXPIRED}  # never counted
MAY_ASK_FOR_NEWS = {State.PENDING, State.HELD, State.CONFIRMED}

own = Blueprint("own", __name__, url_prefix="/s/<token>")


class LinkWrong(NotFound):
    """No link of ours, or not any more: the same page for every kind of wrong."""


@dataclass(frozen=True, slots=True)
class Own:
    """A signature with what its owner typed."""

    signature: Signature
    typed: dict[str, str]
    petition: PetitionFacts
    moment: datetime  # by the database's clock

    @property
    def lapsed(self) -> bool:
        """Never confirmed, and the link has run out."""
        row = self.signature
        return row.state is State.EXPIRED or (row.state is State.PENDING and row.expires_at <= self.moment)


@own.get("")
def show(token: str) -> Answer:
    return _page(token, _mine(token))


@own.post("/confirmation")
def confirm(token: str) -> Answer:
    mine = _mine(token)
    tag = _limits().network_tag(request.remote_addr)
    mine.signature.note_pace(db.session, tag, _settings().quick_confirm_seconds)
    try:
        mine.signature.confirm(db.session, _settings().confirm_grace_hours)
    except (SignatureHeld, AlreadySigned, NotConfirmable):
        pass  # its page says what has become of it
    except LinkExpired:
        return render_template("own/lapsed.html", mine=mine), 410
    except PetitionOver:
        return render_template("own/too_late.html", mine=mine), 410
    db.session.commit()
    ring("counting")
    return redirect(url_for(".show", token=token), 303)


@own.post("/disclosure")
def disclose(token: str) -> Answer:
    mine = _mine(token)
    if mine.signature.state not in {State.PENDING, State.HELD, State.CONFIRMED}:
        return _page(token, mine, status=409)
    asked = mine.petition.asked(present_language())
    form = DisclosureForm(asked, request.form, country=mine.signature.country)
    if not form.validate():
        return _page(token, mine, form, status=422)
    mine.signature.choose(form.choice, form.city_shown, form.listed)
    db.session.commit()
    return redirect(url_for(".show", token=token, _anchor="disclosure"), 303)


@own.post("/withdrawal")
def withdraw(token: str) -> Answer:
    mine = _mine(token)
    try:
        mine.signature.withdraw(db.session)
    except IllegalTransition:
        return _page(token, mine, status=409)
    db.session.commit()
    return redirect(url_for(".show", token=token), 303)


@own.post("/news")
def choose_news(token: str) -> Answer:
    """Apart from the signature: neither withdrawing nor erasing it is needed to hear no more, nor the other way."""
    mine = _mine(token)
    wanted = "wanted" in request.form
    if wanted and mine.signature.state not in MAY_ASK_FOR_NEWS:
        return _page(token, mine, status=409)
    if not wanted:
        _end_news(mine)
    mine.signature.wants_news = wanted and _subscription(mine) is None
    db.session.commit()
    return redirect(url_for(".show", token=token, _anchor="news"), 303)


@own.post("/erasure")
def erase(token: str) -> Answer:
    mine = _mine(token)
    if "end_news" in request.form:
        _end_news(mine)
    mine.signature.erase(db.session)
    db.session.commit()
    return render_template("own/erased.html", mine=mine)


@own.get("/data.json")
def data(token: str) -> Response:
    """Everything stored about this signature, for its owner (GDPR art. 15 and 20)."""
    body = json.dumps(_stored(_mine(token)), ensure_ascii=False, indent=2)
    return Response(
        body, mimetype="application/json", headers={"Content-Disposition": 'attachment; filename="signature.json"'}
    )


@own.get("/proofs/<int:number>")
def proof(token: str, number: int) -> Response:
    """That the signature is counted in an edition, as a file that anybody can check without us."""
    return proof_for(_mine(token).signature, number)


@own.get("/not-me")
def not_me(token: str) -> Answer:
    return render_template("own/not_me.html", mine=_mine(token), token=token, HELD_BACK=HELD_BACK)


@own.post("/not-me")
def disown(token: str) -> Answer:
    mine = _mine(token)
    if mine.signature.state not in HELD_BACK:
        return render_template("own/not_me.html", mine=mine, token=token, HELD_BACK=HELD_BACK), 409
    mine.signature.erase(db.session)
    db.session.commit()
    return render_template("own/erased.html", mine=mine)


@own.get("/no-more-mail")
def no_more_mail(token: str) -> Answer:
    return render_template("own/no_more_mail.html", mine=_mine(token), token=token, done=False)


@own.post("/no-more-mail")
def suppress(token: str) -> Answer:
    mine = _mine(token)
    key = crypto.lasting_key(current_app.config["INDEX_KEY"], "suppression")
    tag = crypto.tag(key, "mailbox", canonical(mine.typed["email"]))
    insert_or_ignore(db.session, Suppression, {"tag": tag})
    _end_news(mine)
    db.session.commit()
    return render_template("own/no_more_mail.html", mine=mine, token=token, done=True)


def _mine(token: str) -> Own:
    """The signature of this link; the page then speaks the language of its letter. Raises LinkWrong."""
    signature = _find(token) if tokens.looks_like_token(token) else None
    if signature is None:
        if _limits().too_many_wrong_tokens(request.remote_addr):
            raise TooManyRequests(retry_after=3600)
        raise LinkWrong
    typed = open_own(signature, token)
    speak(typed["language"])
    moment = db.session.scalar(select(now()))
    assert moment is not None
    return Own(signature, typed, facts_of(signature.petition), moment)


def _subscription(mine: Own) -> Subscription | None:
    """The one of this mailbox: only with the address, which the link opens, can it be found."""
    index_key, mailbox = current_app.config["INDEX_KEY"], canonical(mine.typed["email"])
    tag = Subscription.tag_of(index_key, mine.petition.public_id, mailbox)
    return Subscription.running(db.session, mine.petition.id, tag)


def _end_news(mine: Own) -> None:
    mine.signature.wants_news = False
    if (subscription := _subscription(mine)) is not None:
        subscription.end(db.session)


def _find(token: str) -> Signature | None:
    hashed = tokens.token_hash(token)
    if request.method == "POST":
        return Signature.with_token(db.session, hashed)
    return db.session.scalars(select(Signature).where(Signature.token_hash == hashed)).one_or_none()


def _page(token: str, mine: Own, form: DisclosureForm | None = None, status: int = 200) -> Answer:
    signature = mine.signature
    if form is None:
        form = DisclosureForm(mine.petition.asked(present_language()), None, obj=signature)
    page = render_template(
        "own/show.html",
        mine=mine,
        signature=signature,
        typed=mine.typed,
        petition=mine.petition,
        form=form,
        token=token,
        left=_editions_that_left(signature),
        places=places_of(signature),
        gets_news=signature.wants_news or _subscription(mine) is not None,
        instead=_holder_state(signature),
        warns=mine.petition.endangers(signature.country, _settings().punishing_countries),
        HELD_BACK=HELD_BACK,
    )
    return page, status


def _holder_state(signature: Signature) -> State | None:
    """How the signature stands today that took this mailbox's one place, if another did."""
    if signature.state is not State.VOID or signature.dedup_tag is None:
        return None
    return db.session.scalars(
        select(Signature.state)
        .join(Slot, Slot.signature_id == Signature.id)
        .where(Slot.petition_id == signature.petition_id, Slot.tag == signature.dedup_tag)
    ).one_or_none()


def _editions_that_left(signature: Signature) -> list[tuple[int, str, datetime | None]]:
    """(edition, authority, when) of every document with this signature that has been handed to a mail server."""
    if signature.position is None:
        return []
    deliveries = db.session.scalars(
        select(Delivery)
        .join(Delivery.volume)
        .join(Volume.document)
        .join(Document.edition)
        .where(
            Edition.petition_id == signature.petition_id,
            Edition.log_size >= signature.position,
            Delivery.transmitting_at.is_not(None),
            Delivery.state.in_(_MAY_HAVE_ARRIVED),
        )
        .order_by(Edition.number, Delivery.id)
        .options(
            selectinload(Delivery.volume)
            .selectinload(Volume.document)
            .selectinload(Document.addressee)
            .selectinload(Addressee.authority)
        )
    )
    withdrawn_on = signature.withdrawn_on
    left = {
        (delivery.volume.document_id, delivery.channel_id): (  # however many volumes it has
            delivery.volume.document.edition.number,
            delivery.volume.document.addressee.authority.name_in(present_language()),
            delivery.settled_at or delivery.transmitting_at,
        )
        for delivery in deliveries
        if withdrawn_on is None or delivery.volume.document.edition.requested_at.date() <= withdrawn_on
    }
    return list(left.values())


_MAY_HAVE_ARRIVED = [
    Delivery.State.TRANSMITTING,
    Delivery.State.ACCEPTED,
    Delivery.State.DELIVERED,
    Delivery.State.UNCERTAIN,
]


def _stored(mine: Own) -> dict[str, Any]:
    row, text = mine.signature, mine.signature.text
    days = {"confirmed_on": row.confirmed_on, "owner_confirmed_on": row.owner_confirmed_on}
    left = _editions_that_left(row)
    letters = db.session.scalars(select(Letter).where(Letter.signature_id == row.id).order_by(Letter.id))
    return {
        "petition": {"slug": mine.petition.slug, "title": text.title, "demand": text.demand},
        "you_typed": {key: mine.typed[key] for key in ("name", "city", "email", "country", "language")},
        "text": {"version": text.version, "sha256": text.hash},
        "data_notice_version": mine.typed["notice_version"],
        "signed_on": mine.typed["signed_on"],
        "signed_in_the_hour_of": row.created_hour.isoformat(),
        "state": row.state.value,
        "why_held_or_struck": row.held_reason,
        "disclosure": row.disclosure.value,
        "shows_city": row.shows_city,
        "wants_listing": row.wants_listing,
        "gets_news": row.wants_news or _subscription(mine) is not None,
        "shown_publicly_as": row.public_name,
        **{key: day.isoformat() if day else None for key, day in days.items()},
        "withdrawn_on": row.withdrawn_on.isoformat() if row.withdrawn_on else None,
        "link_expires_at_if_unconfirmed": row.expires_at.isoformat(),
        "position_in_the_log": row.position,
        "position_of_the_withdrawal": row.withdrawal_position,
        "counts_again_since": row.counts_again_since.isoformat() if row.counts_again_since else None,
        "commitment_sha256": row.commitment.hex(),
        "commitment_salt": mine.typed["salt"],
        "letters_to_you": [_letter(letter) for letter in letters],
        "left_in_editions": [{"edition": number, "authority": name} for number, name, _when in left],
        "also_kept": [
            "a keyed tag of the mailbox, to count it once",
            "a keyed tag of the content, to recognise a form sent twice",
            f"a keyed tag of the network, for {_settings().net_tag_days} days",
            "the hash of this link",
        ],
    }


def _letter(letter: Letter) -> dict[str, str | None]:
    return {
        "kind": letter.kind.value,
        "state": letter.state.value,
        "why_not_sent": letter.reason,
        "asked_for_at": letter.created_at.isoformat(),
        "sent_at": letter.sent_at.isoformat() if letter.sent_at else None,
    }


def _limits() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
