"""Whether password and code are a member's. Nothing but yes or no leaves this module (cases.md E2, G3, G6)."""

import structlog
from sqlalchemy import func, select

from petitions.db import db
from petitions.login import accounts
from petitions.login.passwords import LONGEST, normalised
from petitions.models import AuditEntry, Member

log = structlog.get_logger(__name__)


def member_by(email: str, password: str, code: str) -> Member | None:
    """The member, locked, in the request's session. Takes as long for an address that nobody has."""
    db.session.rollback()  # the gate's reading is over; while a password is hashed, signers must not wait (G19)
    claimed = _claimed(email)
    right = len(password) <= LONGEST and accounts.password_matches(normalised(password), claimed)
    if claimed is None or not right:
        log.warning("login.refused", why="password")
        return None
    if accounts.throttle().wait_for_code(claimed.public_id):
        log.warning("login.refused", why="too many codes")
        return None
    member = db.session.get(Member, claimed.id, with_for_update=True, populate_existing=True)
    if member is None or member.password != claimed.password or not _takes(member, code):
        log.warning("login.refused", why="code")
        return None
    accounts.throttle().code_was_right(member.public_id)
    return member


def _claimed(email: str) -> Member | None:
    with db.reading() as session:
        same = func.lower(Member.email) == email.lower()
        return session.scalars(select(Member).where(same, Member.left_at.is_(None))).one_or_none()


def _takes(member: Member, code: str) -> bool:
    """A code of the app or a recovery code; neither works twice."""
    if member.tf_totp_secret is not None and accounts.code_matches(code, member.tf_totp_secret, member):
        return True
    if not member.spend_recovery_code(code):
        return False
    AuditEntry.write(db.session, member.public_id, "member.recovery_code", member.public_id)
    return True
