"""The steps of a supporter, as a browser without scripts takes them."""

import html
import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.test import TestResponse

from petitions.db import db
from petitions.models import Petition, Signature
from petitions.signing import open_own
from tests import factories

TYPED = {
    "name": "Ines Karlsen",
    "email": "ines.karlsen@example.org",
    "country": "NO",
    "city": "Bergen",
    "disclosure": "all",
    "consent": "yes",
    "subject": "",
}


def check(client: FlaskClient, slug: str, language: str = "en", **fields: Any) -> TestResponse:
    """Fills in the form; a field given as None is not sent."""
    return client.post(f"/{language}/petitions/{slug}/signatures/check", data=_form(fields))


def create(client: FlaskClient, slug: str, token: str, language: str = "en", **fields: Any) -> TestResponse:
    return client.post(f"/{language}/petitions/{slug}/signatures", data=_form({"token": token, **fields}))


def sign(client: FlaskClient, slug: str, language: str = "en", **fields: Any) -> TestResponse:
    """Both steps: the check page, then its button."""
    checked = check(client, slug, language, **fields)
    assert checked.status_code == 200, checked.text
    return client.post(f"/{language}/petitions/{slug}/signatures", data=hidden_fields(checked.text))


def hidden_fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def form_token(client: FlaskClient, slug: str) -> str:
    return hidden_fields(check(client, slug).text)["token"]


def rows(petition: Petition) -> list[Signature]:
    """What requests have committed, as it is now; detached."""
    with db.reading() as looking:
        wanted = select(Signature).where(Signature.petition_id == petition.id).order_by(Signature.id)
        return list(looking.scalars(wanted.options(joinedload(Signature.text))))


def row(petition: Petition) -> Signature:
    (only,) = rows(petition)
    return only


def own(signature: Signature) -> dict[str, str]:
    """What its signer's link opens."""
    return open_own(signature, token(signature))


def token(signature: Signature) -> str:
    with db.reading() as looking:
        return factories.token_of(looking, signature.id)


def _form(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**TYPED, **fields}.items() if value is not None}
