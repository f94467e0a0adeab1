"""The passkey ceremonies: what the browser is asked, and whether its answer holds (cases.md G9).

A passkey is two factors in one, what the member has and what unlocks it, so it must be unlocked each time. It belongs
to the host of PETITIONS_BASE_URL; under any other name the site answers to, browsers offer it not.
"""

import json
import time
from urllib.parse import urlsplit

import structlog
import webauthn
from flask import current_app, session
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from petitions.config import Settings
from petitions.db import database_time
from petitions.login.accounts import throttle
from petitions.models import Member, Passkey

CHALLENGE = "challenge"
CHALLENGE_SECONDS = 300

log = structlog.get_logger(__name__)


class PasskeyRefused(Exception):
    """The browser's answer does not hold: made for another site, used before, too late, or by an unknown key."""


def ask_to_make(handle: str, email: str, name: str, known: list[Passkey]) -> str:
    """The options of `navigator.credentials.create`, as JSON. `handle` is what the device files the key under; a
    device that holds one of the `known` keys refuses to make another."""
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=_settings().mail_name,
        user_id=handle.encode(),
        user_name=email,
        user_display_name=name or email,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    _remember(options.challenge)
    return webauthn.options_to_json(options)


def made(answer: str, name: str) -> Passkey:
    """The new key, still nobody's. Raises PasskeyRefused."""
    try:
        proof = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=_challenge(),
            expected_rp_id=_host(),
            expected_origin=_origin(),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise _refused(error) from None
    return Passkey(
        name=name,
        credential_id=proof.credential_id,
        public_key=proof.credential_public_key,
        sign_count=proof.sign_count,
    )


def ask_to_prove(known: list[Passkey] | None = None) -> str:
    """The options of `navigator.credentials.get`; without `known` keys the device says which member it is."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(),
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential_id) for key in known or []],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _remember(options.challenge)
    return webauthn.options_to_json(options)


def proved(bound: Session, answer: str) -> Member:
    """Whose key answered. Raises PasskeyRefused."""
    challenge = _challenge()
    key = _known(bound, answer)
    try:
        proof = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise _refused(error) from None
    key.sign_count = proof.new_sign_count
    key.used_at = database_time(bound)
    return key.member


def _known(bound: Session, answer: str) -> Passkey:
    try:
        credential_id = base64url_to_bytes(json.loads(answer)["rawId"])
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(error) from None
    found = bound.scalars(
        select(Passkey)
        .join(Passkey.member)
        .where(Passkey.credential_id == credential_id, Member.left_at.is_(None))
        .with_for_update(of=Passkey)
    ).one_or_none()
    if found is None:
        raise _refused(None)
    return found


def _remember(challenge: bytes) -> None:
    session[CHALLENGE] = [bytes_to_base64url(challenge), int(time.time())]


def _challenge() -> bytes:
    """What this browser was asked, once: before the login the session is a cookie, which could be sent again."""
    text, asked_at = session.pop(CHALLENGE, ["", 0])
    late = time.time() - asked_at > CHALLENGE_SECONDS
    if late or not throttle().first_time(text, CHALLENGE_SECONDS):
        raise _refused(None)
    return base64url_to_bytes(text)


def _refused(error: Exception | None) -> PasskeyRefused:
    log.warning("passkey.refused", error=type(error).__name__)
    return PasskeyRefused()


def _host() -> str:
    return _settings().host


def _origin() -> str:
    parts = urlsplit(_settings().base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found
