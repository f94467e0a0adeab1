"""What waits for somebody of a branch: each task with its kind, since when, and the page where it is done. The words
are the template's (organise/home/_tasks.html)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import Any

from cryptography import x509
from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from petitions.auth import may_reach
from petitions.i18n import present_language
from petitions.models import (
    Addressee,
    Authority,
    Branch,
    Channel,
    Clock,
    Delivery,
    Edition,
    Letter,
    Member,
    Petition,
    Prisoner,
    Proposal,
    Report,
    Signature,
    Switch,
    Trend,
)
from petitions.views.organise.board import (
    BY_PERSON,
    NEEDS_PERSON,
    SETTLED,
    WENT_WRONG,
    ids_of_branch,
    of_branch,
)
from petitions.views.organise.decisions import page_of
from petitions.views.organise.subjects import subjects

SEAL_DAYS = 30  # to renew a certificate before it ends
REVIEW_DAYS = 14  # to ask for consent again before it has to be


class Haste(IntEnum):
    """What stands first."""

    NOW = 0  # something is stopped, or goes wrong
    DECIDE = 1  # somebody waits for an answer
    SOON = 2


@dataclass(frozen=True, slots=True)
class Task:
    kind: str
    haste: Haste
    since: datetime
    url: str | None  # None: seen, but not this member's to do
    about: str = ""  # a name or title
    count: int = 1
    facts: dict[str, Any] = field(default_factory=dict)


def tasks_of(session: Session, member: Member, today: date, approval_hours: int) -> list[Task]:
    """Most urgent first, then the oldest."""
    branch = member.branch
    found = [
        *_stopped(session, branch),
        *_proposals(session, member, approval_hours),
        *_editions(session, branch),
        *_deliveries(session, branch),
        *_signatures(session, branch),
        *_trends(session, branch),
        *_cases(session, branch, today),
        *_reports(session, branch),
        *_clocks(session, branch, today),
        *_channels(session, branch),
        *_seal(branch, today),
    ]
    return sorted(found, key=lambda task: (task.haste, task.since))


def _stopped(session: Session, branch: Branch) -> Iterator[Task]:
    for switch in session.scalars(select(Switch)):
        url = _to("organise_letters.show") if switch.name is Switch.Name.LETTERS else None
        facts = {"name": switch.name.value, "by": switch.thrown_by, "reason": switch.reason}
        yield Task("switch", Haste.NOW, switch.thrown_at, url, facts=facts)
    count, since = session.execute(
        select(func.count(), func.min(Letter.created_at))
        .join(Signature, Letter.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .where(
            Petition.branch_id == branch.id,
            Letter.state == Letter.State.READY,
            Letter.last_error_class == "key_missing",
        )
    ).one()
    if count:
        yield Task("key_missing", Haste.NOW, since, None, count=count)


def _proposals(session: Session, member: Member, approval_hours: int) -> Iterator[Task]:
    waiting = session.scalars(Proposal.waiting(member.branch_id).options(joinedload(Proposal.asked_by))).all()
    named = subjects(session, [proposal.subject for proposal in waiting])
    for proposal in waiting:
        label = named[proposal.subject].label if proposal.subject in named else ""
        facts = {
            "kind": proposal.kind.value,
            "by": proposal.asked_by.name,
            "mine": proposal.asked_by_id == member.id,
            "lapses_at": proposal.asked_at + timedelta(hours=approval_hours),
        }
        url = page_of(proposal) if proposal.decidable_by(member) else None
        yield Task("proposal", Haste.DECIDE if url else Haste.SOON, proposal.asked_at, url, label, facts=facts)


def _editions(session: Session, branch: Branch) -> Iterator[Task]:
    wanted = (
        select(Edition)
        .join(Petition)
        .where(
            Petition.branch_id == branch.id, Edition.state.in_([Edition.State.CHECKED, Edition.State.FAILED])
        )
        .options(joinedload(Edition.petition))
    )
    for edition in session.scalars(wanted):
        checked = edition.state is Edition.State.CHECKED
        url = _to("organise_editions.show", slug=edition.petition.slug, number=edition.number)
        yield Task(
            "edition_checked" if checked else "edition_failed",
            Haste.DECIDE if checked else Haste.NOW,
            edition.checked_at or edition.requested_at,
            url,
            _title(edition.petition),
            facts={"number": edition.number, "problems": len(edition.problems)},
        )


def _deliveries(session: Session, branch: Branch) -> Iterator[Task]:
    wanted = of_branch(branch.id).where(Delivery.state.in_(NEEDS_PERSON) | Delivery.hold_reason.is_not(None))
    for delivery in session.scalars(wanted.where(Delivery.state.not_in(SETTLED)).limit(100)):
        if _noted_with_another(delivery):
            continue
        facts = {"state": delivery.state.value, "hold": delivery.hold_reason}
        haste = Haste.NOW if delivery.state in WENT_WRONG or delivery.hold_reason else Haste.DECIDE
        since = delivery.settled_at or delivery.transmitting_at or delivery.created_at
        url = _to("organise_delivery.show", public_id=delivery.public_id)
        yield Task("delivery", haste, since, url, _authority(delivery), facts=facts)


def _noted_with_another(delivery: Delivery) -> bool:
    """A volume that a person prints, posts or files in one go with one before it."""
    first = next(one for one in delivery.together if one.state is delivery.state)
    return delivery.state in BY_PERSON and not delivery.hold_reason and first is not delivery


def _signatures(session: Session, branch: Branch) -> Iterator[Task]:
    rows = session.execute(
        select(Petition, func.count(), func.min(Signature.created_hour))
        .join(Signature, Signature.petition_id == Petition.id)
        .where(Petition.branch_id == branch.id, Signature.state == Signature.State.HELD)
        .group_by(Petition.id)
    )
    for petition, count, since in rows:
        url = _to("organise_signatures.index", slug=petition.slug)
        yield Task("held", Haste.DECIDE, since, url, _title(petition), count)


def _trends(session: Session, branch: Branch) -> Iterator[Task]:
    wanted = Trend.open().join(Petition).where(Petition.branch_id == branch.id).options(joinedload(Trend.petition))
    for trend in session.scalars(wanted.limit(50)):
        url = _to("organise_fraud.index", slug=trend.petition.slug, trend=trend.public_id)
        yield Task("trend", Haste.NOW, trend.first_seen_at, url, _title(trend.petition), trend.count, {"trend": trend})


def _cases(session: Session, branch: Branch, today: date) -> Iterator[Task]:
    due = select(Prisoner).where(
        Prisoner.branch_id == branch.id, Prisoner.consent_review_on <= today + timedelta(days=REVIEW_DAYS)
    )
    for prisoner in session.scalars(due):
        assert prisoner.consent_review_on is not None
        late = prisoner.consent_review_on < today
        url = _to("organise_prisoners.show", public_id=prisoner.public_id)
        since = _midnight(prisoner.consent_review_on)
        yield Task("consent", Haste.NOW if late else Haste.SOON, since, url, _name(prisoner), facts={"late": late})
    stopped = select(Petition).where(Petition.branch_id == branch.id, Petition.log_stopped_at.is_not(None))
    for petition in session.scalars(stopped):
        assert petition.log_stopped_at is not None
        url = _to("organise_petitions.show", slug=petition.slug)
        yield Task("log_stopped", Haste.NOW, petition.log_stopped_at, url, _title(petition))
    review = select(Petition).where(Petition.branch_id == branch.id, Petition.needs_review)
    for petition in session.scalars(review):
        url = _to("organise_petitions.show", slug=petition.slug)
        yield Task("review", Haste.NOW, petition.opened_at or petition.created_at, url, _title(petition))


def _reports(session: Session, branch: Branch) -> Iterator[Task]:
    count, since = session.execute(
        select(func.count(), func.min(Report.received_on)).where(
            Report.branch_id == branch.id, Report.state == Report.State.NEW
        )
    ).one()
    if count:
        yield Task("reports", Haste.DECIDE, _midnight(since), _to("organise_reports.index"), count=count)


def _clocks(session: Session, branch: Branch, today: date) -> Iterator[Task]:
    overdue = Clock.running().where(Clock.due_on < today, Clock.delivery_id.in_(ids_of_branch(branch.id)))
    for clock in session.scalars(overdue.limit(100)):
        url = _to("organise_clocks.show", public_id=clock.public_id)
        since = _midnight(clock.due_on)
        yield Task("clock", Haste.SOON, since, url, _authority(clock.delivery), facts={"clock": clock})


def _channels(session: Session, branch: Branch) -> Iterator[Task]:
    asked = (
        select(Addressee.authority_id)
        .join(Petition, Addressee.petition_id == Petition.id)
        .where(Petition.branch_id == branch.id, Petition.state.not_in(Petition.OVER))
    )
    failing = select(Channel).where(Channel.failing_since.is_not(None), Channel.authority_id.in_(asked))
    for channel in session.scalars(failing):
        assert channel.failing_since is not None
        authority = channel.authority
        url = _to("organise_authorities.show", slug=authority.slug)
        yield Task("channel", Haste.NOW, channel.failing_since, url, _name(authority))


def _seal(branch: Branch, today: date) -> Iterator[Task]:
    """What can be seen of the keys from here: the public half of the seal."""
    url = _to("organise_branch.show")
    if branch.seal_certificate is None:
        yield Task("seal_missing", Haste.NOW, _midnight(today), url)
        return
    ends = x509.load_der_x509_certificate(branch.seal_certificate).not_valid_after_utc
    if ends.date() <= today + timedelta(days=SEAL_DAYS):
        yield Task("seal_ends", Haste.NOW if ends.date() < today else Haste.SOON, ends, url)


def _authority(delivery: Delivery) -> str:
    return _name(delivery.volume.document.addressee.authority)


def _name(of: Authority | Prisoner) -> str:
    return of.name_in(present_language())


def _title(petition: Petition) -> str:
    return petition.title_in(present_language())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _to(endpoint: str, **values: Any) -> str | None:
    """The page's address, if this member may see it."""
    return url_for(endpoint, **values) if may_reach(endpoint) else None
