"""What every owner of every branch that writes to an authority is told of a change of its channels (cases.md G13)."""

from sqlalchemy.orm import Session

from petitions.member_letters import write_to
from petitions.models import ChannelChange, Letter, Member


def tell_owners(session: Session, change: ChannelChange, event: str, by: Member | None) -> None:
    """One letter to each. `event` is channel_change_asked, _approved or _stopped; without a member it is the operator.
    The caller commits, then rings "letters"."""
    for owner in change.owners(session):
        words = {
            "event": event,
            "who": _named(by, owner),
            "authority": change.authority.name_in(owner.language or owner.branch.languages[0]),
            "channel": change.kind.value,
            "path": f"/organise/channel-changes/{change.public_id}",
        }
        if change.not_before is not None:
            words["not_before_at"] = change.not_before.isoformat()
        write_to(session, owner, Letter.Kind.MEMBER_NOTICE, cause=f"{event}:{change.public_id}", words=words)


def _named(by: Member | None, reader: Member) -> str:
    """Members are known by name in their own branch only."""
    if by is None:
        return "operator"
    return by.name if by.branch_id == reader.branch_id else by.branch.legal_name
