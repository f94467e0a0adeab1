"""The person in prison: who it is, who agreed to what, what publishing could do. What happened: `event.py`."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload, undefer

from petitions.db import Base, public_id, states
from petitions.models.branch import Branch
from petitions.models.event import DateUnclear, PrisonerEvent, Reliability, Source
from petitions.translit import matches, same_person

if TYPE_CHECKING:
    from petitions.models.member import Member
    from petitions.models.photo import Photo

__all__ = ["DateUnclear", "Prisoner", "PrisonerEvent", "Reliability", "Source"]


class Prisoner(Base):
    """A case. Nothing that is unknown keeps it from being written down; publishing has a gate of its own."""

    __tablename__ = "prisoners"

    class Harm(StrEnum):
        """What was found when somebody asked what publishing could do to the prisoner and the family."""

        GO = "go"
        LIMITS = "limits"  # only without what `harm_limits` says
        STOP = "stop"  # nothing is published

    class Missing(StrEnum):
        """What keeps a case from being published; the page has the words."""

        NAME = "name"
        COUNTRY = "country"
        CONSENT = "consent"
        REVIEW_DUE = "review_due"  # the consent has to be asked for again
        HARM = "harm"  # nobody has thought about it yet
        HARM_STOP = "harm_stop"
        SOURCES = "sources"  # a public event has no source at all

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    names: Mapped[dict[str, Any]]  # language -> name as written there
    other_spellings: Mapped[list[str]]
    birth_year: Mapped[int | None]
    citizenships: Mapped[list[str]]  # ISO 3166-1 alpha-2
    country: Mapped[str] = mapped_column(String(2))  # where held; empty: not known yet
    case_number: Mapped[str] = mapped_column(String(80), default="")
    article: Mapped[dict[str, Any]]  # language -> article and law
    held_at: Mapped[dict[str, Any]]  # language -> place of detention
    # Who agreed to the campaign, how we know, what could happen, how the prisoner is: for organisers alone.
    consent_by: Mapped[str] = mapped_column(String(200), default="", deferred=True)
    consent_scope: Mapped[str] = mapped_column(Text, default="")
    consent_evidence: Mapped[str] = mapped_column(Text, default="", deferred=True)
    consent_on: Mapped[date | None]
    consent_review_on: Mapped[date | None]
    health: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    health_agreed: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # else none is kept
    harm_assessment: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    harm_limits: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)
    harm_result: Mapped[Harm | None] = mapped_column(states(Harm))
    harm_assessed_on: Mapped[date | None]
    harm_assessed_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    photo_rights: Mapped[str] = mapped_column(Text, default="")
    invented: Mapped[bool] = mapped_column(default=False)  # a person of the demonstration; said wherever shown

    branch: Mapped[Branch] = relationship()
    harm_assessed_by: Mapped["Member | None"] = relationship()
    events: Mapped[list[PrisonerEvent]] = relationship(
        back_populates="prisoner", order_by=PrisonerEvent.happened, cascade="all, delete-orphan"
    )
    photos: Mapped[list["Photo"]] = relationship(
        back_populates="prisoner", order_by="Photo.id", cascade="all, delete-orphan"
    )

    # -- the gate ------------------------------------------------------------------------------------

    @property
    def consent_recorded(self) -> bool:
        return bool(self.consent_by and self.consent_evidence and self.consent_on)

    def review_overdue(self, today: date | None = None) -> bool:
        """Whether the consent should have been asked for again: an old yes is none."""
        return self.consent_review_on is not None and self.consent_review_on < (today or datetime.now(UTC).date())

    def missing_for_publishing(self, today: date | None = None) -> list[Missing]:
        """What is still needed before anything about this person may be published."""
        needed = {
            Prisoner.Missing.NAME: any(self.names.values()),
            Prisoner.Missing.COUNTRY: self.country,
            Prisoner.Missing.CONSENT: self.consent_recorded,
            Prisoner.Missing.REVIEW_DUE: not self.review_overdue(today),
            Prisoner.Missing.HARM: self.harm_result is not None,
            Prisoner.Missing.HARM_STOP: self.harm_result is not Prisoner.Harm.STOP,
            Prisoner.Missing.SOURCES: all(event.sources for event in self.public_events),
        }
        return [what for what, met in needed.items() if not met]

    @property
    def publishable(self) -> bool:
        return not self.missing_for_publishing()

    # -- what is known ---------------------------------------------------------------------------------

    @property
    def public_events(self) -> list[PrisonerEvent]:
        return [event for event in self.events if event.public]

    @property
    def photo(self) -> "Photo | None":
        """The newest one that is ready to be seen."""
        return next((photo for photo in reversed(self.photos) if photo.ready), None)

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
                for event in self.public_events
            ],
        }

    def name_in(self, language: str) -> str:
        """The name as a reader of `language` writes it, else the first known."""
        return str(self.names.get(language) or next(iter(self.names.values()), "") or "—")

    @property
    def all_names(self) -> list[str]:
        return [*map(str, self.names.values()), *self.other_spellings]

    # -- finding ------------------------------------------------------------------------------------------

    @classmethod
    def named(cls, session: Session, branch_id: int, wanted: str) -> "list[Prisoner]":
        """A branch's cases, newest first; of those only whose name, in any script, has the words looked for."""
        of_branch = (
            select(cls)
            .where(cls.branch_id == branch_id)
            .order_by(cls.id.desc())
            .options(undefer(cls.consent_by), undefer(cls.consent_evidence), selectinload(cls.events))
        )
        return [found for found in session.scalars(of_branch) if matches(wanted, found.all_names)]

    @classmethod
    def perhaps_same(cls, session: Session, names: Iterable[str], birth_year: int | None) -> "list[Prisoner]":
        """Cases of any branch that may be of the same person. What belongs to another branch is not for showing."""
        names = list(names)
        known = session.scalars(select(cls).order_by(cls.id))
        return [found for found in known if same_person(names, birth_year, found.all_names, found.birth_year)]
