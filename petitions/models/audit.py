"""The audit log: append-only, each entry bound to the one before by hash (cases.md M12)."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from petitions.db import Base
from petitions.models.belonging import PUBLIC_ID_LENGTH, branch_of
from petitions.models.branch import Branch
from petitions.models.member import Member

FIRST = b"\0" * 32  # what the first entry is bound to


class AuditEntry(Base):
    """Who did what to which record. Holds ids and numbers, never a name or an address of a signer."""

    __tablename__ = "audit_entries"

    sequence: Mapped[int] = mapped_column(unique=True)
    happened_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))  # a member's public id, "worker", "operator"
    verb: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"), index=True)  # who sees it; not hashed

    @classmethod
    def write(cls, session: Session, actor: str, verb: str, subject: str, **details: Any) -> "AuditEntry":
        """Appends in the caller's transaction; writers queue, so the chain has no forks."""
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(7310)"))
        last = session.execute(select(cls.sequence, cls.hash).order_by(cls.sequence.desc()).limit(1)).first()
        sequence, previous = (last.sequence + 1, last.hash) if last else (1, FIRST)
        entry = cls(
            sequence=sequence,
            happened_at=datetime.now(UTC).replace(microsecond=0),
            actor=actor,
            verb=verb,
            subject=subject,
            details=details,
            previous_hash=previous,
            branch_id=_branch_of(session, actor, subject, str(details.get("branch", ""))),
        )
        entry.hash = entry.computed_hash()
        session.add(entry)
        session.flush()
        return entry

    def computed_hash(self) -> bytes:
        record = [
            self.sequence,
            self.happened_at.astimezone(UTC).isoformat(),
            self.actor,
            self.verb,
            self.subject,
            self.details,
        ]
        return hashlib.sha256(
            self.previous_hash + json.dumps(record, sort_keys=True, ensure_ascii=False).encode()
        ).digest()

    @classmethod
    def first_broken(cls, session: Session) -> int | None:
        """The first sequence number at which the chain does not hold, or None."""
        previous, expected = FIRST, 1
        for entry in session.scalars(select(cls).order_by(cls.sequence).execution_options(yield_per=1000)):
            whole = entry.sequence == expected and entry.previous_hash == previous
            if not whole or entry.hash != entry.computed_hash():
                return expected
            previous, expected = entry.hash, expected + 1
        return None

    @classmethod
    def head(cls, session: Session) -> tuple[int, bytes]:
        """How many entries there are, and the hash that binds them all. Kept elsewhere, it shows a cut end."""
        last = session.execute(select(cls.hash).order_by(cls.sequence.desc()).limit(1)).scalar_one_or_none()
        return session.scalar(select(func.count(cls.id))) or 0, last or FIRST


def _branch_of(session: Session, actor: str, subject: str, named: str) -> int | None:
    """Of the member who acted; else the one that the details name, or whose record it was done to. Only the worker and
    the operator come to the last, and they may read every table."""
    if len(actor) == PUBLIC_ID_LENGTH:
        return session.scalar(select(Member.branch_id).where(Member.public_id == actor))
    if named:
        return session.scalar(select(Branch.id).where(Branch.public_id == named))
    return branch_of(session, subject)
