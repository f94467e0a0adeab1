"""Compiled files under their hash, readable by the holder of the branch's private key alone.

A file is `MAGIC`, the length of the sealed file key (2 bytes), that key (HPKE, RFC 9180), then chunks of
AES-256-GCM. A chunk's nonce is its number; the file's hash, and whether it is the last, are authenticated.
So no chunk can be moved, taken from another file, or left out at the end.
"""

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

MAGIC = b"PETARC1\n"
CHUNK = 1024 * 1024
TAG = 16
_INFO = b"petitions archive v1|"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_UNFINISHED = ".unfinished"


class ArchiveFileMissing(Exception):
    """No file is kept under this hash."""


class ArchiveFileDamaged(Exception):
    """The file is not what was stored, or the key is not the one it was sealed to."""


class Archive:
    """Files of one branch. Storing needs its public key alone."""

    def __init__(self, root: Path, public_key: bytes) -> None:
        self._root = root
        self._public_key = X25519PublicKey.from_public_bytes(public_key)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)  # it may have been there before, with wider rights

    def store(self, file: BinaryIO, sha256_hex: str) -> Path:
        """Keeps what `file` holds from here to its end. Storing the same again changes nothing."""
        final = self._path(sha256_hex)
        if final.exists():
            return final
        if not final.parent.exists():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._root)
        unfinished = final.parent / f"{secrets.token_hex(8)}{_UNFINISHED}"
        try:
            self._write(unfinished, file, sha256_hex)
            unfinished.replace(final)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(final.parent)
        return final

    def open(self, sha256_hex: str, private_key: bytes) -> Iterator[bytes]:
        """The content in chunks, each checked before it is given out. The file is whole when the iterator has
        ended without an error, and not before."""
        path = self._path(sha256_hex)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise ArchiveFileMissing(sha256_hex) from None
        with file:
            yield from _opened(file, sha256_hex, X25519PrivateKey.from_private_bytes(private_key))

    def read(self, sha256_hex: str, private_key: bytes) -> bytes:
        return b"".join(self.open(sha256_hex, private_key))

    def remove(self, sha256_hex: str) -> None:
        """Its key goes with the file: what a disk may still hold of it cannot be opened."""
        path = self._path(sha256_hex)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            _sync_folder(path.parent)

    def sweep(self, older_than: timedelta) -> int:
        """Removes what a crash left unfinished; says how many."""
        oldest = time.time() - older_than.total_seconds()
        removed = 0
        for path in self._root.glob(f"??/*{_UNFINISHED}"):
            with contextlib.suppress(FileNotFoundError):  # another worker may have finished or swept it
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    removed += 1
        return removed

    def _path(self, sha256_hex: str) -> Path:
        if not _SHA256.match(sha256_hex):
            raise ValueError("a SHA-256 in 64 small hexadecimal digits is needed")
        return self._root / sha256_hex[:2] / sha256_hex

    def _write(self, path: Path, file: BinaryIO, sha256_hex: str) -> None:
        file_key = AESGCM.generate_key(bit_length=256)
        sealed_key = _SUITE.encrypt(file_key, self._public_key, info=_INFO + sha256_hex.encode())
        cipher, content = AESGCM(file_key), hashlib.sha256()
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            out.write(MAGIC + len(sealed_key).to_bytes(2, "big") + sealed_key)
            for number, chunk, last in _chunks(file, CHUNK):
                content.update(chunk)
                out.write(cipher.encrypt(_nonce(number), chunk, _bound(sha256_hex, last)))
            if content.hexdigest() != sha256_hex:
                raise ArchiveFileDamaged(sha256_hex)
            out.flush()
            os.fsync(out.fileno())


def _opened(file: BinaryIO, sha256_hex: str, private_key: X25519PrivateKey) -> Iterator[bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise ArchiveFileDamaged(sha256_hex)
    sealed_key = file.read(int.from_bytes(file.read(2), "big"))
    try:
        cipher = AESGCM(_SUITE.decrypt(sealed_key, private_key, info=_INFO + sha256_hex.encode()))
        for number, chunk, last in _chunks(file, CHUNK + TAG):
            yield cipher.decrypt(_nonce(number), chunk, _bound(sha256_hex, last))
    except (InvalidTag, ValueError):
        raise ArchiveFileDamaged(sha256_hex) from None


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes, whether it is the last. An empty file has one empty chunk, so its end is proved too."""
    number, chunk = 0, _full(file, size)
    while True:
        following = _full(file, size) if len(chunk) == size else b""
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following


def _full(file: BinaryIO, size: int) -> bytes:
    """`size` bytes, fewer only at the end: a raw file or a pipe may give less at a time."""
    chunk = file.read(size)
    while chunk and len(chunk) < size:
        more = file.read(size - len(chunk))
        if not more:
            break
        chunk += more
    return chunk


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")  # never repeated: every file has a key of its own


def _bound(sha256_hex: str, last: bool) -> bytes:
    return sha256_hex.encode() + (b"|last" if last else b"|more")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
