"""A photograph: of a prisoner, for the page; or sent with a report, for organisers alone.

What was uploaded is sealed to the branch before it is stored: the web does not look into it, and a dump of the
database shows no location, camera or face that was in the file. The worker decodes it, keeps the picture and nothing
else (mailer/picture.py), and the upload is gone. Pictures are in the database, not in files: web and worker may be
different machines that share nothing else, a case and its photo are backed up and erased together, and after the
worker has made them small (under 300 kB) a row holds them well.
"""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from petitions import crypto
from petitions.db import Base, is_state, new_public_id, now, public_id, states
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work

if TYPE_CHECKING:
    from petitions.models.branch import Branch
    from petitions.models.prisoner import Prisoner
    from petitions.models.report import Report

MEGABYTE = 1_000_000
UPLOAD_BYTES = 5 * MEGABYTE  # of one file; what a telephone's camera makes


class QuotaReached(Exception):
    """The branch has no room for further photographs: older ones have to go first."""


class Photo(Work, Stateful, Base):
    __tablename__ = "photos"

    class State(StrEnum):
        WAITING = "waiting"  # for the worker
        READY = "ready"
        REFUSED = "refused"  # no photograph that can be shown (`reason`)

    class Reason(StrEnum):
        """Why it was refused; the page has the words."""

        NOT_AN_IMAGE = "not_an_image"  # JPEG, PNG and WebP are, by their content
        DAMAGED = "damaged"
        TOO_LARGE = "too_large"  # more than can be unpacked in the time and memory allowed
        CRASHED = "crashed"  # it ended three workers

    moves: ClassVar[Moves] = {State.WAITING: frozenset({State.READY, State.REFUSED})}
    __table_args__ = (
        CheckConstraint("(prisoner_id IS NULL) <> (report_id IS NULL)", name="one_subject"),
        Index(
            "ix_photos_waiting",
            "not_before",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    public_id: Mapped[str] = public_id()
    name: Mapped[str] = mapped_column(String(24), unique=True, default=new_public_id)  # in its public address
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    prisoner_id: Mapped[int | None] = mapped_column(ForeignKey("prisoners.id", ondelete="CASCADE"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    state: Mapped[State] = mapped_column(states(State), default=State.WAITING)
    reason: Mapped[Reason | None] = mapped_column(states(Reason))
    rights: Mapped[str] = mapped_column(Text, default="")  # who took it, who allowed us to show it
    alt: Mapped[dict[str, Any]] = mapped_column(default=dict)  # language -> what there is to see
    size: Mapped[int]  # bytes kept: of the upload, later of the picture
    width: Mapped[int | None]
    height: Mapped[int | None]
    added_at: Mapped[datetime] = mapped_column(default=now())
    upload_box: Mapped[bytes | None] = mapped_column(deferred=True)
    image: Mapped[bytes | None] = mapped_column(deferred=True)  # JPEG; of a prisoner
    image_box: Mapped[bytes | None] = mapped_column(deferred=True)  # the same of a report, sealed to the branch

    branch: Mapped["Branch"] = relationship()
    prisoner: Mapped["Prisoner | None"] = relationship(back_populates="photos")
    report: Mapped["Report | None"] = relationship(back_populates="photos")

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.WAITING)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.REFUSED, "reason": cls.Reason.CRASHED, "upload_box": None, "size": 0}

    @classmethod
    def of_prisoner(
        cls, session: Session, prisoner: "Prisoner", upload: bytes, *, rights: str, alt: dict[str, str], quota: int
    ) -> "Photo":
        """Takes an upload in. Raises QuotaReached."""
        if cls.kept_bytes(session, prisoner.branch_id) + len(upload) > quota:
            raise QuotaReached
        return cls._received(session, prisoner.branch, upload, prisoner=prisoner, rights=rights, alt=alt)

    @classmethod
    def of_report(cls, session: Session, report: "Report", upload: bytes) -> "Photo":
        """Takes in what came with a report; whether there is room was asked before (`kept_bytes`)."""
        return cls._received(session, report.branch, upload, report=report)

    @classmethod
    def _received(cls, session: Session, branch: "Branch", upload: bytes, **fields: Any) -> "Photo":
        photo = cls(public_id=new_public_id(), branch=branch, size=len(upload), **fields)
        photo.upload_box = crypto.seal_bytes(upload, branch.public_key, photo.info("upload"))
        session.add(photo)
        session.flush()
        return photo

    @classmethod
    def kept_bytes(cls, session: Session, branch_id: int, *, of_reports: bool = False) -> int:
        """Of a branch; of reports apart, so that strangers cannot use up the room for prisoners' photographs."""
        whose = cls.report_id.is_not(None) if of_reports else cls.prisoner_id.is_not(None)
        kept = select(func.coalesce(func.sum(cls.size), 0)).where(cls.branch_id == branch_id, whose)
        return session.scalar(kept) or 0

    @property
    def ready(self) -> bool:
        return self.state is Photo.State.READY

    def alt_in(self, language: str) -> str:
        return str(self.alt.get(language) or next(iter(self.alt.values()), ""))

    def info(self, what: str) -> bytes:
        """Binds a box to this row and its use."""
        return f"petitions photo v1|{self.public_id}|{what}".encode()
