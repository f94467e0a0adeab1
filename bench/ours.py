"""Our names table as the peers print it: rows of a file into a PDF. python -m bench.ours ROWS PDF"""

import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bench import sample
from bench.measure import timed
from mailer.document import Fact, PetitionDocument, SignatureLine, Totals, file_name
from mailer.pdf import render

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def document() -> PetitionDocument:
    """The whole document, of which the names are one part of nine."""
    return PetitionDocument(
        language="en",
        file_name=file_name("free-anna-vetrova", edition=3),
        petition_title=sample.TITLE,
        demand="Release Anna Vetrova and give her the treatment that two doctors have prescribed.",
        background="\n\n".join(sample.PARAGRAPHS),
        text_language="en",
        text_version=2,
        text_hash=SHA256,
        addressee_name="Prosecutor General of Lyrania",
        addressee_lines=("12 Court Street", "100001 Mirgrad"),
        salutation="Dear Prosecutor General,",
        sender_name="Open Door Association",
        sender_lines=("7 Harbour Lane, 00123 Westport",),
        representative="Maria Lindner",
        representative_role="Chair of the board",
        reply_email="reply@open-door.example",
        place="Westport",
        dated_on=date(2026, 11, 22),
        prisoner_name="Anna Vetrova",
        prisoner_names=("Анна Ветрова",),
        birth_year=1987,
        citizenships=("Lyrania",),
        case_number="1-204/2026",
        article="article 280 of the Criminal Code",
        detained_at="Remand Centre No. 2, Mirgrad",
        facts=(Fact("12 March 2026", "Arrested at home.", "Record of the arrest"),),
        edition=3,
        previous_edition=2,
        new_since_previous=11,
        volume=1,
        volumes=1,
        totals=Totals(confirmed=1_000, named=1_000, count_only=0),
        verification_url="https://petitions.example/verify",
        verification_code="K7QF-2MXD-94TA",
        log_size=1_000,
        log_root="",
        seal_fingerprint=SHA256,
        demonstration=False,
    )


def lines(rows: Path) -> Iterator[SignatureLine]:
    day_of = cache(date.fromisoformat)
    for serial, name, place, day in sample.rows(rows):
        yield SignatureLine(int(serial), name, place, day_of(day))


def compile_names(rows: Path, pdf: Path) -> dict[str, Any]:
    with pdf.open("wb") as out:
        rendering = render(document(), lines(rows), out)
    return {"pages": rendering.pages, "names": rendering.names, "missing": dict(rendering.missing)}


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2])))
