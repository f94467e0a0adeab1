"""Who is named to an addressee, and the digest that tells when that has changed."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session

from petitions.models.authority import Addressee
from petitions.models.signature import Disclosure, Signature

if TYPE_CHECKING:
    from petitions.models.petition import Petition

PART = 200  # rows fetched at once; of 2,000 the garbage collector makes half as much work again


def listed(petition_id: int, log_size: int) -> tuple[ColumnElement[bool], ...]:
    """The WHERE of every signature that counts up to a log position."""
    return (
        Signature.petition_id == petition_id,
        Signature.state == Signature.State.CONFIRMED,
        Signature.position <= log_size,
    )


def roll(petition: "Petition", log_size: int, addressee: Addressee, *columns: Any) -> Select[Any]:
    """The names an addressee may see, in order of day, and within a day by lot (a commitment is random): who watched
    the counter could else tell the minute. Of those whose disclosure admits it, as far as the petition's own limits allow (some petitions or countries are counted only), and of nobody who signed before
    the addressee was listed, and so did not choose to be named to it."""
    since = addressee.listed_at.replace(minute=0, second=0, microsecond=0)
    names = (
        select(*columns)
        .where(
            *listed(petition.id, log_size),
            Signature.disclosure.in_(Disclosure.admitting(addressee.circle)),
            Signature.erased_at.is_(None),  # its name is still there
            Signature.created_hour >= since,
        )
        .order_by(Signature.confirmed_on, Signature.commitment)
    )
    if petition.forbids_naming or addressee.names_blocked:
        return names.where(Signature.id < 0)
    if petition.count_only_countries:  # who does not say may live in one of them
        names = names.where(Signature.country.not_in(["", *petition.count_only_countries]))
    return names


def after(session: Session, petition: "Petition", position: int) -> ColumnElement[bool]:
    """The WHERE of what stands in a roll after the signature of this position."""
    day = session.scalar(
        select(Signature.confirmed_on).where(Signature.petition_id == petition.id, Signature.position == position)
    )
    return tuple_(Signature.confirmed_on, Signature.position) > (day, position)


class RollDigest:
    """SHA-256 of a roll, as its rows (position, shows_city) come in parts."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.beginnings: list[str] = []  # of all rows up to the end of each part, hexadecimal

    def add(self, part: Iterable[Sequence[Any]]) -> None:
        self._digest.update(roll_entries(part))
        self.beginnings.append(self._digest.hexdigest())

    @property
    def whole(self) -> bytes:
        return self._digest.digest()


@dataclass(frozen=True, slots=True)
class Compared:
    """A roll beside an earlier one."""

    digest: RollDigest
    ends: Sequence[tuple[int, int]]  # how many rows, and the last one's position, at the end of each part they share

    @property
    def names(self) -> int:
        """So many are the same in both, from the first on; there may be some more."""
        return self.ends[-1][0] if self.ends else 0


def compare(session: Session, rows: Select[Any], beginnings: Sequence[str]) -> Compared:
    """`beginnings` of the earlier roll."""
    digest, ends, names = RollDigest(), list[tuple[int, int]](), 0
    for number, part in enumerate(in_parts(session, rows)):
        digest.add(part)
        names += len(part)
        if len(ends) == number < len(beginnings) and beginnings[number] == digest.beginnings[number]:
            ends.append((names, part[-1][0]))
    return Compared(digest, ends)


def digest_of(session: Session, rows: Select[Any]) -> bytes:
    """SHA-256 of a whole roll of (position, shows_city), in its order."""
    return compare(session, rows, ()).digest.whole


def roll_entries(rows: Iterable[Sequence[Any]]) -> bytes:
    """What is digested of rows (position, shows_city)."""
    return b"".join([b"%d:%d;" % (position, shows_city) for position, shows_city in rows])


def in_parts(session: Session, rows: Select[Any]) -> Iterator[Sequence[Any]]:
    """A few rows at a time, as the driver gives them: the ORM's way takes twice as long for plain columns."""
    return session.connection().execute(rows, execution_options={"yield_per": PART}).partitions()
