"""A stranger's PDF, read in a process of its own: it has no secret, no network to ask, and an end.

A file can be made so that reading it takes hours or gigabytes. So the reader gets a file it may only read, the
fingerprints of our seals, so much memory and so many seconds; whatever else happens to it, the answer is
`Problem.TOO_HARD`.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO

from petitions.inspection import Inspection, Problem, looks_like_pdf, sha256_of

WALL_SECONDS = 30  # on a machine that does other things too
AT_ONCE = 2  # of a web process's four threads, and nobody waits for one: a flood of files must not stop signing

_places = threading.BoundedSemaphore(AT_ONCE)


class ReadersBusy(Exception):
    """As many files are being read as may be at once; nothing was looked at."""


def inspect_apart(pdf: BinaryIO, fingerprints: Iterable[str]) -> Inspection:
    """As `inspect_known`, of a file with a descriptor. Raises ReadersBusy."""
    if not looks_like_pdf(pdf):
        return Inspection(sha256_of(pdf), Problem.NOT_PDF)
    pdf.seek(0)
    command = [sys.executable, "-I", "-m", "petitions.reader", *fingerprints]
    with _place():
        try:
            ended = subprocess.run(
                command, stdin=pdf, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=WALL_SECONDS, env={},
                check=True,
            )
            return _read(ended.stdout)
        except (subprocess.SubprocessError, ValueError, KeyError, TypeError):
            return Inspection(sha256_of(pdf), Problem.TOO_HARD)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise ReadersBusy
    try:
        yield
    finally:
        _places.release()


def _read(answer: bytes) -> Inspection:
    found = json.loads(answer)
    found["problem"] = Problem(found["problem"])
    for name in ("signed_at", "stamped_at"):
        found[name] = datetime.fromisoformat(found[name]) if found[name] else None
    return Inspection(**found)
