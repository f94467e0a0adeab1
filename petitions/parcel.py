"""Whole files sealed for one holder: for a branch's private key, or for whoever has a token.

A parcel under a token is AES-256-GCM under HKDF(token): the row that keeps it cannot open it. A parcel for a branch is
a line that says whose it is, then one HPKE message (RFC 9180) bound to that line; `petitions export open` opens it.
"""

import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from petitions import crypto

_LINE = re.compile(rb"petitions export v1 ([a-z2-7]{24}) ([a-z2-7]{24})\n")


def seal_under_token(token: str, record: str, content: bytes) -> bytes:
    """Only this token opens it, and only as the content of this record."""
    nonce = os.urandom(crypto.NONCE_BYTES)
    return nonce + crypto.handout_cipher(token).encrypt(nonce, content, crypto.record_info("handout", record))


def open_with_token(token: str, record: str, parcel: bytes) -> bytes:
    """Raises crypto.BoxDamaged."""
    nonce, sealed = parcel[: crypto.NONCE_BYTES], parcel[crypto.NONCE_BYTES :]
    try:
        return crypto.handout_cipher(token).decrypt(nonce, sealed, crypto.record_info("handout", record))
    except (InvalidTag, ValueError) as error:
        raise crypto.BoxDamaged("this token does not open this parcel") from error


def seal_token(token: str, record: str, public_key: bytes) -> bytes:
    """The token for the branch's worker, which is to make the parcel."""
    return crypto.seal_key(token.encode(), public_key, crypto.record_info("handout token", record))


def open_token(sealed: bytes, record: str, private_key: bytes) -> str:
    """Raises crypto.BoxDamaged."""
    return _opened(sealed, private_key, crypto.record_info("handout token", record)).decode()


def seal_for_branch(content: bytes, branch: str, export: str, public_key: bytes) -> bytes:
    line = f"petitions export v1 {branch} {export}\n".encode()
    return line + crypto.HPKE.encrypt(content, X25519PublicKey.from_public_bytes(public_key), line)


def addressed_to(parcel: bytes) -> tuple[str, str] | None:
    """The public ids of branch and export, or None for what is no such parcel."""
    found = _LINE.match(parcel)
    return (found[1].decode(), found[2].decode()) if found else None


def open_for_branch(parcel: bytes, private_key: bytes) -> bytes:
    """Raises crypto.BoxDamaged."""
    found = _LINE.match(parcel)
    if found is None:
        raise crypto.BoxDamaged("this is not an export")
    return _opened(parcel[found.end() :], private_key, found[0])


def _opened(sealed: bytes, private_key: bytes, info: bytes) -> bytes:
    try:
        return crypto.HPKE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private_key), info)
    except (InvalidTag, ValueError) as error:
        raise crypto.BoxDamaged("this does not open with this branch's private key") from error
