"""The data keys this process seals with: at most 15 minutes each, stored only sealed to the branch."""

import os
import threading
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import event
from sqlalchemy.orm import Session

from petitions import crypto
from petitions.db import new_public_id
from petitions.models import DataKey

LIFETIME = 15 * 60  # seconds; what a seized web server's memory can open


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """One key for names and one for mail, with the row ids that a signature refers to."""

    names_id: int
    mail_id: int
    names: AESGCM
    mail: AESGCM
    made: float


class Keyring:
    """One for a process. A key is kept only after the transaction that stored it has committed."""

    def __init__(self) -> None:
        self._keys: dict[int, SealingKeys] = {}
        self._lock = threading.Lock()

    def current(self, session: Session, petition_id: int, petition: str, public_key: bytes) -> SealingKeys:
        """The keys to seal a petition's records with now, to its branch's public key; makes new ones in the
        caller's transaction when the last are too old. `petition` is its public id."""
        found = self._keys.get(petition_id)
        if found is not None and time.monotonic() - found.made < LIFETIME:
            return found
        fresh = _new_keys(session, petition_id, petition, public_key)

        @event.listens_for(session, "after_commit", once=True)
        def keep(_session: Session) -> None:
            with self._lock:
                self._keys[petition_id] = fresh
            forgetting = threading.Timer(LIFETIME, self._forget, (petition_id, fresh))  # also if nobody signs again
            forgetting.daemon = True
            forgetting.start()

        return fresh

    def _forget(self, petition_id: int, keys: SealingKeys) -> None:
        with self._lock:
            if self._keys.get(petition_id) is keys:
                del self._keys[petition_id]

    def forget(self) -> None:
        with self._lock:
            self._keys.clear()


def new_data_key(
    session: Session, petition_id: int, petition: str, public_key: bytes, purpose: DataKey.Purpose
) -> tuple[int, AESGCM]:
    """The id of its row, in the caller's transaction, and what it seals with."""
    key, name = os.urandom(crypto.KEY_BYTES), new_public_id()
    info = crypto.data_key_info(petition, purpose, name)
    row = DataKey(
        public_id=name, petition_id=petition_id, purpose=purpose, sealed_key=crypto.seal_key(key, public_key, info)
    )
    session.add(row)
    session.flush()
    return row.id, AESGCM(key)


def _new_keys(session: Session, petition_id: int, petition: str, public_key: bytes) -> SealingKeys:
    names, mail = (
        new_data_key(session, petition_id, petition, public_key, purpose)
        for purpose in (DataKey.Purpose.NAMES, DataKey.Purpose.MAIL)
    )
    return SealingKeys(names[0], mail[0], names[1], mail[1], time.monotonic())


keyring = Keyring()
