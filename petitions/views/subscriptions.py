"""The end of the news: the link in each letter with news of a petition.

The POST is the one that takes neither a form's token nor a look at where it comes from: mail providers send it for
their readers (RFC 8058). It ends the news and nothing else; the signature stays (cases.md B14).
"""

from flask import Blueprint, current_app, render_template, request
from sqlalchemy import select
from werkzeug.exceptions import NotFound, TooManyRequests

from petitions import tokens
from petitions.db import db
from petitions.i18n import speak
from petitions.limits import Limits
from petitions.models import Subscription
from petitions.views.facts import facts_of

subscriptions = Blueprint("subscriptions", __name__, url_prefix="/u/<token>")


@subscriptions.get("")
def ask(token: str) -> str:
    return _page(token, _found(token))


@subscriptions.post("")
def end(token: str) -> str:
    subscription = _found(token)
    subscription.end(db.session)
    db.session.commit()
    return _page(token, subscription)


def _page(token: str, subscription: Subscription) -> str:
    petition = subscription.petition
    text = facts_of(petition).text_in(subscription.language) if petition.public else None
    return render_template(
        "subscriptions/show.html", token=token, ended=subscription.ended_at is not None, petition=petition, text=text
    )


def _found(token: str) -> Subscription:
    """Raises NotFound: for a link that never was as for one that has ended long ago."""
    found = None
    if tokens.looks_like_token(token):
        wanted = select(Subscription).where(Subscription.token_hash == tokens.token_hash(token))
        found = db.session.scalars(wanted).one_or_none()
    if found is None:
        limits: Limits = current_app.extensions["limits"]
        if limits.too_many_wrong_tokens(request.remote_addr):
            raise TooManyRequests(retry_after=3600)
        raise NotFound
    speak(found.language)
    return found
