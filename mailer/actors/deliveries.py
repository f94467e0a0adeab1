"""Documents to authorities by e-mail: never twice by itself, never silently missed (delivery.md).

The row says `transmitting`, committed, before the first byte of the message goes. From the final dot on, whatever is
not a clear answer is `uncertain`: a person settles it with `petitions delivery resolve`.
"""

import hashlib
import io
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from mailer import claims, letters
from mailer.actors.compiling import spaced
from mailer.actors.links import Address, address_for
from mailer.actors.particulars import in_language, salutation_of
from mailer.actors.runtime import Runtime, log
from mailer.addresses import message_id, return_path
from mailer.archive import Archive
from mailer.document import letter_name
from mailer.letters import Fetched, Mail, Sender
from mailer.pdf.words import Words
from mailer.replies import Outcome, Result
from petitions.bell import bell
from petitions.db import DatabaseBusy, database_time, db, now
from petitions.models import (
    AuditEntry,
    Channel,
    ChannelChange,
    Clock,
    Delivery,
    DeliveryAttempt,
    Document,
    Edition,
    Link,
    Stop,
    Switch,
    Volume,
    blocked,
)

DOT_SECONDS = 600.0  # RFC 5321 4.5.3.2: ten minutes for the answer to the final dot
RETRY_MINUTES = (1, 5, 15, 30, 60, 120, 240)
GIVE_UP_DAYS = 5
PREPARE_AGAIN_SECONDS = 900  # what keeps a message from being built is ours to mend, and reported each time
STOPPED_SECONDS = 60  # how soon a delivery looks again whether its branch is still frozen, the volume before it gone
EARLIER_VOLUME = "earlier_volume"
RECORD_AGAIN_SECONDS = (0.5, 2.0, 5.0)  # a known outcome is not given up because the database is busy


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message built, archived and marked as being transmitted."""

    delivery_id: int
    public_id: str
    mail: Mail
    tries: int
    created_at: datetime


def deliver_documents(runtime: Runtime) -> int:
    """Delivers what is due until nothing is. Returns how many were accepted."""
    accepted = 0
    while not runtime.stopping.is_set() and not _switched_off():
        with db.writing() as session:
            ids = claims.claim(session, Delivery, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        accepted += _deliver(runtime, ids[0])
    return accepted


def _switched_off() -> bool:
    """The operator's switch stops all of it: nothing is claimed, so that nothing has to be let go again."""
    with db.reading() as session:
        return Switch.thrown(session, Switch.Name.DELIVERIES)


def _deliver(runtime: Runtime, delivery_id: int) -> bool:
    try:
        transport = runtime.transport  # what fails here must not leave a row in the middle of transmission
        ready = _prepare(runtime, delivery_id)
    except Exception as error:  # nothing has left; the row's own schedule tries again
        log.error("delivery.not_prepared", delivery=delivery_id, error=type(error).__name__)
        with db.writing() as session:
            reason = type(error).__name__[:80]
            _let_go(session, runtime, delivery_id, not_before=now(PREPARE_AGAIN_SECONDS), last_error_class=reason)
            session.commit()
        return False
    if ready is None:
        return False
    path = return_path(ready.public_id, runtime.index_key, runtime.settings.mail_domain)
    result = transport.send(path, ready.mail.recipient, ready.mail.data, dot_timeout=DOT_SECONDS)
    _record(runtime, ready, result)
    return result.outcome is Outcome.ACCEPTED


# -- before ---------------------------------------------------------------------------------------------


def _prepare(runtime: Runtime, delivery_id: int) -> _Ready | None:
    """Asks the row first; builds and archives the message; commits `transmitting`. None: not now, or not at all."""
    with db.reading() as session:
        delivery = session.get_one(Delivery, delivery_id)
        stop = _stopped(session, delivery) or (None if _is_next(delivery) else EARLIER_VOLUME)
    if stop:  # before the archive is opened for nothing
        _wait(runtime, delivery_id, stop)
        return None
    link = address_for(runtime, delivery_id)
    with db.reading() as session:
        delivery = session.get_one(Delivery, delivery_id)
        mail, address = _build(runtime, delivery, link), delivery.channel.address
        branch = delivery.volume.document.edition.petition.branch
        sha256 = hashlib.sha256(mail.data).hexdigest()
        document_id = delivery.volume.document_id
        archive = Archive(runtime.settings.archive, branch.public_key)
    archive.store(io.BytesIO(mail.data), sha256)
    with db.writing() as session:
        session.get_one(Document, document_id, with_for_update=True)  # first, as everyone who supersedes one does
        delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
        if not _may_leave(runtime, session, delivery, address):
            session.commit()
            bell.ring("editions")  # should it have been superseded, its edition waits to be compiled again
            return None
        marked = claims.mark(
            session, Delivery, runtime.owner, delivery_id, lease=runtime.settings.lease_seconds,
            state=Delivery.State.TRANSMITTING, transmitting_at=now(), mail_sha256=sha256,
        )
        if link is not None:
            session.get_one(Link, link.link_id).mail_sha256 = sha256
        ready = _Ready(delivery_id, delivery.public_id, mail, delivery.tries, delivery.created_at)
        session.commit()
    return ready if marked else None


def _stopped(session: Session, delivery: Delivery) -> Stop | None:
    return blocked(session, delivery.volume.document.edition.petition.branch_id, Switch.Name.DELIVERIES)


def _wait(runtime: Runtime, delivery_id: int, stop: str) -> None:
    with db.writing() as session:
        _let_go(session, runtime, delivery_id, not_before=now(STOPPED_SECONDS), last_error_class=stop)
        session.commit()


def _build(runtime: Runtime, delivery: Delivery, link: Address | None) -> Mail:
    document = delivery.volume.document
    edition, authority = document.edition, document.addressee.authority
    branch, language = edition.petition.branch, document.language
    if link is None:
        archive = Archive(runtime.settings.archive, branch.public_key)
        pdf = archive.read(delivery.volume.sha256, runtime.unsealer.private_key(branch.public_id))
    else:
        pdf = document.letter or b""
    text = edition.texts.get(language) or next(iter(edition.texts.values()))
    return letters.deliver_document(
        sender=Sender(
            name=branch.legal_name,
            address=runtime.settings.mail_from,
            reply_to=branch.reply_email,
            domain=runtime.settings.mail_domain,
        ),
        to=delivery.channel.address,
        message_id=message_id(delivery.public_id, runtime.settings.mail_domain, kind="delivery"),
        date=delivery.created_at,
        language=language,
        addressee=in_language(authority.names, language),
        salutation=salutation_of(authority, language),
        prisoner_name=in_language(edition.facts["names"], language),
        petition_title=text["title"],
        edition=edition.number,
        names=document.names,
        confirmed=document.names + document.count_only,
        representative=branch.representative,
        verification_url=runtime.url("verify", document.verification_code),
        verification_code=spaced(document.verification_code),
        file_name=delivery.volume.file_name if link is None else letter_name(delivery.volume.file_name),
        link=Fetched(link.url, Words(language).long_day(link.expires_at.date())) if link else None,
        volume=delivery.volume.number,
        volumes=len(document.volumes),
        in_reply_to=_thread(runtime, delivery),
        pdf=pdf,
        demonstration=runtime.settings.demonstration or bool(edition.facts["invented"]),
    )


def _thread(runtime: Runtime, delivery: Delivery) -> str | None:
    """The letter with volume 1, to which those with the others belong."""
    first = delivery.together[0]
    if first is delivery:
        return None
    return message_id(first.public_id, runtime.settings.mail_domain, kind="delivery")


def _may_leave(runtime: Runtime, session: Session, delivery: Delivery, address: str) -> bool:
    """The last look, in the transaction that marks it (cases.md J16): still wanted, still true, not too often."""
    document = delivery.volume.document
    edition = document.edition
    if delivery.state is not Delivery.State.READY or delivery.hold_reason is not None:
        _let_go(session, runtime, delivery.id)  # cancelled, held or superseded since it was claimed
        return False
    if stop := _stopped(session, delivery):
        _let_go(session, runtime, delivery.id, not_before=now(STOPPED_SECONDS), last_error_class=stop)
        return False
    if not edition.petition.may_deliver:
        _let_go(session, runtime, delivery.id, hold_reason="petition_stopped")
        return False
    if edition.state not in {Edition.State.COMPILED, Edition.State.APPROVED}:
        _let_go(session, runtime, delivery.id, hold_reason="edition_stopped")
        return False
    if document.addressee.removed_at is not None:
        _let_go(session, runtime, delivery.id, hold_reason="addressee_removed")
        return False
    if not delivery.channel.usable:
        _let_go(session, runtime, delivery.id, hold_reason="channel_unusable")
        return False
    if ChannelChange.holds(session, delivery.channel):
        _let_go(session, runtime, delivery.id, hold_reason=ChannelChange.HOLD)
        return False
    if delivery.channel.address != address:
        _let_go(session, runtime, delivery.id)  # changed while the message was being built: it is built anew
        return False
    if runtime.settings.limits_apply and (later := _not_yet(runtime, session, delivery)):
        _let_go(session, runtime, delivery.id, not_before=later)
        return False
    if document.stale(session):
        _compile_again(session, runtime, delivery)
        return False
    return True


def _is_next(delivery: Delivery) -> bool:
    """The volumes of a document go one after the other: the letter with the first says what they are."""
    return all(one.has_gone for one in delivery.together if one.volume.number < delivery.volume.number)


def _compile_again(session: Session, runtime: Runtime, delivery: Delivery) -> None:
    """Someone named has withdrawn or narrowed disclosure before it left: the document is superseded and the same
    edition compiled again without them."""
    document = delivery.volume.document
    claims.release(session, Delivery, runtime.owner, [delivery.id], state=Delivery.State.SUPERSEDED)
    document.supersede(session, but=delivery)
    AuditEntry.write(session, "worker", "document.supersede", document.public_id, edition=document.edition.public_id)


def _not_yet(runtime: Runtime, session: Session, delivery: Delivery) -> datetime | None:
    """When it may go, if not now: the authority's office hours, and so many a day over all petitions."""
    moment = database_time(session)
    authority = delivery.channel.authority
    session.refresh(authority, ["id"], with_for_update=True)  # two workers must not each see room for one more
    sent = session.scalars(
        select(Delivery.transmitting_at)
        .join(Channel)
        .join(Volume, Delivery.volume_id == Volume.id)
        .where(
            Channel.authority_id == authority.id,
            Volume.number == 1,  # a document is one, in however many letters
            Delivery.state.in_(
                [Delivery.State.ACCEPTED, Delivery.State.DELIVERED, Delivery.State.UNCERTAIN,
                 Delivery.State.TRANSMITTING]
            ),
            Delivery.transmitting_at > moment - timedelta(hours=24),
        )
        .order_by(Delivery.transmitting_at)
    ).all()
    earliest = moment
    most = runtime.settings.deliveries_per_authority
    if delivery.volume.number == 1 and len(sent) >= most and (first := sent[len(sent) - most]) is not None:
        earliest = first + timedelta(hours=24)
    opens = authority.next_office_hour(earliest)
    return opens if opens > moment else None


# -- after ----------------------------------------------------------------------------------------------


def _record(runtime: Runtime, ready: _Ready, result: Result) -> None:
    """Writes down what became of it; if the database does not take it in the end, the row turns `uncertain`."""
    for pause in RECORD_AGAIN_SECONDS:
        try:
            _write_down(runtime, ready, result)
        except (DatabaseBusy, OperationalError, PoolExhausted) as error:
            log.warning("delivery.not_recorded", delivery=ready.public_id, error=type(error).__name__)
            time.sleep(pause)
        else:
            return
    _write_down(runtime, ready, result)


def _write_down(runtime: Runtime, ready: _Ready, result: Result) -> None:
    """The outcome, and the attempt with the server's own words."""
    with db.writing() as session:
        delivery = session.get_one(Delivery, ready.delivery_id)
        session.add(
            DeliveryAttempt(
                delivery_id=ready.delivery_id,
                outcome=result.outcome.value,
                reason=result.reason,
                code=result.code,
                reply=result.reply,
            )
        )
        values = _values(session, delivery, ready, result)
        if not claims.release(session, Delivery, runtime.owner, [ready.delivery_id], **values):
            log.error("delivery.lease_lost", delivery=ready.public_id, outcome=result.outcome.value)
        if result.outcome is Outcome.ACCEPTED:
            Clock.start_for(session, delivery)
            _let_the_next_go(session, delivery)
        AuditEntry.write(
            session, "worker", "delivery.attempt", ready.public_id,
            outcome=result.outcome.value, reason=result.reason, code=result.code,
        )
        session.commit()


def _let_the_next_go(session: Session, delivery: Delivery) -> None:
    for one in delivery.together:
        if one.volume.number == delivery.volume.number + 1 and one.state is Delivery.State.READY:
            one.not_before = database_time(session)


def _values(session: Session, delivery: Delivery, ready: _Ready, result: Result) -> dict[str, object]:
    reason = result.reason
    if result.outcome is Outcome.ACCEPTED:
        return {"state": Delivery.State.ACCEPTED, "settled_at": now(), "last_error_class": None}
    if result.outcome is Outcome.UNCERTAIN:
        return {"state": Delivery.State.UNCERTAIN, "settled_at": now(), "last_error_class": reason}
    if reason == "too_big":
        return {"state": Delivery.State.TOO_BIG, "settled_at": now(), "last_error_class": reason}
    if reason == "policy":  # the operator's to settle: sending on would make it worse
        return {"state": Delivery.State.READY, "hold_reason": "policy", "last_error_class": reason}
    if result.outcome is Outcome.PERMANENT:
        if reason == "bad_address":
            delivery.channel.failing_since = session.scalar(select(now()))
        return {"state": Delivery.State.REJECTED, "settled_at": now(), "last_error_class": reason}
    moment = database_time(session)
    if moment - ready.created_at > timedelta(days=GIVE_UP_DAYS):
        return {"state": Delivery.State.REJECTED, "settled_at": now(), "last_error_class": f"gave_up_{reason}"}
    minutes = RETRY_MINUTES[min(ready.tries, len(RETRY_MINUTES) - 1)]
    return {
        "state": Delivery.State.READY,
        "tries": ready.tries + 1,
        "not_before": now(minutes * 60 * random.uniform(0.8, 1.2)),  # noqa: S311 - spreads load, guards nothing
        "last_error_class": reason,
    }


def _let_go(session: Session, runtime: Runtime, delivery_id: int, **values: object) -> None:
    claims.release(session, Delivery, runtime.owner, [delivery_id], **values)
