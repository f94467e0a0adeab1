"""Counts letters by mail domain while their boxes are open anyway (petitions/models/mail_domain.py)."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from mailer.actors.opening import Opened
from mailer.actors.runtime import Runtime
from petitions import crypto
from petitions.models import MailDomain


def count_domains(runtime: Runtime, session: Session, letters: Sequence[Opened]) -> None:
    """Each letter once, however often it is tried."""
    tags = {letter.letter_id: _tag(runtime.index_key, letter) for letter in letters}
    names = {tags[letter.letter_id]: _domain(letter) for letter in letters}
    MailDomain.count(
        session, [(letter.letter_id, letter.petition_id, tags[letter.letter_id]) for letter in letters], names
    )


def _tag(index_key: bytes, letter: Opened) -> bytes:
    return crypto.tag(crypto.petition_tag_key(index_key, letter.petition), "mail domain", _domain(letter))


def _domain(letter: Opened) -> str:
    return letter.mailbox.rpartition("@")[2]
