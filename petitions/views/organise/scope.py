"""Records of the member's own branch. What belongs to another branch is answered as if it did not exist."""

from typing import TypeVar

from flask import abort
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from petitions.auth import current_member
from petitions.db import Base, db
from petitions.models import Delivery, Document, Edition, Petition, Prisoner, Volume

R = TypeVar("R", bound=Base)


def branch_id() -> int:
    return current_member().branch_id


def petition(slug: str, *, lock: bool = False) -> Petition:
    """`lock` for what changes it: two members at once then take turns."""
    return found(
        select(Petition)
        .where(Petition.slug == slug, Petition.branch_id == branch_id())
        .options(joinedload(Petition.prisoner, innerjoin=True)),
        lock=Petition if lock else None,
    )


def prisoner(public_id: str) -> Prisoner:
    return found(select(Prisoner).where(Prisoner.public_id == public_id, Prisoner.branch_id == branch_id()))


def edition(slug: str, number: int, *, lock: bool = False) -> Edition:
    return found(
        select(Edition)
        .join(Petition)
        .where(Petition.slug == slug, Petition.branch_id == branch_id(), Edition.number == number),
        lock=Edition if lock else None,
    )


def delivery(public_id: str, *, lock: bool = False) -> Delivery:
    return found(
        select(Delivery)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document)
        .join(Edition)
        .join(Petition)
        .where(Delivery.public_id == public_id, Petition.branch_id == branch_id()),
        lock=Delivery if lock else None,
    )


def found(wanted: Select[R], lock: type[R] | None = None) -> R:
    """The one row asked for, or 404."""
    if lock is not None:
        wanted = wanted.with_for_update(of=lock)
    row = db.session.scalars(wanted).one_or_none()
    if row is None:
        abort(404)
    return row
