"""Where deliveries stand on the board: the lanes, and which of them wait for a person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, select

from petitions.models import Clock, Delivery, Document, Edition, Petition, Volume

State = Delivery.State

WENT_WRONG = (State.UNCERTAIN, State.REJECTED, State.BOUNCED, State.TOO_BIG, State.RETURNED, State.REFUSED)
BY_PERSON = (State.PACK_READY, State.PRINTED, State.AWAITING_PERSON, State.ASSIGNED, State.SUBMITTED)
NEEDS_PERSON = WENT_WRONG + BY_PERSON
UNDER_WAY = (State.READY, State.TRANSMITTING)
ARRIVED = (State.ACCEPTED, State.DELIVERED, State.POSTED, State.HANDED_OVER)
SETTLED = (State.CANCELLED, State.SUPERSEDED, *ARRIVED)


class Lane(StrEnum):
    """From left to right; a delivery is in one of them."""

    WRONG = "wrong"  # a person must look: it went wrong, or something holds it
    PERSON = "person"  # to print, to post, to file
    UNDER_WAY = "under_way"  # goes by itself
    WAITING = "waiting"  # arrived; the law's clocks run
    DONE = "done"  # arrived, and nothing is waited for


@dataclass(frozen=True, slots=True)
class Card:
    delivery: Delivery
    clocks: tuple[Clock, ...]


def lanes(cards: Iterable[Card]) -> dict[Lane, list[Card]]:
    made: dict[Lane, list[Card]] = {lane: [] for lane in Lane}
    for card in cards:
        made[lane_of(card)].append(card)
    return made


def lane_of(card: Card) -> Lane:
    delivery = card.delivery
    if delivery.state in WENT_WRONG or (delivery.hold_reason and delivery.state not in SETTLED):
        return Lane.WRONG
    if delivery.state in BY_PERSON:
        return Lane.PERSON
    if delivery.state in UNDER_WAY:
        return Lane.UNDER_WAY
    return Lane.WAITING if any(clock.stopped_on is None for clock in card.clocks) else Lane.DONE


def overdue(card: Card, today: date) -> bool:
    return any(clock.stopped_on is None and clock.due_on < today for clock in card.clocks)


def of_branch(branch_id: int) -> Select[Delivery]:
    """Its deliveries, oldest first."""
    return (
        select(Delivery)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document, Volume.document_id == Document.id)
        .join(Edition, Document.edition_id == Edition.id)
        .join(Petition, Edition.petition_id == Petition.id)
        .where(Petition.branch_id == branch_id)
        .order_by(Delivery.created_at, Delivery.id)
    )


def ids_of_branch(branch_id: int) -> Select[int]:
    return of_branch(branch_id).with_only_columns(Delivery.id).order_by(None)
