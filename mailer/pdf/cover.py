"""The cover letter: exactly one page, which stands alone and can be printed alone."""

from collections.abc import Sequence
from typing import NamedTuple

from mailer.document import PetitionDocument
from mailer.pdf.fonts import Weight
from mailer.pdf.layout import LEFT, MM, RIGHT, Pen, Point, break_lines, runs_leftwards
from mailer.pdf.letterhead import STRIP, foot, letterhead
from mailer.pdf.markup import Kind, Span, plain
from mailer.pdf.words import Words

LARGEST, SMALLER = 11.0, 0.97  # a letter that needs more room is set smaller until it fits
LEAST = 4.0  # whatever is typed into our forms fits before
LEADING = 1.38
BESIDE = LEFT + 82 * MM  # the enclosures stand beside the signature
INK = 14 * MM  # room to sign


class Annex(NamedTuple):
    title: str
    first: int  # page
    last: int


def cover_letter(document: PetitionDocument, words: Words, annexes: Sequence[Annex], *, heading: str = "") -> Pen:
    """`heading`: of the annexes, where they are not enclosed."""
    size = LARGEST
    while True:
        letter = _Letter(document, words, size)
        letter.write(annexes, heading or words.gettext("Enclosed"))
        if letter.y >= STRIP + 6 * MM or size < LEAST:
            foot(letter.pen, document, words)
            return letter.pen
        size *= SMALLER


class _Letter:
    def __init__(self, document: PetitionDocument, words: Words, size: float) -> None:
        self.pen = Pen()
        self._document = document
        self._words = words
        self._size = size
        self.y = letterhead(self.pen, document, words)

    def write(self, annexes: Sequence[Annex], heading: str) -> None:
        document, words = self._document, self._words
        self._subject()
        self._lines((plain(document.addressee.salutation),), after=0.6)
        for block in words.prose("letter", **self._values()):
            if block.kind is Kind.BULLET:
                self._quoted(block.spans)
            else:
                self._lines(block.spans, after=0.6)
        self.y -= 0.5 * self._size
        top = self.y
        self._signature()
        signed, self.y = self.y, top
        self._enclosures(annexes, heading)
        self.y = min(self.y, signed)

    def _subject(self) -> None:
        document, words = self._document, self._words
        subject = words.gettext("Petition concerning {prisoner}").format(prisoner=document.case.name)
        self._lines((plain(subject, Weight.BOLD),), size=1.12 * self._size, tag="H1")
        known = []
        if document.case.birth_year:
            known.append(words.gettext("born {year}").format(year=document.case.birth_year))
        if document.case.number:
            known.append(words.gettext("case {number}").format(number=document.case.number))
        if document.case.article:
            known.append(document.case.article)
        if document.case.held_at:
            known.append(words.gettext("held at {place}").format(place=document.case.held_at))
        if known:
            self._lines((plain(", ".join(known)),), size=0.92 * self._size)
        self.y -= 1.1 * self._size

    def _values(self) -> dict[str, object]:
        document, totals = self._document, self._document.totals
        return {
            "title": document.reading.title,
            "demand": document.reading.demand,
            "sender": document.sender.name,
            "edition": document.edition,
            "previous": document.previous_edition,
            "fresh": document.new_since_previous,
            "confirmed": totals.confirmed,
            "named": totals.named,
            "count_only": totals.count_only,
            "on_paper": totals.on_paper,
            "countries": len(totals.by_country),
            "email": document.sender.reply_email,
            "amount": self._words.amount,
        }

    def _quoted(self, spans: tuple[Span, ...]) -> None:
        """What the petition asks, set off from what the sender says."""
        self.y -= 0.2 * self._size
        top = self.y
        left, right, x = LEFT + 5 * MM, RIGHT, LEFT + 1.5 * MM
        if runs_leftwards([*spans]):
            left, right, x = LEFT, RIGHT - 5 * MM, RIGHT - 1.5 * MM
        self._lines(spans, left=left, right=right)
        mark = Point(x, top - 0.1 * self._size), Point(x, self.y + 0.1 * self._size)
        self.pen.curve(mark, thickness=1.5, gray=0.4)
        self.y -= 0.8 * self._size

    def _signature(self) -> None:
        document, right = self._document, BESIDE - 7 * MM
        self._lines((plain(self._words.gettext("Yours faithfully,")),), right=right)
        self.y -= INK
        self.pen.rule(LEFT, self.y, right, gray=0)
        self.y -= 0.3 * self._size
        self._lines((plain(document.sender.representative, Weight.BOLD),), right=right)
        for line in (document.sender.role, document.sender.name):
            self._lines((plain(line),), right=right, size=0.9 * self._size)

    def _enclosures(self, annexes: Sequence[Annex], heading: str) -> None:
        size = 0.86 * self._size
        self._lines((plain(heading, Weight.BOLD),), left=BESIDE, size=size, after=0.2)
        with self.pen.tagged("L"):
            for annex in annexes:
                self._enclosure(annex, size)

    def _enclosure(self, annex: Annex, size: float) -> None:
        words, pages = self._words, annex.last - annex.first + 1
        label = words.ngettext("{pages} page", "{pages} pages", pages).format(pages=words.amount(pages))
        label = label.replace(" ", "\N{NO-BREAK SPACE}")
        where = words.gettext("{title}: {pages}, from page {first}")
        shown = where.format(title=annex.title, pages=label, first=words.amount(annex.first))
        with self.pen.tagged("LI"):
            with self.pen.tagged("Lbl"):
                self.pen.text(BESIDE, self.y - size, "–", size=size)
            self._lines((plain(shown),), left=BESIDE + 3 * MM, size=size, after=0.1, tag="LBody")

    def _lines(
        self,
        spans: tuple[Span, ...],
        *,
        left: float = LEFT,
        right: float = RIGHT,
        size: float | None = None,
        after: float = 0.0,
        tag: str = "P",
    ) -> None:
        size = size or self._size
        with self.pen.tagged(tag):
            for line in break_lines(spans, right - left, size):
                self.pen.line(left, self.y - size, line, size=size, end=right)
                self.y -= LEADING * size
        self.y -= after * size
