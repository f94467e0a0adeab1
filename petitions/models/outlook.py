"""What a petition's next edition would hold if it were frozen now, and when it may be asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.models.authority import Addressee
from petitions.models.edition import Edition, Received, last_received
from petitions.models.petition import Petition
from petitions.models.roll import roll
from petitions.models.signature import Signature


@dataclass(frozen=True, slots=True)
class Prospect:
    """One addressee: what it has, and what would be new to it."""

    addressee: Addressee
    received: Received | None
    fresh: int  # confirmed since what it has
    named: int  # of all, those it would see by name


@dataclass(frozen=True, slots=True)
class Outlook:
    last: Edition | None  # the last compiled
    under_way: Edition | None  # another one that must end first
    fresh: int  # confirmed since the last compiled
    free_at: datetime | None  # sooner only if it is urgent
    prospects: tuple[Prospect, ...]

    @property
    def may_be_asked(self) -> bool:
        return self.under_way is None and self.fresh > 0


def look_ahead(session: Session, petition: Petition, moment: datetime, *, gap_days: int) -> Outlook:
    last = Edition.last_of(session, petition, Edition.State.COMPILED)
    newest = Edition.last_of(session, petition)
    gap_ends = last.compiled_at + timedelta(days=gap_days) if last is not None and last.compiled_at else None
    return Outlook(
        last=last,
        under_way=newest if newest is not None and newest.under_way else None,
        fresh=_confirmed_after(session, petition, last.log_size if last else 0),
        free_at=gap_ends if gap_ends is not None and gap_ends > moment else None,
        prospects=tuple(_prospect(session, petition, addressee) for addressee in petition.addressees),
    )


def _prospect(session: Session, petition: Petition, addressee: Addressee) -> Prospect:
    received = last_received(session, addressee)
    named = roll(petition, petition.log_size, addressee, Signature.id).order_by(None).subquery()
    return Prospect(
        addressee,
        received,
        fresh=_confirmed_after(session, petition, received.log_size if received else 0),
        named=session.scalar(select(func.count()).select_from(named)) or 0,
    )


def _confirmed_after(session: Session, petition: Petition, log_size: int) -> int:
    """Counted ones above a position; those of the last half minute have none yet."""
    found = select(func.count()).where(
        Signature.petition_id == petition.id,
        Signature.state == Signature.State.CONFIRMED,
        Signature.position > log_size,
    )
    return session.scalar(found) or 0
