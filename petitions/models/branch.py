"""A branch: a regional group that runs petitions."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, public_id


class Branch(Base):
    __tablename__ = "branches"

    public_id: Mapped[str] = public_id()
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    legal_name: Mapped[str] = mapped_column(String(200))
    representative: Mapped[str] = mapped_column(String(200))
    representative_role: Mapped[str] = mapped_column(String(200), default="")
    postal_address: Mapped[str] = mapped_column(Text)  # lines as they are printed
    place: Mapped[str] = mapped_column(String(120), default="")  # where its letters are dated
    reply_email: Mapped[str] = mapped_column(String(254))
    languages: Mapped[list[str]]
    public_key: Mapped[bytes]  # X25519, 32 bytes; the private half never comes here
    seal_certificate: Mapped[bytes | None]  # DER

    parent: Mapped["Branch | None"] = relationship(remote_side="Branch.id")
