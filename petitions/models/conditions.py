"""Which signatures of a petition are meant: what the fraud desk asks with. Holds no tag, address or name, so that it
can be kept with what was done."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from petitions.models.letter import Letter
from petitions.models.signature import Disclosure, Pace, Signature

NOT_SAID = "--"  # the country of who preferred not to say
HONEYPOT = "honeypot"


class NothingAsked(Exception):
    """Without a condition every signature would be meant."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that are set must hold. `network_of`, `confirmed_from` and `same_as` name a signature by its public id: its
    tag is compared, and forgotten after a few days."""

    states: tuple[str, ...] = ()
    from_day: date | None = None
    to_day: date | None = None
    country: str = ""
    disclosure: str = ""
    mail_domain: int | None = None  # MailDomain
    network_of: str = ""  # typed from the same network
    confirmed_from: str = ""  # confirmed from the same network
    same_as: str = ""  # the same name, city and choice
    repeats: int | None = None  # one name, city and choice at least so many times
    hourly: int | None = None  # made in an hour that saw at least so many
    quick: bool = False  # confirmed faster than people read
    honeypot: bool = False  # filled a field that people do not see
    ids: tuple[str, ...] = ()  # ticked one by one

    @property
    def empty(self) -> bool:
        """A state alone is not a condition."""
        return all(not getattr(self, name.name) for name in fields(self) if name.name != "states")

    def as_json(self) -> dict[str, Any]:
        """What is set, in JSON's terms; of ticked rows only how many: which they are, the frozen rows say."""
        found = {name: value for name, value in asdict(self).items() if value and name != "ids"}
        for name in ("from_day", "to_day"):
            if name in found:
                found[name] = found[name].isoformat()
        if "states" in found:
            found["states"] = list(self.states)
        return {**found, **({"ids": len(self.ids)} if self.ids else {})}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Without the ticked rows."""
        found = {name: value for name, value in stored.items() if name != "ids"}
        for name in ("from_day", "to_day"):
            if name in found:
                found[name] = date.fromisoformat(found[name])
        return cls(**{**found, "states": tuple(found.get("states", ()))})

    def where(self, petition_id: int) -> list[ColumnElement[bool]]:
        """Raises NothingAsked."""
        if self.empty:
            raise NothingAsked
        return [Signature.petition_id == petition_id, *self._clauses(petition_id)]

    def _clauses(self, petition_id: int) -> Iterator[ColumnElement[bool]]:
        if self.states:
            yield Signature.state.in_([Signature.State(state) for state in self.states])
        if self.from_day:
            yield Signature.created_hour >= _midnight(self.from_day)
        if self.to_day:
            yield Signature.created_hour < _midnight(self.to_day + timedelta(days=1))
        if self.country:
            yield Signature.country == ("" if self.country == NOT_SAID else self.country)
        if self.disclosure:
            yield Signature.disclosure == Disclosure(self.disclosure)
        if self.mail_domain is not None:
            letters = select(Letter.id)  # not `SELECT *`: the desk's role may not read every column
            yield letters.where(
                Letter.signature_id == Signature.id, Letter.mail_domain_id == self.mail_domain
            ).exists()
        if self.network_of:
            yield _like(Signature.net_tag, self.network_of, petition_id)
        if self.confirmed_from:
            yield _like(Signature.confirm_net_tag, self.confirmed_from, petition_id)
        if self.same_as:
            yield _like(Signature.content_tag, self.same_as, petition_id)
        if self.repeats:
            yield _crowded(Signature.content_tag, self.repeats, petition_id)
        if self.hourly:
            yield _crowded(Signature.created_hour, self.hourly, petition_id)
        if self.quick:
            yield Signature.confirm_pace == Pace.SECONDS.value
        if self.honeypot:
            yield Signature.held_reason == HONEYPOT
        if self.ids:
            yield Signature.public_id.in_(self.ids)


def _like(column: Any, public_id: str, petition_id: int) -> ColumnElement[bool]:
    """The same value as that signature's; where that is gone, nothing is like it."""
    other = aliased(Signature)
    value = select(getattr(other, column.key)).where(other.public_id == public_id, other.petition_id == petition_id)
    return column == value.scalar_subquery()  # type: ignore[no-any-return]


def _crowded(column: Any, least: int, petition_id: int) -> ColumnElement[bool]:
    """The value occurs at least so often under the petition."""
    values = (
        select(column)
        .where(Signature.petition_id == petition_id, column.is_not(None))
        .group_by(column)
        .having(func.count() >= least)
    )
    return column.in_(values)  # type: ignore[no-any-return]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
