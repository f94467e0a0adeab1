"""What proves that it is the member: a passkey, or a password together with a one-time code."""

import base64
import secrets
import uuid
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, String, Text, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from petitions.tokens import token_hash

if TYPE_CHECKING:
    from petitions.models.passkey import Passkey

RECOVERY_CODES = 8
RECOVERY_BYTES = 10  # 80 random bits: out of reach for whoever searches a stolen hash


class LastCredential(Exception):
    """What is left would not be enough to log in; add something else first."""


class Credentials:
    """Mixin of Member. Columns bear the names that Flask-Security gives them (petitions/login/accounts.py)."""

    # Sessions name the member by it: another one ends them all.
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=lambda: uuid.uuid4().hex)
    password: Mapped[str | None] = mapped_column(String(255))  # argon2id
    tf_totp_secret: Mapped[str | None] = mapped_column(Text)  # encrypted: a dump has no secret that works
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)  # of the last code taken: none works twice
    recovery_hashes: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))

    @declared_attr
    def passkeys(cls) -> Mapped[list["Passkey"]]:  # noqa: N805 - called on the class
        return relationship(back_populates="member", cascade="all, delete-orphan", order_by="Passkey.id")

    @property
    def has_password(self) -> bool:
        """With its codes: one without the other opens nothing."""
        return self.password is not None and self.tf_totp_secret is not None

    @property
    def can_log_in(self) -> bool:
        return self.has_password or bool(self.passkeys)

    def use_codes(self, secret: str) -> list[str]:
        """Takes one-time codes of a new (encrypted) secret; returns recovery codes for the day the device is lost."""
        self.tf_totp_secret, self.totp_counter = secret, None
        return self.new_recovery_codes()

    def new_recovery_codes(self) -> list[str]:
        """Shown once; only hashes are kept. The former codes work no longer."""
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        self.recovery_hashes = [_recovery_hash(code) for code in codes]
        return codes

    def spend_recovery_code(self, typed: str) -> bool:
        """True once for each code."""
        spent = _recovery_hash(typed)
        if spent not in self.recovery_hashes:
            return False
        self.recovery_hashes = [kept for kept in self.recovery_hashes if kept != spent]
        return True

    def drop_password(self) -> None:
        """And its codes. Raises LastCredential."""
        if not self.passkeys:
            raise LastCredential
        self.password = self.tf_totp_secret = self.totp_counter = None
        self.recovery_hashes = []

    def drop_passkey(self, passkey: "Passkey") -> None:
        """Raises LastCredential."""
        if len(self.passkeys) == 1 and not self.has_password:
            raise LastCredential
        self.passkeys.remove(passkey)

    def forget_credentials(self) -> None:
        """All of them, at once; whoever is logged in as this member is no longer."""
        self.password = self.tf_totp_secret = self.totp_counter = None
        self.recovery_hashes = []
        self.passkeys.clear()
        self.fs_uniquifier = uuid.uuid4().hex


def _recovery_code() -> str:
    plain = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _recovery_hash(typed: str) -> str:
    """However it was spaced."""
    return token_hash("".join(c for c in typed.lower() if c.isalnum())).hex()
