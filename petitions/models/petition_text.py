"""What is signed: title, demand and background in one language and one version."""

import base64
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base
from petitions.models.member import Member

if TYPE_CHECKING:
    from petitions.models.petition import Petition

TITLE_LENGTH, DEMAND_LENGTH, BACKGROUND_LENGTH = 80, 300, 5_000


class PetitionText(Base):
    """A signer signs one text; once it is approved it never changes, and a new wording is a new version."""

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

    def revise(self, title: str, demand: str, background: str) -> None:
        """Of a draft only: `Petition.write` sees to it."""
        self.title, self.demand, self.background = title, demand, background
        self.fix_hash()

    def approve(self, member: Member, moment: datetime) -> None:
        self.approved_by_id, self.approved_at = member.id, moment

    @property
    def wording(self) -> dict[str, Any]:
        """As an edition freezes it."""
        return {
            "version": self.version,
            "title": self.title,
            "demand": self.demand,
            "background": self.background,
            "hash": self.hash,
        }

    @property
    def complete(self) -> bool:
        return all(part.strip() for part in (self.title, self.demand, self.background))

    @property
    def approved(self) -> bool:
        return self.approved_at is not None

    @property
    def subject(self) -> str:
        """This version's name among proposals and approvals, made of what never changes."""
        name = f"{self.petition.public_id} {self.language} {self.version}"
        return base64.b32encode(hashlib.sha256(name.encode()).digest()[:15]).decode().lower()
