"""A petition: one demand in one prisoner's name. Opens, takes signatures, counts them, freezes editions."""

import hashlib
import random
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, is_state, now, public_id, states
from petitions.models.authority import Addressee
from petitions.models.branch import Branch
from petitions.models.member import Member
from petitions.models.prisoner import Prisoner, PrisonerEvent
from petitions.models.signature import Signature
from petitions.models.transitions import Moves, Stateful

if TYPE_CHECKING:
    from petitions.models.edition import Edition

# A signature that is being changed refers to its petition: a full lock of that row and it would wait for each other.
_BUT_FOR_KEYS = {"key_share": True}
TITLE_LENGTH, DEMAND_LENGTH, BACKGROUND_LENGTH = 80, 300, 5_000


class PetitionNotReady(Exception):
    """It cannot be opened yet; `missing` says what is still needed."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__("; ".join(missing))


class PetitionText(Base):
    """Title, demand and background in one language and version. A signer signs one text, which never changes."""

    __tablename__ = "petition_texts"
    __table_args__ = (UniqueConstraint("petition_id", "language", "version"),)

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    language: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    demand: Mapped[str] = mapped_column(String(DEMAND_LENGTH))
    background: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of language, title, demand, background
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    approved_at: Mapped[datetime | None]

    petition: Mapped["Petition"] = relationship(back_populates="texts")

    @staticmethod
    def hash_of(language: str, title: str, demand: str, background: str) -> str:
        return hashlib.sha256("\x1f".join((language, title, demand, background)).encode()).hexdigest()

    def fix_hash(self) -> None:
        self.hash = self.hash_of(self.language, self.title, self.demand, self.background)


class Trigger(Base):
    """A standing order for an edition, approved by two members when it is set."""

    __tablename__ = "triggers"
    __table_args__ = (UniqueConstraint("petition_id", "threshold"),)

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    threshold: Mapped[int]  # confirmed signatures
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    fired_at: Mapped[datetime | None]

    asked_by: Mapped[Member] = relationship(foreign_keys=asked_by_id)
    approved_by: Mapped[Member | None] = relationship(foreign_keys=approved_by_id)


class Petition(Stateful, Base):
    __tablename__ = "petitions"

    class State(StrEnum):
        DRAFT = "draft"
        IN_REVIEW = "in_review"
        OPEN = "open"
        PAUSED = "paused"
        CLOSED = "closed"
        ENDED = "ended"
        WITHDRAWN = "withdrawn"
        HIDDEN = "hidden"

    class Outcome(StrEnum):
        RELEASED = "released"
        SENTENCE_CHANGED = "sentence_changed"
        MOVED = "moved"
        DIED = "died"
        REFUSED = "refused"
        NO_ANSWER = "no_answer"

    moves: ClassVar[Moves] = {
        State.DRAFT: frozenset({State.IN_REVIEW, State.WITHDRAWN, State.HIDDEN}),
        State.IN_REVIEW: frozenset({State.DRAFT, State.OPEN, State.WITHDRAWN, State.HIDDEN}),
        State.OPEN: frozenset({State.PAUSED, State.CLOSED, State.WITHDRAWN, State.HIDDEN}),
        State.PAUSED: frozenset({State.OPEN, State.CLOSED, State.WITHDRAWN, State.HIDDEN}),
        State.CLOSED: frozenset({State.ENDED, State.WITHDRAWN, State.HIDDEN}),
        State.ENDED: frozenset({State.WITHDRAWN, State.HIDDEN}),
    }

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    prisoner_id: Mapped[int] = mapped_column(ForeignKey("prisoners.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    state: Mapped[State] = mapped_column(states(State), default=State.DRAFT)
    outcome: Mapped[Outcome | None] = mapped_column(states(Outcome))
    goal: Mapped[int] = mapped_column(default=1_000)
    opened_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    needs_review: Mapped[bool] = mapped_column(default=False)
    forbids_naming: Mapped[bool] = mapped_column(default=False)  # every signer is counted only
    count_only_countries: Mapped[list[str]] = mapped_column(default=list)
    log_size: Mapped[int] = mapped_column(default=0)  # positions given so far
    confirmed_count: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now())

    branch: Mapped[Branch] = relationship()
    prisoner: Mapped[Prisoner] = relationship()
    texts: Mapped[list[PetitionText]] = relationship(
        back_populates="petition", order_by=(PetitionText.language, PetitionText.version)
    )
    addressees: Mapped[list[Addressee]] = relationship(order_by=Addressee.id)
    triggers: Mapped[list[Trigger]] = relationship(order_by=Trigger.threshold)

    OVER: ClassVar[list[State]] = [State.CLOSED, State.ENDED, State.WITHDRAWN, State.HIDDEN]

    @property
    def over(self) -> bool:
        """Takes no further signature, ever."""
        return self.state in Petition.OVER

    # -- what may happen -------------------------------------------------------------------------

    @property
    def takes_signatures(self) -> bool:
        return self.state is Petition.State.OPEN and (
            self.closes_at is None or self.closes_at > datetime.now(self.closes_at.tzinfo)
        )

    @property
    def public(self) -> bool:
        return self.state in {
            Petition.State.OPEN,
            Petition.State.PAUSED,
            Petition.State.CLOSED,
            Petition.State.ENDED,
        }

    @property
    def gone(self) -> bool:
        """Was public and is not any more: answered 410."""
        return self.opened_at is not None and self.state in {Petition.State.WITHDRAWN, Petition.State.HIDDEN}

    @property
    def may_deliver(self) -> bool:
        """Asked again right before anything leaves (cases.md J16)."""
        stopped = any(event.stops_deliveries for event in self.prisoner.events)
        return self.public and self.state is not Petition.State.PAUSED and not self.needs_review and not stopped

    def takes_confirmations(self, moment: datetime, grace_hours: int) -> bool:
        """A confirmation may arrive a while after closing and still counts (domain.md)."""
        if self.state not in {Petition.State.OPEN, Petition.State.PAUSED, Petition.State.CLOSED}:
            return False
        ends = [end for end in (self.closes_at, self.closed_at) if end is not None]
        return not ends or moment < min(ends) + timedelta(hours=grace_hours)

    # -- its life ----------------------------------------------------------------------------------

    def missing_for_opening(self) -> list[str]:
        """What publishing still needs (domain.md, "Petition"); empty when it may open."""
        missing = []
        if not self.prisoner.consent_recorded:
            missing.append("a consent record of the prisoner or the family")
        if not any(addressee.usable_channels for addressee in self.addressees):
            missing.append("at least one addressee with a usable channel")
        approved = {text.language for text in self.texts if text.approved_at}
        for language in sorted({addressee.language for addressee in self.addressees} - approved):
            missing.append(f"an approved text in the addressee's language ({language})")
        return missing

    def open(self, moment: datetime) -> None:
        """Raises PetitionNotReady or IllegalTransition. The second person's approval is the caller's record."""
        if missing := self.missing_for_opening():
            raise PetitionNotReady(missing)
        self.move_to(Petition.State.OPEN)
        self.opened_at = self.opened_at or moment

    def pause(self) -> None:
        self.move_to(Petition.State.PAUSED)

    def close(self, moment: datetime) -> None:
        self.move_to(Petition.State.CLOSED)
        self.closed_at = moment

    def end(self, outcome: Outcome) -> None:
        self.move_to(Petition.State.ENDED)
        self.outcome = outcome

    def withdraw(self) -> None:
        """The organisers do not ask for it any more; its page answers that it is gone. There is no way back."""
        self.move_to(Petition.State.WITHDRAWN)

    def hide(self) -> None:
        """Takes its page away for somebody's protection; there is no way back."""
        self.move_to(Petition.State.HIDDEN)

    # -- what happens to the prisoner ----------------------------------------------------------------

    @classmethod
    def record_event(cls, session: Session, prisoner: Prisoner, event: PrisonerEvent) -> "list[Petition]":
        """Adds a fact to the prisoner's and returns the petitions for that person. Where it changes who is
        competent or what may be asked, each of them needs review and delivers nothing until then."""
        found = select(cls).where(cls.prisoner_id == prisoner.id).order_by(cls.id)
        petitions = list(session.scalars(found.with_for_update(key_share=True)))
        prisoner.events.append(event)
        if event.needs_review:
            for petition in petitions:
                petition.needs_review = True
        session.flush()
        return petitions

    def reviewed(self) -> None:
        """Somebody has looked: addressees, texts and demand still fit."""
        self.needs_review = False

    # -- its texts ---------------------------------------------------------------------------------

    def text_in(self, language: str) -> PetitionText | None:
        """The newest approved text in a language."""
        approved = [text for text in self.texts if text.language == language and text.approved_at]
        return approved[-1] if approved else None

    @property
    def languages(self) -> list[str]:
        return sorted({text.language for text in self.texts if text.approved_at})

    # -- counting: one writer, never in the signing path --------------------------------------------

    def count_new(self, session: Session) -> int:
        """Gives each newly confirmed signature the next position, shuffled, and adds them to the count.

        The caller's transaction holds the petition's row. Returns how many were new.
        """
        session.refresh(self, ["log_size", "confirmed_count"], with_for_update=_BUT_FOR_KEYS)
        fresh = list(
            session.scalars(
                select(Signature.id)
                .where(
                    Signature.petition_id == self.id,
                    is_state(Signature.state, Signature.State.CONFIRMED),
                    Signature.position.is_(None),
                )
                .with_for_update()  # one that is just being withdrawn must not be counted
            )
        )
        random.SystemRandom().shuffle(fresh)  # order within a batch says nothing about time (E6)
        if fresh:
            session.execute(
                update(Signature),
                [{"id": row, "position": self.log_size + step} for step, row in enumerate(fresh, start=1)],
                execution_options={"synchronize_session": False},
            )
        self.log_size += len(fresh)
        self.confirmed_count += len(fresh)
        self.counted_at = session.scalar(select(now()))
        session.flush()
        return len(fresh)

    def recount(self, session: Session) -> int:
        """Counts all rows again and corrects the number. Returns the difference found (0: it was right)."""
        session.refresh(self, ["confirmed_count"], with_for_update=_BUT_FOR_KEYS)
        counted = session.scalar(
            select(func.count()).where(
                Signature.petition_id == self.id,
                Signature.state == Signature.State.CONFIRMED,
                Signature.position.is_not(None),
            )
        )
        difference = (counted or 0) - self.confirmed_count
        self.confirmed_count += difference
        session.flush()
        return difference

    def due_triggers(self) -> list[Trigger]:
        """Approved standing orders whose threshold has been reached and that have not fired."""
        return [
            trigger
            for trigger in self.triggers
            if trigger.approved_by_id and not trigger.fired_at and self.confirmed_count >= trigger.threshold
        ]

    if TYPE_CHECKING:
        editions: Mapped[list["Edition"]]
