"""Seals personal fields so that this process cannot open them again.

A data key (AES-256) seals the records of one petition and purpose for at most 15 minutes; it is stored only sealed
to the branch's public key (HPKE, RFC 9180), whose private half lives on the worker. A record's own tag, its
signer's token and the index key give keys by HKDF. Pure functions and one small cache; knows no database.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16  # of an HMAC kept as a duplicate tag: 128 bits
SEPARATOR = "\x1f"  # between the fields of a box; text.py lets no control character in

HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class BoxDamaged(Exception):
    """A box does not open with this key: altered, moved to another row, or the wrong key."""


def new_key_pair() -> tuple[bytes, bytes]:
    """A branch's key pair as (private, public), 32 raw bytes each."""
    private = X25519PrivateKey.generate()
    return (
        private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()),
        private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
    )


def public_half(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def seal_key(data_key: bytes, public_key: bytes, info: bytes) -> bytes:
    """Seals a data key to a branch; `info` binds the ids of its row."""
    return HPKE.encrypt(data_key, X25519PublicKey.from_public_bytes(public_key), info)


def data_key_info(petition: str, purpose: str, key: str) -> bytes:
    return f"petitions data key v1|{petition}|{purpose}|{key}".encode()


def seal_text(text: str, public_key: bytes, info: bytes) -> bytes:
    """Seals a few words to a branch, for its worker alone; `info` binds them to their row."""
    return HPKE.encrypt(text.encode(), X25519PublicKey.from_public_bytes(public_key), info)


def seal_bytes(content: bytes, public_key: bytes, info: bytes) -> bytes:
    """Seals a file or a page of text to whoever has the other half of the key; `info` binds it to its row."""
    return HPKE.encrypt(content, X25519PublicKey.from_public_bytes(public_key), info)


def letter_info(letter: str, field: str) -> bytes:
    return f"petitions letter v1|{letter}|{field}".encode()


def record_info(purpose: str, record: str) -> bytes:
    """Associated data of a box: it opens only in the row it was made for."""
    return f"{purpose}|{record}".encode()


def seal_fields(cipher: AESGCM, info: bytes, fields: tuple[str, ...], pad_to: int) -> bytes:
    """nonce ‖ AES-256-GCM of the fields, padded so that a box's length says little about a name's."""
    plain = SEPARATOR.join(fields).encode()
    plain += b"\0" * (-len(plain) % pad_to)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, info)


def open_fields(cipher: AESGCM, info: bytes, box: bytes) -> list[str]:
    """The fields of a box. Raises BoxDamaged."""
    try:
        plain = cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], info)
    except (InvalidTag, ValueError) as error:
        raise BoxDamaged("a box does not open: altered, or under another key") from error
    return plain.rstrip(b"\0").decode().split(SEPARATOR)


def token_cipher(token: str) -> AESGCM:
    """The key of `self_box`: only who holds the signer's link can open it."""
    return AESGCM(_hkdf(token.encode(), b"petitions self box v1"))


def handout_cipher(token: str) -> AESGCM:
    """The key of what is handed out once: only who holds the token can open it."""
    return AESGCM(_hkdf(token.encode(), b"petitions handout v1"))


def link_token(private_key: bytes, link: str) -> str:
    """The secret of a link to a document: the same whenever its letter is made again, known to the worker alone."""
    made = _hkdf(private_key, f"petitions link token v1|{link}".encode())
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def link_cipher(token: str, link: str, sha256: str) -> AESGCM:
    """The key of one file behind a link: only who holds the token can open it."""
    return AESGCM(_hkdf(token.encode(), f"petitions link v1|{link}|{sha256}".encode()))


def tag(key: bytes, *parts: str) -> bytes:
    """A keyed tag: equal for equal parts, says nothing without the key."""
    return hmac.digest(key, SEPARATOR.join(parts).encode(), "sha256")[:TAG_BYTES]


@lru_cache(maxsize=4096)
def petition_tag_key(index_key: bytes, petition: str) -> bytes:
    """Tags under one petition cannot be compared with those under another."""
    return _hkdf(index_key, f"petitions petition tags v1|{petition}".encode())


@lru_cache(maxsize=64)
def day_key(index_key: bytes, purpose: str, day: str) -> bytes:
    """A key that tags of another day do not share: tags cannot be followed over days."""
    return _hkdf(index_key, f"petitions {purpose} v1|{day}".encode())


@lru_cache(maxsize=16)
def lasting_key(index_key: bytes, purpose: str) -> bytes:
    """For what must be found again without an end date: "never write to me again"."""
    return _hkdf(index_key, f"petitions {purpose} v1".encode())


def commitment(salt: bytes, record: tuple[str, ...]) -> bytes:
    """SHA-256(32 random bytes ‖ canonical record): what the evidence log will hold (document.md)."""
    return hashlib.sha256(salt + SEPARATOR.join(("v1", *record)).encode()).digest()


def _hkdf(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret)
