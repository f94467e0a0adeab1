"""Letters that ask the owner of a mailbox whether a signature is theirs: each is looked at again before it goes.

The web writes a letter row for whoever typed an address; what is really mailed is decided here, by the owner of
the mailbox's own record: suppressed, over a cap, signed already (privacy.md, "Duplicates, fraud, floods").
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import claims, letters
from mailer.actors.caps import Caps, suppressed_among
from mailer.actors.domains import count_domains
from mailer.actors.opening import OVER_CAP, Opened, open_letters
from mailer.actors.posting import Outgoing, settle
from mailer.actors.runtime import Runtime
from mailer.addresses import AddressRefused, message_id
from mailer.letters import Mail, Sender
from petitions.db import database_time
from petitions.models import Letter, Petition, PetitionText, Signature, Slot

ALREADY_SIGNED = "already_signed"  # on a letter that is ready: this is what it says
DAY = 86_400
PUT_OFF_DAYS = 3


def compose(runtime: Runtime, session: Session, ids: Sequence[int]) -> Iterator[Outgoing]:
    """Opens, decides, counts against the caps and writes; what does not go is settled or put off."""
    opened = list(open_letters(runtime, session, ids))
    count_domains(runtime, session, opened)
    yield from _decide(runtime, session, opened)


def _decide(runtime: Runtime, session: Session, opened: Sequence[Opened]) -> Iterator[Outgoing]:
    moment = database_time(session)
    suppressed = suppressed_among(session, runtime.index_key, (letter.mailbox for letter in opened))
    holders = _slot_holders(session, opened)
    over_petitions = _petitions_over(session, opened, moment, runtime.settings.confirm_grace_hours)
    wanted: list[Opened] = []
    for letter in opened:
        stands = holders.get((letter.petition_id, letter.dedup_tag)) not in {None, letter.signature_id}
        reason = _reason_to_withhold(letter, moment, suppressed, stands)
        if reason is None and letter.petition_id in over_petitions:
            reason = "petition_over"
        if reason:
            settle(runtime, session, Letter, letter.letter_id, Letter.State.WITHHELD, reason)
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
            settle(runtime, session, Letter, letter.letter_id, Letter.State.FAILED, "bad_address")
            continue
        if mail is not None:
            yield Outgoing(
                letter.letter_id, letter.public_id, letter.tries, letter.created_at, mail, ends_at=letter.expires_at
            )


def _put_off(session: Session, runtime: Runtime, letter: Opened, moment: datetime) -> None:
    """Over a cap: it goes another day, so that nobody who knows an address can keep its owner from signing."""
    if moment - letter.created_at > timedelta(days=PUT_OFF_DAYS):
        settle(runtime, session, Letter, letter.letter_id, Letter.State.WITHHELD, OVER_CAP)
    else:
        claims.retry(
            session, Letter, runtime.owner, letter.letter_id, tries=letter.tries, seconds=DAY, reason=OVER_CAP
        )


def _reason_to_withhold(letter: Opened, moment: datetime, suppressed: set[str], stands: bool) -> str | None:
    """`stands`: another signature of the same mailbox is confirmed, so the letter would only say so."""
    if letter.state is not Signature.State.PENDING and not (stands and letter.reason == ALREADY_SIGNED):
        return "not_pending"
    if letter.expires_at <= moment:
        return "expired"
    if letter.mailbox in suppressed:
        return "suppressed"
    return None


def _petitions_over(
    session: Session, opened: Iterable[Opened], moment: datetime, grace_hours: int
) -> set[int]:
    """Where a confirmation would be refused, nobody is asked for one (cases.md K20)."""
    found = session.scalars(select(Petition).where(Petition.id.in_({letter.petition_id for letter in opened})))
    return {petition.id for petition in found if not petition.takes_confirmations(moment, grace_hours)}


def _slot_holders(session: Session, opened: Iterable[Opened]) -> dict[tuple[int, bytes], int]:
    tags = {letter.dedup_tag for letter in opened}
    rows = session.execute(
        select(Slot.petition_id, Slot.tag, Slot.signature_id).where(Slot.tag.in_(tags))
    )
    return {(petition, tag): signature for petition, tag, signature in rows if tag is not None}


def _titles(session: Session, wanted: Iterable[Opened]) -> dict[tuple[int, str], str]:
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
    runtime: Runtime, sender: Sender, letter: Opened, titles: dict[tuple[int, str], str]
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
    letter: Opened,
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
    if standing.mail_box is None or not (decided or _first_this_hour(session, caps, letter)):
        settle(runtime, session, Letter, letter.letter_id, Letter.State.WITHHELD, ALREADY_SIGNED)
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


def _first_this_hour(session: Session, caps: Caps, letter: Opened) -> bool:
    return caps.this_hour(session, f"already|{letter.petition}", letter.mailbox) == 1
