"""What the public is told of the law's clocks: who has a document and owes an answer, since when, by when."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.models import (
    Addressee,
    Authority,
    Clock,
    Delivery,
    Document,
    Edition,
    Petition,
    Volume,
)

ANSWERED_BY = (Clock.Kind.REPLY, Clock.Kind.EXTENSION)


@dataclass(frozen=True, slots=True)
class Awaited:
    authority: Authority
    delivered_on: date
    due_on: date
    days: int  # since it was delivered
    overdue: bool


def awaited_answers(session: Session, petition: Petition, today: date) -> list[Awaited]:
    """One an authority: the oldest that it still owes. A courtesy copy starts no clock and stands here never."""
    rows = session.execute(
        select(Authority, Clock)
        .select_from(Clock)
        .join(Delivery, Clock.delivery_id == Delivery.id)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document, Volume.document_id == Document.id)
        .join(Edition, Document.edition_id == Edition.id)
        .join(Addressee, Document.addressee_id == Addressee.id)
        .join(Authority, Addressee.authority_id == Authority.id)
        .where(Edition.petition_id == petition.id, Clock.stopped_on.is_(None), Clock.kind.in_(ANSWERED_BY))
        .order_by(Clock.due_on.desc(), Clock.id.desc())
    )
    oldest = {authority.id: (authority, clock) for authority, clock in rows}
    return [
        Awaited(authority, clock.starts_on, clock.due_on, clock.days_waited(today), clock.due_on < today)
        for authority, clock in sorted(oldest.values(), key=lambda pair: pair[1].due_on)
    ]
