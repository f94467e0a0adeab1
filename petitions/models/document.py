"""A document: an edition as compiled for one addressee, its files, and how far a worker has got with it."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions.db import Base, database_time, now, public_id, states
from petitions.models.authority import Addressee, Channel
from petitions.models.delivery import Delivery
from petitions.models.roll import digest_of
from petitions.models.signature import Signature
from petitions.models.transitions import Moves, Stateful

if TYPE_CHECKING:
    from petitions.models.edition import Edition


class Document(Stateful, Base):
    """An edition as compiled for one addressee."""

    __tablename__ = "documents"

    class State(StrEnum):
        LIVE = "live"
        SUPERSEDED = "superseded"

    moves: ClassVar[Moves] = {State.LIVE: frozenset({State.SUPERSEDED})}
    __table_args__ = (
        Index(
            "uq_documents_live",
            "edition_id",
            "addressee_id",
            unique=True,
            sqlite_where=text("state = 'live'"),
            postgresql_where=text("state = 'live'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id"), index=True)
    addressee_id: Mapped[int] = mapped_column(ForeignKey("addressees.id"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.LIVE)
    language: Mapped[str] = mapped_column(String(8))
    verification_code: Mapped[str] = mapped_column(String(24), unique=True)
    names: Mapped[int]
    count_only: Mapped[int]
    roll_digest: Mapped[bytes]  # of who is named how (roll.py)
    # The same pages without a name, a small PDF of its own: what organisers may look at (privacy.md).
    front_matter: Mapped[bytes | None] = mapped_column(deferred=True)
    # One page, sealed, that goes instead of the document where that is fetched by a link; it names no signer.
    letter: Mapped[bytes | None] = mapped_column(deferred=True)
    letter_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    compiled_at: Mapped[datetime] = mapped_column(default=now())

    edition: Mapped["Edition"] = relationship(back_populates="documents")
    addressee: Mapped[Addressee] = relationship()
    volumes: Mapped[list["Volume"]] = relationship(back_populates="document", order_by="Volume.number")

    @classmethod
    def by_letter(cls, session: Session, sha256: str) -> "Document | None":
        """Whose sealed letter has this SHA-256, hexadecimal."""
        found = select(cls).where(cls.letter_sha256 == sha256).order_by(cls.id.desc()).limit(1)
        return session.scalars(found).one_or_none()

    def goes_by_link(self, channel: Channel) -> bool:
        return channel.by_link and self.letter_sha256 is not None

    def sent_apart(self, channel: Channel) -> "list[Volume]":
        """The volumes with a delivery each: where they are fetched by a link, one letter stands for all."""
        return self.volumes[:1] if self.goes_by_link(channel) else self.volumes

    @property
    def deliveries(self) -> list[Delivery]:
        return [delivery for volume in self.volumes for delivery in volume.deliveries]

    def successor(self, session: Session) -> "Document | None":
        """What took its place, once it is compiled; None also while it is live itself."""
        if self.state is not Document.State.SUPERSEDED:
            return None
        return session.scalars(
            select(Document).where(
                Document.edition_id == self.edition_id,
                Document.addressee_id == self.addressee_id,
                Document.state == Document.State.LIVE,
            )
        ).one_or_none()

    def stale(self, session: Session) -> bool:
        """Someone named in it has withdrawn, was struck or narrowed disclosure since it was compiled."""
        named = self.edition.roll_for(self.addressee, Signature.position, Signature.shows_city)
        return digest_of(session, named) != self.roll_digest

    def supersede(self, session: Session, *, but: Delivery | None = None) -> None:
        """The same edition is compiled again without whoever may not be named any more. What has not left of this
        document never will; `but` is settled by the worker that holds it. The caller has locked this row."""
        self.move_to(Document.State.SUPERSEDED)
        for delivery in self.deliveries:
            if delivery is not but and delivery.waits:
                delivery.move_to(Delivery.State.SUPERSEDED)
        session.flush()
        session.refresh(self.edition, ["state"], with_for_update=True)  # a compilation that is just ending must be seen
        self.edition.compile_again(database_time(session))


class Volume(Base):
    """One file of a document; most documents have one."""

    __tablename__ = "volumes"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), index=True)
    number: Mapped[int] = mapped_column(default=1)
    file_name: Mapped[str] = mapped_column(String(160))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]  # bytes of PDF
    pages: Mapped[int]
    first_serial: Mapped[int] = mapped_column(default=1)
    last_serial: Mapped[int] = mapped_column(default=0)
    stamped_at: Mapped[datetime | None]  # by a time stamp authority; empty: the seal has no time but our own
    erased_at: Mapped[datetime | None]  # the file has had its time; its hash still proves a copy

    document: Mapped[Document] = relationship(back_populates="volumes")
    deliveries: Mapped[list[Delivery]] = relationship(back_populates="volume", order_by=Delivery.id)

    @classmethod
    def by_hash(cls, session: Session, sha256: str) -> "Volume | None":
        """The file with this SHA-256, hexadecimal."""
        return session.scalars(select(cls).where(cls.sha256 == sha256).order_by(cls.id.desc()).limit(1)).one_or_none()


class DocumentProgress(Base):
    """How far a worker has got with one addressee's document; begun anew whenever it is."""

    __tablename__ = "document_progress"
    __table_args__ = (UniqueConstraint("edition_id", "addressee_id"),)

    edition_id: Mapped[int] = mapped_column(ForeignKey("editions.id", ondelete="CASCADE"))
    addressee_id: Mapped[int] = mapped_column(ForeignKey("addressees.id", ondelete="CASCADE"), index=True)
    begun_at: Mapped[datetime] = mapped_column(default=now())
    rendered_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
