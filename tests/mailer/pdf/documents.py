"""Documents about invented persons, compiled and read back as a PDF reader reads them."""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import pypdfium2  # type: ignore[import-untyped]

from mailer.document import (
    Case,
    CountryTotal,
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
from mailer.pdf import Rendering, render
from mailer.pdf.layout import BOTTOM
from mailer.pdf.sheets import FOOTER

DAY = date(2026, 5, 1)
HEAD = "No. Name Place Day\n"

TEXT = Wording(
    language="en",
    version=2,
    title="Medical care and release for Anna Vetrova",
    demand="Release Anna Vetrova and give her the treatment that two doctors have prescribed.",
    background="Anna Vetrova is a teacher.\n\n# Health\n\nA **cardiologist** must see her.\n\n- first\n- second",
    hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
SENDER = Sender(
    name="Open Door Association",
    lines=("Registered association no. 4711", "7 Harbour Lane, 00123 Westport"),
    representative="Maria Lindner",
    role="Chair of the board",
    reply_email="reply@open-door.example",
    place="Westport",
)
CASE = Case(
    name="Anna Sergeevna Vetrova",
    other_names=("Анна Сергеевна Ветрова",),
    birth_year=1987,
    citizenships=("Lyrania",),
    number="1-204/2026",
    article="article 280 of the Criminal Code",
    held_at="Remand Centre No. 2, Mirgrad",
    events=(Fact("12 March 2026", "Arrested at home.", "Record of the arrest"),),
)
PROOF = Proof(
    url="https://petitions.example/verify",
    code="K7QF-2MXD-94TA",
    log_size=0,
    log_root="",
    seal_fingerprint="b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
)
ANNA = PetitionDocument(
    language="en",
    file_name=file_name("free-anna-vetrova", edition=3),
    dated_on=date(2026, 11, 22),
    text=TEXT,
    addressee=Recipient(
        "Prosecutor General of Lyrania", ("12 Court Street", "100001 Mirgrad"), "Dear Prosecutor General,"
    ),
    sender=SENDER,
    case=CASE,
    proof=PROOF,
    totals=Totals(confirmed=0, named=0, count_only=0),
    edition=3,
    previous_edition=2,
    new_since_previous=11,
    volume=1,
    volumes=1,
    demonstration=False,
)


TOTALS = Totals(
    confirmed=1234,
    named=1100,
    count_only=134,
    held=4,
    invalidated=3,
    withdrawn=7,
    on_paper=22,
    by_country=(CountryTotal("Türkiye", 1000), CountryTotal("Armenia", 222), CountryTotal("other", 12)),
    first_on=date(2026, 4, 2),
    last_on=date(2026, 11, 20),
)


@dataclass(frozen=True, slots=True)
class Compiled:
    data: bytes
    rendering: Rendering
    pages: tuple[str, ...]  # text of each page, as a reader extracts it

    @property
    def text(self) -> str:
        return "\n".join(self.pages)


def compile_document(document: PetitionDocument, lines: Iterable[SignatureLine]) -> Compiled:
    out = io.BytesIO()
    rendering = render(document, lines, out)
    return Compiled(out.getvalue(), rendering, page_texts(out.getvalue()))


def page_texts(data: bytes) -> tuple[str, ...]:
    with pypdfium2.PdfDocument(data) as pdf:
        texts = []
        for page in pdf:
            textpage = page.get_textpage()
            texts.append(textpage.get_text_range().replace("\r\n", "\n"))
            textpage.close()
            page.close()
        return tuple(texts)


class Char(NamedTuple):
    char: str
    left: float
    bottom: float
    right: float
    top: float


def characters(compiled: Compiled, page: int) -> list[Char]:
    """Where each visible character of a page stands, in points; `page` counts from 1."""
    with pypdfium2.PdfDocument(compiled.data) as pdf:
        opened = pdf[page - 1]
        textpage = opened.get_textpage()
        places = [
            Char(textpage.get_text_range(index, 1), *textpage.get_charbox(index))
            for index in range(textpage.count_chars())
        ]
        textpage.close()
        opened.close()
    return [place for place in places if not place.char.isspace()]


def above_footer(compiled: Compiled, page: int) -> bool:
    """Whether everything but the footer's line stands above the bottom margin."""
    low = [place for place in characters(compiled, page) if place.bottom < BOTTOM - 3]
    return all(place.bottom >= FOOTER - 3 and place.top <= FOOTER + 8 for place in low)


def lines(names: Iterable[str], place: str = "Mirgrad, Lyrania") -> Iterator[SignatureLine]:
    return (SignatureLine(serial, name, place, DAY) for serial, name in enumerate(names, 1))


def with_names(count: int) -> PetitionDocument:
    return replace(ANNA, totals=Totals(confirmed=count, named=count, count_only=0))


def compile_names(names: list[str], place: str = "Mirgrad, Lyrania") -> Compiled:
    return compile_document(with_names(len(names)), lines(names, place))


def rows(compiled: Compiled) -> list[str]:
    """Rows of the table of names, wrapped ones joined, as `serial name place day`."""
    tables = [page.split(HEAD, 1)[1].split("\nPage ")[0] for page in compiled.pages if HEAD in page]
    found = re.findall(r"\d+ .*?\s2026-05-01", " ".join(tables), re.DOTALL)
    return [re.sub(r"\s+", " ", row) for row in found]
