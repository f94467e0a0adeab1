"""Letters to members, and to those who are invited to become one: the row that the worker sends.

A letter says what happened and leads to the page where it is looked at. It never holds a signer's datum. What it must
carry and no table may show, a link's token and the address of somebody who is no member yet, is sealed to the branch.
The caller commits, then rings "letters".
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions import crypto
from petitions.db import insert_or_ignore, new_public_id
from petitions.models import AuditEntry, Branch, Letter, Member


def write_to(
    session: Session,
    member: Member,
    kind: Letter.Kind,
    *,
    cause: str,
    words: dict[str, Any] | None = None,
    secret: str = "",
) -> None:
    """One letter to a member. `cause` (at most 50 characters) names what it is about: a second letter of the same kind,
    cause and member is not written. `words` are plain values for its template; of a notice, with its "event"."""
    _write(session, member.branch, kind, f"{cause}:{member.id}", member.language, words, secret, member_id=member.id)


def write_to_address(
    session: Session,
    branch: Branch,
    email: str,
    language: str,
    kind: Letter.Kind,
    *,
    cause: str,
    words: dict[str, Any] | None = None,
    secret: str = "",
) -> None:
    """The same to somebody who is no member: the address is kept sealed, and only until the letter has gone."""
    _write(session, branch, kind, cause, language, words, secret, email=email)


def tell_owners(
    session: Session, branch: Branch, entry: AuditEntry, *others: Member, event: str, **words: Any
) -> None:
    """A notice to every owner of a branch, and to whom else it concerns, of what the audit entry says was done; it
    names who did it and when."""
    who = session.scalar(select(Member.name).where(Member.public_id == entry.actor)) or entry.actor
    told = {"event": event, "who": who, "happened_at": entry.happened_at.isoformat(), **words}
    for member in [*session.scalars(Member.owners(branch.id)), *others]:
        write_to(session, member, Letter.Kind.MEMBER_NOTICE, cause=f"audit:{entry.sequence}", words=told)


def _write(
    session: Session,
    branch: Branch,
    kind: Letter.Kind,
    cause: str,
    language: str,
    words: dict[str, Any] | None,
    secret: str,
    *,
    member_id: int | None = None,
    email: str = "",
) -> None:
    public_id = new_public_id()

    def sealed(field: str, text: str) -> bytes | None:
        return crypto.seal_text(text, branch.public_key, crypto.letter_info(public_id, field)) if text else None

    row = {
        "public_id": public_id,
        "kind": kind,
        "cause": f"{kind}:{cause}",
        "branch_id": branch.id,
        "member_id": member_id,
        "language": language or branch.languages[0],
        "words": words or {},
        "address_box": sealed("address", email),
        "secret_box": sealed("secret", secret),
    }
    insert_or_ignore(session, Letter, row)
