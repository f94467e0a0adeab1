"""Freezing a branch: what leaves and what changes stops at once, every login ends, all owners are told.

Any editor, moderator or owner may do it, in fear and in seconds (cases.md G16). Two owners end it, or the operator.
"""

from sqlalchemy.orm import Session

from petitions.db import database_time
from petitions.member_letters import tell_owners
from petitions.models import AuditEntry, Branch, MemberSession, Proposal


def freeze(session: Session, branch: Branch, *, by: str, reason: str = "") -> bool:
    """`by` as the audit log names actors. False if the branch was frozen already; logins end all the same."""
    session.refresh(branch, with_for_update=True)  # two may press at once
    _drop_request_to_unfreeze(session, branch)
    first = branch.freeze(database_time(session), by=by)
    MemberSession.end_all(session, branch_id=branch.id)
    entry = AuditEntry.write(session, by, "branch.freeze", branch.public_id, reason=reason)
    if first:
        tell_owners(session, branch, entry, event="branch_frozen")
    return first


def unfreeze(session: Session, branch: Branch, *, by: str) -> None:
    _drop_request_to_unfreeze(session, branch)
    branch.unfreeze()
    entry = AuditEntry.write(session, by, "branch.unfreeze", branch.public_id)
    tell_owners(session, branch, entry, event="branch_unfrozen")


def _drop_request_to_unfreeze(session: Session, branch: Branch) -> None:
    """What one owner asked for under another freezing must not meet a second one's yes under this."""
    waiting = Proposal.of(session, Proposal.Kind.UNFREEZE, branch.public_id)
    if waiting is not None:
        waiting.lapse(database_time(session))
