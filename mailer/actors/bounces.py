"""Stops confirmations when too many of them are refused (cases.md D12): a flood of invented addresses would cost the
relay's good name, and with it every honest signer's letter. A person lets them go on."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime, log
from petitions.bell import bell
from petitions.db import db
from petitions.member_letters import write_to
from petitions.models import AuditEntry, Letter, Member, Petition, Signature, Switch

REFUSED_AS_UNKNOWN = frozenset({"bad_address", "bounced"})
PAGE = "/organise/letters"
SHARE_OF_SAMPLE = 4  # with fewer than a quarter of the letters to look at, chance decides


def watch_bounces(runtime: Runtime) -> bool:
    """True if it has stopped them now. What it has stopped goes on when an owner has said so."""
    settings = runtime.settings
    with db.writing() as session:
        stopped = session.scalars(select(Switch).where(Switch.name == Switch.Name.LETTERS)).one_or_none()
        if stopped is not None:
            if stopped.thrown_by == "worker" and _asked_to_go_on(session, stopped.thrown_at):
                _let_go(session)
            return False
        looked_at = session.execute(
            select(Letter.state, Letter.reason, Petition.branch_id)
            .join(Signature, Letter.signature_id == Signature.id)
            .join(Petition, Signature.petition_id == Petition.id)
            .where(
                Letter.kind == Letter.Kind.CONFIRM_SIGNATURE,
                Letter.state.in_([Letter.State.SENT, Letter.State.FAILED]),
                Letter.created_at > _last_let_go(session),
            )
            .order_by(Letter.id.desc())
            .limit(settings.bounces_of_letters)
        ).all()
        refused = [row.branch_id for row in looked_at if row.reason in REFUSED_AS_UNKNOWN]
        enough = len(looked_at) * SHARE_OF_SAMPLE >= settings.bounces_of_letters
        if not enough or len(refused) * 100 <= settings.bounces_percent * len(looked_at):
            return False
        _stop(session, len(refused), len(looked_at), set(refused))
        session.commit()
    log.error("letters.stopped", refused=len(refused), of=len(looked_at))
    return True


def _last_let_go(session: Session) -> datetime:
    """What was refused before somebody let letters go on has been judged."""
    found = session.scalars(
        select(AuditEntry.happened_at)
        .where(AuditEntry.verb == "switch.reset", AuditEntry.subject == Switch.Name.LETTERS.value)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).first()
    return found or datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _asked_to_go_on(session: Session, since: datetime) -> bool:
    """Entries know whole seconds."""
    asked = exists().where(
        AuditEntry.verb == "letters.resume", AuditEntry.happened_at >= since.replace(microsecond=0)
    )
    return bool(session.scalar(select(asked)))


def _let_go(session: Session) -> None:
    Switch.reset(session, Switch.Name.LETTERS)
    AuditEntry.write(session, "worker", "switch.reset", Switch.Name.LETTERS.value)
    session.commit()
    bell.ring("letters")


def _stop(session: Session, refused: int, looked_at: int, branches: Iterable[int]) -> None:
    Switch.throw(session, Switch.Name.LETTERS, by="worker", reason="bounces")
    entry = AuditEntry.write(
        session, "worker", "switch.throw", Switch.Name.LETTERS.value, refused=refused, of=looked_at, reason="bounces"
    )
    for branch in branches:
        for owner in session.scalars(Member.owners(branch)):
            write_to(
                session, owner, Letter.Kind.MEMBER_NOTICE, cause=f"audit:{entry.sequence}",
                words={"event": "letters_stopped", "refused": refused, "of": looked_at, "path": PAGE},
            )
