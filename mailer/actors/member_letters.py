"""Letters to members: invitations, ways back to an account, notices. They hold nothing of any signer.

A member's own letters are not kept back by "never write to me again", which a signer said of petitions; an invitation,
to somebody who has not asked for it, is.
"""

from collections.abc import Iterator, Sequence

from jinja2 import UndefinedError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from mailer import claims, notices
from mailer.actors.caps import Caps, suppressed_among
from mailer.actors.posting import KEY_MISSING_SECONDS, Outgoing, settle
from mailer.actors.runtime import Runtime, log
from mailer.addresses import AddressRefused, message_id
from mailer.letters import Mail
from mailer.unseal import PrivateKeyMissing
from petitions import crypto
from petitions.db import database_time
from petitions.mailboxes import canonical
from petitions.models import Letter

KIND = Letter.Kind
WITH_LINK = {KIND.MEMBER_INVITATION: ("organise", "invitations"), KIND.MEMBER_RESET: ("organise", "reset")}
MOST_AN_HOUR = 3  # letters with a link to one mailbox: whoever asks for them, enough is enough
LAST_NOTICE = "member_left"  # the one event that is also told to who has left


class _Withheld(Exception):
    """It is not to go; the message is the class of reason."""


def compose(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[Outgoing]:
    found = select(Letter).where(Letter.id.in_(ids)).order_by(Letter.id)
    whole = (
        joinedload(Letter.member),
        joinedload(Letter.branch),
        undefer(Letter.address_box),
        undefer(Letter.secret_box),
    )
    caps = Caps(runtime.settings, runtime.index_key, database_time(session))
    for letter in session.scalars(found.options(*whole)):
        try:
            mail = _written(runtime, session, letter, caps)
        except PrivateKeyMissing:
            log.error("letters.key_not_opened", letter=letter.public_id)
            claims.retry(
                session, Letter, runtime.owner, letter.id,
                tries=letter.tries, seconds=KEY_MISSING_SECONDS, reason="key_missing",
            )
        except AddressRefused:
            settle(runtime, session, Letter, letter.id, Letter.State.FAILED, "bad_address")
        except crypto.BoxDamaged:
            log.error("letter.box_damaged", letter=letter.public_id)
            settle(runtime, session, Letter, letter.id, Letter.State.WITHHELD, "box_damaged")
        except UndefinedError:
            log.error("letter.words_missing", letter=letter.public_id, kind=letter.kind)
            settle(runtime, session, Letter, letter.id, Letter.State.WITHHELD, "words_missing")
        except _Withheld as reason:
            settle(runtime, session, Letter, letter.id, Letter.State.WITHHELD, str(reason))
        else:
            yield Outgoing(letter.id, letter.public_id, letter.tries, letter.created_at, mail)


def _written(runtime: Runtime, session: Session, letter: Letter, caps: Caps) -> Mail:
    """Raises _Withheld, AddressRefused, crypto.BoxDamaged, PrivateKeyMissing."""
    name, to = _reader(runtime, session, letter)
    words = {**letter.words, "name": name, "branch": letter.branch.legal_name if letter.branch else ""}
    if letter.kind in WITH_LINK:
        if caps.this_hour(session, letter.kind, canonical(to)) > MOST_AN_HOUR and letter.tries == 0:
            raise _Withheld("over_cap")
        words["link"] = runtime.url(*WITH_LINK[letter.kind], _opened(runtime, letter, "secret"))
    else:
        words["link"] = runtime.settings.base_url.rstrip("/") + str(letter.words.get("path", "/organise/"))
    return notices.to_member(
        letter.kind.value,
        sender=runtime.sender,
        to=to,
        message_id=message_id(letter.public_id, runtime.settings.mail_domain),
        date=letter.created_at,
        language=letter.language,
        words=words,
        demonstration=runtime.settings.demonstration,
    )


def _reader(runtime: Runtime, session: Session, letter: Letter) -> tuple[str, str]:
    """Name and address; of somebody who is no member yet, no name is known."""
    if letter.member is not None:
        if letter.member.left_at is not None and letter.words.get("event") != LAST_NOTICE:
            raise _Withheld("left")
        return letter.member.name, letter.member.email
    to = _opened(runtime, letter, "address")
    if suppressed_among(session, runtime.index_key, [canonical(to)]):
        raise _Withheld("suppressed")
    return "", to


def _opened(runtime: Runtime, letter: Letter, field: str) -> str:
    box = letter.secret_box if field == "secret" else letter.address_box
    if box is None or letter.branch is None:
        raise _Withheld("gone")
    return runtime.unsealer.text(letter.branch.public_id, box, crypto.letter_info(letter.public_id, field))
