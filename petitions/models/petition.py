"""A petition: one demand in one prisoner's name. Opens, takes signatures, counts them, freezes editions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ForeignKey, String, and_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, now, public_id, states
from petitions.models.authority import Addressee, Authority
from petitions.models.branch import Branch
from petitions.models.member import Member
from petitions.models.petition_text import BACKGROUND_LENGTH, DEMAND_LENGTH, TITLE_LENGTH, PetitionText
from petitions.models.prisoner import Prisoner, PrisonerEvent
from petitions.models.stage import MAKES_PENDING, Stage, stage_of
from petitions.models.tally import Tally
from petitions.models.transitions import Moves, Stateful
from petitions.models.trigger import Trigger, next_hearing

if TYPE_CHECKING:
    from petitions.models.edition import Edition

__all__ = [
    "BACKGROUND_LENGTH", "DEMAND_LENGTH", "TITLE_LENGTH", "AddresseeKnown", "LimitsLoosened", "Petition",
    "PetitionNotReady", "PetitionText", "Trigger", "UnderReview",
]


class PetitionNotReady(Exception):
    """It cannot be opened yet; `missing` says what is still needed."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__("; ".join(missing))


class UnderReview(Exception):
    """A second person is looking at it: what is approved must be what was seen."""


class LimitsLoosened(Exception):
    """Who signed was told who may see the name; after that the limits can only be made stricter."""


class AddresseeKnown(Exception):
    """The authority is an addressee of this petition already."""


class Petition(Tally, Stateful, Base):
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

    class Removal(StrEnum):
        """Why its page is gone: all that its readers are told."""

        ASKED = "asked"  # by the prisoner or the family
        DANGER = "danger"
        UNTRUE = "untrue"
        LAW = "law"
        OTHER = "other"

    public_id: Mapped[str] = public_id()
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    prisoner_id: Mapped[int] = mapped_column(ForeignKey("prisoners.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    state: Mapped[State] = mapped_column(states(State), default=State.DRAFT)
    outcome: Mapped[Outcome | None] = mapped_column(states(Outcome))
    outcome_words: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # by language
    removed_because: Mapped[Removal | None] = mapped_column(states(Removal))
    goal: Mapped[int] = mapped_column(default=1_000)
    opens_at: Mapped[datetime | None]  # approved, and waits for its hour
    opened_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]  # all of it; the next two stop one thing only
    signing_paused_at: Mapped[datetime | None]
    deliveries_paused_at: Mapped[datetime | None]
    needs_review: Mapped[bool] = mapped_column(default=False)
    forbids_naming: Mapped[bool] = mapped_column(default=False)  # every signer is counted only
    count_only_countries: Mapped[list[str]] = mapped_column(default=list)
    retention_days: Mapped[int | None]  # after the last delivery and term, if stricter than the site's
    created_at: Mapped[datetime] = mapped_column(default=now())

    branch: Mapped[Branch] = relationship()
    prisoner: Mapped[Prisoner] = relationship()
    texts: Mapped[list[PetitionText]] = relationship(
        back_populates="petition", order_by=(PetitionText.language, PetitionText.version)
    )
    addressees: Mapped[list[Addressee]] = relationship(
        primaryjoin=lambda: and_(Petition.id == Addressee.petition_id, Addressee.removed_at.is_(None)),
        order_by=Addressee.id,
    )
    triggers: Mapped[list[Trigger]] = relationship(order_by=(Trigger.threshold, Trigger.id))

    OVER: ClassVar[list[State]] = [State.CLOSED, State.ENDED, State.WITHDRAWN, State.HIDDEN]

    @property
    def over(self) -> bool:
        """Takes no further signature, ever."""
        return self.state in Petition.OVER

    # -- what may happen -------------------------------------------------------------------------

    @property
    def takes_signatures(self) -> bool:
        if self.state is not Petition.State.OPEN or self.signing_paused_at is not None:
            return False
        return self.closes_at is None or self.closes_at > datetime.now(self.closes_at.tzinfo)

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
        stopped = self.deliveries_paused_at is not None or any(
            event.stops_deliveries for event in self.prisoner.events
        )
        return self.public and self.state is not Petition.State.PAUSED and not self.needs_review and not stopped

    def takes_confirmations(self, moment: datetime, grace_hours: int) -> bool:
        """A confirmation may arrive a while after closing and still counts (domain.md)."""
        if self.state not in {Petition.State.OPEN, Petition.State.PAUSED, Petition.State.CLOSED}:
            return False
        ends = [end for end in (self.closes_at, self.closed_at) if end is not None]
        return not ends or moment < min(ends) + timedelta(hours=grace_hours)

    @property
    def editable(self) -> bool:
        """Its texts, addressees and limits can be worked on: nobody is deciding on it and it is not over."""
        return not self.over and self.state is not Petition.State.IN_REVIEW

    # -- its life ----------------------------------------------------------------------------------

    def missing_for_opening(self) -> list[str]:
        """What publishing still needs (domain.md, "Petition"); empty when it may open."""
        missing = []
        if self.branch.verified_at is None:
            missing.append("the operator's verification of the branch (petitions branch verify)")
        if not self.prisoner.consent_recorded:
            missing.append("a consent record of the prisoner or the family")
        if self.prisoner.review_overdue():
            missing.append("the consent asked for again: its review is overdue")
        if self.prisoner.harm_result is Prisoner.Harm.STOP:
            missing.append("another answer to what publishing could do: it says not to publish")
        if not any(addressee.usable_channels for addressee in self.addressees):
            missing.append("at least one addressee with a usable channel")
        approved = {text.language for text in self.texts if text.approved_at}
        for language in sorted({addressee.language for addressee in self.addressees} - approved):
            missing.append(f"an approved text in the addressee's language ({language})")
        return missing

    def ask_publication(self) -> None:
        """From now on nothing of it changes until somebody has decided."""
        if self.state is not Petition.State.IN_REVIEW:  # a request that lapsed is asked again
            self.move_to(Petition.State.IN_REVIEW)

    def send_back(self) -> None:
        """Whoever looked wants something changed, or the hour for which it was approved is given up."""
        self.move_to(Petition.State.DRAFT)
        self.opens_at = None

    def schedule(self, opens_at: datetime) -> None:
        """Approved, to be opened later. Raises PetitionNotReady."""
        if missing := self.missing_for_opening():
            raise PetitionNotReady(missing)
        self.opens_at = opens_at

    def publish(self, member: Member, moment: datetime, opens_at: datetime | None = None) -> None:
        """The second person's yes to all that was shown: the newest texts, and the petition, now or at its hour.
        Raises PetitionNotReady or IllegalTransition."""
        for text in self.newest_texts:
            if text.complete and not text.approved:
                text.approve(member, moment)
        if opens_at is not None and opens_at > moment:
            self.schedule(opens_at)
        else:
            self.open(moment)

    def open(self, moment: datetime) -> None:
        """Raises PetitionNotReady or IllegalTransition. The second person's approval is the caller's record."""
        if missing := self.missing_for_opening():
            raise PetitionNotReady(missing)
        self.move_to(Petition.State.OPEN)
        self.opened_at = self.opened_at or moment
        self.opens_at = self.paused_at = None

    def pause(self, moment: datetime | None = None) -> None:
        """Takes no signature and delivers nothing until it is opened again."""
        self.move_to(Petition.State.PAUSED)
        self.paused_at = moment

    def stop_signing(self, moment: datetime) -> None:
        self.signing_paused_at = self.signing_paused_at or moment

    def stop_deliveries(self, moment: datetime) -> None:
        self.deliveries_paused_at = self.deliveries_paused_at or moment

    @property
    def stopped(self) -> bool:
        """Whether anything is stopped by hand."""
        return self.state is Petition.State.PAUSED or self.stopped_since is not None

    @property
    def stopped_since(self) -> datetime | None:
        """The first of what is stopped by hand."""
        return min(filter(None, (self.paused_at, self.signing_paused_at, self.deliveries_paused_at)), default=None)

    def resume(self, moment: datetime) -> None:
        """Lifts everything that was stopped by hand. Raises PetitionNotReady."""
        if self.state is Petition.State.PAUSED:
            self.open(moment)
        self.signing_paused_at = self.deliveries_paused_at = None

    def close(self, moment: datetime) -> None:
        self.move_to(Petition.State.CLOSED)
        self.closed_at = moment

    def end(self, outcome: Outcome, words: dict[str, Any] | None = None) -> None:
        """What became of it; `words` are for its page, by language."""
        self.move_to(Petition.State.ENDED)
        self.outcome, self.outcome_words = outcome, words or {}

    def withdraw(self) -> None:
        """The organisers do not ask for it any more; its page answers that it is gone. There is no way back."""
        self.move_to(Petition.State.WITHDRAWN)

    def hide(self, because: Removal = Removal.OTHER) -> None:
        """Takes its page away for somebody's protection; there is no way back."""
        self.move_to(Petition.State.HIDDEN)
        self.removed_because = because

    def limit(self, *, forbids_naming: bool, count_only_countries: Sequence[str]) -> None:
        """Who can be named at all. Raises LimitsLoosened once anybody may have signed under stricter ones."""
        loosened = self.forbids_naming and not forbids_naming
        loosened = loosened or not set(self.count_only_countries) <= set(count_only_countries)
        if self.opened_at is not None and loosened:
            raise LimitsLoosened
        self.forbids_naming, self.count_only_countries = forbids_naming, sorted(count_only_countries)

    # -- what happens to the prisoner ----------------------------------------------------------------

    @classmethod
    def record_event(cls, session: Session, prisoner: Prisoner, event: PrisonerEvent) -> "list[Petition]":
        """Adds a fact to the prisoner's and returns the petitions for that person. Where it changes who is
        competent or what may be asked, each of them needs review and delivers nothing until then."""
        found = select(cls).where(cls.prisoner_id == prisoner.id).order_by(cls.id)
        petitions = list(session.scalars(found.with_for_update(key_share=True)))
        prisoner.events.append(event)
        for petition in petitions:
            petition.needs_review = petition.needs_review or event.needs_review
            if event.kind in MAKES_PENDING:
                petition.block_names()
        session.flush()
        return petitions

    def reviewed(self) -> None:
        """Somebody has looked: addressees, texts and demand still fit."""
        self.needs_review = False

    def stage(self, today: str | None = None) -> Stage:
        return stage_of(self.prisoner.events, today or datetime.now(UTC).date().isoformat())

    def block_names(self) -> None:
        """A court that has the case, or may have, gets no names: it may not decide under pressure, and some publish
        what they receive (facts/authorities.md). It stays so: signers were told that it is given none."""
        if self.stage().pending:
            for addressee in self.addressees:
                if addressee.authority.kind is Authority.Kind.COURT:
                    addressee.names_blocked = True

    # -- its addressees ------------------------------------------------------------------------------

    def address(
        self, session: Session, authority: Authority, circle: Addressee.Circle, language: str, moment: datetime
    ) -> Addressee:
        """One more who receives it; only who signs from now on may be named to it. Raises AddresseeKnown."""
        found = session.scalars(
            select(Addressee).where(Addressee.petition_id == self.id, Addressee.authority_id == authority.id)
        ).one_or_none()
        if found is not None and found.removed_at is None:
            raise AddresseeKnown
        made = found or Addressee(petition_id=self.id, authority=authority)
        made.circle, made.language, made.listed_at, made.removed_at = circle, language, moment, None
        made.names_blocked = authority.kind is Authority.Kind.COURT and self.stage().pending
        session.add(made)
        session.flush()
        session.expire(self, ["addressees"])
        return made

    # -- its texts -----------------------------------------------------------------------------------

    def newest_text(self, language: str) -> PetitionText | None:
        """Approved or not."""
        return next((text for text in reversed(self.texts) if text.language == language), None)

    @property
    def drafts(self) -> list[PetitionText]:
        """The wordings nobody has approved yet."""
        return [text for text in self.texts if not text.approved]

    @property
    def newest_texts(self) -> list[PetitionText]:
        """One in each language: what the petition says once its drafts are approved."""
        return list({text.language: text for text in self.texts}.values())

    def write(self, language: str, title: str, demand: str, background: str) -> PetitionText:
        """Keeps a wording. An approved one is never touched: what differs from it is the draft of a new version."""
        newest = self.newest_text(language)
        if newest is not None and newest.hash == PetitionText.hash_of(language, title, demand, background):
            return newest
        if newest is None or newest.approved:
            newest = PetitionText(language=language, version=newest.version + 1 if newest else 1)
            self.texts.append(newest)
            self.texts.sort(key=lambda text: (text.language, text.version))
        newest.revise(title, demand, background)
        return newest

    def text_in(self, language: str) -> PetitionText | None:
        """The newest approved text in a language."""
        approved = [text for text in self.texts if text.language == language and text.approved_at]
        return approved[-1] if approved else None

    def title_in(self, language: str) -> str:
        """As people know it; before anything is approved, as it is drafted."""
        text = self.text_in(language) or self.newest_text(language) or next(iter(self.texts), None)
        return text.title if text else self.slug

    @property
    def languages(self) -> list[str]:
        return sorted({text.language for text in self.texts if text.approved_at})

    # -- its standing orders ---------------------------------------------------------------------------

    def due_triggers(self, moment: datetime, grace_hours: int) -> list[Trigger]:
        """Approved standing orders whose moment has come; the highest threshold is the last of the counts."""
        closed = self.state in {Petition.State.CLOSED, Petition.State.ENDED} and not self.takes_confirmations(
            moment, grace_hours
        )
        hearing = next_hearing(self.prisoner.events, moment.date())
        return [
            trigger
            for trigger in self.triggers
            if trigger.armed
            and trigger.due(
                confirmed=self.confirmed_count, today=moment.date(), closed=closed, hearing=hearing
            )
        ]

    if TYPE_CHECKING:
        editions: Mapped[list["Edition"]]
