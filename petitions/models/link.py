"""The secret address by which an authority fetches a document that was not attached to its letter.

The token is made of the branch's private key and this row's id: the worker can make the same letter again, and the
database holds nothing that opens the files (petitions/linkfiles.py). Only a press of the button counts as a download:
mail scanners follow links.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ColumnElement, ForeignKey, String, and_, exists, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from petitions.db import Base, now, public_id
from petitions.models.delivery import Delivery
from petitions.models.document import Volume
from petitions.models.member import Member
from petitions.tokens import token_hash


class LinkOver(Exception):
    """It has run out or was taken back, or its document will not leave any more."""


class Link(Base):
    __tablename__ = "links"

    # after so long a letter that is sent anew gets a new address: the old one would soon run out
    FRESH: ClassVar[timedelta] = timedelta(days=7)
    DEAD: ClassVar[tuple[Delivery.State, ...]] = (Delivery.State.CANCELLED, Delivery.State.SUPERSEDED)

    public_id: Mapped[str] = public_id()
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    mail_sha256: Mapped[str | None] = mapped_column(String(64))  # the letter with it, in the archive
    made_at: Mapped[datetime] = mapped_column(default=now())
    expires_at: Mapped[datetime]
    downloads: Mapped[int] = mapped_column(default=0, server_default="0")
    first_downloaded_at: Mapped[datetime | None]
    last_downloaded_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    removed_at: Mapped[datetime | None]  # the files are gone

    delivery: Mapped[Delivery] = relationship()
    revoked_by: Mapped[Member | None] = relationship()

    @classmethod
    def with_token(cls, session: Session, token: str, *, lock: bool = False) -> "Link | None":
        found = select(cls).where(cls.token_hash == token_hash(token))
        return session.scalars(found.with_for_update(of=cls) if lock else found).one_or_none()

    @classmethod
    def all_of(cls, session: Session, delivery: Delivery) -> "list[Link]":
        """Newest first."""
        return list(session.scalars(select(cls).where(cls.delivery_id == delivery.id).order_by(cls.id.desc())))

    @classmethod
    def to_send(cls, session: Session, delivery: Delivery, moment: datetime) -> "Link | None":
        """The one that a letter sent now may still carry."""
        newest = next(iter(cls.all_of(session, delivery)), None)
        usable = newest is not None and newest.live(moment) and moment - newest.made_at < cls.FRESH
        return newest if usable else None

    @classmethod
    def over(cls) -> ColumnElement[bool]:
        """Whose files are to go."""
        dead = exists().where(Delivery.id == cls.delivery_id, Delivery.state.in_(cls.DEAD))
        first = aliased(Volume)
        erased = exists().where(
            Delivery.id == cls.delivery_id,
            Delivery.volume_id == first.id,
            Volume.document_id == first.document_id,
            Volume.erased_at.is_not(None),
        )
        ended = or_(cls.expires_at <= now(), cls.revoked_at.is_not(None), dead, erased)
        return and_(cls.removed_at.is_(None), ended)

    def live(self, moment: datetime) -> bool:
        ended = self.revoked_at is not None or self.removed_at is not None or moment >= self.expires_at
        return not ended and self.delivery.state not in Link.DEAD

    def count_download(self, moment: datetime) -> None:
        """Raises LinkOver. The caller has locked the row."""
        if not self.live(moment):
            raise LinkOver
        self.downloads += 1
        self.first_downloaded_at = self.first_downloaded_at or moment
        self.last_downloaded_at = moment

    def revoke(self, member: Member, moment: datetime) -> None:
        """Nobody fetches anything by it any more; a worker removes the files. Raises LinkOver."""
        if not self.live(moment):
            raise LinkOver
        self.revoked_at, self.revoked_by = moment, member
