"""Who is named to an addressee, and the digest that tells when that has changed."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, select
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
    """The names an addressee may see: of those whose disclosure admits it, as far as the petition's own limits allow
    (some petitions or countries are counted only), and of nobody who signed before the addressee was listed, and so
    did not choose to be named to it. In order of day, and within a day by lot (a commitment is random): in the log's
    order, whoever had watched the counter could tell the minute in which each of them signed."""
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


def digest_of(session: Session, rows: Select[Any]) -> bytes:
    """SHA-256 of a whole roll of (position, shows_city), in its order."""
    digest = hashlib.sha256()
    for part in in_parts(session, rows):
        digest.update(roll_entries(part))
    return digest.digest()


def roll_entries(rows: Iterable[Sequence[Any]]) -> bytes:
    """What is digested of rows (position, shows_city)."""
    return b"".join([b"%d:%d;" % (position, shows_city) for position, shows_city in rows])


def in_parts(session: Session, rows: Select[Any]) -> Iterator[Sequence[Any]]:
    """A few rows at a time, as the driver gives them: the ORM's way takes twice as long for plain columns."""
    return session.connection().execute(rows, execution_options={"yield_per": PART}).partitions()
