"""A branch: a regional group that runs petitions."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text, text
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
    verified_at: Mapped[datetime | None]  # the operator knows who they are: nobody publishes before that (M13)
    frozen_at: Mapped[datetime | None]  # nothing leaves and nothing is changed; signing goes on
    frozen_by: Mapped[str] = mapped_column(String(40), default="", server_default="")  # as in the audit log
    takes_reports: Mapped[bool] = mapped_column(default=False, server_default=text("false"))  # of cases, from anybody
    report_countries: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))  # empty: any

    # what authorities read on every letter; two owners change it
    PRINTED: ClassVar[tuple[str, ...]] = (
        "legal_name", "representative", "representative_role", "postal_address", "place", "reply_email",
    )

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

    def freeze(self, moment: datetime, *, by: str) -> bool:
        """Stops what leaves and what changes; signing goes on. False if it was frozen already."""
        if self.frozen_at is not None:
            return False
        self.frozen_at, self.frozen_by = moment, by
        return True

    def unfreeze(self) -> None:
        self.frozen_at, self.frozen_by = None, ""

    def reprint(self, printed: Mapping[str, str]) -> None:
        """From now on letters and documents say this; those compiled before keep what they say. Under another name
        the operator has to know anew who they are."""
        if printed.get("legal_name", self.legal_name) != self.legal_name:
            self.verified_at = None
        for name in self.PRINTED:
            setattr(self, name, printed.get(name, getattr(self, name)))
