"""Is this PDF ours, whole, unaltered: for the page, the command and the worker.

A seal that is valid for an earlier state of the file still calls itself intact, valid and trusted after
something was appended. So only one answer counts here: `bottom_line` of a single seal that covers the
entire file.
"""

import hashlib
import logging
from collections.abc import Collection
from dataclasses import replace
from typing import BinaryIO

from asn1crypto import cms, core, x509  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import Certificate, load_der_x509_certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import (
    NonexistentAttributeError,
    SignedDataCerts,
    extract_certificate_info,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel, TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from petitions.inspection import EDGE, Inspection, Problem, looks_like_pdf, sha256_of

TRAILER = b"%%EOF"
TIME_STAMP = "signature_time_stamp_token"

for library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(library).setLevel(logging.CRITICAL)  # its complaints quote what is in a stranger's file


def inspect(pdf: BinaryIO, certificates: Collection[bytes]) -> Inspection:
    """Reads a seekable file; certificates are ours, in DER. Garbage gets an answer, never an error."""
    return inspect_known(pdf, {hashlib.sha256(known).hexdigest() for known in certificates})


def inspect_known(pdf: BinaryIO, fingerprints: Collection[str]) -> Inspection:
    """The same, with the SHA-256 of our certificates."""
    digest = sha256_of(pdf)
    if not looks_like_pdf(pdf):
        return Inspection(digest, Problem.NOT_PDF)
    unreadable = Inspection(digest, Problem.BROKEN if _ends(pdf) else Problem.TRUNCATED)
    try:
        reader = PdfFileReader(pdf)
        if reader.encrypted:
            return replace(unreadable, problem=Problem.ENCRYPTED)
        seals = reader.embedded_signatures
        if not seals:
            return replace(unreadable, problem=Problem.NOT_SEALED)
        return _judge(unreadable, pdf, seals, fingerprints)
    except MemoryError:
        raise  # nothing can be said of the file
    except Exception:
        # A hostile file can fail in any way inside the reader; none of them is more than unreadable to us.
        return unreadable


def _ends(pdf: BinaryIO) -> bool:
    size = pdf.seek(0, 2)
    pdf.seek(max(0, size - EDGE))
    return TRAILER in pdf.read()


def _judge(
    found: Inspection, pdf: BinaryIO, seals: list[EmbeddedPdfSignature], ours: Collection[str]
) -> Inspection:
    seal = seals[0]
    fingerprint = seal.signer_cert.sha256.hex()
    # The library judges the bytes; whose seal it is we judge by the exact certificate, not by a chain. So a
    # seal does not turn false when its certificate runs out, years later. What was appended is not looked at
    # any closer (skip_diff): any of it is too much.
    stamp = _stamp_of(seal)
    status = validate_pdf_signature(
        seal,
        signer_validation_context=_trusting(seal.signer_cert),
        ts_validation_context=_trusting(stamp.signer_cert) if stamp else None,
        skip_diff=True,
    )
    start, before, after, length = (int(number) for number in seal.byte_range)
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE and len(seals) == 1
    found = replace(
        found,
        sealed=True,
        intact=status.intact and status.valid and _tight(pdf, seal, start + before, after),
        trusted=status.trusted and fingerprint in ours,
        covers_whole=whole,
        signed_at=seal.self_reported_timestamp,
        fingerprint=fingerprint,
        sealed_sha256=sha256_of(pdf, after + length),
    )
    if stamp is not None and (attested := status.timestamp_validity) is not None and _counts(attested, stamp):
        name = stamp.signer_cert.subject.human_friendly
        found = replace(found, stamped_at=attested.timestamp, stamped_by=name)
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


def _trusting(certificate: x509.Certificate) -> ValidationContext:
    return ValidationContext(trust_roots=[certificate], allow_fetching=False)


def _tight(pdf: BinaryIO, seal: EmbeddedPdfSignature, begin: int, end: int) -> bool:
    """Nothing is hidden where the seal itself stands, the only place that it does not cover: its own bytes as
    they are written out, then zeros; and what nobody reads in it says what it must."""
    pdf.seek(begin)
    hole = pdf.read(end - begin)
    whole = cms.ContentInfo.load(seal.pkcs7_content)
    der: bytes = whole.dump()
    outer, inner = seal.signed_data, seal.signer_info
    return (
        hole == b"<" + der.hex().upper().encode().ljust(len(hole) - 2, b"0") + b">"
        and whole.contents == whole["content_type"].dump() + whole["content"].dump()
        and outer["version"].native == inner["version"].native == "v1"
        and [one["algorithm"].native for one in outer["digest_algorithms"]] == [seal.md_algorithm]
        and outer["crls"].native is None
        and [one["type"].native for one in _unsigned(inner)] in ([], [TIME_STAMP])
        and _chained(outer, seal.signer_cert)
        and all(part.dump() == part.dump(force=True) for part in _unread(outer, inner))
    )


def _chained(outer: cms.SignedData, signer: x509.Certificate) -> bool:
    """From the seal's own on, each certificate vouches for one before: in any other, nobody would see a change."""
    try:
        last, *others = (load_der_x509_certificate(one.dump()) for one in (signer, *_certificates(outer)))
        others.remove(last)
        while others and (issuer := next((one for one in others if _issued(one, last)), None)):
            others.remove(issuer)
            last = issuer
    except (ValueError, TypeError):
        return False
    return not others and (last.issuer != last.subject or _issued(last, last))


def _certificates(outer: cms.SignedData) -> list[x509.Certificate]:
    return [one.chosen for one in outer["certificates"]]


def _issued(issuer: Certificate, certificate: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _unsigned(inner: cms.SignerInfo) -> list[cms.CMSAttribute]:
    attributes = inner["unsigned_attrs"]
    return [] if attributes.native is None else list(attributes)


def _counts(attested: TimestampSignatureStatus, stamp: SignedDataCerts) -> bool:
    """The library asks no certificate that it trusts by itself what it is meant for."""
    meant_for = stamp.signer_cert.extended_key_usage_value
    return (
        attested.intact and attested.valid and attested.trusted
        and meant_for is not None and meant_for.native == ["time_stamping"]
    )


def _unread(outer: cms.SignedData, inner: cms.SignerInfo) -> list[core.Asn1Value]:
    """What could be written in several ways without anybody noticing."""
    of_outer = [outer[name] for name in ("version", "digest_algorithms", "encap_content_info")]
    return of_outer + [inner[name] for name in ("version", "sid", "digest_algorithm", "signature_algorithm")]


def _stamp_of(seal: EmbeddedPdfSignature) -> SignedDataCerts | None:
    """Whose time stamp is on the seal."""
    try:
        token = find_unique_cms_attribute(seal.signer_info["unsigned_attrs"], TIME_STAMP)
    except NonexistentAttributeError:
        return None
    return extract_certificate_info(token["content"])
