"""What comes round by itself: each job runs once in its period over all workers (`claims.every`)."""

from collections.abc import Callable

from sqlalchemy import select

from mailer import claims
from mailer.actors.bounces import watch_bounces
from mailer.actors.channel_changes import settle_channel_changes
from mailer.actors.counting import count, recount
from mailer.actors.held_copies import forget_copies
from mailer.actors.invalidations import forget_previews
from mailer.actors.links import remove_links
from mailer.actors.listing import write_public_names
from mailer.actors.previews import drop_previews
from mailer.actors.purging import purge
from mailer.actors.reports import drop_copies
from mailer.actors.runtime import Runtime, log
from mailer.actors.standing_orders import open_and_close
from mailer.actors.subscribing import subscribe
from mailer.actors.trends import count_mail_domains, find_trends
from mailer.actors.updates import advance_updates
from petitions.db import db, now
from petitions.models import AuditEntry, Edition, Handout

HOUR, DAY = 3_600, 86_400


def run_due(runtime: Runtime) -> None:
    """Runs the jobs whose time has come; a job that fails is reported and comes round again."""
    for name, seconds, job in _jobs(runtime):
        if runtime.stopping.is_set():
            return
        with db.writing() as session:
            mine = claims.every(session, f"job:{name}", runtime.owner, seconds)
            session.commit()
        if not mine:
            continue
        try:
            job(runtime)
        except Exception as error:
            log.error("job.failed", job=name, error=type(error).__name__)


def _jobs(runtime: Runtime) -> list[tuple[str, float, Callable[[Runtime], object]]]:
    return [
        ("count", runtime.settings.count_seconds, count),
        ("bounces", 30, watch_bounces),
        ("trends", 120, find_trends),
        ("domains", 600, count_mail_domains),
        ("copies", 600, forget_copies),
        ("fraud previews", HOUR, forget_previews),
        ("list", 60, write_public_names),
        ("channels", 60, settle_channel_changes),
        ("subscribe", 60, subscribe),
        ("news", 15, advance_updates),
        ("open", 30, open_and_close),
        ("previews", 600, drop_previews),
        ("lapse", HOUR, _lapse),
        ("recount", DAY, recount),
        ("purge", HOUR, purge),
        ("links", 60, remove_links),
        ("handouts", 300, _tidy_handouts),
        ("report_copies", 300, drop_copies),
    ]


def _tidy_handouts(_runtime: Runtime) -> int:
    """What was made for somebody who did not come is taken out of its row within the hour."""
    with db.writing() as session:
        tidied = Handout.tidy(session)
        session.commit()
    return tidied


def _lapse(runtime: Runtime) -> int:
    """Requests that nobody approved in time: what is approved later must be true later. A threshold whose edition
    lapsed may fire again."""
    oldest = now(-runtime.settings.approval_hours * HOUR)
    with db.writing() as session:
        lapsed = session.scalars(
            select(Edition)
            .where(Edition.state == Edition.State.CHECKED, Edition.requested_at < oldest)
            .with_for_update(skip_locked=True)
        ).all()
        for edition in lapsed:
            edition.move_to(Edition.State.LAPSED)
            if edition.trigger is not None:
                edition.trigger.fired_at, edition.trigger = None, None
            log.warning("edition.lapsed", edition=edition.public_id, problems=len(edition.problems))
        session.flush()
        for edition in lapsed:
            AuditEntry.write(session, "worker", "edition.lapse", edition.public_id, problems=len(edition.problems))
        session.commit()
    return len(lapsed)
