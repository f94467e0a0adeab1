"""Is this PDF ours, whole, unaltered: for the page, the command and the worker.

A seal that is valid for an earlier state of the file still calls itself intact, valid and trusted after
something was appended. So only one answer counts here: `bottom_line` of a single seal that covers the
entire file.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

HEADER = b"%PDF-"


class Problem(StrEnum):
    NONE = "none"
    NOT_PDF = "not_pdf"
    NOT_SEALED = "not_sealed"
    ALTERED = "altered"
    UNKNOWN_SEAL = "unknown_seal"
    APPENDED = "appended"
    BROKEN = "broken"


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


def inspect(pdf: BinaryIO, certificates: Iterable[bytes]) -> Inspection:
    """Reads a seekable file; certificates are ours, in DER. Garbage gets an answer, never an error."""
    pdf.seek(0)
    sha256 = hashlib.sha256()
    while chunk := pdf.read(1 << 20):
        sha256.update(chunk)
    digest = sha256.hexdigest()
    pdf.seek(0)
    if HEADER not in pdf.read(1024):
        return Inspection(digest, Problem.NOT_PDF)
    broken = Inspection(digest, Problem.BROKEN)
    try:
        seals = PdfFileReader(pdf).embedded_signatures
        if not seals:
            return Inspection(digest, Problem.NOT_SEALED)
        return _judge(broken, seals, {hashlib.sha256(known).hexdigest() for known in certificates})
    except Exception:
        # A hostile file can fail in any way inside the reader; none of them is more than "broken" to us.
        return broken


def _judge(found: Inspection, seals: list[EmbeddedPdfSignature], ours: set[str]) -> Inspection:
    seal = seals[0]
    fingerprint = seal.signer_cert.sha256.hex()
    # The library judges the bytes; whose seal it is we judge by the exact certificate, not by a chain. So a
    # seal does not turn false when its certificate runs out, years later.
    context = ValidationContext(trust_roots=[seal.signer_cert], allow_fetching=False)
    status = validate_pdf_signature(seal, signer_validation_context=context)
    found = replace(
        found,
        sealed=True,
        intact=status.intact and status.valid,
        trusted=status.trusted and fingerprint in ours,
        covers_whole=status.coverage is SignatureCoverageLevel.ENTIRE_FILE and len(seals) == 1,
        signed_at=seal.self_reported_timestamp,
        fingerprint=fingerprint,
    )
    problem = _problem(found, whole=status.bottom_line)
    return replace(found, problem=problem, bottom_line=problem is Problem.NONE)


def _problem(found: Inspection, *, whole: bool) -> Problem:
    if not found.intact:
        return Problem.ALTERED
    if not found.covers_whole:
        return Problem.APPENDED
    if not found.trusted:
        return Problem.UNKNOWN_SEAL
    return Problem.NONE if whole else Problem.ALTERED
