"""Who decides: authorities, how they take documents, and their role on one petition."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, now, public_id, states

VERIFIED_DAYS = 180  # an entry older than this is shown with a warning


class Channel(Base):
    """One way an authority takes documents, and what that way is worth in law."""

    __tablename__ = "channels"

    class Kind(StrEnum):
        EMAIL = "email"
        POST = "post"
        PORTAL = "portal"
        BY_HAND = "by_hand"

    class LegalEffect(StrEnum):
        APPEAL = "appeal"
        COURTESY = "courtesy"

    public_id: Mapped[str] = public_id()
    authority_id: Mapped[int] = mapped_column(ForeignKey("authorities.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    address: Mapped[str] = mapped_column(Text)
    legal_effect: Mapped[LegalEffect] = mapped_column(states(LegalEffect), default=LegalEffect.COURTESY)
    max_bytes: Mapped[int | None]  # of PDF; empty: the setting's default
    max_characters: Mapped[int | None]  # of a portal's text field
    required: Mapped[list[str]]  # contents the law asks for: representative, postal_address, birth_year, case_number
    note: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    failing_since: Mapped[datetime | None]  # the address was refused as unknown

    authority: Mapped["Authority"] = relationship(back_populates="channels")

    @property
    def usable(self) -> bool:
        return bool(self.address) and self.failing_since is None


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
    verified_on: Mapped[date | None]
    verified_by: Mapped[str] = mapped_column(String(120), default="")

    channels: Mapped[list[Channel]] = relationship(
        back_populates="authority", cascade="all, delete-orphan", order_by=Channel.id
    )

    def name_in(self, language: str) -> str:
        return str(self.names.get(language) or next(iter(self.names.values())))

    def salutation_in(self, language: str) -> str:
        return str(self.salutations.get(language) or "")

    def verified_lately(self, today: date) -> bool:
        return self.verified_on is not None and (today - self.verified_on).days <= VERIFIED_DAYS

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

    authority: Mapped[Authority] = relationship()

    @property
    def usable_channels(self) -> list[Channel]:
        return [channel for channel in self.authority.channels if channel.usable]
