"""Is this document ours: by the code that is printed on it, or by the file. For officials, and for everybody else."""

import hashlib
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, cast

from flask import Blueprint, current_app, make_response, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug import Response
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from petitions.auth import takes_upload
from petitions.db import db
from petitions.forms.organise.authority_words import KINDS
from petitions.i18n import present_language
from petitions.inspection import Inspection, Problem, sha256_of
from petitions.limits import Limits
from petitions.models import Branch, Delivery, Document, Edition, Volume
from petitions.security import FORM_BYTES, public_page, reads_arguments
from petitions.verify_apart import ReadersBusy, inspect_apart

LONGEST_CODE = 40  # as typed, with dashes and spaces
MOST_BYTES = 40_000_000  # of a file; more than `volume_bytes`, so that every volume of ours can be checked
RETRY_SECONDS = 60

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
    """A field for the code; what is typed leads to its page. And one for the file."""
    if typed := _plain(request.args.get("code", "")):
        return redirect(f"/{present_language()}/verify/{typed}", 303)
    return _asking()


@documents.post("/<lang:language>/verify/")
@takes_upload(MOST_BYTES + FORM_BYTES, on_disk=True)
def check() -> str | Response:
    """Says what a file is. Nothing of it is kept, and no line is written about it."""
    if _limits().too_many_files(request.remote_addr):
        return _later("too_many", 429, RETRY_SECONDS**2)
    try:
        upload = request.files.get("file")
    except RequestEntityTooLarge:
        return make_response(_asking(trouble="too_large"), 413)
    if upload is None or not upload.filename:
        return make_response(_asking(trouble="missing"), 422)
    try:
        finding = _examined(cast(BinaryIO, upload.stream))
    except ReadersBusy:
        return _later("busy", 503, RETRY_SECONDS)
    finally:
        upload.close()
    with db.reading() as session:
        volume = session.get(Volume, finding.volume_id) if finding.volume_id else None
        about = session.get(Document, finding.letter_of) if finding.letter_of else None
        document = volume.document if volume else about
        return render_template(
            "documents/checked.html", finding=finding, Verdict=Verdict,
            **(_facts(session, document) | {"volume": volume} if document else {"document": None}),
        )


@documents.get("/<lang:language>/verify/<code>")
@public_page
def show(code: str) -> str:
    """Edition, day, addressee, numbers and the file's hash; whether a later compilation took its place."""
    found = _found(code)
    seal = _seal_of(found)
    return render_template(
        "documents/show.html",
        fingerprint=hashlib.sha256(seal).hexdigest() if seal else "",
        volume=None,
        **_facts(db.session, found),
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


# -- the file -----------------------------------------------------------------------------------------


class Verdict(StrEnum):
    """What a file turned out to be; beyond what is wrong with a PDF as such (verify.Problem)."""

    AUTHENTIC = "authentic"
    NEVER_ISSUED = "never_issued"  # under a seal of ours, but no document of ours
    ENLARGED = "enlarged"  # a document of ours, and something after it


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict | Problem
    sha256: str
    volume_id: int | None = None
    letter_of: int | None = None  # a document: the file is the letter about it
    seen: Inspection | None = None  # where it had to be opened


def _examined(file: BinaryIO) -> Finding:
    """By its hash, where it is what we sent: then nothing in it needs to be read. Raises ReadersBusy."""
    sha256 = sha256_of(file)
    with db.reading() as session:
        known = Volume.by_hash(session, sha256)
        if known is not None:
            return Finding(Verdict.AUTHENTIC, sha256, known.id)
        if (about := Document.by_letter(session, sha256)) is not None:
            return Finding(Verdict.AUTHENTIC, sha256, letter_of=about.id)
        ours = [hashlib.sha256(seal).hexdigest() for branch in session.scalars(select(Branch)) for seal in branch.seals]
    seen = inspect_apart(file, ours)
    if seen.bottom_line:
        return Finding(Verdict.NEVER_ISSUED, sha256, seen=seen)
    if seen.problem is Problem.APPENDED:
        with db.reading() as session:
            if (known := Volume.by_hash(session, seen.sealed_sha256)) is not None:
                return Finding(Verdict.ENLARGED, sha256, known.id, seen=seen)
    return Finding(seen.problem, sha256, seen=seen)


def _asking(trouble: str = "") -> str:
    return render_template("documents/ask.html", trouble=trouble, most_bytes=MOST_BYTES)


def _later(trouble: str, status: int, seconds: int) -> Response:
    answer = make_response(_asking(trouble), status)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _limits() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


# -- the document -------------------------------------------------------------------------------------


def _facts(session: Session, document: Document) -> dict[str, object]:
    """What is said of a document of ours, however it was found."""
    return {
        "document": document,
        "edition": document.edition,
        "addressee_kind": KINDS[document.addressee.authority.kind],
        "replaced_by": document.successor(session),
        "later": _later_edition(session, document),
    }


def _later_edition(session: Session, document: Document) -> int | None:
    """The newest edition that has gone to the same addressee, if it is a later one."""
    found = (
        select(Edition.number)
        .join(Document, Document.edition_id == Edition.id)
        .join(Document.volumes)
        .join(Volume.deliveries)
        .where(
            Document.addressee_id == document.addressee_id,
            Delivery.state.in_(Delivery.GONE),
            Edition.number > document.edition.number,
        )
    )
    return session.scalar(found.order_by(Edition.number.desc()).limit(1))


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
