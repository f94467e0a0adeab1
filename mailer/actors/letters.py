"""Letters to signers: confirmations in batches, each looked at again before it goes.

The web writes a letter row for whoever typed an address; what is really mailed is decided here, by the owner of
the mailbox's own record: suppressed, over a cap, signed already (privacy.md, "Duplicates, fraud, floods").
A letter sent twice after a crash carries the same Message-ID.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from mailer import claims, letters
from mailer.actors.caps import Caps
from mailer.actors.runtime import Runtime, log
from mailer.addresses import AddressRefused, message_id, return_path
from mailer.letters import Mail, Sender
from mailer.replies import Outcome, Result
from mailer.unseal import PrivateKeyMissing
from petitions import crypto
from petitions.db import database_time, db, now
from petitions.mailboxes import canonical
from petitions.models import Letter, Petition, PetitionText, Signature, Slot, Suppression

BATCH = 50
GROUP = 10  # results committed together; a crash sends at most so many again
DOT_SECONDS = 60.0  # to wait for the answer to a letter's final dot
RETRY_MINUTES = (1, 5, 15, 30, 60, 120, 240)
GIVE_UP_HOURS = 48
KEY_MISSING_SECONDS = 900  # an operator puts the branch's private key where it belongs; then its letters go
ALREADY_SIGNED = "already_signed"  # on a letter that is ready: this is what it says
OVER_CAP = "over_cap"
DAY = 86_400
PUT_OFF_DAYS = 3
NOT_TRIED = "not_tried"  # given back before its turn came
REASONS_TO_PAUSE = {"connect", "tls", "auth", "timeout", "dropped"}  # the relay's trouble, not this letter's
REASONS_TO_MEND = {"policy", "no_8bitmime"}  # refused for good as things are: the operator may change them


@dataclass(frozen=True, slots=True)
class _Opened:
    """A claimed letter with its boxes opened: lives as long as the batch."""

    letter_id: int
    public_id: str
    tries: int
    fresh: bool  # first claim: the caps have not counted it yet
    created_at: datetime
    signature_id: int
    signature: str
    petition_id: int
    petition: str
    state: Signature.State
    expires_at: datetime
    dedup_tag: bytes
    reason: str | None
    name: str
    email: str
    mailbox: str
    language: str
    token: str


def send_letters(runtime: Runtime) -> int:
    """Sends what is due until nothing is. Returns how many left."""
    sent = 0
    while not runtime.stopping.is_set():
        batch = _claim(runtime)
        if batch is None:
            break
        sent += _send(runtime, batch)
    return sent


def _claim(runtime: Runtime) -> list[tuple[_Opened, Mail]] | None:
    """Claims and commits, so that what kills this process is counted; then opens, decides and counts against the
    caps in one short transaction. None when nothing was due."""
    with db.writing() as session:
        ids = claims.claim(session, Letter, runtime.owner, BATCH, lease=runtime.settings.lease_seconds)
        session.commit()
    if not ids:
        return None
    with db.writing() as session:
        opened = list(_open(runtime, session, ids))
        mails = list(_decide(runtime, session, opened))
        session.commit()
    return mails


def _open(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[_Opened]:
    rows = session.execute(
        select(
            Letter.id, Letter.public_id, Letter.tries, _FIRST_CLAIM, Letter.created_at,
            Signature.id, Signature.public_id, Signature.petition_id, Petition.public_id, Signature.state,
            Signature.expires_at, Signature.dedup_tag, Signature.name_key_id, Signature.name_box,
            Signature.mail_key_id, Signature.mail_box, Letter.reason,
        )
        .join(Signature, Letter.signature_id == Signature.id)
        .join(Petition, Signature.petition_id == Petition.id)
        .where(Letter.id.in_(ids))
    ).all()
    closed = _unopened(runtime, session, {key for row in rows for key in (row[12], row[14])})
    for row in rows:
        if row[13] is None or row[15] is None:
            _settle(session, runtime, row[0], Letter.State.WITHHELD, "gone")
            continue
        if closed & {row[12], row[14]}:
            claims.retry(
                session, Letter, runtime.owner, row[0], tries=row[2], seconds=KEY_MISSING_SECONDS, reason="key_missing"
            )
            continue
        try:
            name = runtime.unsealer.fields("name", row[6], row[12], row[13])
            mail = runtime.unsealer.fields("mail", row[6], row[14], row[15])
        except crypto.BoxDamaged:
            log.error("letter.box_damaged", letter=row[1])
            _settle(session, runtime, row[0], Letter.State.WITHHELD, "box_damaged")
            continue
        yield _Opened(
            letter_id=row[0], public_id=row[1], tries=row[2], fresh=row[3],
            created_at=row[4], signature_id=row[5], signature=row[6], petition_id=row[7], petition=row[8],
            state=row[9], expires_at=row[10], dedup_tag=row[11] or b"", reason=row[16], name=name[0], email=mail[0],
            mailbox=canonical(mail[0]), language=mail[1], token=mail[2],
        )


def _unopened(runtime: Runtime, session: Session, keys: set[int | None]) -> set[int]:
    """Opens data keys; gives those that cannot be opened now. One branch's trouble must not stop the others."""
    closed = set()
    for key in keys:
        if key is None:
            continue
        try:
            runtime.learn_keys(session, {key})
        except (PrivateKeyMissing, crypto.BoxDamaged) as error:
            log.error("letters.key_not_opened", key=key, error=type(error).__name__)
            closed.add(key)
    return closed


def _decide(runtime: Runtime, session: Session, opened: Sequence[_Opened]) -> Iterator[tuple[_Opened, Mail]]:
    moment = database_time(session)
    suppressed = _suppressed(runtime, session, opened)
    holders = _slot_holders(session, opened)
    over_petitions = _petitions_over(session, opened, moment, runtime.settings.confirm_grace_hours)
    wanted: list[_Opened] = []
    for letter in opened:
        stands = holders.get((letter.petition_id, letter.dedup_tag)) not in {None, letter.signature_id}
        reason = _reason_to_withhold(letter, moment, suppressed, stands)
        if reason is None and letter.petition_id in over_petitions:
            reason = "petition_over"
        if reason:
            _settle(session, runtime, letter.letter_id, Letter.State.WITHHELD, reason)
        else:
            wanted.append(letter)
    caps = Caps(runtime.settings, runtime.index_key, moment)
    over = caps.count(session, [(one.letter_id, one.petition, one.mailbox, one.fresh) for one in wanted])
    titles, sender = _titles(session, wanted), runtime.sender
    for letter in wanted:
        if letter.letter_id in over:
            _put_off(session, runtime, letter, moment)
            continue
        holder = holders.get((letter.petition_id, letter.dedup_tag))
        try:
            mail = (
                _already_signed(runtime, session, letter, holder, titles, caps)
                if holder is not None and holder != letter.signature_id
                else _confirmation(runtime, sender, letter, titles)
            )
        except AddressRefused:
            _settle(session, runtime, letter.letter_id, Letter.State.FAILED, "bad_address")
            continue
        if mail is not None:
            yield letter, mail


def _put_off(session: Session, runtime: Runtime, letter: _Opened, moment: datetime) -> None:
    """Over a cap: it goes another day, so that nobody who knows an address can keep its owner from signing."""
    if moment - letter.created_at > timedelta(days=PUT_OFF_DAYS):
        _settle(session, runtime, letter.letter_id, Letter.State.WITHHELD, OVER_CAP)
    else:
        claims.retry(
            session, Letter, runtime.owner, letter.letter_id, tries=letter.tries, seconds=DAY, reason=OVER_CAP
        )


def _reason_to_withhold(letter: _Opened, moment: datetime, suppressed: set[str], stands: bool) -> str | None:
    """`stands`: another signature of the same mailbox is confirmed, so the letter would only say so."""
    if letter.state is not Signature.State.PENDING and not (stands and letter.reason == ALREADY_SIGNED):
        return "not_pending"
    if letter.expires_at <= moment:
        return "expired"
    if letter.mailbox in suppressed:
        return "suppressed"
    return None


def _petitions_over(
    session: Session, opened: Iterable[_Opened], moment: datetime, grace_hours: int
) -> set[int]:
    """Where a confirmation would be refused, nobody is asked for one (cases.md K20)."""
    found = session.scalars(select(Petition).where(Petition.id.in_({letter.petition_id for letter in opened})))
    return {petition.id for petition in found if not petition.takes_confirmations(moment, grace_hours)}


def _suppressed(runtime: Runtime, session: Session, opened: Iterable[_Opened]) -> set[str]:
    key = crypto.lasting_key(runtime.index_key, "suppression")
    tags = {crypto.tag(key, "mailbox", letter.mailbox): letter.mailbox for letter in opened}
    found = session.scalars(select(Suppression.tag).where(Suppression.tag.in_(tags)))
    return {tags[tag] for tag in found}


def _slot_holders(session: Session, opened: Iterable[_Opened]) -> dict[tuple[int, bytes], int]:
    tags = {letter.dedup_tag for letter in opened}
    rows = session.execute(
        select(Slot.petition_id, Slot.tag, Slot.signature_id).where(Slot.tag.in_(tags))
    )
    return {(petition, tag): signature for petition, tag, signature in rows if tag is not None}


def _titles(session: Session, wanted: Iterable[_Opened]) -> dict[tuple[int, str], str]:
    """The newest approved title of each petition in each language."""
    petitions = {letter.petition_id for letter in wanted}
    rows = session.execute(
        select(PetitionText.petition_id, PetitionText.language, PetitionText.title)
        .where(PetitionText.petition_id.in_(petitions), PetitionText.approved_at.is_not(None))
        .order_by(PetitionText.version)
    )
    return {(petition, language): title for petition, language, title in rows}


def _title(titles: dict[tuple[int, str], str], petition: int, language: str) -> str:
    found = titles.get((petition, language))
    return found or next((title for (other, _), title in titles.items() if other == petition), "")


def _confirmation(
    runtime: Runtime, sender: Sender, letter: _Opened, titles: dict[tuple[int, str], str]
) -> Mail:
    link = runtime.url("s", letter.token)
    return letters.confirm_signature(
        sender=sender,
        to=letter.email,
        message_id=message_id(letter.public_id, sender.domain),
        date=letter.created_at,
        language=letter.language,
        name=letter.name,
        petition_title=_title(titles, letter.petition_id, letter.language),
        confirm_url=link,
        not_me_url=f"{link}/not-me",
        stop_url=f"{link}/no-more-mail",
        expires_on=(letter.expires_at - timedelta(hours=1)).date(),
        demonstration=runtime.settings.demonstration,
    )


def _already_signed(
    runtime: Runtime,
    session: Session,
    letter: _Opened,
    holder: int,
    titles: dict[tuple[int, str], str],
    caps: Caps,
) -> Mail | None:
    """To the owner only, at most one an hour: the link to the signature that stands. The new row is void."""
    session.execute(
        update(Signature)
        .where(Signature.id == letter.signature_id, Signature.state == Signature.State.PENDING)
        .values(state=Signature.State.VOID)
        .execution_options(synchronize_session=False)
    )
    standing = session.execute(
        select(
            Signature.public_id, Signature.state, Signature.name_key_id, Signature.name_box,
            Signature.mail_key_id, Signature.mail_box,
        ).where(Signature.id == holder)
    ).one()
    decided = letter.reason == ALREADY_SIGNED  # it was to go before, and did not come to it
    if standing.mail_box is None or not (decided or caps.first_this_hour(session, letter.petition, letter.mailbox)):
        _settle(session, runtime, letter.letter_id, Letter.State.WITHHELD, ALREADY_SIGNED)
        return None
    claims.mark(
        session, Letter, runtime.owner, letter.letter_id,
        lease=runtime.settings.lease_seconds, reason=ALREADY_SIGNED,
    )
    runtime.learn_keys(session, {standing.name_key_id, standing.mail_key_id})
    name, _ = runtime.unsealer.fields("name", standing.public_id, standing.name_key_id, standing.name_box)
    email, language, token = runtime.unsealer.fields(
        "mail", standing.public_id, standing.mail_key_id, standing.mail_box
    )[:3]
    return letters.already_signed(
        sender=runtime.sender,
        to=email,  # the owner's own: what was typed now may be a mailbox that only looks like it
        message_id=message_id(letter.public_id, runtime.settings.mail_domain),
        date=letter.created_at,
        language=language,
        name=name,
        petition_title=_title(titles, letter.petition_id, language),
        standing=standing.state.value,
        manage_url=runtime.url("s", token),
        not_me_url=runtime.url("s", letter.token, "not-me"),  # erases what was typed now
        stop_url=runtime.url("s", token, "no-more-mail"),
        demonstration=runtime.settings.demonstration,
    )


# -- sending -----------------------------------------------------------------------------------------


def _send(runtime: Runtime, batch: Sequence[tuple[_Opened, Mail]]) -> int:
    """No transaction is open while the network is in use; results are committed in groups."""
    sent, results = 0, []
    domain, transport = runtime.settings.mail_domain, runtime.transport
    for index, (letter, mail) in enumerate(batch):
        if runtime.stopping.is_set():
            _give_back(runtime, [left.letter_id for left, _ in batch[index:]])
            break
        path = return_path(letter.public_id, runtime.index_key, domain)
        result = transport.send(path, mail.recipient, mail.data, dot_timeout=DOT_SECONDS)
        results.append((letter, result))
        sent += result.outcome is Outcome.ACCEPTED
        if len(results) >= GROUP:
            _record(runtime, results)
            results.clear()
        if result.outcome is Outcome.TEMPORARY and result.reason in REASONS_TO_PAUSE:
            _record(runtime, results)
            results.clear()
            _give_back(runtime, [left.letter_id for left, _ in batch[index + 1 :]], seconds=30)
            break
    _record(runtime, results)
    return sent


def _record(runtime: Runtime, results: Sequence[tuple[_Opened, Result]]) -> None:
    if not results:
        return
    accepted = [letter.letter_id for letter, result in results if result.outcome is Outcome.ACCEPTED]
    with db.writing() as session:
        if accepted:
            session.connection().execute(_SENT, [{"row": row, "owner": runtime.owner} for row in accepted])
        for letter, result in results:
            if result.outcome is Outcome.PERMANENT and result.reason not in REASONS_TO_MEND:
                _settle(session, runtime, letter.letter_id, Letter.State.FAILED, result.reason)
            elif result.outcome is not Outcome.ACCEPTED:  # a signer's letter may go twice, never not at all
                _try_again(session, runtime, letter, result.reason)
        session.commit()


def _try_again(session: Session, runtime: Runtime, letter: _Opened, reason: str) -> None:
    moment = database_time(session)
    if moment - letter.created_at > timedelta(hours=GIVE_UP_HOURS) or moment >= letter.expires_at:
        _settle(session, runtime, letter.letter_id, Letter.State.FAILED, reason)
        return
    minutes = RETRY_MINUTES[min(letter.tries, len(RETRY_MINUTES) - 1)]
    seconds = minutes * 60 * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
    claims.retry(
        session, Letter, runtime.owner, letter.letter_id, tries=letter.tries + 1, seconds=seconds, reason=reason
    )


def _give_back(runtime: Runtime, ids: Sequence[int], seconds: float = 0) -> None:
    """Rows claimed but not tried: no try is counted, and the caps do not count them again."""
    if ids:
        with db.writing() as session:
            claims.release(
                session, Letter, runtime.owner, ids, not_before=now(seconds), last_error_class=NOT_TRIED
            )
            session.commit()


def _settle(session: Session, runtime: Runtime, letter: int, state: Letter.State, reason: str) -> None:
    claims.release(session, Letter, runtime.owner, [letter], state=state, reason=reason)


# Nothing has become of it before, or it was taken off the caps again.
_FIRST_CLAIM = (Letter.crashes == 1) & (
    Letter.last_error_class.is_(None) | (Letter.last_error_class == OVER_CAP)
)
_SENT: Any = (
    update(Letter.__table__)  # type: ignore[arg-type]
    .where(Letter.__table__.c.id == bindparam("row"), Letter.__table__.c.lease_owner == bindparam("owner"))
    .values(state=Letter.State.SENT, sent_at=now(), lease_owner=None, lease_until=None, crashes=0)
)
