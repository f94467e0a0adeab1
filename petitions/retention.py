"""What goes when (privacy.md, "Retention"). Each term is one query, the same for the dry run and for the erasing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from petitions.config import Settings
from petitions.db import is_state, now
from petitions.models import (
    Clock,
    Delivery,
    Document,
    Edition,
    Erasure,
    Letter,
    MailCap,
    MemberSession,
    Petition,
    Report,
    Signature,
    Subscription,
    UpdateLetter,
    Volume,
)

DAY = 86_400
LETTERS_KEPT_DAYS = 30
SESSIONS_KEPT_DAYS = 30
CAPS_KEPT_DAYS = 2
State = Signature.State
Rows = Select[int]


# -- what goes day by day, row by row ---------------------------------------------------------------------------


def never_confirmed(_settings: Settings) -> Rows:
    """Typed, and not owned from the inbox while the link worked."""
    return select(Signature.id).where(
        is_state(Signature.state, State.PENDING, State.HELD),
        Signature.expires_at < now(),
        Signature.owner_confirmed_on.is_(None),
    )


def void(_settings: Settings) -> Rows:
    """Made void by another of the same mailbox, once their link has ended."""
    return select(Signature.id).where(
        Signature.state == State.VOID, Signature.erased_at.is_(None), Signature.expires_at < now()
    )


def too_old(settings: Settings) -> Rows:
    """Sealed data is kept so long at most, whatever became of the petition."""
    return select(Signature.id).where(
        Signature.created_hour < now(-settings.sealed_data_days * DAY), Signature.erased_at.is_(None)
    )


def net_tags(settings: Settings) -> Rows:
    return select(Signature.id).where(
        Signature.net_tag.is_not(None) | Signature.confirm_net_tag.is_not(None),
        Signature.created_hour < now(-settings.net_tag_days * DAY),
    )


def paces(_settings: Settings) -> Rows:
    """With the letters they were counted from; by then the days of the mail domains are counted for good."""
    return select(Signature.id).where(
        Signature.confirm_pace.is_not(None), Signature.created_hour < now(-LETTERS_KEPT_DAYS * DAY)
    )


def letters(_settings: Settings) -> Rows:
    return select(Letter.id).where(
        Letter.created_at < now(-LETTERS_KEPT_DAYS * DAY), Letter.state != Letter.State.READY
    )


def update_letters(_settings: Settings) -> Rows:
    return select(UpdateLetter.id).where(
        UpdateLetter.created_at < now(-LETTERS_KEPT_DAYS * DAY), UpdateLetter.state != Letter.State.READY
    )


def ended_subscriptions(_settings: Settings) -> Rows:
    """Their link may be pressed once more for a while; the address went when they ended."""
    return select(Subscription.id).where(Subscription.ended_at < now(-LETTERS_KEPT_DAYS * DAY))


def mail_caps(_settings: Settings) -> Rows:
    return select(MailCap.id).where(MailCap.hour < now(-CAPS_KEPT_DAYS * DAY))


def member_sessions(_settings: Settings) -> Rows:
    return select(MemberSession.id).where(MemberSession.began_at < now(-SESSIONS_KEPT_DAYS * DAY))


def settled_reports(settings: Settings) -> Rows:
    """With their messages and photographs; what became a case is in the case."""
    settled = Report.state.in_([Report.State.CASE, Report.State.DECLINED])
    return select(Report.id).where(settled, Report.settled_on < func.date(now(-settings.report_days * DAY)))


DAILY: dict[str, Callable[[Settings], Rows]] = {
    "never_confirmed": never_confirmed,
    "void": void,
    "too_old": too_old,
    "net_tags": net_tags,
    "paces": paces,
    "letters": letters,
    "update_letters": update_letters,
    "ended_subscriptions": ended_subscriptions,
    "mail_caps": mail_caps,
    "member_sessions": member_sessions,
    "settled_reports": settled_reports,
}


def count_daily(session: Session, settings: Settings) -> dict[str, int]:
    """How many rows each term would take now, over the whole site."""
    return {
        name: session.scalar(select(func.count()).select_from(rows(settings).subquery())) or 0
        for name, rows in DAILY.items()
    }


# -- what goes petition by petition, in two steps ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Due:
    """`at` is None as long as nobody can say: the petition is open, or a delivery or a term is running."""

    petition: Petition
    kind: Erasure.Kind
    count: int
    at: datetime | None

    def is_due(self, moment: datetime) -> bool:
        return self.count > 0 and self.at is not None and self.at <= moment


def plan(session: Session, settings: Settings, petition: Petition) -> Iterator[Due]:
    """What is kept of a petition, and when it goes."""
    quiet = quiet_since(session, petition)
    for kind, end in (
        (Erasure.Kind.SIGNERS, _signers_end(settings, petition, quiet)),
        (Erasure.Kind.READERS, _readers_end(settings, petition, quiet)),
        (Erasure.Kind.DOCUMENTS, quiet and quiet + timedelta(days=settings.documents_days)),
    ):
        yield Due(petition, kind, session.scalar(kept(petition, kind)) or 0, end)


def kept(petition: Petition, kind: Erasure.Kind) -> Select[int]:
    """How many there are of it."""
    if kind is Erasure.Kind.SIGNERS:
        return select(func.count()).where(Signature.petition_id == petition.id, Signature.erased_at.is_(None))
    if kind is Erasure.Kind.READERS:
        return select(func.count()).where(Subscription.petition_id == petition.id, Subscription.ended_at.is_(None))
    return (
        select(func.count(Volume.id))
        .join(Document)
        .join(Edition)
        .where(Edition.petition_id == petition.id, Volume.erased_at.is_(None))
    )


def quiet_since(session: Session, petition: Petition) -> datetime | None:
    """Since when a petition that is over has nothing under way; in the future while a statutory term runs. None: it is
    not over, or something is on its way. Of one that was taken away nothing more leaves, whatever its rows say."""
    if not petition.over or (petition.public and _under_way(session, petition)):
        return None
    of_it = (
        select(Delivery.id)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document)
        .join(Edition)
        .where(Edition.petition_id == petition.id)
    )
    settled = session.scalar(select(func.max(Delivery.settled_at)).where(Delivery.id.in_(of_it)))
    term = session.scalar(
        select(func.max(func.coalesce(Clock.stopped_on, Clock.due_on))).where(Clock.delivery_id.in_(of_it))
    )
    signed = session.scalar(select(func.max(Signature.created_hour)).where(Signature.petition_id == petition.id))
    ended = datetime.combine(term, time(), UTC) if term is not None else None
    ends: list[datetime | None] = [petition.closed_at or signed, settled, ended]
    return max((end for end in ends if end is not None), default=petition.created_at)


def _under_way(session: Session, petition: Petition) -> bool:
    begun = [Edition.State.REQUESTED, Edition.State.CHECKED, Edition.State.APPROVED]
    asked = select(Edition.id).where(Edition.petition_id == petition.id, Edition.state.in_(begun))
    moving = (
        select(Delivery.id)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document)
        .join(Edition)
        .where(
            Edition.petition_id == petition.id,
            Delivery.state.in_([*Delivery.WAITING, Delivery.State.TRANSMITTING, Delivery.State.UNCERTAIN]),
        )
    )
    return any(session.scalar(found.limit(1)) is not None for found in (asked, moving))


def _signers_end(settings: Settings, petition: Petition, quiet: datetime | None) -> datetime | None:
    days = settings.erase_after_days
    if petition.retention_days is not None:
        days = min(days, petition.retention_days)
    return quiet and quiet + timedelta(days=days)


def _readers_end(settings: Settings, petition: Petition, quiet: datetime | None) -> datetime | None:
    """Nobody writes news of a petition that was taken away; of a closed one its end may still be told."""
    if not petition.over:
        return None
    if not petition.public or petition.closed_at is None:
        return quiet
    return petition.closed_at + timedelta(days=round(settings.news_months * 365.25 / 12))
