"""Opens boxes with the branch's private key. Runs on the worker only; the web process has neither code nor key."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from petitions import crypto


class PrivateKeyMissing(Exception):
    """The branch's private key is not on this machine: nothing of it can be opened here."""


class SealedKey(NamedTuple):
    """A data key as stored."""

    id: int
    petition: str  # public id
    branch: str  # public id
    purpose: str
    public_id: str
    sealed: bytes


class Unsealer:
    """Holds the private keys and the data keys opened so far."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._ciphers: dict[int, AESGCM] = {}
        self._private: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def private_key(self, branch: str) -> bytes:
        """32 raw bytes. Raises PrivateKeyMissing."""
        found = self._private.get(branch)
        if found is None:
            try:
                found = (self._keys / f"branch-{branch}.key").read_bytes()
            except OSError as error:
                raise PrivateKeyMissing(f"no private key of branch {branch} in the keys folder") from error
            self._private[branch] = found
        return found

    def knows(self, key_id: int) -> bool:
        return key_id in self._ciphers

    def learn(self, keys: Iterable[SealedKey]) -> None:
        """Opens data keys (97 µs each) so that `cipher` has them. Raises crypto.BoxDamaged, PrivateKeyMissing."""
        for key in keys:
            if key.id in self._ciphers:
                continue
            info = crypto.data_key_info(key.petition, key.purpose, key.public_id)
            opened = AESGCM(open_key(key.sealed, self.private_key(key.branch), info))
            with self._lock:
                self._ciphers[key.id] = opened

    def text(self, branch: str, sealed: bytes, info: bytes) -> str:
        """Words sealed with `crypto.seal_text`. Raises crypto.BoxDamaged, PrivateKeyMissing."""
        return open_key(sealed, self.private_key(branch), info).decode()

    def forget(self) -> None:
        """Lets go of every opened key."""
        with self._lock:
            self._ciphers.clear()
            self._private.clear()

    def fields(self, purpose: str, record: str, key_id: int, box: bytes) -> list[str]:
        """The fields of one box. Raises crypto.BoxDamaged; KeyError if the key was not learnt."""
        return crypto.open_fields(self._ciphers[key_id], crypto.record_info(purpose, record), box)

    def names(self, rows: Iterable[tuple[str, int, bytes]]) -> Iterator[list[str]]:
        """[name, city] of many name boxes, given (public id, key id, box): the hot loop of compiling, so it says in
        one place what `fields` says in three. Raises as `fields` does."""
        ciphers, nonce, separator = self._ciphers, crypto.NONCE_BYTES, crypto.SEPARATOR
        try:
            for record, key_id, box in rows:
                plain = ciphers[key_id].decrypt(box[:nonce], box[nonce:], b"name|%b" % record.encode())
                yield plain.rstrip(b"\0").decode().split(separator)
        except (InvalidTag, ValueError) as error:
            raise crypto.BoxDamaged("a box does not open: altered, or under another key") from error


def open_key(sealed: bytes, private_key: bytes, info: bytes) -> bytes:
    """A data key, with a branch's private key (32 raw bytes). Raises crypto.BoxDamaged."""
    try:
        return crypto.HPKE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private_key), info)
    except (InvalidTag, ValueError) as error:
        raise crypto.BoxDamaged("a data key does not open with this branch's private key") from error
