"""Rows of work for a worker to find: letters that are due, deliveries of a document that is compiled already."""

import hashlib
import io
from datetime import timedelta
from email import message_from_bytes, policy

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from mailer.actors.compiling import new_code, roll_digest
from mailer.archive import Archive
from petitions.db import database_time, new_public_id
from petitions.models import (
    Addressee,
    Delivery,
    Document,
    Edition,
    Letter,
    Petition,
    Volume,
)
from tests import factories
from tests.faults.machine import Machine, always_open
from tests.smtp import Received

PDF = b"%PDF-1.7\n" + b"% as far as this test goes, this is a document\n" * 200


def write_letters(session: Session, petition: Petition, count: int) -> list[factories.Signed]:
    """So many people who signed just now, each with a letter that is due."""
    signed = factories.signatures(session, petition, [factories.typed() for _ in range(count)])
    write_letters_for(session, signed)
    return signed


def write_letters_for(session: Session, signed: list[factories.Signed]) -> None:
    due = database_time(session) - timedelta(seconds=1)
    kind = Letter.Kind.CONFIRM_SIGNATURE
    session.execute(
        insert(Letter),
        [
            {
                "public_id": new_public_id(),
                "kind": kind,
                "cause": f"{kind}:{one.public_id}:{number}",
                "signature_id": one.id,
                "not_before": due,
            }
            for number, one in enumerate(signed)
        ],
    )


def write_deliveries(machine: Machine, session: Session, petition: Petition, authorities: int) -> Edition:
    """A compiled edition with a document, and its delivery, for each of so many authorities."""
    factories.signature(session, petition, confirmed=True)
    edition = Edition.freeze(session, petition, gap_days=0)
    edition.state = Edition.State.COMPILED
    edition.compiled_at = database_time(session)
    for _ in range(authorities):
        authority = factories.authority(session)
        always_open(authority)
        addressee = factories.addressee(session, petition, authority, Addressee.Circle.DOMESTIC)
        write_delivery(machine, session, edition, addressee)
    return edition


def write_delivery(machine: Machine, session: Session, edition: Edition, addressee: Addressee) -> Delivery:
    branch = edition.petition.branch
    sha256 = hashlib.sha256(PDF).hexdigest()
    Archive(machine.settings.archive, branch.public_key).store(io.BytesIO(PDF), sha256)
    document = Document(
        edition=edition,
        addressee=addressee,
        language=addressee.language,
        verification_code=new_code(),
        names=1,
        count_only=0,
        roll_digest=roll_digest(session, edition, addressee),
    )
    volume = Volume(document=document, file_name="PET-test-E01-V1of1.pdf", sha256=sha256, size=len(PDF), pages=3)
    delivery = Delivery(volume=volume, channel=addressee.authority.channels[0])
    session.add_all([document, volume, delivery])
    session.flush()
    return delivery


def message_id(mail: Received) -> str:
    return str(message_from_bytes(mail.data, policy=policy.default)["Message-ID"])


def deliveries_by_message_id(session: Session) -> dict[str, Delivery]:
    domain = "petitions.example.org"
    return {f"<delivery.{row.public_id}@{domain}>": row for row in session.scalars(select(Delivery))}
