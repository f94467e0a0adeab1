"""Organisers' accounts: Flask-Security as the engine for password hashes and one-time codes.

Of it only the engine is installed. Its pages, mails, cookies and request loader are not: who is logged in is auth.py's
to say, alone, by a session that can be ended from elsewhere; letters are the worker's; every word is in our catalogue.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import segno
import structlog
from flask import Flask, current_app
from flask_security import Security, SQLAlchemyUserDatastore, Totp, hash_password, verify_password
from passlib.totp import TOTP, TotpMatch
from werkzeug.exceptions import ServiceUnavailable

from petitions import crypto
from petitions.config import Settings
from petitions.db import db
from petitions.login.throttle import Throttle
from petitions.models import Member

HASHES_AT_ONCE = 4  # of 19 MiB each: a flood of logins waits, it does not eat the memory (cases.md G19)
HASH_WAIT = 5  # seconds
CODE_WINDOW = 30  # seconds; a phone's clock may be off by one step
# Of a password that was thrown away: it is looked at where there is none.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$YgyhtLa2NiaEsJbSGgNASA$rOi50cnkAqf6DaTAFhDrGbsyQf6Zd/5+JoDEZxnya2U"

log = structlog.get_logger(__name__)
_hashing = threading.BoundedSemaphore(HASHES_AT_ONCE)


class OneTimeCodes(Totp):
    """Secrets encrypted under keys that no dump of the database holds; a code works once (cases.md G6)."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        super().__init__(secrets, issuer)
        newest = next(reversed(secrets))
        # No stretching: the keys are random, and the time would tell that a password was right.
        self._totp = TOTP.using(issuer=issuer, secrets=secrets, default_tag=newest, encrypt_cost=0)

    def get_last_counter(self, user: Any) -> int | None:
        return cast(Member, user).totp_counter

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        cast(Member, user).totp_counter = tmatch.counter


def install(app: Flask, settings: Settings) -> None:
    """After sessions and gate."""
    app.config.update(_settings_of_the_engine(app, settings))
    app.extensions["throttle"] = Throttle(settings)
    # The columns are what the engine needs of a member, and its mixin would bring Flask to every model and command.
    members = SQLAlchemyUserDatastore(db, cast(Any, Member), cast(Any, None))
    engine = Security(app, members, register_blueprint=False, totp_cls=OneTimeCodes)
    # No second way in beside auth.py: neither a token in an address (cases.md G22) nor a cookie that remembers.
    engine.login_manager.user_loader(_nobody)
    engine.login_manager.request_loader(_nobody)
    engine.principal.identity_loaders.clear()


def throttle() -> Throttle:
    found: Throttle = current_app.extensions["throttle"]
    return found


def hashed(password: str) -> str:
    with _turn():
        return str(hash_password(password))


def password_matches(password: str, member: Member | None) -> bool:
    """Takes as long for nobody as for a member without a password and for one with it (cases.md E2)."""
    kept = member.password if member is not None else None
    with _turn():
        return bool(verify_password(password, kept or NOBODY)) and kept is not None


def new_code_secret() -> str:
    """Encrypted: so it may stand in a form until the first code proves that it has arrived."""
    return str(_codes().generate_totp_secret())


def code_matches(code: str, secret: str, member: Member) -> bool:
    """Once for each code: lock the member's row before, or two requests could use the same."""
    digits = "".join(code.split())
    try:
        return _codes().verify_totp(digits, secret, cast(Any, member), window=CODE_WINDOW)
    except KeyError:
        log.error("codes.key_missing", member=member.public_id)  # of a secret key that is no fallback any more
        return False


def code_picture(secret: str, email: str) -> str:
    """What an authenticator app reads, for an <img>."""
    return segno.make(_codes().get_totp_uri(email, secret), error="m").svg_data_uri(scale=5, border=3, light="#fff")


def code_key(secret: str) -> str:
    """The same to type, where there is no camera."""
    return str(_codes().get_totp_pretty_key(secret))


def is_code_secret(typed: str) -> bool:
    """Whether a form brought back what this site gave out: encrypted, and not a secret that somebody chose."""
    if '"enckey"' not in typed:
        return False
    try:
        code_key(typed)
    except (TypeError, ValueError, KeyError):
        return False
    return True


def _codes() -> OneTimeCodes:
    return current_app.extensions["security"].totp_factory  # type: ignore[no-any-return]


@contextmanager
def _turn() -> Iterator[None]:
    if not _hashing.acquire(timeout=HASH_WAIT):
        raise ServiceUnavailable(retry_after=HASH_WAIT)
    try:
        yield
    finally:
        _hashing.release()


def _nobody(_claim: object) -> None:
    return None


def _settings_of_the_engine(app: Flask, settings: Settings) -> dict[str, Any]:
    return {
        "SESSION_PROTECTION": None,  # Flask-Login's would write into every session
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
            "argon2__memory_cost": 19_456,  # KiB: OWASP's least
            "argon2__time_cost": 2,
            "argon2__parallelism": 1,
        },
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,  # sets up one-time codes without a second drawer of QR codes
        "SECURITY_TOTP_SECRETS": _code_keys([*app.config["SECRET_KEY_FALLBACKS"], app.config["SECRET_KEY"]]),
        "SECURITY_TOTP_ISSUER": settings.mail_name.replace(":", " "),
    }


def _code_keys(secret_keys: list[str]) -> dict[str, str]:
    """One for each secret key, the newest last, under a name that tells nothing of it and does not change."""
    derived = [crypto.lasting_key(key.encode(), "one-time codes").hex() for key in secret_keys]
    return {hashlib.sha256(key.encode()).hexdigest()[:12]: key for key in derived}
