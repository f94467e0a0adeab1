"""An edition: petition and signatures frozen at a moment, and what was compiled of it for each addressee."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, now, public_id, states
from petitions.models.approval import Approval, MayNot
from petitions.models.authority import Addressee
from petitions.models.delivery import Delivery
from petitions.models.member import Member
from petitions.models.petition import Petition, PetitionText, Trigger
from petitions.models.signature import Disclosure, Signature
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work


class NothingNew(Exception):
    """No signature has been confirmed since the last edition."""


class TooSoon(Exception):
    """The last edition is younger than the gap and this one is not urgent."""


class EditionInProgress(Exception):
    """Another edition of the petition is being checked or compiled."""


class NotPublic(Exception):
    """Only a petition that has been published has editions."""


class CheckFailed(Exception):
    """The check found something that must be mended first; `problems` says what."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class RequestLapsed(Exception):
    """Nobody approved in time; ask again, so that what is approved is what is true now."""


class Edition(Work, Stateful, Base):
    __tablename__ = "editions"

    class State(StrEnum):
        REQUESTED = "requested"
        CHECKED = "checked"
        APPROVED = "approved"  # the worker compiles it
        COMPILED = "compiled"
        FAILED = "failed"
        DECLINED = "declined"
        LAPSED = "lapsed"

    moves: ClassVar[Moves] = {
        State.REQUESTED: frozenset({State.CHECKED, State.FAILED, State.DECLINED, State.LAPSED}),
        State.CHECKED: frozenset({State.APPROVED, State.DECLINED, State.LAPSED}),
        State.APPROVED: frozenset({State.COMPILED, State.FAILED}),
        State.COMPILED: frozenset({State.APPROVED}),  # a document went stale before it left
        State.FAILED: frozenset({State.REQUESTED, State.DECLINED}),  # checked again before it is approved again
    }
    __table_args__ = (
        UniqueConstraint("petition_id", "number"),
        Index(
            "ix_editions_due",
            "not_before",
            sqlite_where=text("state IN ('requested', 'approved')"),
            postgresql_where=text("state IN ('requested', 'approved')"),
        ),
    )

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id"), index=True)
    number: Mapped[int]
    state: Mapped[State] = mapped_column(states(State), default=State.REQUESTED)
    urgent: Mapped[bool] = mapped_column(default=False)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    trigger_id: Mapped[int | None] = mapped_column(ForeignKey("triggers.id"), unique=True)  # one edition a threshold
    requested_at: Mapped[datetime] = mapped_column(default=now())
    log_size: Mapped[int]  # the list: positions up to this one
    totals: Mapped[dict[str, Any]]  # confirmed, by disclosure, by country, held, invalidated, withdrawn, days
    texts: Mapped[dict[str, Any]]  # language -> {version, title, demand, background, hash}
    facts: Mapped[dict[str, Any]]  # the prisoner as of the day
    report: Mapped[dict[str, Any] | None]  # what the check found, per addressee
    checked_at: Mapped[datetime | None]
    compiled_at: Mapped[datetime | None]

    petition: Mapped[Petition] = relationship()
    asked_by: Mapped[Member | None] = relationship()
    trigger: Mapped[Trigger | None] = relationship()
    documents: Mapped[list["Document"]] = relationship(back_populates="edition", order_by="Document.id")

    @property
    def problems(self) -> list[str]:
        """What the check found that forbids approval."""
        return list((self.report or {}).get("problems", []))

    @classmethod
    def freeze(
        cls,
        session: Session,
        petition: Petition,
        *,
        asked_by: Member | None = None,
        trigger: Trigger | None = None,
        urgent: bool = False,
        gap_days: int,
    ) -> "Edition":
        """Freezes texts, list and totals as the next edition; drains the counting first.

        Raises MayNot, NotPublic, EditionInProgress, NothingNew, TooSoon.
        """
        if trigger is None and asked_by is not None and not asked_by.may_ask_for_edition:
            raise MayNot("only an editor or an owner may ask for an edition")
        if not petition.public:
            raise NotPublic("only a published petition has editions")
        petition.count_new(session)
        last = cls._last_of(session, petition)
        if last is not None and last.under_way:
            raise EditionInProgress(f"edition {last.number} is still {last.state}")
        compiled = cls._last_of(session, petition, cls.State.COMPILED)
        if petition.log_size <= (compiled.log_size if compiled else 0):
            raise NothingNew("no signature has been confirmed since the last edition")
        if compiled and not urgent and compiled.younger_than(timedelta(days=gap_days), database_time(session)):
            raise TooSoon(f"the last edition is younger than {gap_days} days; ask for an urgent one if it must be")
        edition = cls(
            petition=petition,
            number=(last.number if last else 0) + 1,
            asked_by=asked_by,
            trigger=trigger,
            urgent=urgent,
            log_size=petition.log_size,
            totals=totals(session, petition, petition.log_size),
            texts={
                language: {
                    "version": found.version,
                    "title": found.title,
                    "demand": found.demand,
                    "background": found.background,
                    "hash": found.hash,
                }
                for language in petition.languages
                if (found := petition.text_in(language)) is not None
            },
            facts=petition.prisoner.facts(),
        )
        if trigger is not None:
            trigger.fired_at = petition.counted_at
        session.add(edition)
        session.flush()
        return edition

    def approve(self, session: Session, member: Member, lapse_hours: int) -> None:
        """The second person's yes: the worker compiles.

        Raises MayNot, SamePerson, CheckFailed, RequestLapsed, IllegalTransition.
        """
        if not member.may_approve_edition:
            raise MayNot("only an owner may approve an edition")
        if self.problems:
            raise CheckFailed(self.problems)
        moment = database_time(session)
        if self.state is Edition.State.CHECKED and moment - self.requested_at > timedelta(hours=lapse_hours):
            raise RequestLapsed
        approval = Approval.given(Approval.Kind.EDITION, self.public_id, self.asked_by, member)
        self.move_to(Edition.State.APPROVED)
        session.add(approval)
        self.not_before = moment

    def decline(self) -> None:
        self.move_to(Edition.State.DECLINED)

    def approved_by_standing_order(self) -> bool:
        """A trigger was approved by two members when it was set (domain.md)."""
        return self.trigger is not None and self.trigger.approved_by_id is not None

    @property
    def under_way(self) -> bool:
        return self.state in {Edition.State.REQUESTED, Edition.State.CHECKED, Edition.State.APPROVED}

    def younger_than(self, gap: timedelta, moment: datetime) -> bool:
        return self.compiled_at is not None and moment - self.compiled_at < gap

    @classmethod
    def _last_of(cls, session: Session, petition: Petition, *wanted: State) -> "Edition | None":
        editions = select(cls).where(cls.petition_id == petition.id).order_by(cls.number.desc()).limit(1)
        return session.scalars(editions.where(cls.state.in_(wanted)) if wanted else editions).one_or_none()

    def signed_otherwise(self, session: Session) -> int:
        """How many of the list signed a text that this edition does not print."""
        printed = [(language, text["version"]) for language, text in self.texts.items()]
        counted = session.execute(
            select(PetitionText.language, PetitionText.version, func.count())
            .join(Signature, Signature.text_id == PetitionText.id)
            .where(*self.listed())
            .group_by(PetitionText.language, PetitionText.version)
        )
        return sum(number for language, version, number in counted if (language, version) not in printed)

    def disagreements(self, session: Session) -> list[str]:
        """Where counter, list and log do not say the same: an edition with any is refused."""
        placed, highest = session.execute(
            select(func.count(), func.max(Signature.position)).where(
                Signature.petition_id == self.petition_id, Signature.position.is_not(None)
            )
        ).one()
        found = []
        if (highest or 0) != self.petition.log_size or placed != self.petition.log_size:
            found.append(f"the log has {self.petition.log_size} positions, the list {placed}")
        if self.log_size == self.petition.log_size:
            counted = totals(session, self.petition, self.log_size)["confirmed"]
            if counted != self.petition.confirmed_count:
                found.append(f"the counter says {self.petition.confirmed_count}, the list {counted}")
        return found

    # -- who is in it ---------------------------------------------------------------------------------

    def listed(self) -> tuple[ColumnElement[bool], ...]:
        """The WHERE of every signature that counts in this edition."""
        return (
            Signature.petition_id == self.petition_id,
            Signature.state == Signature.State.CONFIRMED,
            Signature.position <= self.log_size,
        )

    def roll(self, circle: Addressee.Circle, *columns: Any) -> Select[Any]:
        """The names an addressee of this circle may see, in order of day, then log position."""
        return (
            select(*columns)
            .where(
                *self.listed(),
                Signature.disclosure.in_(Disclosure.admitting(circle)),
                Signature.name_box.is_not(None),
            )
            .order_by(Signature.confirmed_on, Signature.position)
        )

    def roll_for(self, addressee: Addressee, *columns: Any) -> Select[Any]:
        """`roll` with the petition's own limits: some petitions or countries are counted only, and who signed before
        an addressee was listed did not choose to be named to it."""
        listed = addressee.listed_at.replace(minute=0, second=0, microsecond=0)
        names = self.roll(addressee.circle, *columns).where(Signature.created_hour >= listed)
        if self.petition.forbids_naming:
            return names.where(Signature.id < 0)
        if self.petition.count_only_countries:  # who does not say may live in one of them
            names = names.where(Signature.country.not_in(["", *self.petition.count_only_countries]))
        return names


class Document(Stateful, Base):
    """An edition as compiled for one addressee."""

    __tablename__ = "documents"

    class State(StrEnum):
        LIVE = "live"
        SUPERSEDED = "superseded"

    moves: ClassVar[Moves] = {State.LIVE: frozenset({State.SUPERSEDED})}
    __table_args__ = (
        Index(
            "uq_documents_live",
            "edition_id",
            "addressee_id",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    addressee_id: Mapped[int] = mapped_column(ForeignKey("addressees.id"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.LIVE)
    language: Mapped[str] = mapped_column(String(8))
    verification_code: Mapped[str] = mapped_column(String(24), unique=True)
    names: Mapped[int]
    count_only: Mapped[int]
    roll_digest: Mapped[bytes]  # of who is named how: differs as soon as one of them withdraws or narrows
    compiled_at: Mapped[datetime] = mapped_column(default=now())

    edition: Mapped[Edition] = relationship(back_populates="documents")
    addressee: Mapped[Addressee] = relationship()
    volumes: Mapped[list["Volume"]] = relationship(back_populates="document", order_by="Volume.number")


class Volume(Base):
    """One file of a document; most documents have one."""

    __tablename__ = "volumes"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    file_name: Mapped[str] = mapped_column(String(160))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]  # bytes of PDF
    pages: Mapped[int]
    first_serial: Mapped[int] = mapped_column(default=1)
    last_serial: Mapped[int] = mapped_column(default=0)

    document: Mapped[Document] = relationship(back_populates="volumes")
    deliveries: Mapped[list[Delivery]] = relationship(back_populates="volume", order_by=Delivery.id)


def totals(session: Session, petition: Petition, log_size: int) -> dict[str, Any]:
    """All numbers of the petition up to a log size, from one function (domain.md, "The public number")."""

    def grouped(column: Any, *where: ColumnElement[bool]) -> dict[str, int]:
        rows = session.execute(
            select(column, func.count()).where(Signature.petition_id == petition.id, *where).group_by(column)
        )
        return {str(row[0]): row[1] for row in rows}

    listed = (Signature.state == Signature.State.CONFIRMED, Signature.position <= log_size)
    by_state = grouped(Signature.state)
    days = session.execute(
        select(func.min(Signature.confirmed_on).label("first"), func.max(Signature.confirmed_on).label("last"))
        .where(Signature.petition_id == petition.id, *listed)
    ).one()
    by_disclosure = grouped(Signature.disclosure, *listed)
    return {
        "confirmed": sum(by_disclosure.values()),
        "by_disclosure": {choice.value: by_disclosure.get(choice.value, 0) for choice in Disclosure},
        "by_country": grouped(Signature.country, *listed),
        "held": by_state.get(Signature.State.HELD.value, 0),
        "invalidated": by_state.get(Signature.State.INVALIDATED.value, 0),
        "withdrawn": by_state.get(Signature.State.WITHDRAWN.value, 0),
        "on_paper": 0,
        "first_on": days.first.isoformat() if days.first else None,
        "last_on": days.last.isoformat() if days.last else None,
    }
