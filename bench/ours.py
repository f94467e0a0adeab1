"""Our names table as the peers print it: rows of a file into a PDF. python -m bench.ours ROWS PDF"""

import sys
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bench import sample
from bench.measure import timed
from mailer.document import (
    Case,
    Fact,
    PetitionDocument,
    Proof,
    Recipient,
    Sender,
    SignatureLine,
    Totals,
    Wording,
    file_name,
)
from mailer.pdf import render

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DEMAND = "Release Anna Vetrova and give her the treatment that two doctors have prescribed."
FACT = Fact("12 March 2026", "Arrested at home.", "Record of the arrest")


def document(named: int) -> PetitionDocument:
    """The whole document, of which the names are one part of nine. How finely they are tagged depends on how many."""
    return PetitionDocument(
        language="en",
        file_name=file_name("free-anna-vetrova", edition=3),
        dated_on=date(2026, 11, 22),
        text=Wording("en", 2, sample.TITLE, DEMAND, "\n\n".join(sample.PARAGRAPHS), SHA256),
        addressee=Recipient("Prosecutor General of Lyrania", ("12 Court Street", "100001 Mirgrad"), "Dear Sir,"),
        sender=Sender("Open Door", ("7 Harbour Lane",), "M. Lindner", "Chair", "reply@open-door.example", "Westport"),
        case=Case("Anna Vetrova", ("Анна Ветрова",), 1987, ("Lyrania",), "1-204", "article 280", "Mirgrad", (FACT,)),
        proof=Proof("https://petitions.example/verify", "K7QF-2MXD-94TA", named, "", SHA256),
        totals=Totals(confirmed=named, named=named, count_only=0),
        edition=3,
        previous_edition=2,
        new_since_previous=11,
        volume=1,
        volumes=1,
        demonstration=False,
    )


def lines(rows: Path) -> Iterator[SignatureLine]:
    day_of = cache(date.fromisoformat)
    for serial, name, place, day in sample.rows(rows):
        yield SignatureLine(int(serial), name, place, day_of(day))


def compile_names(rows: Path, pdf: Path) -> dict[str, Any]:
    with pdf.open("wb") as out:
        rendering = render(document(sample.last_serial(rows)), lines(rows), out)
    return {"pages": rendering.pages, "names": rendering.names, "missing": dict(rendering.missing)}


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2])))
