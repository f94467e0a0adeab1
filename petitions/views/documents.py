"""What a printed verification code stands for: for officials, and for everybody who holds a document of ours."""

import hashlib
import ssl

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from werkzeug import Response
from werkzeug.exceptions import NotFound

from petitions.db import db
from petitions.i18n import present_language
from petitions.models import Document
from petitions.security import public_page, reads_arguments

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
@reads_arguments
def ask() -> str | Response:
    """A field for the code; what is typed leads to its page."""
    if typed := _plain(request.args.get("code", "")):
        return redirect(f"/{present_language()}/verify/{typed}", 303)
    return render_template("documents/ask.html")


@documents.get("/<lang:language>/verify/<code>")
@public_page
def show(code: str) -> str:
    """Edition, day, addressee, numbers and the file's hash; whether a later compilation took its place."""
    found = _found(code)
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
        "documents/show.html",
        document=found,
        edition=found.edition,
        replaced_by=replaced_by,
        fingerprint=hashlib.sha256(seal).hexdigest() if (seal := _seal_of(found)) else "",
    )


@documents.get("/verify/<code>/seal.pem")
@public_page
def certificate(code: str) -> Response:
    """The certificate that the document was sealed with, for a check without us."""
    seal = _seal_of(_found(code))
    if seal is None:
        raise NotFound
    answer = Response(ssl.DER_cert_to_PEM_cert(seal), mimetype="application/x-pem-file")
    answer.headers["Content-Disposition"] = "attachment; filename=seal.pem"
    return answer


def _found(code: str) -> Document:
    found = db.session.scalars(select(Document).where(Document.verification_code == _plain(code))).one_or_none()
    if found is None:
        raise NotFound
    return found


def _seal_of(document: Document) -> bytes | None:
    return document.edition.petition.branch.seal_at(document.compiled_at)


def _plain(code: str) -> str:
    """The code as kept, however it was typed from paper."""
    return "".join(char for char in code[:LONGEST_CODE].upper() if char.isascii() and char.isalnum())
