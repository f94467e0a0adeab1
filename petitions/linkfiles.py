"""Copies of documents that an authority fetches by a secret link: written by the worker, opened by the web process
only while it is shown the token.

A file is chunks of AES-256-GCM under HKDF(token), one key a file. A chunk's nonce is its number; the file's hash, and
whether it is the last chunk, are authenticated: none can be moved, taken from another file, or left out at the end.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag

from petitions import crypto

CHUNK = 1024 * 1024
TAG = 16
_UNFINISHED = ".unfinished"


class LinkFileMissing(Exception):
    """There is no such file, or this token does not open it."""


class LinkFiles:
    """Of all links. Whoever operates worker and web under two users gives the folder to a common group."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def store(self, token: str, link: str, sha256: str, content: Iterable[bytes]) -> None:
        """Storing the same again changes nothing."""
        self._root.mkdir(mode=0o750, parents=True, exist_ok=True)
        final = self._path(link, sha256)
        if final.exists():
            return
        unfinished = self._root / f"{secrets.token_hex(8)}{_UNFINISHED}"
        cipher = crypto.link_cipher(token, link, sha256)
        try:
            with open(unfinished, "xb", opener=_for_group) as out:
                for number, chunk, last in _marked(_even(content)):
                    out.write(cipher.encrypt(_nonce(number), chunk, _bound(sha256, last=last)))
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(final)
        finally:
            unfinished.unlink(missing_ok=True)

    def open(self, token: str, link: str, sha256: str) -> Iterator[bytes]:
        """The content, each chunk checked before it is given out. Raises LinkFileMissing, the first time at once."""
        pieces = self._opened(token, link, sha256)
        first = next(pieces)
        return _after(first, pieces)

    def remove(self, link: str) -> None:
        for path in self._root.glob(f"{link}-*"):
            path.unlink(missing_ok=True)

    def sweep(self, older_than: timedelta) -> None:
        """Removes what a crash left unfinished."""
        oldest = time.time() - older_than.total_seconds()
        for path in self._root.glob(f"*{_UNFINISHED}"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _opened(self, token: str, link: str, sha256: str) -> Iterator[bytes]:
        cipher = crypto.link_cipher(token, link, sha256)
        try:
            with self._path(link, sha256).open("rb") as file:
                pieces = iter(lambda: file.read(CHUNK + TAG), b"")
                for number, chunk, last in _marked(pieces):
                    yield cipher.decrypt(_nonce(number), chunk, _bound(sha256, last=last))
        except (FileNotFoundError, InvalidTag, ValueError) as error:
            raise LinkFileMissing(type(error).__name__) from None

    def _path(self, link: str, sha256: str) -> Path:
        return self._root / f"{link}-{sha256[:16]}"


def _even(content: Iterable[bytes]) -> Iterator[bytes]:
    """In pieces of CHUNK, the last one shorter."""
    held = bytearray()
    for piece in content:
        held += piece
        while len(held) > CHUNK:
            yield bytes(held[:CHUNK])
            del held[:CHUNK]
    yield bytes(held)


def _marked(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Number, bytes, whether it is the last. What has no piece at all is refused by whoever opens it."""
    number, piece = 0, next(pieces, b"")
    for following in pieces:
        yield number, piece, False
        number, piece = number + 1, following
    yield number, piece, True


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _nonce(number: int) -> bytes:
    return number.to_bytes(crypto.NONCE_BYTES, "big")  # never repeated for other content: the hash is in the key


def _bound(sha256: str, *, last: bool) -> bytes:
    return f"{sha256}|{'last' if last else 'more'}".encode()


def _for_group(name: str, flags: int) -> int:
    return os.open(name, flags, 0o640)
