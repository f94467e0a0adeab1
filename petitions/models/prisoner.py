"""The person in prison, and what happened to that person."""

import re
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from petitions.db import Base, public_id, states
from petitions.models.branch import Branch

_PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?\Z")


class DateUnclear(ValueError):
    """A partial date is written YYYY, YYYY-MM or YYYY-MM-DD."""


class Prisoner(Base):
    __tablename__ = "prisoners"

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    names: Mapped[dict[str, Any]]  # language -> name as written there
    other_spellings: Mapped[list[str]]
    birth_year: Mapped[int | None]
    citizenships: Mapped[list[str]]  # ISO 3166-1 alpha-2
    country: Mapped[str] = mapped_column(String(2))  # where held
    case_number: Mapped[str] = mapped_column(String(80), default="")
    article: Mapped[dict[str, Any]]  # language -> article and law
    held_at: Mapped[dict[str, Any]]  # language -> place of detention
    # Who agreed to the campaign, and how we know: not for the web, which loads and reads neither (grants).
    consent_by: Mapped[str] = mapped_column(String(200), default="", deferred=True)
    consent_scope: Mapped[str] = mapped_column(Text, default="")
    consent_evidence: Mapped[str] = mapped_column(Text, default="", deferred=True)
    consent_on: Mapped[date | None]
    consent_review_on: Mapped[date | None]
    photo_rights: Mapped[str] = mapped_column(Text, default="")
    invented: Mapped[bool] = mapped_column(default=False)  # a person of the demonstration; said wherever shown

    branch: Mapped[Branch] = relationship()
    events: Mapped[list["PrisonerEvent"]] = relationship(
        back_populates="prisoner", order_by="PrisonerEvent.happened", cascade="all, delete-orphan"
    )

    @property
    def consent_recorded(self) -> bool:
        return bool(self.consent_by and self.consent_evidence and self.consent_on)

    def facts(self) -> dict[str, Any]:
        """What is known in public today: an edition keeps it as of its day."""
        return {
            "names": self.names,
            "other_spellings": self.other_spellings,
            "birth_year": self.birth_year,
            "citizenships": self.citizenships,
            "case_number": self.case_number,
            "article": self.article,
            "held_at": self.held_at,
            "invented": self.invented,
            "events": [
                {"happened": event.happened, "what": event.what, "source": event.source}
                for event in self.events
                if event.visibility is PrisonerEvent.Visibility.PUBLIC
            ],
        }

    def name_in(self, language: str) -> str:
        """The name as a reader of `language` writes it, else the first known."""
        return str(self.names.get(language) or next(iter(self.names.values())))


class PrisonerEvent(Base):
    """One fact with its source. What changes who is competent stops deliveries until someone has looked."""

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

    prisoner_id: Mapped[int] = mapped_column(ForeignKey("prisoners.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    happened: Mapped[str] = mapped_column(String(10))  # YYYY[-MM[-DD]]: often only the month is known
    what: Mapped[dict[str, Any]]  # language -> one sentence
    source: Mapped[str] = mapped_column(Text, default="")
    visibility: Mapped[Visibility] = mapped_column(states(Visibility), default=Visibility.PUBLIC)

    prisoner: Mapped[Prisoner] = relationship(back_populates="events")

    @validates("happened")
    def _is_partial_date(self, _key: str, value: str) -> str:
        if not _PARTIAL_DATE.match(value):
            raise DateUnclear("write the date as YYYY, YYYY-MM or YYYY-MM-DD")
        return value

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
