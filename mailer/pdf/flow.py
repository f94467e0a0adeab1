"""Running text over pages: headings, paragraphs, bullets, rows of a table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from mailer.pdf.fonts import Weight, width
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, TOP, Line, Pen, break_lines, line_width, runs_leftwards
from mailer.pdf.markup import Block, Kind, Span, plain
from mailer.pdf.sheets import Sheets
from mailer.pdf.tagging import Element

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
        self._level = 1  # of the last heading

    @contextmanager
    def tagged(self, tag: str, *, language: str = "") -> Iterator[Element]:
        """What is written inside, on however many pages; a Div with its language, if that is not the document's."""
        outer = self.pen.element
        self.pen.element = element = outer.child(tag, language=language)
        yield element
        self.pen.element = outer

    def title(self, text: str) -> None:
        """The head of a part; marks the page in the bookmarks."""
        self._sheets.bookmark(text)
        self._level = 1
        self.pen.element = Element("Sect")
        with self.tagged("H1"):
            self._write((Span(text, Weight.BOLD),), size=15)
        self.space(6)

    def heading(self, text: str, *, size: float = 11.5, level: int = 2) -> None:
        self._level = min(level, self._level + 1)
        self.room(5 * BODY * LEADING)
        self.space(8)
        with self.tagged(f"H{self._level}"):
            self._write((Span(text, Weight.BOLD),), size=size)
        self.space(3)

    def paragraph(self, spans: tuple[Span, ...], *, size: float = BODY) -> None:
        with self.tagged("P"):
            self._write(spans, size=size)
        self.space(0.6 * size)

    def blocks(self, blocks: Sequence[Block], *, size: float = BODY) -> None:
        outer = self._level
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if block.kind is Kind.PARAGRAPH:
                self.paragraph(block.spans, size=size)
            elif block.kind is Kind.BULLET:
                self._bullet(block.spans, size)
                self.space((0.3 if following and following.kind is Kind.BULLET else 0.6) * size)
            else:
                level = outer + (1 if block.kind is Kind.HEADING else 2)
                self.heading("".join(span.text for span in block.spans), size=size + 1.5, level=level)

    def row(self, *cells: Cell, size: float = 9.5, rule: bool = True, head: bool = False) -> float:
        """One row of a table. It moves to the next page whole, unless a page is too short for it.

        Rows that follow one another are one table, headed by the `head` row and by the first cell of each other.
        Returns where the first line stands.
        """
        columns = [
            break_lines((plain(cell.text, cell.weight),), cell.end - cell.start, size) for cell in cells
        ]
        height = max(map(len, columns))
        leading = size * 1.3
        self.room(min(height * leading + 5, TOP - BOTTOM))
        self.space(1.5)
        outer = self.pen.element
        elements = _row_of(outer.last("Table"), len(cells), head=head)
        base = self.y - size
        for index in range(height):
            self.room(leading)
            for cell, element, lines in zip(cells, elements, columns, strict=True):
                self.pen.element = element
                if index < len(lines):
                    self._place(cell, lines[index], size)
            self.y -= leading
        self.pen.element = outer
        self.space(3.5)
        if rule:
            self.pen.rule(LEFT, self.y, RIGHT, thickness=0.25, gray=0.65)
        return base

    def space(self, points: float) -> None:
        self.y -= points

    def room(self, points: float) -> None:
        """Go on to the next page unless there is as much room."""
        if self.y - points < BOTTOM and self.y < TOP:
            self.end_page()

    def end_page(self) -> None:
        """Finish the page; one that holds nothing is not made."""
        if self.y < TOP:
            self._sheets.add(self.pen)
        self.pen = Pen(self.pen.element)
        self.y = TOP

    def _bullet(self, spans: tuple[Span, ...], size: float) -> None:
        self.room(size * LEADING)
        outer = self.pen.element
        self.pen.element = outer.last("L").child("LI")
        leftwards = runs_leftwards([*spans])
        left, right = (LEFT, RIGHT - INDENT) if leftwards else (LEFT + INDENT, RIGHT)
        mark = RIGHT - 1.5 * MM - width("•", Weight.REGULAR, size) if leftwards else LEFT + 1.5 * MM
        with self.tagged("Lbl"):
            self.pen.text(mark, self.y - size, "•", size=size)
        with self.tagged("LBody"):
            self._write(spans, size=size, left=left, right=right)
        self.pen.element = outer

    def _write(self, spans: tuple[Span, ...], *, size: float, left: float = LEFT, right: float = RIGHT) -> None:
        leading = size * LEADING
        for line in break_lines(spans, right - left, size):
            self.room(leading)
            self.pen.line(left, self.y - size, line, size=size, end=right)
            self.y -= leading

    def _place(self, cell: Cell, line: Line, size: float) -> None:
        x = LEFT + (cell.end - line_width(line, size) if cell.right else cell.start)
        self.pen.line(x, self.y - size, line, size=size)


def _row_of(table: Element, cells: int, *, head: bool) -> list[Element]:
    """The cells of a new row. One that has fewer than the first row ends with a wide cell."""
    first = table.kids[0] if table.kids else None
    wide = len(first.kids) - cells + 1 if isinstance(first, Element) else 1
    row = table.child("TR")
    for index in range(cells):
        span = f"/ColSpan {wide}" if wide > 1 and index == cells - 1 else ""
        if head or not index:
            row.child("TH", table=f"/Scope/{'Column' if head else 'Row'}{span}")
        else:
            row.child("TD", table=span)
    return [kid for kid in row.kids if isinstance(kid, Element)]
