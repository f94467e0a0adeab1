"""What a moderator decides on single rows: held ones go on, or a row is held. Writes the audit log."""

from datetime import timedelta

from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.models.audit import AuditEntry
from petitions.models.held_copy import HeldCopy
from petitions.models.letter import Letter
from petitions.models.signature import Signature


def release(session: Session, signature: Signature, by: str, confirm_days: int) -> Signature.State:
    """Lets a held signature go on: whose owner has said yes counts, the others get their letter, with a whole term to
    answer it. Says what it became; `void` if the same mailbox has another one there. Raises IllegalTransition."""
    entry = AuditEntry.write(session, by, "signature.release", signature.public_id)
    let_go(session, signature, confirm_days, f"release:{entry.sequence}")
    return signature.state


def let_go(session: Session, signature: Signature, confirm_days: int, occasion: str) -> None:
    """As `release`, for whoever keeps the record of it. One letter for one occasion."""
    signature.release(session)
    HeldCopy.empty(session, signature.id)
    if signature.state is Signature.State.PENDING:
        hour = database_time(session).replace(minute=0, second=0, microsecond=0)
        signature.expires_at = hour + timedelta(days=confirm_days, hours=1)
        kind = Letter.Kind.CONFIRM_SIGNATURE
        # Not `letter_cause`: a letter of the same ten minutes may have been withheld because the row was held.
        session.add(Letter(kind=kind, cause=f"{kind}:{signature.public_id}:{occasion}", signature=signature))
