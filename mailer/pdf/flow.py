"""Running text over pages: headings, paragraphs, bullets, rows of a table."""

from collections.abc import Sequence
from typing import NamedTuple

from mailer.pdf.fonts import Weight, width
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, TOP, Line, Pen, break_lines
from mailer.pdf.markup import Block, Kind, Span, plain
from mailer.pdf.sheets import Sheets

BODY = 10.0
LEADING = 1.4  # lines, in sizes
INDENT = 5 * MM


class Cell(NamedTuple):
    """A text in a column; columns are measured from the left margin."""

    text: str
    start: float
    end: float
    weight: Weight = Weight.REGULAR
    right: bool = False


class Flow:
    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self.pen = Pen()
        self.y = TOP

    def title(self, text: str) -> None:
        """The head of a part; marks the page in the bookmarks."""
        self._sheets.bookmark(text)
        self._write((Span(text, Weight.BOLD),), size=15)
        self.space(6)

    def heading(self, text: str, *, size: float = 11.5) -> None:
        self.room(5 * BODY * LEADING)
        self.space(8)
        self._write((Span(text, Weight.BOLD),), size=size)
        self.space(3)

    def paragraph(self, spans: tuple[Span, ...], *, size: float = BODY) -> None:
        self._write(spans, size=size)
        self.space(0.6 * size)

    def blocks(self, blocks: Sequence[Block], *, size: float = BODY) -> None:
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if block.kind is Kind.PARAGRAPH:
                self.paragraph(block.spans, size=size)
            elif block.kind is Kind.BULLET:
                self.room(size * LEADING)
                self.pen.text(LEFT + 1.5 * MM, self.y - size, "•", size=size)
                self._write(block.spans, size=size, left=LEFT + INDENT)
                self.space((0.3 if following and following.kind is Kind.BULLET else 0.6) * size)
            else:
                self.heading("".join(span.text for span in block.spans), size=size + 1.5)

    def row(self, *cells: Cell, size: float = 9.5, rule: bool = True) -> None:
        """One row of a table. It moves to the next page whole, unless a page is too short for it."""
        columns = [
            break_lines((plain(cell.text, cell.weight),), cell.end - cell.start, size) for cell in cells
        ]
        height = max(map(len, columns))
        leading = size * 1.3
        self.room(min(height * leading + 5, TOP - BOTTOM))
        self.space(1.5)
        for index in range(height):
            self.room(leading)
            for cell, lines in zip(cells, columns, strict=True):
                if index < len(lines):
                    self._place(cell, lines[index], size)
            self.y -= leading
        self.space(3.5)
        if rule:
            self.pen.rule(LEFT, self.y, RIGHT, thickness=0.25)

    def space(self, points: float) -> None:
        self.y -= points

    def room(self, points: float) -> None:
        """Go on to the next page unless there is as much room."""
        if self.y - points < BOTTOM and self.y < TOP:
            self.end_page()

    def end_page(self) -> None:
        """Finish the page; one that holds nothing is not made."""
        if self.y < TOP:
            self._sheets.add(self.pen.content(self._sheets.lettering))
        self.pen = Pen()
        self.y = TOP

    def _write(self, spans: tuple[Span, ...], *, size: float, left: float = LEFT) -> None:
        leading = size * LEADING
        for line in break_lines(spans, RIGHT - left, size):
            self.room(leading)
            self.pen.line(left, self.y - size, line, size=size)
            self.y -= leading

    def _place(self, cell: Cell, line: Line, size: float) -> None:
        wide = sum(width(span.text, span.weight, size) for span in line)
        x = LEFT + (cell.end - wide if cell.right else cell.start)
        self.pen.line(x, self.y - size, line, size=size)
