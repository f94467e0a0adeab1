"""A branch: a regional group that runs petitions."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, public_id


class FormerSeal(Base):
    """A certificate that sealed documents until another took its place: what it sealed is still ours."""

    __tablename__ = "former_seals"

    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    certificate: Mapped[bytes]  # DER
    replaced_at: Mapped[datetime]


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
    former_seals: Mapped[list[FormerSeal]] = relationship(order_by=FormerSeal.replaced_at)

    @property
    def seals(self) -> list[bytes]:
        """Every certificate that ever sealed a document of this branch, in DER."""
        former = [seal.certificate for seal in self.former_seals]
        return [*former, self.seal_certificate] if self.seal_certificate else former

    def seal_at(self, moment: datetime) -> bytes | None:
        """The certificate that sealed what was compiled at a moment."""
        later = (seal.certificate for seal in self.former_seals if seal.replaced_at > moment)
        return next(later, self.seal_certificate)

    def replace_seal(self, certificate: bytes, moment: datetime) -> None:
        if self.seal_certificate:
            self.former_seals.append(FormerSeal(certificate=self.seal_certificate, replaced_at=moment))
        self.seal_certificate = certificate
