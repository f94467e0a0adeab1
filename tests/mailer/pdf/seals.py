"""A seal's key and certificate, as `petitions keys new` makes them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

PASSPHRASE = b"open sesame"


@dataclass(frozen=True, slots=True)
class Sealer:
    pkcs12: bytes
    certificate: bytes  # DER


def make_sealer(begin: datetime, end: datetime, *, elliptic: bool = False) -> Sealer:
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Open Door seal")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    locked = BestAvailableEncryption(PASSPHRASE)
    archive = pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, locked)
    return Sealer(archive, certificate.public_bytes(Encoding.DER))


def make_chained_sealer() -> Sealer:
    """As an organisation buys one: its certificate is issued by another, which is in the file, too."""
    now = datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Seal", "Issuer", "Root")]
    keys = [rsa.generate_private_key(65537, 2048) for _ in names]
    chain = []
    for at, name in enumerate(names):
        above = min(at + 1, 2)
        draft = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[above])
            .public_key(keys[at].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=at > 0, path_length=None), critical=True)
        )
        chain.append(draft.sign(keys[above], hashes.SHA256()))
    locked = BestAvailableEncryption(PASSPHRASE)
    archive = pkcs12.serialize_key_and_certificates(b"seal", keys[0], chain[0], chain[1:], locked)
    return Sealer(archive, chain[0].public_bytes(Encoding.DER))
