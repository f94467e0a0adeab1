"""I18: the root that stands on paper is that of the leaves, computed again by somebody who has only the files."""

import io
import re

import pypdfium2  # type: ignore[import-untyped]
from click.testing import CliRunner
from sqlalchemy import select

from mailer.actors.compiling import compilation
from mailer.actors.counting import count
from mailer.actors.editions import advance_editions
from mailer.actors.runtime import Runtime
from mailer.pdf.rendering import render
from petitions.cli import main
from petitions.cli.log_files import file_of_leaves
from petitions.db import db
from petitions.models import Checkpoint, Edition, EvidenceLog, Petition, Signature
from tests import factories
from tests.faults.machine import Machine


def test_the_printed_root_is_that_of_the_leaves(machine: Machine, runtime: Runtime) -> None:
    with db.writing() as session:
        petition = machine.petition(session)
        people = [factories.typed(name=f"Signer {number}") for number in range(7)]
        factories.signatures(session, petition, people, confirmed=True)
        session.commit()
    count(runtime)
    with db.writing() as session:
        petition = session.get_one(Petition, petition.id)
        session.scalars(select(Signature).where(Signature.position == 2)).one().withdraw(session)
        session.commit()
    with db.writing() as session:
        edition = Edition.freeze(session, session.get_one(Petition, petition.id), gap_days=0)
        session.commit()
    with db.writing() as session:  # people go on signing
        factories.signature(session, session.get_one(Petition, petition.id), confirmed=True)
        session.commit()
    count(runtime)
    advance_editions(runtime)

    printed = " ".join(last_page(runtime, edition.id).split())

    key, root, size = (found(pattern, printed) for pattern in (
        r"Key of the evidence log ([0-9a-f]{64})", r"Root of the evidence log ([0-9a-f]{64})",
        r"Size of the evidence log (\d+)",
    ))
    leaves = runtime.settings.var / "leaves.txt"
    with db.reading() as session:
        evidence = EvidenceLog(session, petition.id)
        origin = runtime.settings.log_origin(petition.slug)
        leaves.write_text("".join(file_of_leaves(origin, evidence.size, evidence.leaves(evidence.size))))
        assert session.scalars(select(Checkpoint.public_key)).first() == bytes.fromhex(key)
    again = CliRunner().invoke(main, ["log", "verify-leaves", str(leaves), "--root", root, "--size", size])
    assert (again.exit_code, size) == (0, "8"), again.output  # seven confirmed, one of them withdrawn
    other = CliRunner().invoke(main, ["log", "verify-leaves", str(leaves), "--root", root])
    assert other.exit_code == 1  # one more has signed since


def last_page(runtime: Runtime, edition_id: int) -> str:
    with db.reading() as session:
        edition = session.get_one(Edition, edition_id)
        addressee = next(one for one in edition.petition.addressees if one.language == "en")
        made = compilation(runtime, session, edition, addressee, "X" * 12)
        file = io.BytesIO()
        render(made.document, made.roll, file)
    pages = pypdfium2.PdfDocument(file.getvalue())
    return str(pages[len(pages) - 1].get_textpage().get_text_range())


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
