"""Keys on disk: made by `petitions keys new`, read by the worker. Files are 0400 in a folder of 0700.

`keys/branch-<id>.key` opens a branch's data keys; `keys/seal-<id>.p12` seals its documents, with its passphrase in
PETITIONS_SEAL_PASSPHRASE or, in the embedded default, beside it. `keys/log.key` signs the evidence logs of the site.
Whoever has this folder and the database can open everything: production keeps it on the worker's machine only, and
`petitions doctor` says which case it finds.
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from petitions import crypto
from petitions.config import Settings

SEAL_BITS = 3072  # RSA: an elliptic curve would make the PDF 2.0 and break PDF/A-2 (document.md)
SEAL_YEARS = 3


class KeysMissing(Exception):
    """A key this process needs is not there; the message says which and how it is made."""


class LogKeyMissing(KeysMissing):
    """The one that signs the evidence logs."""


class KeysExist(Exception):
    """Keys are never overwritten: what the old ones sealed could not be opened again."""


@dataclass(frozen=True, slots=True)
class SealKey:
    pkcs12: bytes
    passphrase: bytes


def with_kept_secrets(settings: Settings) -> Settings:
    """The demonstration makes its own secrets on first use and keeps them; production must name them itself."""
    if not settings.demonstration:
        return settings
    kept = {
        name: SecretStr(_kept_secret(settings.keys / f"{name}.key"))
        for name in ("secret_key", "index_key")
        if not getattr(settings, name).get_secret_value()
    }
    return settings.model_copy(update=kept)


def new_branch_keys(settings: Settings, branch: str) -> bytes:
    """Makes a branch's key pair; returns the public half. Raises KeysExist."""
    private, public = crypto.new_key_pair()
    _write(settings.keys / f"branch-{branch}.key", private)
    return public


def new_log_key(settings: Settings) -> bool:
    """Makes the key of the evidence logs where there is none. Whether it was made."""
    path = log_key_file(settings)
    if path.exists():
        return False
    _write(path, Ed25519PrivateKey.generate().private_bytes_raw())
    return True


def log_key(settings: Settings) -> Ed25519PrivateKey:
    """Signs what the evidence logs say. Raises LogKeyMissing."""
    try:
        return Ed25519PrivateKey.from_private_bytes(log_key_file(settings).read_bytes())
    except (OSError, ValueError) as error:
        raise LogKeyMissing("the key of the evidence log is missing; make one with: petitions keys new") from error


def log_key_file(settings: Settings) -> Path:
    return settings.keys / "log.key"


def new_seal(settings: Settings, branch: str, legal_name: str) -> bytes:
    """Makes a self-signed seal for a branch; returns its certificate in DER. Raises KeysExist.

    PDF readers will call its signer unknown until an organisation's certificate takes its place (`replacing_seal`)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=SEAL_BITS)
    name = x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, f"{legal_name[:50]} (seal)"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, legal_name[:64]),
    ])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(hours=1))
        .not_valid_after(today + timedelta(days=365 * SEAL_YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    _write_seal(settings, branch, key, certificate, [])
    return certificate.public_bytes(Encoding.DER)


@contextlib.contextmanager
def replacing_seal(
    settings: Settings, branch: str, key: rsa.RSAPrivateKey, certificate: x509.Certificate,
    chain: list[x509.Certificate],
) -> Iterator[None]:
    """Puts another seal in the place of a branch's and the former one beside it; an error in the block undoes it."""
    stamp = f"former-{datetime.now(UTC):%Y%m%dT%H%M%S}-"
    present = [settings.keys / f"seal-{branch}.{ending}" for ending in ("p12", "pass")]
    former = {path: path.with_name(stamp + path.name) for path in present if path.exists()}
    for path, aside in former.items():
        path.rename(aside)
    try:
        _write_seal(settings, branch, key, certificate, chain)
        yield
    except BaseException:
        for path in present:
            path.unlink(missing_ok=True)
        for path, aside in former.items():
            aside.rename(path)
        raise


def seal_key(settings: Settings, branch: str) -> SealKey:
    """The seal of a branch, still under its passphrase. Raises KeysMissing."""
    try:
        pkcs12 = (settings.keys / f"seal-{branch}.p12").read_bytes()
        passphrase = settings.seal_passphrase.get_secret_value().encode()
        return SealKey(pkcs12, passphrase or (settings.keys / f"seal-{branch}.pass").read_bytes())
    except OSError as error:
        raise KeysMissing("a seal or its passphrase is missing; make one with: petitions keys new") from error


def _write_seal(
    settings: Settings, branch: str, key: rsa.RSAPrivateKey, certificate: x509.Certificate,
    chain: list[x509.Certificate],
) -> None:
    """Under the passphrase that was set, else under one made for it and kept beside it."""
    passphrase = settings.seal_passphrase.get_secret_value().encode()
    if not passphrase:
        passphrase = secrets.token_urlsafe(24).encode()
        _write(settings.keys / f"seal-{branch}.pass", passphrase)
    protection = BestAvailableEncryption(passphrase)
    pkcs12 = serialize_key_and_certificates(b"seal", key, certificate, chain or None, protection)
    _write(settings.keys / f"seal-{branch}.p12", pkcs12)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        with contextlib.suppress(KeysExist):  # another process of the demonstration was first
            _write(path, secrets.token_urlsafe(32).encode())
    return path.read_text()


def _write(path: Path, content: bytes) -> None:
    """A file that appears whole or not at all, readable by its owner only."""
    for folder in (path.parent.parent, path.parent):  # mkdir gives its mode to the last one only
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, 0o400)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, path)
    except FileExistsError as error:
        raise KeysExist(f"{path.name} is there already; move it away first") from error
    finally:
        unfinished.unlink()
