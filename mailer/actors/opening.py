"""Opens what a claimed confirmation needs: the boxes of its signature, for as long as the batch lives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.posting import KEY_MISSING_SECONDS, settle
from mailer.actors.runtime import Runtime, log
from mailer.unseal import PrivateKeyMissing
from petitions import crypto
from petitions.mailboxes import canonical
from petitions.models import Letter, Petition, Signature

OVER_CAP = "over_cap"


@dataclass(frozen=True, slots=True)
class Opened:
    """A claimed letter with its boxes opened."""

    letter_id: int
    public_id: str
    tries: int
    fresh: bool  # first claim: the caps have not counted it yet
    created_at: datetime
    signature_id: int
    signature: str
    petition_id: int
    petition: str
    state: Signature.State
    expires_at: datetime
    dedup_tag: bytes
    reason: str | None
    name: str
    email: str
    mailbox: str
    language: str
    token: str


def open_letters(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[Opened]:
    rows = session.execute(
        select(
            Letter.id, Letter.public_id, Letter.tries, _FIRST_CLAIM, Letter.created_at,
            Signature.id, Signature.public_id, Signature.petition_id, Petition.public_id, Signature.state,
            Signature.expires_at, Signature.dedup_tag, Signature.name_key_id, Signature.name_box,
            Signature.mail_key_id, Signature.mail_box, Letter.reason,
        )
        .join(Signature, Letter.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .where(Letter.id.in_(ids))
    ).all()
    closed = keys_not_opened(runtime, session, {key for row in rows for key in (row[12], row[14])})
    for row in rows:
        if row[13] is None or row[15] is None:
            settle(runtime, session, Letter, row[0], Letter.State.WITHHELD, "gone")
            continue
        if closed & {row[12], row[14]}:
            claims.retry(
                session, Letter, runtime.owner, row[0], tries=row[2], seconds=KEY_MISSING_SECONDS, reason="key_missing"
            )
            continue
        try:
            name = runtime.unsealer.fields("name", row[6], row[12], row[13])
            mail = runtime.unsealer.fields("mail", row[6], row[14], row[15])
        except crypto.BoxDamaged:
            log.error("letter.box_damaged", letter=row[1])
            settle(runtime, session, Letter, row[0], Letter.State.WITHHELD, "box_damaged")
            continue
        yield Opened(
            letter_id=row[0], public_id=row[1], tries=row[2], fresh=row[3],
            created_at=row[4], signature_id=row[5], signature=row[6], petition_id=row[7], petition=row[8],
            state=row[9], expires_at=row[10], dedup_tag=row[11] or b"", reason=row[16], name=name[0], email=mail[0],
            mailbox=canonical(mail[0]), language=mail[1], token=mail[2],
        )


def keys_not_opened(runtime: Runtime, session: Session, keys: set[int | None]) -> set[int]:
    """Opens data keys; gives those that cannot be opened now. One branch's trouble must not stop the others."""
    closed = set()
    for key in keys:
        if key is None:
            continue
        try:
            runtime.learn_keys(session, {key})
        except (PrivateKeyMissing, crypto.BoxDamaged) as error:
            log.error("letters.key_not_opened", key=key, error=type(error).__name__)
            closed.add(key)
    return closed


# Nothing has become of it before, or it was taken off the caps again.
_FIRST_CLAIM = (Letter.crashes == 1) & (
    Letter.last_error_class.is_(None) | (Letter.last_error_class == OVER_CAP)
)
