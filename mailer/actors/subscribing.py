"""Makes subscriptions of wishes: for signers who ticked "news" and confirmed.

Only the worker can open the address that was sealed with the signature. It seals it again, under a key of another
purpose and with a new token, so that the subscription lives and ends by itself.
"""

import random
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer.actors.opening import keys_not_opened
from mailer.actors.runtime import Runtime, log
from petitions import crypto, tokens
from petitions.db import db, insert_or_ignore, is_state, new_public_id
from petitions.keyring import new_data_key
from petitions.mailboxes import canonical
from petitions.models import DataKey, Petition, Signature, Subscription

BATCH = 500
ADDRESS_PAD = 128  # a box's length must not tell a short address from a long one


def subscribe(runtime: Runtime) -> int:
    """Carries out the wishes that wait. Returns how many."""
    waiting = is_state(Signature.state, Signature.State.CONFIRMED) & Signature.wants_news
    with db.reading() as session:
        petitions = session.scalars(select(Signature.petition_id).where(waiting).distinct()).all()
    return sum(_subscribe(runtime, petition_id) for petition_id in petitions)


def _subscribe(runtime: Runtime, petition_id: int) -> int:
    """A petition's; none of it where its branch's private key is missing."""
    done = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            rows = _waiting(session, petition_id)
            if keys_not_opened(runtime, session, {row.mail_key_id for row in rows}):
                break
            _carry_out(runtime, session, session.get_one(Petition, petition_id), rows)
            session.commit()
        done += len(rows)
        if len(rows) < BATCH:
            break
    return done


def _waiting(session: Session, petition_id: int) -> Sequence[Any]:
    return session.execute(
        select(Signature.id, Signature.public_id, Signature.mail_key_id, Signature.mail_box)
        .where(
            Signature.petition_id == petition_id,
            is_state(Signature.state, Signature.State.CONFIRMED),
            Signature.wants_news,
        )
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _carry_out(runtime: Runtime, session: Session, petition: Petition, rows: Sequence[Any]) -> None:
    if not rows:
        return
    public_key = petition.branch.public_key
    key_id, cipher = new_data_key(session, petition.id, petition.public_id, public_key, DataKey.Purpose.UPDATES)
    # In no order of theirs: else the n-th subscription would be the n-th signer's.
    for row in random.SystemRandom().sample(rows, len(rows)):
        try:
            email, language = runtime.unsealer.fields("mail", row.public_id, row.mail_key_id, row.mail_box)[:2]
        except crypto.BoxDamaged:
            log.error("subscribe.box_damaged", signature=row.public_id)
            continue
        tag = Subscription.tag_of(runtime.index_key, petition.public_id, canonical(email))
        wanted = sealed_row(petition.id, key_id, cipher, tag, email, language)
        insert_or_ignore(session, Subscription, wanted)  # who has one already keeps it
    session.execute(
        update(Signature)
        .where(Signature.id.in_([row.id for row in rows]))
        .values(wants_news=False)
        .execution_options(synchronize_session=False)
    )


def sealed_row(
    petition_id: int, key_id: int, cipher: AESGCM, tag: bytes, email: str, language: str
) -> dict[str, object]:
    """A subscription as it is stored."""
    public_id, token = new_public_id(), tokens.new_token()
    return {
        "public_id": public_id,
        "petition_id": petition_id,
        "tag": tag,
        "language": language,
        "key_id": key_id,
        "box": crypto.seal_fields(cipher, crypto.record_info("news", public_id), (email, token), ADDRESS_PAD),
        "token_hash": tokens.token_hash(token),
    }
