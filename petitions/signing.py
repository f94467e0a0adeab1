"""From what a supporter typed to a sealed row and the row of a letter, in one transaction.

The web process does the same work for everybody and looks nothing up: whether this mailbox is new, known,
suppressed or over a limit is for the worker to find out, so that neither answer nor timing tells (privacy.md).
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Executable, String, bindparam, literal, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from petitions import crypto, tokens
from petitions.db import UTCDateTime, is_state, new_public_id, states
from petitions.keyring import SealingKeys
from petitions.mailboxes import canonical
from petitions.models import WAITING, Disclosure, Letter, Signature, cause_period

NAME_PAD, MAIL_PAD = 64, 128  # a box's length must not tell a short name from a long one


@dataclass(frozen=True, slots=True)
class Typed:
    """What the supporter entered, cleaned and checked (forms/signatures.py)."""

    name: str
    city: str
    email: str
    country: str  # ISO 3166-1 alpha-2, or empty
    language: str  # of the page, so of the letter
    disclosure: Disclosure
    shows_city: bool
    wants_listing: bool
    notice_version: str  # of the data table that was shown
    wants_news: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The petition and the text being signed: ids only, so that it can be cached."""

    petition_id: int
    petition: str  # public id
    text_id: int
    text_hash: str
    text_version: int


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the limits said of this attempt; none of it names anyone."""

    net_tag: bytes | None
    held_reason: str | None  # a person looks first; no letter goes until then
    letter_delay: timedelta  # the slow lane
    confirm_days: int


def sign(
    session: Session, target: Target, typed: Typed, keys: SealingKeys, index_key: bytes, how: Circumstances
) -> None:
    """Writes the pending row and its letter. The same form sent twice is one row (constraint), one letter a cause."""
    moment = datetime.now(UTC)
    row = sealed_row(target, typed, keys, index_key, how, moment)
    session.connection().execute(_one_row_for_one_form(session.get_bind().dialect.name), row)
    _ask_for_letter(session, row, moment + how.letter_delay, moment)


def sealed_row(
    target: Target, typed: Typed, keys: SealingKeys, index_key: bytes, how: Circumstances, moment: datetime
) -> dict[str, object]:
    """The row as it is stored: no field of it can be read by this process again, save through the signer's link."""
    public_id, token, salt = new_public_id(), tokens.new_token(), os.urandom(32)
    tag_key = crypto.petition_tag_key(index_key, target.petition)
    commitment = crypto.commitment(salt, (target.text_hash, typed.name, typed.city, typed.country))
    hour = moment.replace(minute=0, second=0, microsecond=0)
    own = {
        "name": typed.name,
        "city": typed.city,
        "email": typed.email,
        "country": typed.country,
        "language": typed.language,
        "text_version": target.text_version,
        "text_hash": target.text_hash,
        "notice_version": typed.notice_version,
        "salt": salt.hex(),
        "signed_on": moment.date().isoformat(),
    }
    mail = (typed.email, typed.language, token, salt.hex(), str(target.text_version), typed.notice_version)
    return {
        "public_id": public_id,
        "petition_id": target.petition_id,
        "text_id": target.text_id,
        "state": Signature.State.HELD if how.held_reason else Signature.State.PENDING,
        "held_reason": how.held_reason,
        "country": typed.country,
        "disclosure": typed.disclosure,
        "shows_city": typed.shows_city,
        "wants_listing": typed.wants_listing,
        "wants_news": typed.wants_news,
        "dedup_tag": crypto.tag(tag_key, "mailbox", canonical(typed.email)),
        "content_tag": crypto.tag(tag_key, "content", *_content(target, typed)),
        "net_tag": how.net_tag,
        "name_key_id": keys.names_id,
        "mail_key_id": keys.mail_id,
        "name_box": crypto.seal_fields(
            keys.names, crypto.record_info("name", public_id), (typed.name, typed.city), NAME_PAD
        ),
        "mail_box": crypto.seal_fields(keys.mail, crypto.record_info("mail", public_id), mail, MAIL_PAD),
        "self_box": crypto.seal_fields(
            crypto.token_cipher(token),
            crypto.record_info("self", public_id),
            (json.dumps(own, ensure_ascii=False, separators=(",", ":")),),
            MAIL_PAD,
        ),
        "commitment": commitment,
        "token_hash": tokens.token_hash(token),
        "expires_at": hour + timedelta(days=how.confirm_days, hours=1),
        "created_hour": hour,
    }


def open_own(signature: Signature, token: str) -> dict[str, str]:
    """What the signer typed, opened with the token of her own link. Raises crypto.BoxDamaged."""
    assert signature.self_box is not None
    fields = crypto.open_fields(
        crypto.token_cipher(token), crypto.record_info("self", signature.public_id), signature.self_box
    )
    return {key: str(value) for key, value in json.loads(fields[0]).items()}


def _content(target: Target, typed: Typed) -> tuple[str, ...]:
    return (
        typed.name.casefold(),
        typed.city.casefold(),
        typed.country,
        typed.disclosure.value,
        str(typed.shows_city),
        str(typed.wants_listing),
        str(typed.wants_news),
        str(target.text_id),
        typed.language,
    )


@cache
def _one_row_for_one_form(dialect: str) -> Executable:
    """The same form again renews the row that waits: its link, perhaps run out, works again."""
    dialect_insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    statement = dialect_insert(Signature.__table__)  # type: ignore[arg-type]
    return statement.on_conflict_do_update(
        index_elements=["petition_id", "dedup_tag", "content_tag"],
        index_where=text(WAITING),
        set_={"expires_at": statement.excluded.expires_at},
    )


def _ask_for_letter(session: Session, row: dict[str, object], not_before: datetime, moment: datetime) -> None:
    """A letter for the pending row that stands for this form: the new one, or the one it doubled.

    For a held row none is due; the statement then finds nothing and costs the same.
    """
    session.connection().execute(
        _letter_for_standing_row(session.get_bind().dialect.name),
        {
            "letter": new_public_id(),
            "period": f":{cause_period(moment)}",
            "moment": moment,
            "not_before": not_before,
            "petition": row["petition_id"],
            "mailbox": row["dedup_tag"],
            "content": row["content_tag"],
        },
    )


@cache
def _letter_for_standing_row(dialect: str) -> Executable:
    """Built once: building it costs more than running it."""
    dialect_insert = sqlite_insert if dialect == "sqlite" else postgresql_insert
    kind = Letter.Kind.CONFIRM_SIGNATURE
    standing = (
        select(
            bindparam("letter", type_=String),
            literal(kind, states(Letter.Kind)),
            literal(f"{kind}:").concat(Signature.public_id).concat(bindparam("period", type_=String)),
            Signature.id,
            literal(Letter.State.READY, states(Letter.State)),
            bindparam("moment", type_=UTCDateTime()),
            bindparam("not_before", type_=UTCDateTime()),
            literal(0),
            literal(0),
        )
        .where(
            Signature.petition_id == bindparam("petition"),
            Signature.dedup_tag == bindparam("mailbox"),
            Signature.content_tag == bindparam("content"),
            is_state(Signature.state, Signature.State.PENDING, Signature.State.HELD),  # as the index says
            is_state(Signature.state, Signature.State.PENDING),
        )
        .limit(1)
    )
    columns = ["public_id", "kind", "cause", "signature_id", "state", "created_at", "not_before", "crashes", "tries"]
    return dialect_insert(Letter).from_select(columns, standing).on_conflict_do_nothing()
