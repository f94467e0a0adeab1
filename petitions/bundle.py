"""All that is needed to check a branch's documents without us, in one file that anybody may have.

It holds certificates and hashes, no document and no name. Of a petition that is not public it holds nothing but
hashes; a verification code never stands in it as it is printed, so nobody can copy one from it onto a forgery. It is
signed with the branch's seal: who knows the seal's fingerprint need not trust whoever passed the file on.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import Branch, Checkpoint, Document, Edition, Petition, Volume
from petitions.notes import LogKey

FORMAT = "petitions bundle v1"
MOST_BYTES = 64 << 20


class BundleRefused(Exception):
    """It is no bundle, or not as it was signed; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle, as it was signed."""

    content: dict[str, Any]
    signed_by: str  # SHA-256 of the seal's certificate, hexadecimal: to be compared with one known from elsewhere

    @property
    def seals(self) -> list[bytes]:
        return [base64.b64decode(seal["certificate"]) for seal in self.content["seals"]]

    def document(self, sha256: str) -> dict[str, Any] | None:
        return next((one for one in self.content["documents"] if one["sha256"] == sha256), None)


def export(session: Session, branch: Branch, key: RSAPrivateKey, *, site: str, made_at: datetime) -> bytes:
    """As a file. `key` is the branch's present seal's."""
    assert branch.seal_certificate is not None
    content = {
        "format": FORMAT,
        "site": site,
        "made_at": made_at.isoformat(timespec="seconds"),
        "branch": {"slug": branch.slug, "name": branch.legal_name},
        "seals": list(_seals(branch)),
        "documents": list(_documents(session, branch)),
        "logs": list(_logs(session, branch)),
    }
    signature = key.sign(_signed(content), PKCS1v15(), hashes.SHA256())
    signed_by = hashlib.sha256(branch.seal_certificate).hexdigest()
    whole = {"bundle": content, "seal": signed_by, "signature": base64.b64encode(signature).decode()}
    return json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n"


def opened(file: bytes) -> Bundle:
    """Raises BundleRefused."""
    try:
        whole = json.loads(file)
        content, signature = whole["bundle"], base64.b64decode(whole["signature"], validate=True)
        found = Bundle(content, whole["seal"])
        by = {hashlib.sha256(seal).hexdigest(): seal for seal in found.seals}
        known = content["format"] == FORMAT and {"made_at", "branch", "documents", "logs"} <= content.keys()
        public = x509.load_der_x509_certificate(by[found.signed_by]).public_key()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleRefused("this is not a bundle of a petition service") from error
    if not known or not isinstance(public, RSAPublicKey):
        raise BundleRefused("this bundle is of another kind; a newer version of this program may read it")
    try:
        public.verify(signature, _signed(content), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise BundleRefused("this bundle was altered after it was signed") from None
    return found


def code_hash(code: str) -> str:
    """Of a verification code as it is kept: twelve characters without dashes."""
    return hashlib.sha256(b"petitions verification code\n" + code.encode()).hexdigest()


def _signed(content: dict[str, Any]) -> bytes:
    """What the signature is over: keys in order, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def _seals(branch: Branch) -> Iterator[dict[str, Any]]:
    until = [seal.replaced_at.isoformat(timespec="seconds") for seal in branch.former_seals]
    for seal, end in zip(branch.seals, [*until, None], strict=True):
        yield {
            "certificate": base64.b64encode(seal).decode(), "sha256": hashlib.sha256(seal).hexdigest(), "until": end,
        }


def _documents(session: Session, branch: Branch) -> Iterator[dict[str, Any]]:
    found = (
        select(Volume)
        .join(Volume.document).join(Document.edition).join(Edition.petition)
        .where(Petition.branch_id == branch.id)
        .order_by(Volume.id)
    )  # fmt: skip
    for volume in session.scalars(found):
        document = volume.document
        shown = _shown(volume) if document.edition.petition.public else {}
        code = code_hash(document.verification_code)
        yield {"sha256": volume.sha256, "code": code, **shown}
        if document.letter_sha256 and volume.number == 1:
            yield {"sha256": document.letter_sha256, "code": code, "letter": True, **shown}


def _shown(volume: Volume) -> dict[str, Any]:
    document = volume.document
    edition, authority = document.edition, document.addressee.authority
    return {
        "petition": edition.petition.slug,
        "edition": edition.number,
        "volume": volume.number,
        "volumes": len(document.volumes),
        "addressee_kind": authority.kind.value,
        "addressee_country": authority.country,
        "language": document.language,
        "compiled_at": document.compiled_at.isoformat(timespec="seconds"),
        "stamped_at": volume.stamped_at.isoformat(timespec="seconds") if volume.stamped_at else None,
        "names": document.names,
        "count_only": document.count_only,
        "pages": volume.pages,
        "superseded": document.state is Document.State.SUPERSEDED,
    }


def _logs(session: Session, branch: Branch) -> Iterator[dict[str, Any]]:
    for petition in session.scalars(select(Petition).where(Petition.branch_id == branch.id).order_by(Petition.id)):
        newest = Checkpoint.newest(session, petition.id) if petition.public else None
        if newest is not None:
            key = LogKey(newest.origin, newest.public_key)
            yield {"petition": petition.slug, "key": key.text, "checkpoint": newest.note}
