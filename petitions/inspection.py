"""What is found out about a PDF; by verify.py, which alone knows how to read one."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

CHUNK = 1 << 20
HEADER = b"%PDF-"
EDGE = 1024  # bytes at either end of a file within which readers look for its marks


class Problem(StrEnum):
    NONE = "none"
    NOT_PDF = "not_pdf"
    ENCRYPTED = "encrypted"
    NOT_SEALED = "not_sealed"
    ALTERED = "altered"
    UNKNOWN_SEAL = "unknown_seal"
    APPENDED = "appended"
    TRUNCATED = "truncated"
    BROKEN = "broken"
    TOO_HARD = "too_hard"  # to read within the time and memory that a stranger's file gets (verify_apart.py)


@dataclass(frozen=True, slots=True)
class Inspection:
    sha256: str  # of the file, hexadecimal
    problem: Problem
    sealed: bool = False  # carries a seal, whoever's
    intact: bool = False  # the bytes under the seal are as they were sealed
    trusted: bool = False  # sealed by one of the certificates given
    covers_whole: bool = False  # nothing was added after the seal
    bottom_line: bool = False  # all of it, and the seal allows no change: the only field to act upon
    signed_at: datetime | None = None  # as the seal claims
    fingerprint: str = ""  # SHA-256 of the certificate, hexadecimal
    sealed_sha256: str = ""  # of what there was when it was sealed: of something appended to, the document itself
    stamped_at: datetime | None = None  # as a time stamp authority attests
    stamped_by: str = ""  # that authority, in the words of its certificate; whom to believe is the reader's to say


def looks_like_pdf(file: BinaryIO) -> bool:
    file.seek(0)
    return HEADER in file.read(EDGE)


def sha256_of(file: BinaryIO, most: int | None = None) -> str:
    """Of a seekable file, or of so many bytes from its beginning; hexadecimal."""
    file.seek(0)
    sha256, left = hashlib.sha256(), most
    while chunk := file.read(CHUNK if left is None else min(CHUNK, left)):
        sha256.update(chunk)
        left = None if left is None else left - len(chunk)
    return sha256.hexdigest()
