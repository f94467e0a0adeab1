"""What a printed verification code stands for: for officials, and for everybody who holds a document of ours."""

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from werkzeug import Response
from werkzeug.exceptions import NotFound

from petitions.db import db
from petitions.i18n import present_language
from petitions.models import Document
from petitions.security import public_page

LONGEST_CODE = 40  # as typed, with dashes and spaces

documents = Blueprint("documents", __name__)


@documents.get("/verify/<code>")
def choose_language(code: str) -> Response:
    """The address printed on paper names no language."""
    answer = redirect(f"/{present_language()}/verify/{_plain(code)}", 302)
    answer.vary.add("Accept-Language")
    return answer


@documents.get("/verify/")
def choose_language_to_ask() -> Response:
    answer = redirect(f"/{present_language()}/verify/", 302)
    answer.vary.add("Accept-Language")
    return answer


@documents.get("/<lang:language>/verify/")
@public_page
def ask() -> str | Response:
    """A field for the code; what is typed leads to its page."""
    if typed := _plain(request.args.get("code", "")):
        return redirect(f"/{present_language()}/verify/{typed}", 303)
    return render_template("documents/ask.html")


@documents.get("/<lang:language>/verify/<code>")
@public_page
def show(code: str) -> str:
    """Edition, day, addressee, numbers and the file's hash; whether a later compilation took its place."""
    found = db.session.scalars(select(Document).where(Document.verification_code == _plain(code))).one_or_none()
    if found is None:
        raise NotFound
    replaced_by = None
    if found.state is Document.State.SUPERSEDED:
        replaced_by = db.session.scalars(
            select(Document).where(
                Document.edition_id == found.edition_id,
                Document.addressee_id == found.addressee_id,
                Document.state == Document.State.LIVE,
            )
        ).one_or_none()
    return render_template(
        "documents/show.html", document=found, edition=found.edition, replaced_by=replaced_by
    )


def _plain(code: str) -> str:
    """The code as kept, however it was typed from paper."""
    return "".join(char for char in code[:LONGEST_CODE].upper() if char.isascii() and char.isalnum())
