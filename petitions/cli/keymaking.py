"""Key pairs and seals of branches: what is on this machine, and making what is missing without harming what is."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from petitions import crypto, keys
from petitions.cli.refusals import Refused
from petitions.config import Settings
from petitions.models import Branch, Checkpoint, DataKey, Petition


@dataclass(frozen=True, slots=True)
class BranchKeys:
    """What there is of a branch's keys. Fingerprints are SHA-256, hexadecimal."""

    branch: str
    public_key: str
    private_half: str  # here | elsewhere | differs: a key file that does not open this branch's records
    seal: str  # here | elsewhere | differs | none
    seal_certificate: str
    seal_expires_at: datetime | None


def state_of(settings: Settings, branch: Branch) -> BranchKeys:
    expires = None
    if branch.seal_certificate:
        expires = x509.load_der_x509_certificate(branch.seal_certificate).not_valid_after_utc
    return BranchKeys(
        branch=branch.slug,
        public_key=hashlib.sha256(branch.public_key).hexdigest(),
        private_half=_private_half(settings, branch),
        seal=_seal(settings, branch),
        seal_certificate=hashlib.sha256(branch.seal_certificate or b"").hexdigest() if branch.seal_certificate else "",
        seal_expires_at=expires.astimezone(UTC) if expires else None,
    )


@contextmanager
def undone_on_error(settings: Settings) -> Iterator[None]:
    """Removes the key files made within the block if the block fails: a row never came to know them."""
    before = set(_files(settings))
    try:
        yield
    except BaseException:
        for path in set(_files(settings)) - before:
            path.unlink()
        raise


def complete(session: Session, settings: Settings, branch: Branch) -> list[str]:
    """Makes what a branch lacks; returns what was made. Raises Refused where a new key would lose records."""
    made = []
    if not _key_file(settings, branch).exists():
        if session.scalar(select(exists().where(DataKey.petition_id == Petition.id, Petition.branch_id == branch.id))):
            raise Refused(
                f"The private key of “{branch.slug}” is not on this machine, and records are sealed to it. "
                "A new one could not open them: put back the file from the worker's machine or from its backup "
                f"(keys/branch-{branch.public_id}.key)."
            )
        branch.public_key = keys.new_branch_keys(settings, branch.public_id)
        made.append("key pair")
    if not branch.seal_certificate:
        branch.seal_certificate = keys.new_seal(settings, branch.public_id, branch.legal_name)
        made.append("seal")
    return made


def make_log_key(session: Session, settings: Settings) -> bool:
    """The key of the evidence logs, if there is none yet. Raises Refused where logs were signed with another."""
    if keys.log_key_file(settings).exists():
        return False
    if session.scalar(select(exists().where(Checkpoint.id.is_not(None)))):
        raise Refused(
            "The key of the evidence logs is not on this machine, and logs are signed with it. A new one would begin "
            "other logs: put back the file from the worker's machine or from its backup (keys/log.key)."
        )
    return keys.new_log_key(settings)


def _private_half(settings: Settings, branch: Branch) -> str:
    try:
        private = _key_file(settings, branch).read_bytes()
        return "here" if crypto.public_half(private) == branch.public_key else "differs"
    except OSError:
        return "elsewhere"
    except ValueError:
        return "differs"


def _seal(settings: Settings, branch: Branch) -> str:
    if not branch.seal_certificate:
        return "none"
    try:
        kept = keys.seal_key(settings, branch.public_id)
        _key, certificate, _chain = load_key_and_certificates(kept.pkcs12, kept.passphrase)
    except keys.KeysMissing:
        return "elsewhere"
    except ValueError:  # a wrong passphrase, or no PKCS#12
        return "differs"
    same = certificate is not None and certificate.public_bytes(Encoding.DER) == branch.seal_certificate
    return "here" if same else "differs"


def _key_file(settings: Settings, branch: Branch) -> Path:
    return settings.keys / f"branch-{branch.public_id}.key"


def _files(settings: Settings) -> list[Path]:
    return list(settings.keys.iterdir()) if settings.keys.is_dir() else []
