"""The cryptographic mark on a document: PAdES, certifying, no change allowed afterwards. With a time stamp of a third
party where one is asked for (B-T), else by our own clock (B-B).

The seal is appended to the file where it lies; nothing of the document is held in memory. RSA, because an
elliptic curve would make the file PDF 2.0 and break PDF/A-2. A document that cannot be sealed must not
leave.
"""

import asyncio
from datetime import UTC, datetime
from typing import BinaryIO

from asn1crypto import x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates, load_pkcs12
from cryptography.x509 import Certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

FIELD = "Petition seal"
DIGEST = "sha256"
CHUNK = 1 << 20
SPARE = 2048  # bytes for what a seal holds beside its certificates, its signature and its time stamp; one has 1,300


class SealError(Exception):
    """The document cannot be sealed; the message is for an operator and names no secret."""


class SealKeyMissing(SealError):
    pass


class SealKeyRefused(SealError):
    pass


class SealExpired(SealError):
    pass


def seal(
    pdf: BinaryIO, pkcs12: bytes, passphrase: bytes | None, *, reason: str, stamps: TimeStamper | None = None
) -> None:
    """Seal a whole file opened for reading and writing; it is appended to in place. What `stamps` raises leaves
    the file half sealed: it must be made again."""
    opened = _opened(pkcs12, passphrase)
    signer = _Signer(opened)
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        reason=reason,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    pdf.seek(0)
    sealer = _Sealer(metadata, signer, timestamper=stamps, new_field_spec=SigFieldSpec(FIELD, on_page=0))
    sealer.sign_pdf(_Appendix(pdf), bytes_reserved=_room(opened, stamps), in_place=True, chunk_size=CHUNK)


def certificate_of(pkcs12: bytes, passphrase: bytes | None) -> Certificate:
    """The certificate that `seal` would seal with now. Raises SealError as `seal` would."""
    opened = _opened(pkcs12, passphrase)
    assert opened.cert is not None  # `_opened` has refused anything else
    return opened.cert.certificate


class _Sealer(PdfSigner):
    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = datetime.now(UTC)  # the host's own time zone would tell where it stands
        return session


class _Appendix(IncrementalPdfFileWriter):
    def _update_meta(self) -> None:
        """Leaves title and dates as the document states them; the library would add its name and version."""


def _opened(pkcs12: bytes, passphrase: bytes | None) -> PKCS12KeyAndCertificates:
    if not pkcs12:
        raise SealKeyMissing("there is no seal key: make one with `petitions keys new`")
    try:
        opened = load_pkcs12(pkcs12, passphrase)
    except (ValueError, TypeError) as error:
        raise SealKeyRefused("the seal key does not open: wrong passphrase or damaged file") from error
    if opened.cert is None or not isinstance(opened.key, RSAPrivateKey):
        raise SealKeyRefused("the seal key must hold an RSA key with its certificate")
    certificate = opened.cert.certificate
    if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
        raise SealExpired("the seal's certificate is not valid today")
    return opened


def _room(opened: PKCS12KeyAndCertificates, stamps: TimeStamper | None) -> int:
    """Hexadecimal digits to keep free for the seal. Left to itself the library would seal twice to find out."""
    assert opened.cert is not None  # `_opened` has refused anything else
    assert isinstance(opened.key, RSAPrivateKey)
    chain = [opened.cert, *opened.additional_certs]
    certificates = sum(len(member.certificate.public_bytes(Encoding.DER)) for member in chain)
    token = _token_bytes(stamps) + SPARE if stamps else 0  # serial numbers and times differ in length
    return 2 * (certificates + opened.key.key_size // 8 + token + SPARE)


def _token_bytes(stamps: TimeStamper) -> int:
    token = asyncio.run(stamps.async_dummy_response(DIGEST))  # asks the first time only
    return len(token.dump())


class _Signer(Signer):
    """With the key as it was opened; the library's own would write it out, and read and examine it again."""

    def __init__(self, opened: PKCS12KeyAndCertificates) -> None:
        assert opened.cert is not None  # `_opened` has refused anything else
        assert isinstance(opened.key, RSAPrivateKey)
        self._key = opened.key
        chain = [opened.cert, *opened.additional_certs]
        certificates = [x509.Certificate.load(member.certificate.public_bytes(Encoding.DER)) for member in chain]
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=SimpleCertificateStore.from_certs(certificates[1:]),  # type: ignore[no-untyped-call]
        )

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        assert digest_algorithm == DIGEST
        return self._key.sign(data, PKCS1v15(), SHA256())
