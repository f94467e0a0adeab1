"""An organisation's own certificate with its key, as a PKCS#12 file: can it seal our documents, and may it now."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from petitions.cli.keymaking import state_of
from petitions.cli.refusals import Refused
from petitions.config import Settings
from petitions.models import Branch, Edition, Petition

LEAST_BITS = 2048


@dataclass(frozen=True, slots=True)
class SealFile:
    key: RSAPrivateKey
    certificate: x509.Certificate
    chain: list[x509.Certificate]

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)


def opened(content: bytes, passphrase: str) -> SealFile | None:
    """What is in the file; None if it does not open. Raises Refused where it opens and holds something else."""
    try:
        key, certificate, chain = load_key_and_certificates(content, passphrase.encode() or None)
    except (ValueError, TypeError):  # a wrong passphrase, one that is missing or not wanted, or no PKCS#12
        return None
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise Refused("The file must hold an RSA key with its certificate; an elliptic curve would break PDF/A-2.")
    return SealFile(key, certificate, list(chain))


def why_unfit(seal: SealFile) -> list[str]:
    """Why what it seals would not verify; empty if it would."""
    found, certificate = [], seal.certificate
    if seal.key.key_size < LEAST_BITS:
        found.append(f"its key has {seal.key.key_size} bits, fewer than {LEAST_BITS}")
    if certificate.public_key() != seal.key.public_key():
        found.append("its certificate belongs to another key")
    if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
        found.append(
            f"its certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d}, not today"
        )
    if not _may_sign(certificate):
        found.append("its certificate is not meant for signing documents (key usage)")
    return found


def require_replaceable(session: Session, settings: Settings, branch: Branch, certificate: bytes) -> None:
    """Raises Refused where a worker would seal with one certificate and look for the other."""
    if certificate in branch.seals:
        raise Refused("This certificate is, or was, the branch's seal already; see: petitions keys list")
    if state_of(settings, branch).private_half != "here":
        raise Refused("The branch's private key is not on this machine; run this where the worker runs.")
    compiling = exists().where(
        Edition.petition_id == Petition.id, Petition.branch_id == branch.id, Edition.state == Edition.State.APPROVED
    )
    if session.scalar(select(compiling)):
        raise Refused("An edition is being compiled; try again when it is done: petitions edition list")


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
