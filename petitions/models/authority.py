"""Who decides: authorities, how they take documents, and their role on one petition."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ForeignKey, Index, Select, String, Text, UniqueConstraint, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, now, public_id, states
from petitions.models.branch import Branch

VERIFIED_DAYS = 180  # an entry older than this is shown with a warning


class Channel(Base):
    """One way an authority takes documents, and what that way is worth in law. An authority has one of each kind.

    Where documents go, nobody changes alone: see channel_change.py.
    """

    __tablename__ = "channels"
    __table_args__ = (
        Index(
            "uq_channels_authority_kind",
            "authority_id",
            "kind",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    class Kind(StrEnum):
        EMAIL = "email"
        POST = "post"
        PORTAL = "portal"
        BY_HAND = "by_hand"

    class LegalEffect(StrEnum):
        APPEAL = "appeal"
        COURTESY = "courtesy"

    class Mode(StrEnum):
        ATTACHED = "attached"
        LINK = "link"  # the letter is one page, and says where the document is fetched

    public_id: Mapped[str] = public_id()
    authority_id: Mapped[int] = mapped_column(ForeignKey("authorities.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    address: Mapped[str] = mapped_column(Text)  # empty: not known yet; of the post: its lines
    legal_effect: Mapped[LegalEffect] = mapped_column(states(LegalEffect), default=LegalEffect.COURTESY)
    # of e-mail alone
    mode: Mapped[Mode] = mapped_column(states(Mode), default=Mode.ATTACHED, server_default="attached")
    max_bytes: Mapped[int | None]  # of PDF; empty: the setting's default
    max_pages: Mapped[int | None]  # of a document, or of one volume of it
    max_characters: Mapped[int | None]  # of a portal's text field
    required: Mapped[list[str]]  # contents the law asks for: representative, postal_address, birth_year, case_number
    note: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    failing_since: Mapped[datetime | None]  # the address was refused as unknown
    retired_at: Mapped[datetime | None]  # not used any more; what went by it keeps naming it

    authority: Mapped["Authority"] = relationship(back_populates="channels")

    def takes(self, size: int, pages: int) -> bool:
        """One file of so many bytes and pages, as far as its entry says."""
        return size <= (self.max_bytes or size) and pages <= (self.max_pages or pages)

    @property
    def by_link(self) -> bool:
        return self.kind is Channel.Kind.EMAIL and self.mode is Channel.Mode.LINK

    @property
    def usable(self) -> bool:
        return bool(self.address) and self.failing_since is None and self.retired_at is None


class Authority(Base):
    __tablename__ = "authorities"

    class Kind(StrEnum):
        COURT = "court"
        PROSECUTOR = "prosecutor"
        MINISTRY = "ministry"
        PRESIDENT = "president"
        OMBUDSMAN = "ombudsman"
        PRISON_SERVICE = "prison_service"
        INTERNATIONAL = "international"
        OTHER = "other"

    class Ask(StrEnum):
        """What a body can grant at all; it is never asked for anything else."""

        SUPERVISION = "supervision"  # a prosecutor's look at a case or a prison
        CASSATION = "cassation"  # a review of a judgment that is in force
        PARDON = "pardon"
        MEDICAL_CARE = "medical_care"
        CONDITIONS = "conditions"  # of detention
        PROCEDURAL = "procedural"  # nothing of the substance: a date, a file, an admission
        OPINION = "opinion"  # what it thinks, publicly or to the government

    public_id: Mapped[str] = public_id()
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    names: Mapped[dict[str, Any]]  # language -> name
    salutations: Mapped[dict[str, Any]]  # language -> "Dear …"
    kind: Mapped[Kind] = mapped_column(states(Kind))
    country: Mapped[str] = mapped_column(String(2))  # empty for international bodies
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    opens: Mapped[time] = mapped_column(default=time(9))
    closes: Mapped[time] = mapped_column(default=time(17))
    working_days: Mapped[list[int]] = mapped_column(JSON, default=lambda: [0, 1, 2, 3, 4])  # Monday is 0
    languages: Mapped[list[str]]
    postal_address: Mapped[str] = mapped_column(Text, default="")
    clocks: Mapped[dict[str, Any]]  # register, forward, reply, extension -> {"days": n, "working": bool}
    publishes_received: Mapped[bool] = mapped_column(default=False)
    asks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    profile: Mapped[str] = mapped_column(String(40), default="", server_default="")  # empty: by country and kind
    sources: Mapped[list[str]] = mapped_column(default=list, server_default="[]")  # where all this is known from
    verified_on: Mapped[date | None]
    verified_by: Mapped[str] = mapped_column(String(120), default="")  # a branch, or the operator
    seed: Mapped[dict[str, Any] | None]  # what our data file said of it when last loaded (seed.py)
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))  # empty: the operator

    channels: Mapped[list[Channel]] = relationship(
        back_populates="authority", cascade="all, delete-orphan", order_by=Channel.id
    )
    changed_by: Mapped[Branch | None] = relationship()

    @classmethod
    def competent(cls, country: str, *kinds: Kind) -> "Select[Authority]":
        """Authorities of a country and international bodies; of these kinds, if any are named."""
        found = select(cls).where(or_(cls.country == country, cls.country == ""))
        return found.where(cls.kind.in_(kinds)) if kinds else found

    @property
    def live_channels(self) -> list[Channel]:
        return [channel for channel in self.channels if channel.retired_at is None]

    def channel(self, kind: Channel.Kind) -> Channel | None:
        """The one of this kind that is in use."""
        return next((channel for channel in self.live_channels if channel.kind is kind), None)

    @property
    def asks_possible(self) -> list[Ask]:
        return [ask for ask in Authority.Ask if ask.value in self.asks]

    def can(self, ask: Ask) -> bool:
        return ask.value in self.asks

    def name_in(self, language: str) -> str:
        return str(self.names.get(language) or next(iter(self.names.values())))

    def salutation_in(self, language: str) -> str:
        return str(self.salutations.get(language) or "")

    def verified_lately(self, today: date) -> bool:
        return self.verified_on is not None and (today - self.verified_on).days <= VERIFIED_DAYS

    def verify(self, today: date, source: str, by: Branch) -> None:
        """Somebody has looked again, and all of it is as it says here."""
        self.verified_on, self.verified_by = today, by.legal_name[:120]
        self.sources = [source, *(known for known in self.sources if known != source)]

    def is_open(self, moment: datetime) -> bool:
        """Whether its office is open now; holidays are not known."""
        return self.next_office_hour(moment) <= moment

    def next_office_hour(self, moment: datetime) -> datetime:
        """The first moment from `moment` on at which the authority's office is open, in UTC-comparable time."""
        zone = ZoneInfo(self.time_zone)
        local = moment.astimezone(zone)
        for days in range(15):
            day = (local + timedelta(days=days)).date()
            if day.weekday() not in self.working_days:
                continue
            opens = datetime.combine(day, self.opens, zone)
            closes = datetime.combine(day, self.closes, zone)
            if local < closes:
                return max(local, opens)
        return local  # no working day at all: an entry that cannot be right must not stop a delivery for ever


class Addressee(Base):
    """An authority in its role on one petition."""

    __tablename__ = "addressees"
    __table_args__ = (UniqueConstraint("petition_id", "authority_id"),)

    class Circle(StrEnum):
        INTERNATIONAL = "international"
        DOMESTIC = "domestic"

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authorities.id"), index=True)
    circle: Mapped[Circle] = mapped_column(states(Circle))
    language: Mapped[str] = mapped_column(String(8))
    listed_at: Mapped[datetime] = mapped_column(default=now())  # signers before that hour did not see it named
    removed_at: Mapped[datetime | None]  # from then on it gets no further edition; what it got keeps naming it
    # a court that had the case when it was listed gets numbers only, for as long as it is listed
    names_blocked: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # its office files by names in its own script: each is followed by the same in the letters of its language
    transliterates: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    authority: Mapped[Authority] = relationship()

    @property
    def usable_channels(self) -> list[Channel]:
        return [channel for channel in self.authority.channels if channel.usable]
