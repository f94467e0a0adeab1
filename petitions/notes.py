"""What the evidence log says to the world, as text: signed checkpoints and proofs of inclusion.

The formats are those of C2SP: signed-note, tlog-checkpoint and tlog-proof (https://c2sp.org), so that the tools and
witnesses of other transparency logs read them. Pure functions; a key's name is the origin of its log.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from petitions import merkle

ED25519 = b"\1"
HASH_BYTES = 32
LONGEST = 64 * 1024  # characters of a note or proof that anybody hands us
MOST_SIGNATURES = 64
PROOF_BEGINS = "c2sp.org/tlog-proof@v1"


class NoteRefused(Exception):
    """Not a note of this log, or not as it was signed; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A log at one size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n"


@dataclass(frozen=True, slots=True)
class LogKey:
    """The public half of a log's key, under the name of its log."""

    origin: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.origin.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """As the tools of other logs take it: `name+id+key`."""
        return f"{self.origin}+{self.id.hex()}+{_encoded(ED25519 + self.public)}"

    @classmethod
    def read(cls, text: str) -> "LogKey":
        """Raises NoteRefused."""
        origin, _, rest = text.strip().partition("+")
        named, _, encoded = rest.partition("+")
        key = _decoded(encoded)
        if len(key) != 1 + HASH_BYTES or key[:1] != ED25519:
            raise NoteRefused("this is not the key of an evidence log")
        found = cls(origin, key[1:])
        if found.id.hex() != named:
            raise NoteRefused("the key does not fit its name")
        return found


def signed(head: TreeHead, key: Ed25519PrivateKey) -> str:
    """A checkpoint. The same head under the same key is the same text."""
    named = LogKey(head.origin, key.public_key().public_bytes_raw())
    return f"{head.text}\n— {head.origin} {_encoded(named.id + key.sign(head.text.encode()))}\n"


def opened(note: str, key: LogKey) -> TreeHead:
    """The head that a checkpoint states. Raises NoteRefused unless this key signed it for its own log."""
    if len(note) > LONGEST:
        raise NoteRefused("this is too long for a checkpoint")
    text, parted, signatures = note.rpartition("\n\n")
    if not parted:
        raise NoteRefused("this is not a signed checkpoint")
    text += "\n"
    for line in signatures.splitlines()[:MOST_SIGNATURES]:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.rpartition(" ")
        signature = _decoded(encoded)
        if dash == "—" and name == key.origin and signature[:4] == key.id:
            _require_signature(key, signature[4:], text)
            return _head(text, key.origin)
    raise NoteRefused("the checkpoint is not signed with this key")


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That one leaf stands in the log, as a file: `leaf` is what was hashed, `checkpoint` the signed head."""

    leaf: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        lines = [PROOF_BEGINS, f"extra {_encoded(self.leaf)}", f"index {self.index}", *map(_encoded, self.hashes)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def read(cls, text: str) -> "Inclusion":
        """Raises NoteRefused."""
        head, parted, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if len(text) > LONGEST or not parted or lines[0] != PROOF_BEGINS or len(lines) < 3:
            raise NoteRefused("this is not a proof of inclusion")
        leaf, index = _after("extra ", lines[1]), _after("index ", lines[2])
        return cls(_decoded(leaf), _number(index), tuple(_hash(line) for line in lines[3:]), checkpoint)

    def verify(self, key: LogKey) -> TreeHead:
        """The head that the leaf is proven to stand in. Raises NoteRefused."""
        head = opened(self.checkpoint, key)
        leaf = merkle.leaf_hash(self.leaf)
        if not merkle.proves_inclusion(self.index, head.size, leaf, self.hashes, head.root):
            raise NoteRefused("the leaf is not proven to stand in this log")
        return head


def lines_of(hashes: Sequence[bytes]) -> str:
    """Hashes, one a line: how a proof of consistency is handed out."""
    return "".join(f"{_encoded(one)}\n" for one in hashes)


def hashes_of(text: str) -> list[bytes]:
    """Raises NoteRefused."""
    return [_hash(line) for line in text.splitlines()]


def _require_signature(key: LogKey, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature:
        raise NoteRefused("the checkpoint was altered, or its signature is not of this key") from None


def _head(text: str, origin: str) -> TreeHead:
    lines = text.split("\n")
    if len(lines) < 4 or lines[0] != origin:
        raise NoteRefused("the checkpoint is of another log")
    return TreeHead(origin, _number(lines[1]), _hash(lines[2]))


def _after(label: str, line: str) -> str:
    if not line.startswith(label):
        raise NoteRefused("this is not a proof of inclusion")
    return line.removeprefix(label)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and (text == "0" or text[0] != "0")):
        raise NoteRefused("this is not a number of a log")
    return int(text)


def _hash(text: str) -> bytes:
    found = _decoded(text)
    if len(found) != HASH_BYTES:
        raise NoteRefused("this is not a SHA-256 in base64")
    return found


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteRefused("this is not base64") from None
