"""Puts into effect what two people agreed to and nobody stopped: where authorities take documents (cases.md G13)."""

from mailer.actors.runtime import Runtime, log
from petitions.bell import bell
from petitions.db import db
from petitions.models import AuditEntry, AuthorityImport, ChannelChange


def settle_channel_changes(_runtime: Runtime) -> int:
    """Those whose hour has come, and those that nobody decided. Returns how many took effect."""
    with db.writing() as session:
        done = session.scalars(ChannelChange.due()).all()
        lapsed = session.scalars(ChannelChange.abandoned()).all()
        for change in done:
            change.take_effect(session)
        for change in lapsed:
            change.lapse(session)
        for change, verb in [*((one, "effect") for one in done), *((one, "lapse") for one in lapsed)]:
            slug = change.authority.slug
            AuditEntry.write(session, "worker", f"channel_change.{verb}", change.public_id, authority=slug)
            log.info("channel_change.settled", change=change.public_id, state=change.state.value)
        AuthorityImport.forget_old(session)
        session.commit()
    if done:
        bell.ring("authorities")
    return len(done)
