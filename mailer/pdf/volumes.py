"""What a document of several files has more than one: the first page of a later volume, the list of all in the first.

Each volume can be read and checked without the others, and says where they are.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mailer.document import PetitionDocument
from mailer.pdf.cover import Annex
from mailer.pdf.flow import Cell, Flow
from mailer.pdf.fonts import Weight
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, TOP, Pen, break_lines
from mailer.pdf.markup import plain
from mailer.pdf.words import Words

LABEL = 42 * MM
SINGLY = 3  # later volumes that the cover letter names one by one; more are named together
SIZE = 10.5


class Listed(NamedTuple):
    """A later volume as volume 1 lists it: finished and sealed."""

    number: int
    file_name: str
    first_serial: int
    last_serial: int
    pages: int
    sha256: str


def name_of(document: PetitionDocument, words: Words) -> str:
    return words.gettext("Volume {volume}").format(volume=document.volume)


def names_continued(flow: Flow, words: Words) -> None:
    flow.title(words.gettext("Annex A: names, continued"))


def annexes(later: Sequence[Listed], words: Words) -> list[Annex]:
    """What the cover letter of volume 1 says of the others."""
    if len(later) > SINGLY:
        title = words.gettext("Volumes {first} to {last}: further names").format(first=2, last=len(later) + 1)
        return [Annex(title, 1, sum(one.pages for one in later))]
    title = words.gettext("Volume {volume}: names {first} to {last}")
    return [Annex(title.format(volume=one.number, **_serials(one, words)), 1, one.pages) for one in later]


def listing(later: Sequence[Listed], flow: Flow, _document: PetitionDocument, words: Words) -> None:
    """Every later volume with what proves that it is the one."""
    flow.title(words.gettext("The volumes of this document"))
    said = words.gettext(
        "This document has {volumes} volumes, each a file of its own with its own seal. This is volume 1. The others"
        " are listed here; their SHA-256 was computed from the sealed files."
    )
    flow.paragraph((plain(said.format(volumes=len(later) + 1)),))
    columns = ((0, 20 * MM), (20 * MM, 56 * MM), (58 * MM, 82 * MM), (84 * MM, 165 * MM))
    heads = words.gettext("Volume"), words.gettext("Names No."), words.gettext("Pages"), words.gettext("File")
    flow.row(*(Cell(head, *column, Weight.BOLD) for head, column in zip(heads, columns, strict=True)), head=True)
    for one in later:
        serials = words.gettext("{first} to {last}").format(**_serials(one, words))
        values = words.amount(one.number), serials, words.amount(one.pages), one.file_name
        flow.row(*(Cell(value, *column) for value, column in zip(values, columns, strict=True)), rule=False)
        flow.row(Cell("SHA-256", 0, 20 * MM), Cell(one.sha256, 20 * MM, 165 * MM), size=8.5)


def cover(
    document: PetitionDocument, words: Words, held: Sequence[Annex], first_serial: int, last_serial: int
) -> Pen:
    """The first page of a later volume: what it is, what it holds, where the rest is, how to check it."""
    page = _Page(words)
    volume = words.gettext("Volume {volume} of {volumes}").format(volume=document.volume, volumes=document.volumes)
    page.line(volume, tag="H1", size=20, weight=Weight.BOLD, after=4)
    page.line(words.gettext("Annex A: names, continued"), size=13, after=26)
    page.line(document.reading.title, tag="H2", size=13, weight=Weight.BOLD, after=10)
    edition = words.gettext("Edition {edition}").format(edition=document.edition)
    page.pair(words.gettext("Prisoner"), document.case.name)
    page.pair(words.gettext("Edition"), f"{edition}, {words.long_day(document.dated_on)}")
    page.pair(words.gettext("Addressee"), document.addressee.name)
    page.pair(words.gettext("Sender"), document.sender.name)
    page.space(14)
    serials = words.gettext("{first} to {last}")
    shown = serials.format(first=words.amount(first_serial), last=words.amount(last_serial))
    page.pair(words.gettext("Names No."), shown)
    pages = serials.format(first=words.amount(held[0].first), last=words.amount(held[-1].last))
    page.pair(words.gettext("On pages"), pages)
    page.space(14)
    said = words.gettext(
        "Volume 1 holds the cover letter, the text of the petition, the facts of the case, the totals and the list of"
        " all volumes with their SHA-256. Its file is {file}."
    )
    page.line(said.format(file=document.as_volume(1, document.volumes).file_name), after=14)
    page.pair(words.gettext("Address for checking"), document.proof.url)
    page.pair(words.gettext("Verification code"), document.proof.code)
    page.pair(words.gettext("Fingerprint of the seal (SHA-256)"), document.proof.seal_fingerprint)
    page.pair(words.gettext("File name"), document.file_name)
    return page.pen


class _Page:
    """Lines from the top downwards, on one page whatever they are."""

    def __init__(self, words: Words) -> None:
        self.pen = Pen()
        self._words = words
        self._y = TOP - 30 * MM

    def space(self, points: float) -> None:
        self._y -= points

    def pair(self, label: str, value: str) -> None:
        top = self._y
        with self.pen.tagged("P"):
            self._write(label, 9.5, Weight.BOLD, LEFT, LEFT + LABEL - 3 * MM)
            below, self._y = self._y, top
            self._write(value, 9.5, Weight.REGULAR, LEFT + LABEL, RIGHT)
        self._y = min(self._y, below) - 4

    def line(
        self, text: str, *, tag: str = "P", size: float = SIZE, weight: Weight = Weight.REGULAR, after: float = 0
    ) -> None:
        with self.pen.tagged(tag):
            self._write(text, size, weight, LEFT, RIGHT)
        self._y -= after

    def _write(self, text: str, size: float, weight: Weight, left: float, right: float) -> None:
        for line in break_lines((plain(text, weight),), right - left, size):
            if self._y - size * 1.35 < BOTTOM:
                return
            self.pen.line(left, self._y - size, line, size=size)
            self._y -= size * 1.35


def _serials(one: Listed, words: Words) -> dict[str, str]:
    return {"first": words.amount(one.first_serial), "last": words.amount(one.last_serial)}
