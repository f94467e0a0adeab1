"""A member's passkey: the public half of a key whose private half never leaves the member's device."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, now, public_id

if TYPE_CHECKING:
    from petitions.models.member import Member


class Passkey(Base):
    __tablename__ = "passkeys"

    public_id: Mapped[str] = public_id()
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))  # as its owner calls the device
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(default=0)  # 0 for ever where the device does not count
    made_at: Mapped[datetime] = mapped_column(default=now())
    used_at: Mapped[datetime | None]

    member: Mapped["Member"] = relationship(back_populates="passkeys")
