"""One pass from a `PetitionDocument` and its lines to the bytes of a PDF, or of as many as its limits ask for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import BinaryIO

from mailer.document import PetitionDocument, SignatureLine
from mailer.pdf import parts, volumes
from mailer.pdf.cover import Annex, cover_letter
from mailer.pdf.encoding import Lettering
from mailer.pdf.flow import Flow
from mailer.pdf.limits import MOST_VOLUMES, UNLIMITED, Limits, Measure, TooManyVolumes
from mailer.pdf.names import NamesTable
from mailer.pdf.rows import detail_for
from mailer.pdf.sheets import Sheets
from mailer.pdf.volumes import Listed
from mailer.pdf.words import Words
from mailer.pdf.writer import PdfWriter


@dataclass(frozen=True, slots=True)
class Rendering:
    pages: int
    names: int
    size: int  # bytes
    missing: Mapping[str, int]  # substituted characters, as `U+0627`: refuse the edition
    measure: Measure
    annexes: Sequence[Annex] = ()


def render(
    document: PetitionDocument,
    lines: Iterable[SignatureLine],
    out: BinaryIO,
    *,
    copy_of: Rendering | None = None,
    later: Sequence[Listed] = (),
    notice: str = "",
) -> Rendering:
    """Writes the document as it is made: `out` need not seek, `lines` may be a generator of a million.

    `copy_of`: without lines, the pages that organisers may look at; its cover letter states the annexes of the whole,
    `later` the volumes after the first.
    `notice`: above the header of every page.
    """
    volume = OpenVolume(document, out, copied=copy_of is not None, notice=notice)
    volume.write(iter(lines))
    return volume.finish(later, stated=copy_of.annexes if copy_of is not None else None)


def bind(
    document: PetitionDocument, lines: Iterable[SignatureLine], new_file: Callable[[], BinaryIO], limits: Limits
) -> "list[OpenVolume]":
    """The same in one pass over as many files as the limits ask for. Each wants its `finish`; the first last, because
    it lists the others. Raises TooManyVolumes."""
    remaining = iter(lines)
    bound = [OpenVolume(document, new_file(), limits=limits)]
    while (rest := bound[-1].write(remaining)) is not None:
        if len(bound) == MOST_VOLUMES:
            raise TooManyVolumes
        later = document.as_volume(len(bound) + 1, len(bound) + 1)
        bound.append(OpenVolume(later, new_file(), after=bound[-1].last_serial, limits=limits, first_line=rest))
    for number, volume in enumerate(bound, start=1):
        volume.document = document.as_volume(number, len(bound))
    return bound


class OpenVolume:
    """One file up to its last page of names. Volume 1 has all of the document but the names that follow in others."""

    def __init__(
        self, document: PetitionDocument, out: BinaryIO, *, after: int = 0, copied: bool = False, notice: str = "",
        limits: Limits = UNLIMITED, first_line: SignatureLine | None = None,
    ) -> None:
        """`after`: the last serial number of the volume before; `first_line`: what that had no room for."""
        self.file = out
        self._words = words = Words(document.language)
        self._writer, self._lettering = PdfWriter(out), Lettering()
        notice = words.gettext("Copy without names, for organisers") if copied else notice
        self._sheets = Sheets(self._writer, self._lettering, document, words, notice=notice, limits=limits)
        self._first_line = [first_line] if first_line else []
        self._annexes: list[Annex] = []
        self._measure = Measure()
        self.first_serial, self.last_serial = after + 1, after
        first = document.volume == 1
        self._sheets.bookmark(words.gettext("Cover letter") if first else volumes.name_of(document, words))
        self._cover = self._sheets.keep()
        self._flow = Flow(self._sheets)
        if first:
            self._write_front()

    @property
    def document(self) -> PetitionDocument:
        return self._sheets.document

    @document.setter
    def document(self, told: PetitionDocument) -> None:
        """Which volume it is, of how many: known before `finish`."""
        self._sheets.document = told

    def write(self, lines: Iterator[SignatureLine]) -> SignatureLine | None:
        """Prints names while there is room; returns the one that has to go into the next volume."""
        sheets, words, flow = self._sheets, self._words, self._flow
        first = sheets.count + 1
        if self.document.volume == 1:
            parts.names(flow, self.document, words)
        else:
            volumes.names_continued(flow, words)
        before = self._writer.size
        detail = detail_for(self.document.totals.named)
        table = NamesTable(sheets, words, above=flow.pen, top=flow.y, detail=detail)
        names = table.write(chain(self._first_line, lines))
        self.last_serial = self.first_serial + names - 1
        self._measure = Measure(before, first - 1, self._writer.size - before, self._lettering.characters)
        if names:
            self._flow = Flow(sheets)
        self._flow.end_page()
        self._enclose(words.gettext("Annex A: names"), first)
        return table.rest

    def finish(self, later: Sequence[Listed] = (), *, stated: Sequence[Annex] | None = None) -> Rendering:
        """What is only known at the end: the cover page and, in volume 1, the list of the `later` ones."""
        document, words, sheets = self.document, self._words, self._sheets
        if document.volume == 1:
            if later:
                self._annexes += volumes.annexes(later, words)
                self._part(words.gettext("The volumes of this document"), partial(volumes.listing, later))
            self._part(words.gettext("How to check this document"), parts.integrity)
            cover = cover_letter(document, words, self._annexes if stated is None else stated)
        else:
            cover = volumes.cover(document, words, self._annexes, self.first_serial, self.last_serial)
        sheets.fill(self._cover, cover)
        sheets.finish()
        writer, names = self._writer, self.last_serial - self.first_serial + 1
        missing = dict(self._lettering.missing)
        return Rendering(writer.pages, names, writer.size, missing, self._measure, tuple(self._annexes))

    # -- below: how --------------------------------------------------------------------------------------------

    def _write_front(self) -> None:
        """Text, facts, totals."""
        words = self._words
        self._part(words.gettext("Text of the petition, as signed"), parts.text)
        if self.document.translation:  # at once after what it helps to read
            self._part(words.gettext("Translation of the petition"), parts.translation)
        self._part(words.gettext("Facts of the case"), parts.facts)
        totals = words.gettext("How the signatures were confirmed, totals, countries")
        self._part(totals, parts.method, parts.countries)

    def _part(self, title: str, *write: Callable[..., None]) -> None:
        first = self._sheets.count + 1
        for one in write:
            one(self._flow, self.document, self._words)
        self._flow.end_page()
        self._enclose(title, first)

    def _enclose(self, title: str, first: int) -> None:
        self._annexes.append(Annex(title, first, self._sheets.count))
