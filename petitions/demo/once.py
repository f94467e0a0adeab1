"""The main job unattended: sign and confirm as many people over HTTP and mail, freeze, approve, deliver, verify.

It goes the way a person goes: it reads forms from pages and links from mails. What it knows of the database it
uses only where two organisers act, and to compare what arrived with what should have.
"""

import email
import hashlib
import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.bell import bell, make_broker
from petitions.config import Settings
from petitions.db import db
from petitions.demo import data
from petitions.demo.crowd import Crowd, Failed, Patience
from petitions.models import (
    AuditEntry,
    Delivery,
    Disclosure,
    Document,
    Edition,
    Letter,
    Member,
    Petition,
    Signature,
)
from petitions.verify import inspect


def run(
    settings: Settings, broker_url: str, signers: int, console: Console, ended: threading.Event
) -> dict[str, Any]:
    """All of it; returns the figures. Raises Failed."""
    bell.hang(make_broker(broker_url))
    started = time.monotonic()
    marks: dict[str, float] = {}
    with Progress(console=console, transient=True) as progress:
        crowd = Crowd(settings, progress, ended)
        signed = crowd.sign(signers)
        marks["sign"] = time.monotonic() - started
        tokens = crowd.read_letters(signers)
        confirmed = crowd.confirm(tokens)
        marks["confirm"] = time.monotonic() - started
        number = _edition(progress, ended, confirmed)
        marks["edition"] = time.monotonic() - started
        _await_deliveries(progress, ended, number)
        marks["deliver"] = time.monotonic() - started
    figures = _figures(settings, signed, confirmed, number)
    _verify_arrived(settings, figures)
    figures["seconds"] = round(time.monotonic() - started, 2)
    figures["marks"] = {name: round(seconds, 2) for name, seconds in marks.items()}
    return figures


def print_table(console: Console, figures: dict[str, Any]) -> None:
    summary = Table(title="What happened", show_header=False)
    for name in ("signed", "confirmed", "letters", "editions", "seconds"):
        summary.add_row(name, str(figures[name]))
    for name, seconds in figures["marks"].items():
        summary.add_row(f"… after {name}", f"{seconds} s")
    console.print(summary)
    documents = Table(title="Documents delivered and verified")
    for column in ("addressee", "language", "pages", "names", "count only", "state"):
        documents.add_column(column)
    states = {one["addressee"]: one["state"] for one in figures["deliveries"]}
    for one in figures["documents"]:
        documents.add_row(
            one["addressee"], one["language"], str(one["pages"]), str(one["names"]), str(one["count_only"]),
            states.get(one["addressee"], "–"),
        )
    console.print(documents)
    for one in figures["documents"]:
        console.print(one["path"], soft_wrap=True)


# -- the organisers and the worker ----------------------------------------------------------------------------


def _edition(progress: Progress, ended: threading.Event, confirmed: int) -> int:
    """Freezes by hand once everything is counted, and approves as the second person; returns the number."""
    task = progress.add_task("edition", total=3)
    patience = Patience("the counting did not come to an end", ended)
    while True:
        with db.reading() as session:
            counted = _petition(session).confirmed_count
        if counted >= confirmed:
            break
        patience.look(counted)
    with db.writing() as session:
        editor, owner = _members(session)
        edition = Edition.freeze(session, _petition(session), asked_by=editor, gap_days=0)
        AuditEntry.write(session, editor.public_id, "edition.freeze", edition.public_id)
        session.commit()
        number, edition_id = edition.number, edition.id
    bell.send("editions")
    progress.advance(task)
    _await_state(edition_id, Edition.State.CHECKED, ended)
    with db.writing() as session:
        _, owner = _members(session)
        edition = session.get_one(Edition, edition_id)
        if edition.problems:
            raise Failed(f"the check found: {'; '.join(edition.problems)}")
        edition.approve(session, owner, lapse_hours=72)
        AuditEntry.write(session, owner.public_id, "edition.approve", edition.public_id)
        session.commit()
    bell.send("editions")
    progress.advance(task)
    _await_state(edition_id, Edition.State.COMPILED, ended)
    progress.advance(task)
    return number


def _await_state(edition_id: int, wanted: Edition.State, ended: threading.Event) -> None:
    patience = Patience(f"the edition did not become {wanted}", ended)
    while True:
        with db.reading() as session:
            edition = session.get_one(Edition, edition_id)
            if edition.state is wanted:
                return
            if edition.state is Edition.State.FAILED:
                raise Failed(f"the edition failed: {edition.last_error_class}")
            patience.look(len(edition.documents))


def _await_deliveries(progress: Progress, ended: threading.Event, number: int) -> None:
    task = progress.add_task("delivering", total=len(data.AUTHORITIES))
    patience = Patience("the deliveries were not accepted", ended)
    while True:
        with db.reading() as session:
            states = Counter(delivery.state for delivery in _deliveries(session, number))
        accepted = states[Delivery.State.ACCEPTED]
        progress.update(task, completed=accepted)
        if accepted == len(data.AUTHORITIES):
            return
        patience.look(accepted)


# -- what arrived ---------------------------------------------------------------------------------------------


def _figures(settings: Settings, signed: int, confirmed: int, number: int) -> dict[str, Any]:
    with db.reading() as session:
        petition = _petition(session)
        edition = session.scalars(
            select(Edition).where(Edition.petition_id == petition.id, Edition.number == number)
        ).one()
        documents = [
            {
                "path": str(_plain_copy(settings, volume.file_name, document)),
                "sha256": volume.sha256,
                "addressee": document.addressee.authority.slug,
                "language": document.language,
                "pages": volume.pages,
                "names": document.names,
                "count_only": document.count_only,
            }
            for document in edition.documents
            for volume in document.volumes
        ]
        deliveries = [
            {
                "addressee": delivery.channel.authority.slug,
                "channel": delivery.channel.kind.value,
                "state": delivery.state.value,
                "message_id": f"<delivery.{delivery.public_id}@{settings.mail_domain}>",
            }
            for delivery in _deliveries(session, number)
        ]
        letters = session.scalar(select(func.count()).where(Letter.state == Letter.State.SENT))
        in_list = session.scalar(select(func.count()).where(Signature.state == Signature.State.CONFIRMED))
    if in_list != confirmed:
        raise Failed(f"{confirmed} were told that they are confirmed, the list has {in_list}")
    return {
        "signed": signed,
        "confirmed": confirmed,
        "seconds": 0.0,
        "editions": number,
        "documents": documents,
        "deliveries": deliveries,
        "letters": letters,
    }


def _verify_arrived(settings: Settings, figures: dict[str, Any]) -> None:
    """Every document arrived once, as it was sealed, with the names its addressee may see and no other number."""
    with db.reading() as session:
        certificate = _petition(session).branch.seal_certificate or b""
        by_choice: dict[str, int] = {
            choice.value: count
            for choice, count in session.execute(
                select(Signature.disclosure, func.count())
                .where(Signature.state == Signature.State.CONFIRMED)
                .group_by(Signature.disclosure)
            )
        }
    arrived: Counter[str] = Counter()
    for message, pdf in _documents_in(settings.outbox):
        seen = inspect(io.BytesIO(pdf), [certificate])
        if not seen.bottom_line:
            raise Failed(f"{message['Message-ID']}: the seal does not hold ({seen.problem})")
        arrived[hashlib.sha256(pdf).hexdigest()] += 1
    international = {one["slug"] for one in data.AUTHORITIES if one["circle"] == "international"}
    for document in figures["documents"]:
        if arrived[document["sha256"]] != 1:
            raise Failed(f"{document['addressee']}: its document arrived {arrived[document['sha256']]} times")
        expected = by_choice.get(Disclosure.ALL.value, 0)
        if document["addressee"] in international:
            expected += by_choice.get(Disclosure.INTERNATIONAL.value, 0)
        if document["names"] != expected:
            raise Failed(f"{document['addressee']}: {document['names']} names, {expected} chose to be named to it")
        if not Path(document["path"]).is_file():
            raise Failed(f"{document['addressee']}: its readable copy is missing")


def _documents_in(outbox: Path) -> Iterator[tuple[EmailMessage, bytes]]:
    for path in outbox.glob("*.eml"):
        if path.stat().st_size < 8_000:
            continue  # a letter: too small to carry a document
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        for attachment in message.iter_attachments():
            content = attachment.get_content()
            if isinstance(content, bytes) and attachment.get_content_type() == "application/pdf":
                yield message, content


def _plain_copy(settings: Settings, file_name: str, document: Document) -> Path:
    name = f"{file_name.removesuffix('.pdf')}-{document.addressee.authority.slug}-{document.language}.pdf"
    return settings.var / "documents" / name


def _petition(session: Session) -> Petition:
    return session.scalars(select(Petition).where(Petition.slug == data.SLUG)).one()


def _members(session: Session) -> tuple[Member, Member]:
    found = {member.role: member for member in session.scalars(select(Member))}
    return found[Member.Role.EDITOR], found[Member.Role.OWNER]


def _deliveries(session: Session, number: int) -> list[Delivery]:
    return [
        delivery
        for delivery in session.scalars(select(Delivery))
        if delivery.volume.document.edition.number == number
        and delivery.state is not Delivery.State.SUPERSEDED
    ]
