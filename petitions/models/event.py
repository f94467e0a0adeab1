"""What happened to a prisoner: one fact, as exactly as it is known, and who says so."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import JSON, ForeignKey, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from petitions.db import Base, public_id, states

if TYPE_CHECKING:
    from petitions.models.prisoner import Prisoner

ENOUGH_SOURCES = 2
_PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?\Z")


class DateUnclear(ValueError):
    """A partial date is written YYYY, YYYY-MM or YYYY-MM-DD."""


class Reliability(StrEnum):
    STRONG = "strong"  # a document, or seen by who tells it
    FAIR = "fair"  # a report of somebody who is usually right
    WEAK = "weak"  # hearsay, or the other side's word alone


class Source(NamedTuple):
    """Who says so."""

    what: str  # a web address, or a description
    reliability: Reliability

    @property
    def is_link(self) -> bool:
        return self.what.startswith(("https://", "http://"))


class PrisonerEvent(Base):
    """One fact with its sources. What changes who is competent stops deliveries until someone has looked."""

    __tablename__ = "prisoner_events"

    class Kind(StrEnum):
        ARREST = "arrest"
        CHARGE = "charge"
        HEARING = "hearing"
        VERDICT = "verdict"
        APPEAL = "appeal"
        TRANSFER = "transfer"
        HEALTH = "health"
        RELEASE = "release"
        DEATH = "death"
        OTHER = "other"

    class Visibility(StrEnum):
        PUBLIC = "public"
        INTERNAL = "internal"

    public_id: Mapped[str] = public_id()
    prisoner_id: Mapped[int] = mapped_column(ForeignKey("prisoners.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    happened: Mapped[str] = mapped_column(String(10))  # YYYY[-MM[-DD]]: often only the month is known
    what: Mapped[dict[str, Any]]  # language -> one sentence
    source: Mapped[str] = mapped_column(Text, default="")  # all of them in one line, as pages and documents print it
    source_list: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    visibility: Mapped[Visibility] = mapped_column(states(Visibility), default=Visibility.PUBLIC)

    prisoner: Mapped["Prisoner"] = relationship(back_populates="events")

    @validates("happened")
    def _is_partial_date(self, _key: str, value: str) -> str:
        if not _PARTIAL_DATE.match(value):
            raise DateUnclear("write the date as YYYY, YYYY-MM or YYYY-MM-DD")
        return value

    @property
    def sources(self) -> list[Source]:
        """Those listed one by one; an event from the command line has told of one."""
        listed = [Source(str(one["what"]), Reliability(one["reliability"])) for one in self.source_list or []]
        return listed or ([Source(self.source, Reliability.FAIR)] if self.source else [])

    def cite(self, sources: list[Source]) -> None:
        self.source_list = [{"what": one.what, "reliability": one.reliability.value} for one in sources]
        self.source = "; ".join(one.what for one in sources)

    @property
    def well_sourced(self) -> bool:
        return len(self.sources) >= ENOUGH_SOURCES

    @property
    def public(self) -> bool:
        return self.visibility is PrisonerEvent.Visibility.PUBLIC

    @property
    def needs_review(self) -> bool:
        return self.kind in {
            PrisonerEvent.Kind.CHARGE,
            PrisonerEvent.Kind.VERDICT,
            PrisonerEvent.Kind.APPEAL,
            PrisonerEvent.Kind.TRANSFER,
        }

    @property
    def stops_deliveries(self) -> bool:
        return self.kind in {PrisonerEvent.Kind.RELEASE, PrisonerEvent.Kind.DEATH}
