"""Editions: checked before anyone approves, then compiled, sealed and archived for each addressee.

Compiling again after a crash leaves what is done and does the rest: one live document an addressee (constraint).
"""

import io
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.checking import channel_limit, report
from mailer.actors.compiling import compilation, new_code
from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from mailer.pdf.rendering import render
from mailer.pdf.seal import seal
from petitions.bell import bell
from petitions.db import database_time, db, insert_or_ignore, now
from petitions.keys import seal_key
from petitions.models import (
    Addressee,
    Approval,
    AuditEntry,
    Channel,
    ChannelChange,
    Delivery,
    Document,
    DocumentProgress,
    Edition,
    Stop,
    Volume,
    blocked,
)
from petitions.verify import inspect

RETRY_SECONDS = (60, 300, 900, 3600)
TRIES = 5
STOPPED_SECONDS = 60  # how soon an edition looks again whether its branch is still frozen


class SealNotOurs(Exception):
    """A document just sealed does not verify against the branch's certificate: nothing may leave."""


def advance_editions(runtime: Runtime) -> int:
    """Checks and compiles what is due until nothing is. Returns how many editions moved on."""
    done = 0
    while not runtime.stopping.is_set():
        with db.writing() as session:
            ids = claims.claim(session, Edition, runtime.owner, 1, lease=runtime.settings.lease_seconds)
            session.commit()
        if not ids:
            break
        done += _advance(runtime, ids[0])
    return done


def _advance(runtime: Runtime, edition_id: int) -> int:
    try:
        with db.reading() as session:
            edition = session.get_one(Edition, edition_id)
            state, stop = edition.state, blocked(session, edition.petition.branch_id)
        if stop:
            _wait(runtime, edition_id, stop)
            return 0
        if state is Edition.State.REQUESTED:
            _check(runtime, edition_id)
        else:
            _compile(runtime, edition_id)
    except Exception as error:  # recorded with the row; its schedule decides, the worker lives
        log.error("edition.failed_try", edition=edition_id, error=type(error).__name__)
        _try_again(runtime, edition_id, _class_of(error))
        return 0
    return 1


def _wait(runtime: Runtime, edition_id: int, stop: Stop) -> None:
    """Until the branch is unfrozen; that is no try."""
    with db.writing() as session:
        claims.release(
            session, Edition, runtime.owner, [edition_id], not_before=now(STOPPED_SECONDS), last_error_class=stop
        )
        session.commit()


# -- checking -----------------------------------------------------------------------------------------


def _check(runtime: Runtime, edition_id: int) -> None:
    with _snapshot() as session:
        edition = session.get_one(Edition, edition_id)
        found_out = report(runtime, session, edition)
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id, with_for_update=True)
        found: dict[str, Any] = {"state": Edition.State.CHECKED, "report": found_out, "checked_at": now()}
        found["last_error_class"] = None  # whatever it waited for
        if edition.state is not Edition.State.REQUESTED:
            found = {}  # declined meanwhile: nobody asks for it any more
        settled = claims.release(session, Edition, runtime.owner, [edition_id], **found)
        if settled and found:
            session.refresh(edition)
            _approve_standing_order(session, edition)
            AuditEntry.write(
                session, "worker", "edition.check", edition.public_id,
                problems=len(found_out["problems"]), state=edition.state.value,
            )
        session.commit()


def _approve_standing_order(session: Session, edition: Edition) -> None:
    """A threshold's edition was approved by two members when the threshold was set."""
    if edition.problems or not edition.approved_by_standing_order():
        return
    trigger = edition.trigger
    assert trigger is not None
    assert trigger.approved_by is not None
    session.add(Approval.given(Approval.Kind.EDITION, edition.public_id, trigger.asked_by, trigger.approved_by))
    edition.move_to(Edition.State.APPROVED)


# -- compiling ----------------------------------------------------------------------------------------


def _compile(runtime: Runtime, edition_id: int) -> None:
    """Until every addressee has a document: one may be superseded while the others are being compiled."""
    while not _finish(runtime, edition_id):
        with db.reading() as session:
            missing = _without_document(session.get_one(Edition, edition_id))
        for addressee_id in missing:
            if runtime.stopping.is_set():
                _give_back(runtime, edition_id)
                return
            if not _compile_document(runtime, edition_id, addressee_id):
                return


def _without_document(edition: Edition) -> list[int]:
    live = {document.addressee_id for document in edition.documents if document.state is Document.State.LIVE}
    return [addressee.id for addressee in edition.petition.addressees if addressee.id not in live]


def _compile_document(runtime: Runtime, edition_id: int, addressee_id: int) -> bool:
    """Renders, seals, checks the seal and archives one document, then records it. False if the edition is not
    ours any more.

    The plain file has no name on the disk at any time: it is gone with the process, however that ends.
    """
    code = new_code()
    archive_root = runtime.settings.archive
    archive_root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=archive_root) as file, _snapshot() as session:
        edition = session.get_one(Edition, edition_id)
        addressee = session.get_one(Addressee, addressee_id)
        branch = edition.petition.branch
        _note(edition_id, addressee_id, begun_at=now(), rendered_at=None, sealed_at=None, archived_at=None)
        made = compilation(runtime, session, edition, addressee, code)
        rendering = render(made.document, made.roll, file)
        if rendering.missing:
            raise GlyphsMissing
        _note(edition_id, addressee_id, rendered_at=now())
        shown = io.BytesIO()
        render(made.document, (), shown, copy_of=rendering)
        key = seal_key(runtime.settings, branch.public_id)
        seal(file, key.pkcs12, key.passphrase, reason=f"Edition {edition.number}")
        seen = inspect(file, [branch.seal_certificate or b""])
        if not seen.bottom_line:
            raise SealNotOurs(seen.problem)
        _note(edition_id, addressee_id, sealed_at=now())
        size = file.seek(0, 2)
        file.seek(0)
        Archive(archive_root, branch.public_key).store(file, seen.sha256)
        _note(edition_id, addressee_id, archived_at=now())
        if runtime.settings.demonstration:
            _export_plain(runtime, file, made.document.file_name, addressee)
        document = Document(
            edition_id=edition_id,
            addressee_id=addressee_id,
            language=addressee.language,
            verification_code=code,
            names=rendering.names,
            count_only=made.document.totals.confirmed - rendering.names,
            roll_digest=made.roll.digest,
            front_matter=shown.getvalue(),
        )
        document.volumes.append(
            Volume(
                number=1,
                file_name=made.document.file_name,
                sha256=seen.sha256,
                size=size,
                pages=rendering.pages,
                first_serial=1,
                last_serial=rendering.names,
            )
        )
    with db.writing() as session:
        ours = _still_ours(session, runtime, edition_id)
        if ours and not _has_live(session, edition_id, addressee_id):
            session.add(document)
        session.commit()
    return ours


class GlyphsMissing(Exception):
    """A name was confirmed after the check that no font can print; the edition must be checked again."""


def _finish(runtime: Runtime, edition_id: int) -> bool:
    """Once all documents are there: their deliveries are made, one a volume and channel (constraint). False as
    long as one is missing; True also if the edition is not ours any more."""
    with db.writing() as session:
        if not _still_ours(session, runtime, edition_id):
            return True
        edition = session.get_one(Edition, edition_id)
        if _without_document(edition):
            return False
        moment = database_time(session)
        for document in edition.documents:
            if document.state is Document.State.LIVE:
                for channel in edition.channels_to(document.addressee):
                    if not _left_by(session, document, channel):
                        for volume in document.volumes:
                            _plan(session, runtime, volume, channel, moment)
        AuditEntry.write(
            session, "worker", "edition.compile", edition.public_id,
            sha256=[volume.sha256 for document in edition.documents for volume in document.volumes],
        )
        claims.release(
            session, Edition, runtime.owner, [edition_id],
            state=Edition.State.COMPILED, compiled_at=now(), last_error_class=None, tries=0,
        )
        session.commit()
    bell.ring("authorities")
    return True


def _give_back(runtime: Runtime, edition_id: int) -> None:
    """This process ends: what is compiled stays, another goes on from there."""
    with db.writing() as session:
        claims.release(session, Edition, runtime.owner, [edition_id])
        session.commit()


def _left_by(session: Session, document: Document, channel: Channel) -> bool:
    """An earlier document of this edition has reached the addressee by this channel, or may have: a new one would be
    the same edition twice."""
    found = (
        select(Delivery.id)
        .join(Volume, Delivery.volume_id == Volume.id)
        .join(Document, Volume.document_id == Document.id)
        .where(
            Document.edition_id == document.edition_id,
            Document.addressee_id == document.addressee_id,
            Document.id != document.id,
            Delivery.channel_id == channel.id,
            Delivery.state.in_(Delivery.OUT),
        )
    )
    return session.scalar(found.limit(1)) is not None


def _plan(session: Session, runtime: Runtime, volume: Volume, channel: Channel, moment: datetime) -> None:
    """The delivery of one volume by one channel: a worker's to send, a person's to print, file or take there. A
    document too large for the channel stops there and says so."""
    limit = channel_limit(runtime, channel)
    too_big = limit is not None and volume.size > limit
    by_mail = channel.kind is Channel.Kind.EMAIL
    due = channel.authority.next_office_hour(moment) if by_mail and runtime.settings.limits_apply else moment
    insert_or_ignore(
        session,
        Delivery,
        {
            "volume_id": volume.id,
            "channel_id": channel.id,
            "state": Delivery.State.TOO_BIG if too_big else Delivery.FIRST[channel.kind],
            "last_error_class": "larger_than_channel" if too_big else None,
            "hold_reason": _hold(session, channel),  # on the board, not silently missed
            "not_before": due,
        },
    )


# -- below: how ---------------------------------------------------------------------------------------


def _hold(session: Session, channel: Channel) -> str | None:
    if not channel.usable:
        return "channel_unusable"
    return ChannelChange.HOLD if ChannelChange.holds(session, channel) else None


def _snapshot() -> Session:
    """A reading session whose queries all see one state of the database."""
    session = db.reading()
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return session


def _still_ours(session: Session, runtime: Runtime, edition_id: int) -> bool:
    row = session.execute(
        select(Edition.lease_owner).where(Edition.id == edition_id).with_for_update()
    ).scalar_one()
    return row == runtime.owner


def _has_live(session: Session, edition_id: int, addressee_id: int) -> bool:
    found = select(Document.id).where(
        Document.edition_id == edition_id,
        Document.addressee_id == addressee_id,
        Document.state == Document.State.LIVE,
    )
    return session.scalar(found) is not None


def _note(edition_id: int, addressee_id: int, **reached: Any) -> None:
    """How far the document of an addressee has got, for whoever waits for it."""
    with db.writing() as session:
        insert_or_ignore(session, DocumentProgress, {"edition_id": edition_id, "addressee_id": addressee_id})
        session.execute(
            update(DocumentProgress)
            .where(DocumentProgress.edition_id == edition_id, DocumentProgress.addressee_id == addressee_id)
            .values(**reached)
            .execution_options(synchronize_session=False)
        )
        session.commit()


def _export_plain(runtime: Runtime, file: IO[bytes], name: str, addressee: Addressee) -> None:
    """The demonstration keeps readable copies beside the archive, and says so."""
    folder: Path = runtime.settings.var / "documents"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.seek(0)
    stem = f"{name.removesuffix('.pdf')}-{addressee.authority.slug}-{addressee.language}"
    with (folder / f"{stem}.pdf").open("wb") as copy:
        shutil.copyfileobj(file, copy)


def _try_again(runtime: Runtime, edition_id: int, reason: str) -> None:
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id)
        tries = edition.tries + 1
        if tries >= TRIES or reason in _FINAL:
            claims.release(
                session, Edition, runtime.owner, [edition_id],
                state=Edition.State.FAILED, tries=tries, last_error_class=reason,
            )
            AuditEntry.write(session, "worker", "edition.fail", edition.public_id, reason=reason)
        else:
            seconds = RETRY_SECONDS[min(tries - 1, len(RETRY_SECONDS) - 1)]
            claims.retry(session, Edition, runtime.owner, edition_id, tries=tries, seconds=seconds, reason=reason)
        session.commit()


_FINAL = {
    "KeysMissing", "SealKeyMissing", "SealKeyRefused", "SealExpired", "SealNotOurs",
    "GlyphsMissing", "PrivateKeyMissing",
}


def _class_of(error: Exception) -> str:
    return type(error).__name__[:80]
