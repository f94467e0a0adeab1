"""An edition: petition and signatures frozen at a moment, and what was compiled of it for each addressee."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, is_state, now, public_id, states
from petitions.models.approval import Approval, MayNot, refuse_accomplices
from petitions.models.authority import Addressee, Channel
from petitions.models.delivery import Delivery
from petitions.models.document import Document, Volume
from petitions.models.evidence import placed
from petitions.models.member import Member
from petitions.models.petition import Petition, PetitionText, Trigger
from petitions.models.roll import listed, roll
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
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")  # why it is urgent
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    trigger_id: Mapped[int | None] = mapped_column(ForeignKey("triggers.id"), unique=True)  # one edition a threshold
    requested_at: Mapped[datetime] = mapped_column(default=now())
    log_size: Mapped[int]  # the list: positions up to this one
    totals: Mapped[dict[str, Any]]  # confirmed, by disclosure, by country, held, invalidated, withdrawn, days
    texts: Mapped[dict[str, Any]]  # language -> {version, title, demand, background, hash}
    facts: Mapped[dict[str, Any]]  # the prisoner as of the day
    report: Mapped[dict[str, Any] | None]  # what the check found, per addressee
    channels: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # addressee -> chosen channels
    decline_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    checked_at: Mapped[datetime | None]
    compiled_at: Mapped[datetime | None]

    petition: Mapped[Petition] = relationship()
    asked_by: Mapped[Member | None] = relationship()
    trigger: Mapped[Trigger | None] = relationship()
    documents: Mapped[list[Document]] = relationship(back_populates="edition", order_by=Document.id)

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.REQUESTED, cls.State.APPROVED)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.FAILED}

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
        reason: str = "",
        gap_days: int,
        drains: bool = True,
    ) -> "Edition":
        """Freezes texts, list and totals as the next edition; drains the counting first. `drains` is False in the web,
        whose role gives no position in the log: what has not been counted in the last half minute comes next time.

        Raises MayNot, NotPublic, EditionInProgress, NothingNew, TooSoon.
        """
        if trigger is None and asked_by is not None and not asked_by.may_ask_for_edition:
            raise MayNot("only an editor or an owner may ask for an edition")
        if not petition.public:
            raise NotPublic("only a published petition has editions")
        if drains:
            petition.count_new(session)
        last = cls.last_of(session, petition)
        if last is not None and last.under_way:
            raise EditionInProgress(f"edition {last.number} is still {last.state}")
        compiled = cls.last_of(session, petition, cls.State.COMPILED)
        if not _confirmed_since(session, petition, compiled.log_size if compiled else 0):
            raise NothingNew("no signature has been confirmed since the last edition")
        if compiled and not urgent and compiled.younger_than(timedelta(days=gap_days), database_time(session)):
            raise TooSoon(f"the last edition is younger than {gap_days} days; ask for an urgent one if it must be")
        edition = cls(
            petition=petition,
            number=(last.number if last else 0) + 1,
            asked_by=asked_by,
            trigger=trigger,
            urgent=urgent,
            reason=reason,
            log_size=petition.log_size,
            totals=totals(session, petition, petition.log_size),
            texts=_texts_of(session, petition),
            facts=petition.prisoner.facts(),
        )
        if trigger is not None:
            trigger.fired_at = petition.counted_at
        session.add(edition)
        session.flush()
        return edition

    def approve(
        self, session: Session, member: Member, lapse_hours: int, channels: dict[str, list[str]] | None = None
    ) -> None:
        """The second person's yes: the worker compiles. `channels` are the chosen ones of each addressee, by public
        ids; without them the usual ones are used.

        Raises MayNot, SamePerson, JustLetIn, CheckFailed, RequestLapsed, IllegalTransition.
        """
        if not member.may_approve_edition:
            raise MayNot("only an owner may approve an edition")
        if self.problems:
            raise CheckFailed(self.problems)
        moment = database_time(session)
        if self.state is Edition.State.CHECKED and moment - self.requested_at > timedelta(hours=lapse_hours):
            raise RequestLapsed
        approval = Approval.given(Approval.Kind.EDITION, self.public_id, self.asked_by, member)
        if self.asked_by is not None:
            refuse_accomplices(self.asked_by, member, moment)
        self.move_to(Edition.State.APPROVED)
        session.add(approval)
        self.channels = channels or {}
        self.not_before = moment

    def decline(self, reason: str = "") -> None:
        self.move_to(Edition.State.DECLINED)
        self.decline_reason = reason

    def check_again(self, session: Session) -> None:
        """One that failed. It needs a new approval: the old one was for the old check. Raises IllegalTransition."""
        self.move_to(Edition.State.REQUESTED)
        self.requested_at = self.not_before = database_time(session)
        self.crashes = self.tries = 0
        self.last_error_class = self.report = self.checked_at = None
        session.execute(
            delete(Approval).where(Approval.kind == Approval.Kind.EDITION, Approval.subject == self.public_id)
        )

    def compile_again(self, moment: datetime) -> None:
        """One of its documents was superseded before it left."""
        if self.state is Edition.State.COMPILED:
            self.move_to(Edition.State.APPROVED)
            self.not_before = moment

    def channels_to(self, addressee: Addressee) -> list[Channel]:
        """How its document is going to reach an addressee: as chosen at approval, else as usual."""
        chosen = self.channels.get(addressee.public_id)
        if chosen is None:
            return usual_channels(addressee)
        return [channel for channel in addressee.authority.channels if channel.public_id in chosen]

    def approved_by_standing_order(self) -> bool:
        """A trigger was approved by two members when it was set (domain.md)."""
        return self.trigger is not None and self.trigger.approved_by_id is not None

    @property
    def under_way(self) -> bool:
        return self.state in {Edition.State.REQUESTED, Edition.State.CHECKED, Edition.State.APPROVED}

    def younger_than(self, gap: timedelta, moment: datetime) -> bool:
        return self.compiled_at is not None and moment - self.compiled_at < gap

    @classmethod
    def last_of(cls, session: Session, petition: Petition, *wanted: State) -> "Edition | None":
        editions = select(cls).where(cls.petition_id == petition.id).order_by(cls.number.desc()).limit(1)
        return session.scalars(editions.where(cls.state.in_(wanted)) if wanted else editions).one_or_none()

    def signed_otherwise(self, session: Session) -> int:
        """How many of the list signed a text that this edition does not print."""
        printed = {
            (language, one["version"])
            for language, text in self.texts.items()
            for one in (text, *text.get("earlier", []))
        }
        counted = self.signed_versions(session)
        return sum(number for signed, number in counted.items() if signed not in printed)

    def signed_versions(self, session: Session) -> dict[tuple[str, int], int]:
        """How many of the list signed each text, by language and version."""
        return signed_versions(session, self.petition_id, self.log_size)

    def disagreements(self, session: Session) -> list[str]:
        """Where counter, list and log do not say the same: an edition with any is refused."""
        number, highest = placed(session, self.petition_id)
        found = []
        if highest != self.petition.log_size or number != self.petition.log_size:
            found.append(f"the log has {self.petition.log_size} positions, the list {number}")
        if self.log_size == self.petition.log_size:
            counted = totals(session, self.petition, self.log_size)["confirmed"]
            if counted != self.petition.confirmed_count:
                found.append(f"the counter says {self.petition.confirmed_count}, the list {counted}")
        return found

    # -- who is in it ---------------------------------------------------------------------------------

    def listed(self) -> tuple[ColumnElement[bool], ...]:
        """The WHERE of every signature that counts in this edition."""
        return listed(self.petition_id, self.log_size)

    def roll_for(self, addressee: Addressee, *columns: Any) -> Select[Any]:
        """The names this addressee may see."""
        return roll(self.petition, self.log_size, addressee, *columns)


def _confirmed_since(session: Session, petition: Petition, log_size: int) -> bool:
    """Whether anybody has signed since: a withdrawal alone is no reason to write again."""
    later = select(Signature.id).where(Signature.petition_id == petition.id, Signature.position > log_size)
    return session.scalar(later.limit(1)) is not None


def usual_channels(addressee: Addressee) -> list[Channel]:
    """Every channel that counts in law, else e-mail (also where it fails: its delivery then waits on the board),
    else whatever there is."""
    appeals = [one for one in addressee.usable_channels if one.legal_effect is Channel.LegalEffect.APPEAL]
    mails = [one for one in addressee.authority.live_channels if one.kind is Channel.Kind.EMAIL]
    return appeals or mails or addressee.usable_channels


class Received(NamedTuple):
    """An edition that an addressee has, or that is still on its way to it."""

    number: int
    log_size: int


NEVER_CAME = (
    Delivery.State.CANCELLED, Delivery.State.SUPERSEDED, Delivery.State.REJECTED, Delivery.State.BOUNCED,
    Delivery.State.RETURNED, Delivery.State.REFUSED,
)


def last_received(session: Session, addressee: Addressee, before: int | None = None) -> Received | None:
    """The last edition, of a number below `before`, that has reached an addressee or still may: every volume of its
    document by one and the same channel."""
    found = (
        select(Edition.number, Edition.log_size)
        .join(Document, Document.edition_id == Edition.id)
        .join(Volume, Volume.document_id == Document.id)
        .join(Delivery, Delivery.volume_id == Volume.id)
        .where(Document.addressee_id == addressee.id)
        .group_by(Edition.number, Edition.log_size, Document.id, Delivery.channel_id)
        .having(func.count().filter(Delivery.state.in_(NEVER_CAME)) == 0)
        .order_by(Edition.number.desc())
        .limit(1)
    )
    row = session.execute(found if before is None else found.where(Edition.number < before)).first()
    return Received(*row) if row else None


def signed_versions(session: Session, petition_id: int, log_size: int) -> dict[tuple[str, int], int]:
    counted = session.execute(
        select(PetitionText.language, PetitionText.version, func.count())
        .join(Signature, Signature.text_id == PetitionText.id)
        .where(*listed(petition_id, log_size))
        .group_by(PetitionText.language, PetitionText.version)
    )
    return {(language, version): number for language, version, number in counted}


def _texts_of(session: Session, petition: Petition) -> dict[str, Any]:
    """The newest approved text of each language, and the earlier ones that somebody in the list has signed: nobody is
    printed under a wording that was not on screen (cases.md G12)."""
    signed, texts = signed_versions(session, petition.id, petition.log_size), {}
    for language in petition.languages:
        *earlier, newest = [text for text in petition.texts if text.language == language and text.approved]
        texts[language] = {
            **newest.wording, "earlier": [one.wording for one in earlier if (language, one.version) in signed]
        }
    return texts


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
