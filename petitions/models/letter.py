"""What we write to a signer or an organiser: one row, one mail. And what keeps us from writing too much."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from petitions.db import Base, is_state, now, public_id, states
from petitions.models.transitions import Moves, Stateful
from petitions.models.work import Work

if TYPE_CHECKING:
    from petitions.models.branch import Branch
    from petitions.models.member import Member
    from petitions.models.signature import Signature


class Letter(Work, Stateful, Base):
    __tablename__ = "letters"

    class Kind(StrEnum):
        CONFIRM_SIGNATURE = "confirm_signature"
        MEMBER_INVITATION = "member_invitation"
        MEMBER_RESET = "member_reset"  # the way back to an account whose keys are lost
        MEMBER_NOTICE = "member_notice"  # something happened that the members are to know (words: event)
        UPDATE_TEST = "update_test"  # news as signers would get it, to the organiser who wrote it

    class State(StrEnum):
        READY = "ready"
        SENT = "sent"  # the relay said 250
        WITHHELD = "withheld"  # looked at before sending: not to be sent (reason)
        FAILED = "failed"  # refused for good, or its time ran out
        PARKED = "parked"  # killed its process three times

    moves: ClassVar[Moves] = {
        State.READY: frozenset({State.SENT, State.WITHHELD, State.FAILED, State.PARKED}),
        State.FAILED: frozenset({State.READY}),
        State.PARKED: frozenset({State.READY}),
    }
    __table_args__ = (
        Index(
            "ix_letters_due",
            "not_before",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
        Index("ix_letters_created_at", "created_at"),
    )

    public_id: Mapped[str] = public_id()
    kind: Mapped[Kind] = mapped_column(states(Kind))
    cause: Mapped[str] = mapped_column(String(80), unique=True)  # one letter for one cause
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signatures.id", ondelete="CASCADE"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"), index=True)  # who writes to a member
    language: Mapped[str] = mapped_column(String(8), default="", server_default="")  # of a letter to a member
    words: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))  # never a signer's
    # Sealed to the branch until the letter has gone; then nobody needs them any more.
    address_box: Mapped[bytes | None] = mapped_column(deferred=True)  # of somebody who is no member yet
    secret_box: Mapped[bytes | None] = mapped_column(deferred=True)  # the token of its link
    # Of a confirmation, for as long as the letter is kept: how mail fares by domain is counted without an address.
    mail_domain_id: Mapped[int | None] = mapped_column(ForeignKey("mail_domains.id", ondelete="SET NULL"))
    state: Mapped[State] = mapped_column(states(State), default=State.READY)
    reason: Mapped[str | None] = mapped_column(String(40))  # why withheld or failed: a class, no free text
    created_at: Mapped[datetime] = mapped_column(default=now())
    sent_at: Mapped[datetime | None]

    signature: Mapped["Signature | None"] = relationship()
    member: Mapped["Member | None"] = relationship()
    branch: Mapped["Branch | None"] = relationship()

    @classmethod
    def due(cls) -> ColumnElement[bool]:
        return is_state(cls.state, cls.State.READY)

    @classmethod
    def parked(cls) -> dict[str, Any]:
        return {"state": cls.State.PARKED, "reason": "crashed"}

    @classmethod
    def emptied(cls) -> dict[str, None]:
        """What is forgotten once it has gone, or is not to go: nobody opens these boxes again."""
        return {"address_box": None, "secret_box": None}

    def retry(self, moment: datetime) -> None:
        """Once more, as if new, but for the caps: they have counted it. Raises IllegalTransition."""
        self.move_to(Letter.State.READY)
        self.crashes = self.tries = 0
        self.reason = self.lease_owner = self.lease_until = None
        self.not_before, self.last_error_class = moment, "retried"


class MailCap(Base):
    """How many mails a mailbox got in an hour, under a tag that changes daily and names no petition."""

    __tablename__ = "mail_caps"
    __table_args__ = (Index("uq_mail_caps_tag_hour", "tag", "hour", unique=True),)

    tag: Mapped[bytes]
    hour: Mapped[datetime] = mapped_column(index=True)
    sent: Mapped[int] = mapped_column(default=0)


class Suppression(Base):
    """A mailbox whose owner wants no mail from us, ever: a keyed tag and a day, nothing else."""

    __tablename__ = "suppressions"

    tag: Mapped[bytes] = mapped_column(unique=True)
    since: Mapped[datetime] = mapped_column(default=now())
