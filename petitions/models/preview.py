"""A look at what would leave, made by the worker before anybody approves it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, is_state, now, public_id, states
from petitions.models.authority import Addressee
from petitions.models.petition import Petition
from petitions.models.work import Work


class Preview(Work, Base):
    """One addressee's document with invented names, unsealed, marked as a draft on each page, and the letter that asks
    a signer to confirm; without an addressee of its language, only the letter.

    Holds nothing of any signer, and goes by itself after `Settings.preview_minutes`."""

    __tablename__ = "previews"
    __table_args__ = (
        Index(
            "ix_previews_due",
            "not_before",
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    class State(StrEnum):
        ASKED = "asked"
        MADE = "made"
        FAILED = "failed"

    public_id: Mapped[str] = public_id()
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id", ondelete="CASCADE"), index=True)
    language: Mapped[str] = mapped_column(String(8))
    addressee_id: Mapped[int | None] = mapped_column(ForeignKey("addressees.id", ondelete="CASCADE"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.ASKED)
    created_at: Mapped[datetime] = mapped_column(default=now())
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    pages: Mapped[int | None]
    text_hash: Mapped[str] = mapped_column(String(64), default="")  # of the text it was made from
    letter: Mapped[str] = mapped_column(Text, default="")

    petition: Mapped[Petition] = relationship()
    addressee: Mapped[Addressee | None] = relationship()

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.ASKED)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.FAILED}
