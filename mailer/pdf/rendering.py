"""One pass from a `PetitionDocument` and its lines to the bytes of a PDF."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from mailer.document import PetitionDocument, SignatureLine
from mailer.pdf import parts
from mailer.pdf.cover import Annex, cover_letter
from mailer.pdf.encoding import Lettering
from mailer.pdf.flow import Flow
from mailer.pdf.names import NamesTable
from mailer.pdf.sheets import Sheets
from mailer.pdf.words import Words
from mailer.pdf.writer import PdfWriter


@dataclass(frozen=True, slots=True)
class Rendering:
    pages: int
    names: int
    size: int  # bytes
    missing: Mapping[str, int]  # substituted characters, as `U+0627`: refuse the edition
    annexes: Sequence[Annex] = ()


def render(
    document: PetitionDocument,
    lines: Iterable[SignatureLine],
    out: BinaryIO,
    *,
    copy_of: Rendering | None = None,
    notice: str = "",
) -> Rendering:
    """Writes the document as it is made: `out` need not seek, `lines` may be a generator of a million.

    `copy_of`: without lines, the pages that organisers may look at; its cover letter states the annexes of the whole.
    `notice`: above the header of every page.
    """
    words, lettering, writer = Words(document.language), Lettering(), PdfWriter(out)
    notice = words.gettext("Copy without names, for organisers") if copy_of is not None else notice
    sheets = Sheets(writer, lettering, document, words, notice=notice)
    sheets.bookmark(words.gettext("Cover letter"))
    cover = sheets.keep()
    annexes: list[Annex] = []

    def enclose(title: str, first: int) -> None:
        annexes.append(Annex(title, first, sheets.count))

    flow = Flow(sheets)
    parts.text(flow, document, words)
    enclose(words.gettext("Text of the petition, as signed"), 2)

    first = sheets.count + 1
    parts.facts(flow, document, words)
    enclose(words.gettext("Facts of the case"), first)

    first = sheets.count + 1
    parts.method(flow, document, words)
    parts.countries(flow, document, words)
    flow.end_page()
    enclose(words.gettext("How the signatures were confirmed, totals, countries"), first)

    first = sheets.count + 1
    parts.names(flow, document, words)
    names = NamesTable(sheets, words, above=flow.pen, top=flow.y).write(lines)
    if names:
        flow = Flow(sheets)
    flow.end_page()
    enclose(words.gettext("Annex A: names"), first)

    first = sheets.count + 1
    parts.integrity(flow, document, words)
    enclose(words.gettext("How to check this document"), first)

    stated = copy_of.annexes if copy_of is not None else annexes
    sheets.fill(cover, 1, cover_letter(document, words, stated).content(lettering))
    sheets.finish()
    return Rendering(writer.pages, names, writer.size, dict(lettering.missing), tuple(annexes))
