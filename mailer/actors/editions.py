"""Editions: checked before anyone approves, then compiled, sealed and archived for each addressee.

The check renders the same documents into nothing, so its pages, sizes and missing glyphs are the real ones.
Compiling again after a crash leaves what is done and does the rest: one live document an addressee (constraint).
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import claims
from mailer.actors.compiling import CODE_LENGTH, Compilation, compilation, new_code
from mailer.actors.runtime import Runtime, log
from mailer.archive import Archive
from mailer.pdf.rendering import Rendering, render
from mailer.pdf.seal import seal
from petitions.bell import bell
from petitions.db import database_time, db, insert_or_ignore, now
from petitions.keys import seal_key
from petitions.models import (
    Addressee,
    Approval,
    AuditEntry,
    Channel,
    Delivery,
    Document,
    Edition,
    Volume,
)
from petitions.verify import inspect

RETRY_SECONDS = (60, 300, 900, 3600)
TRIES = 5

# what a channel's `required` may name -> whether the edition has it (facts/authorities.md)
_REQUIRED: dict[str, Callable[[Edition], object]] = {
    "representative": lambda edition: edition.petition.branch.representative,
    "postal_address": lambda edition: edition.petition.branch.postal_address,
    "birth_year": lambda edition: edition.facts["birth_year"],
    "citizenship": lambda edition: edition.facts["citizenships"],
    "case_number": lambda edition: edition.facts["case_number"],
    "article": lambda edition: any(edition.facts["article"].values()),
    "held_at": lambda edition: any(edition.facts["held_at"].values()),
}


class SealNotOurs(Exception):
    """A document just sealed does not verify against the branch's certificate: nothing may leave."""


class Counted:
    """A file that only counts what is written to it: the check leaves no name on any disk."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


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
            state = session.scalar(select(Edition.state).where(Edition.id == edition_id))
        if state is Edition.State.REQUESTED:
            _check(runtime, edition_id)
        else:
            _compile(runtime, edition_id)
    except Exception as error:  # recorded with the row; its schedule decides, the worker lives
        log.error("edition.failed_try", edition=edition_id, error=type(error).__name__)
        _try_again(runtime, edition_id, _class_of(error))
        return 0
    return 1


# -- checking -----------------------------------------------------------------------------------------


def _check(runtime: Runtime, edition_id: int) -> None:
    with _snapshot() as session:
        edition = session.get_one(Edition, edition_id)
        report = _report(runtime, session, edition)
    with db.writing() as session:
        edition = session.get_one(Edition, edition_id, with_for_update=True)
        found: dict[str, Any] = {"state": Edition.State.CHECKED, "report": report, "checked_at": now()}
        if edition.state is not Edition.State.REQUESTED:
            found = {}  # declined meanwhile: nobody asks for it any more
        settled = claims.release(session, Edition, runtime.owner, [edition_id], **found)
        if settled and found:
            session.refresh(edition)
            _approve_standing_order(session, edition)
            AuditEntry.write(
                session, "worker", "edition.check", edition.public_id,
                problems=len(report["problems"]), state=edition.state.value,
            )
        session.commit()


def _report(runtime: Runtime, session: Session, edition: Edition) -> dict[str, Any]:
    """Totals per disclosure, pages and size per addressee, missing glyphs, what each channel's law asks for."""
    problems, documents = edition.disagreements(session), []
    if other := edition.signed_otherwise(session):
        problems.append(f"{other} signed a text that this edition does not print: nobody is listed under another one")
    missing: Counter[str] = Counter()
    for addressee in edition.petition.addressees:
        made = compilation(runtime, session, edition, addressee, "X" * CODE_LENGTH)
        rendering = render(made.document, made.roll, Counted())  # type: ignore[arg-type]
        missing.update(rendering.missing)
        documents.append(_document_report(runtime, addressee, made, rendering))
        problems += _legal_problems(edition, addressee)
        if made.document.text_language != addressee.language:
            problems.append(
                f"{addressee.authority.slug}: there is no approved text in its language ({addressee.language})"
            )
    for character, times in sorted(missing.items()):
        problems.append(f"no font has the character {character}, which would be printed {times} times")
    return {"problems": problems, "documents": documents, "totals": edition.totals, "missing_glyphs": dict(missing)}


def _document_report(
    runtime: Runtime, addressee: Addressee, made: Compilation, rendering: Rendering
) -> dict[str, Any]:
    warnings = []
    for channel in addressee.usable_channels:
        limit = channel_limit(runtime, channel)
        if channel.kind is Channel.Kind.EMAIL and rendering.size > limit:
            warnings.append(f"larger than its e-mail takes: {rendering.size} of {limit} bytes; it will stop as too big")
    if not any(channel.kind is Channel.Kind.EMAIL for channel in addressee.usable_channels):
        warnings.append("no e-mail channel: this document is compiled but has to be taken there by a person")
    return {
        "addressee": addressee.authority.slug,
        "language": addressee.language,
        "circle": addressee.circle.value,
        "pages": rendering.pages,
        "size": rendering.size,
        "names": rendering.names,
        "count_only": made.document.totals.count_only,
        "new_since_previous": made.document.new_since_previous,
        "warnings": warnings,
    }


def _legal_problems(edition: Edition, addressee: Addressee) -> list[str]:
    problems = []
    for channel in addressee.usable_channels:
        for content in channel.required:
            has = _REQUIRED.get(content)
            if has is None:
                problems.append(f"{addressee.authority.slug}: requires “{content}”, which nothing here can provide")
            elif not has(edition):
                problems.append(f"{addressee.authority.slug}: its {channel.kind} channel requires {content}")
    return problems


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
        made = compilation(runtime, session, edition, addressee, code)
        rendering = render(made.document, made.roll, file)
        if rendering.missing:
            raise GlyphsMissing
        key = seal_key(runtime.settings, branch.public_id)
        seal(file, key.pkcs12, key.passphrase, reason=f"Edition {edition.number}")
        seen = inspect(file, [branch.seal_certificate or b""])
        if not seen.bottom_line:
            raise SealNotOurs(seen.problem)
        size = file.seek(0, 2)
        file.seek(0)
        Archive(archive_root, branch.public_key).store(file, seen.sha256)
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
                for volume in document.volumes:
                    for channel in document.addressee.authority.channels:
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


def _plan(session: Session, runtime: Runtime, volume: Volume, channel: Channel, moment: datetime) -> None:
    """The delivery by e-mail of one volume; a document too large for it stops there and says so."""
    if channel.kind is not Channel.Kind.EMAIL:
        return
    too_big = volume.size > channel_limit(runtime, channel)
    due = channel.authority.next_office_hour(moment) if runtime.settings.limits_apply else moment
    insert_or_ignore(
        session,
        Delivery,
        {
            "volume_id": volume.id,
            "channel_id": channel.id,
            "state": Delivery.State.TOO_BIG if too_big else Delivery.State.READY,
            "last_error_class": "larger_than_channel" if too_big else None,
            "hold_reason": None if channel.usable else "channel_unusable",  # on the board, not silently missed
            "not_before": due,
        },
    )


def channel_limit(runtime: Runtime, channel: Channel) -> int:
    """Bytes of PDF that a channel takes."""
    return channel.max_bytes or runtime.settings.channel_bytes


# -- below: how ---------------------------------------------------------------------------------------


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
