"""The cover letter: exactly one page, which stands alone and can be printed alone."""

from collections.abc import Sequence
from typing import NamedTuple

from mailer.document import PetitionDocument
from mailer.pdf.fonts import Weight
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, TOP, Pen, break_lines
from mailer.pdf.markup import Kind, Span, plain
from mailer.pdf.words import Words

LARGEST, SMALLER = 10.5, 0.96  # a letter that needs more room is set smaller until it fits
COLUMN = 76 * MM


class Annex(NamedTuple):
    title: str
    first: int  # page
    last: int


def cover_letter(document: PetitionDocument, words: Words, annexes: Sequence[Annex]) -> Pen:
    size = LARGEST
    while True:
        letter = _Letter(document, words, size)
        letter.write(annexes)
        if letter.y >= BOTTOM:
            return letter.pen
        size *= SMALLER


class _Letter:
    def __init__(self, document: PetitionDocument, words: Words, size: float) -> None:
        self.pen = Pen()
        self.y = TOP
        self._document = document
        self._words = words
        self._size = size

    def write(self, annexes: Sequence[Annex]) -> None:
        document, words, size = self._document, self._words, self._size
        self._heads()
        dated = f"{document.sender.place}, {words.long_day(document.dated_on)}"
        self._lines((plain(dated),), after=1.2)
        self._lines((plain(self._subject(), Weight.BOLD),), after=1.0)
        self._lines((plain(document.addressee.salutation),), after=0.7)
        for block in words.prose("letter", **self._values()):
            indent = 6 * MM if block.kind is Kind.BULLET else 0.0
            self._lines(block.spans, indent=indent, after=0.7)
        self._enclosures(annexes)
        self._signature()
        check = words.gettext("To check that this document is authentic: {url}, code {code}")
        shown = check.format(url=document.proof.url, code=document.proof.code)
        self._lines((plain(shown),), size=size * 0.82)

    def _heads(self) -> None:
        """The sender at the left, the addressee at the right."""
        document, top = self._document, self.y
        small = self._size * 0.92
        sender = [plain(document.sender.name, Weight.BOLD), *map(plain, document.sender.lines)]
        if document.sender.reply_email:
            sender.append(plain(document.sender.reply_email))
        addressee = [plain(document.addressee.name, Weight.BOLD), *map(plain, document.addressee.lines)]
        ends = []
        for x, lines in ((LEFT, sender), (RIGHT - COLUMN, addressee)):
            self.y = top
            for line in lines:
                self._lines((line,), left=x, right=x + COLUMN, size=small)
            ends.append(self.y)
        self.y = min(ends) - 1.6 * self._size

    def _subject(self) -> str:
        document, words = self._document, self._words
        parts = [document.case.name]
        if document.case.birth_year:
            parts.append(words.gettext("born {year}").format(year=document.case.birth_year))
        if document.case.number:
            parts.append(words.gettext("case {number}").format(number=document.case.number))
        if document.case.article:
            parts.append(document.case.article)
        if document.case.held_at:
            parts.append(words.gettext("held at {place}").format(place=document.case.held_at))
        return words.gettext("Petition concerning {prisoner}").format(prisoner=", ".join(parts))

    def _values(self) -> dict[str, object]:
        document, totals = self._document, self._document.totals
        return {
            "title": document.text.title,
            "demand": document.text.demand,
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

    def _enclosures(self, annexes: Sequence[Annex]) -> None:
        words = self._words
        size = self._size * 0.9
        self.y -= 0.6 * size
        self._lines((plain(words.gettext("Enclosed"), Weight.BOLD),), size=size)
        for annex in annexes:
            pages = annex.last - annex.first + 1
            label = words.ngettext("{pages} page", "{pages} pages", pages).format(pages=words.amount(pages))
            where = words.gettext("{title}: {pages}, from page {first}")
            shown = where.format(title=annex.title, pages=label, first=words.amount(annex.first))
            self._lines((plain("– " + shown),), size=size, indent=3 * MM)
        self.y -= 1.0 * self._size

    def _signature(self) -> None:
        document, size = self._document, self._size
        self._lines((plain(self._words.gettext("Yours faithfully,")),), after=2.6)
        self.pen.rule(LEFT, self.y + 2, LEFT + COLUMN, gray=0)
        self._lines((plain(document.sender.representative, Weight.BOLD),))
        self._lines((plain(document.sender.role),), size=size * 0.92)
        self._lines((plain(document.sender.name),), size=size * 0.92, after=1.2)

    def _lines(
        self,
        spans: tuple[Span, ...],
        *,
        left: float = LEFT,
        right: float = RIGHT,
        size: float | None = None,
        indent: float = 0.0,
        after: float = 0.0,
    ) -> None:
        size = size or self._size
        for line in break_lines(spans, right - left - indent, size):
            self.pen.line(left + indent, self.y - size, line, size=size)
            self.y -= 1.32 * size
        self.y -= after * size
