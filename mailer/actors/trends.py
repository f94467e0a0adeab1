"""Looks for one hand behind many signatures, every other minute (cases.md C8, D2, D8). It changes no signature: what
it finds stands on the moderators' desk, with a proposal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer.actors.runtime import Runtime, log
from petitions.config import Settings
from petitions.db import database_time, db
from petitions.models import Letter, MailDomain, MailDomainDay, Pace, Signature, Trend

WINDOW = timedelta(hours=1)  # of rows, which know only the hour they were made in: this one and the last
HISTORY = timedelta(days=7)
USUAL_SHARE = 0.05  # of a domain, where its share was lower or is unknown
FIRST_DAYS_SHARE = 0.25  # of a domain, where a petition has no history: the big providers have about as much
TIMES_USUAL = 2.0
ANSWERED_WITHIN = timedelta(days=15)  # a link works for two weeks


@dataclass(frozen=True, slots=True)
class Found:
    petition_id: int
    kind: Trend.Kind
    key: str
    example: str  # public id of a signature
    count: int


def find_trends(runtime: Runtime) -> int:
    """Says how many are new."""
    with db.reading() as session:
        moment = database_time(session)
        found = [
            *_tagged(session, runtime.settings, moment),
            *_domains(session, moment - WINDOW, runtime.settings.trend_rows),
        ]
    new = 0
    with db.writing() as session:
        for one in found:
            if Trend.seen(session, one.petition_id, one.kind, one.key, example=one.example, count=one.count):
                new += 1
                log.warning("trend.found", petition=one.petition_id, kind=one.kind.value, count=one.count)
        session.commit()
    return new


def count_mail_domains(_runtime: Runtime) -> None:
    """The days on which an answer may still come, counted anew."""
    with db.writing() as session:
        MailDomainDay.recount(session, database_time(session) - ANSWERED_WITHIN)
        session.commit()


def _tagged(session: Session, settings: Settings, moment: datetime) -> Iterator[Found]:
    """Rows that share a tag: network, network of quick confirmations, content. All by the hour they were made in,
    which has an index: who confirms within seconds does so soon."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    lately, today = Signature.created_hour >= hour - WINDOW, Signature.created_hour >= hour - timedelta(days=1)
    mailboxes = func.count(Signature.dedup_tag.distinct())
    quick = Signature.confirm_pace == Pace.SECONDS.value
    for kind, tag, counted, least, *where in (
        (Trend.Kind.NETWORK, Signature.net_tag, func.count(), settings.trend_rows, lately),
        (Trend.Kind.CONFIRMATIONS, Signature.confirm_net_tag, func.count(), settings.trend_confirms, today, quick),
        (Trend.Kind.SAME_CONTENT, Signature.content_tag, mailboxes, settings.trend_repeats, today),
    ):
        rows = session.execute(
            select(Signature.petition_id, tag, func.min(Signature.public_id), counted)
            .where(*where, tag.is_not(None))
            .group_by(Signature.petition_id, tag)
            .having(counted >= least)
        )
        for petition, shared, example, count in rows:
            if shared is not None:
                yield Found(petition, kind, shared.hex(), example, count)


def _domains(session: Session, since: datetime, least: int) -> Iterator[Found]:
    """A domain that gets many letters now, and a far larger share of them than before."""
    now_ = _letters(session, since)
    for petition, counts in now_.items():
        suspects = {domain: count for domain, (count, _) in counts.items() if count >= least}
        if not suspects:
            continue
        before = _letters_before(session, petition, since)
        all_now, all_before = sum(count for count, _ in counts.values()), sum(before.values())
        for domain, count in suspects.items():
            usual = max(USUAL_SHARE, before.get(domain, 0) / all_before) if all_before >= least else FIRST_DAYS_SHARE
            if count / all_now >= TIMES_USUAL * usual:
                yield Found(petition, Trend.Kind.MAIL_DOMAIN, str(domain), counts[domain][1], count)


def _letters(session: Session, since: datetime) -> dict[int, dict[int, tuple[int, str]]]:
    """petition → domain → (letters since, public id of one of the signatures)."""
    rows = session.execute(
        select(MailDomain.petition_id, MailDomain.id, func.count(), func.min(Signature.public_id))
        .join(Letter, Letter.mail_domain_id == MailDomain.id)
        .join(Signature, Letter.signature_id == Signature.id)
        .where(Letter.created_at >= since)
        .group_by(MailDomain.petition_id, MailDomain.id)
    )
    found: dict[int, dict[int, tuple[int, str]]] = {}
    for petition, domain, count, example in rows:
        found.setdefault(petition, {})[domain] = (count, example)
    return found


def _letters_before(session: Session, petition: int, until: datetime) -> dict[int, int]:
    """domain → letters in the days before."""
    rows = session.execute(
        select(Letter.mail_domain_id, func.count())
        .join(MailDomain, Letter.mail_domain_id == MailDomain.id)
        .where(
            MailDomain.petition_id == petition, Letter.created_at >= until - HISTORY, Letter.created_at < until
        )
        .group_by(Letter.mail_domain_id)
    )
    return {domain: count for domain, count in rows if domain is not None}
