"""Where lines end, and what is drawn where on one page."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from math import inf
from typing import NamedTuple

from mailer.pdf.bidi import MARKS, base_level
from mailer.pdf.encoding import Lettering
from mailer.pdf.faces import EM
from mailer.pdf.fonts import Weight, advances, width
from mailer.pdf.markup import Span
from mailer.pdf.shaping import graphemes, shape
from mailer.pdf.subsets import number
from mailer.pdf.tagging import ARTIFACT, DRAWN, Element, Marks

MM = 72 / 25.4
LEFT, RIGHT = 25 * MM, 190 * MM  # 25 mm for holes and stamps
TOP, BOTTOM = 272 * MM, 22 * MM

Line = list[Span]


class Text(NamedTuple):
    x: float
    y: float
    line: tuple[Span, ...]
    size: float


class Point(NamedTuple):
    x: float
    y: float


class Rectangle(NamedTuple):
    """By its lower left corner."""

    x: float
    y: float
    width: float
    height: float


class Pen:
    """Drawing on one page, kept as plain marks until it is certain that the page is printed.

    What is drawn belongs to the current element, and is read in the order of the elements.
    """

    def __init__(self, element: Element | None = None) -> None:
        self.element = element or Element("Sect")
        self._drawn: dict[Element | None, Drawn] = {None: Drawn([], [])}  # None: ornament, under all else

    @contextmanager
    def tagged(self, tag: str, *, language: str = "", alt: str = "") -> Iterator[None]:
        """What is drawn inside is a P, an H1, a …: see mailer.pdf.tagging."""
        outer = self.element
        self.element = outer.child(tag, language=language, alt=alt)
        yield
        self.element = outer

    @contextmanager
    def figure(self, alt: str) -> Iterator[None]:
        """A picture of lines, areas and labels; `alt` is what it tells someone who does not see it."""
        with self.tagged("Figure", alt=alt):
            yield

    def text(self, x: float, y: float, text: str, *, size: float, weight: Weight = Weight.REGULAR) -> None:
        self.line(x, y, [Span(text, weight)], size=size)

    def line(self, x: float, y: float, spans: Line, *, size: float, end: float | None = None) -> None:
        """`end`: where a line that runs from right to left ends; at `x` it begins all the same without it."""
        if any(span.text for span in spans):
            left = end - line_width(spans, size) if end is not None and runs_leftwards(spans) else x
            self._layer(self.element.holder).texts.append(Text(left, y, tuple(spans), size))

    def rule(self, x: float, y: float, end: float, *, thickness: float = 0.4, gray: float = 0.5) -> None:
        numbers = map(number, (thickness, gray, x, y, end, y))
        self._shape(b"%b w %b G %b %b m %b %b l S\n" % tuple(numbers))

    def bar(self, x: float, y: float, length: float, height: float, *, gray: float = 0.6) -> None:
        self._shape(b"%b g %b %b %b %b re f 0 g\n" % tuple(map(number, (gray, x, y, length, height))))

    def curve(self, points: Sequence[Point], *, thickness: float = 0.4, gray: float = 0.5) -> None:
        """A line from point to point."""
        style = b"%b w %b G\n" % (number(thickness), number(gray))
        self._shape(style + _path(points) + b"S\n")

    def area(self, corners: Sequence[Point], *, gray: float) -> None:
        self._shape(b"%b g\n%bf 0 g\n" % (number(gray), _path(corners)))

    def rectangles(self, rectangles: Iterable[Rectangle]) -> None:
        """In black, as one shape: no reader shows a seam between those that touch."""
        drawn = (b"%b %b %b %b re\n" % tuple(map(number, one)) for one in rectangles)
        self._shape(b"%bf\n" % b"".join(drawn))

    def content(self, lettering: Lettering, marks: Marks | None = None) -> bytes:
        """Without marks, what many pages share: all of it is ornament there."""
        layers = ((element, drawn.content(lettering)) for element, drawn in self._drawn.items())
        if marks is None:
            return b"".join(content for _, content in layers)
        return b"".join(
            marks.piece(element, content) if element else ARTIFACT % content for element, content in layers if content
        )

    def _shape(self, operators: bytes) -> None:
        self._layer(self.element if self.element.tag in DRAWN else None).shapes.append(operators)

    def _layer(self, element: Element | None) -> "Drawn":
        return self._drawn.setdefault(element, Drawn([], []))


class Drawn(NamedTuple):
    shapes: list[bytes]
    texts: list[Text]  # over them

    def content(self, lettering: Lettering) -> bytes:
        shown = []
        for (x, y, line, size), following in zip_longest(self.texts, self.texts[1:]):
            # who reads the element aloud must not run the words of two lines together
            after = lettering.show(" ", Weight.REGULAR, size) if following and following.y != y else b""
            shown.append(b"1 0 0 1 %b %b Tm%b%b\n" % (number(x), number(y), lettering.show_line(line, size), after))
        return b"".join(self.shapes) + (b"BT\n%bET\n" % b"".join(shown) if shown else b"")


def break_lines(spans: tuple[Span, ...], limit: float, size: float) -> list[Line]:
    """Lines no wider than the limit, parted at spaces; a word wider than a line is parted anywhere."""
    lines: list[list[Line]] = [[]]
    used = 0.0
    for word in _words(spans):
        for piece, wide in _pieces(word, limit, size):
            space = width(" ", piece[0].weight, size) if lines[-1] else 0.0
            if lines[-1] and used + space + wide > limit:
                lines.append([])
                used = space = 0.0
            lines[-1].append(piece)
            used += space + wide
    base = base_level("".join(span.text for span in spans))
    return [_marked(_joined(words), base) for words in lines]


def line_width(line: Line, size: float) -> float:
    units = sum(sum(map(advances(weight).__getitem__, text)) for text, weight in line)
    return (shape(tuple(line)).width if units == inf else units) * size / EM


def runs_leftwards(line: Line) -> bool:
    return base_level("".join(span.text for span in line)) == 1


def clipped(text: str, weight: Weight, size: float, limit: float) -> str:
    """The text, or as much of it as fits with an ellipsis: for running headers only."""
    if width(text, weight, size) <= limit:
        return text
    pieces = graphemes(text)
    while pieces and width("".join(pieces) + "…", weight, size) > limit:
        pieces.pop()
    return "".join(pieces).rstrip() + "…"


def _path(points: Sequence[Point]) -> bytes:
    start, *further = (b"%b %b " % (number(x), number(y)) for x, y in points)
    return start + b"m\n" + b"".join(point + b"l\n" for point in further)


def _words(spans: tuple[Span, ...]) -> list[Line]:
    words: list[Line] = [[]]
    for span in spans:
        for index, part in enumerate(span.text.split(" ")):
            if index:
                words.append([])
            if part:
                words[-1].append(Span(part, span.weight))
    return [word for word in words if word]


def _pieces(word: Line, limit: float, size: float) -> list[tuple[Line, float]]:
    """A word, or as many pieces of it as it takes; with their widths."""
    wide = line_width(word, size)
    if wide <= limit:
        return [(word, wide)]
    pieces: list[Line] = [[]]
    for span in word:
        for letter in graphemes(span.text):
            longer = _merged([*pieces[-1], Span(letter, span.weight)])
            if pieces[-1] and line_width(longer, size) > limit:
                pieces.append([Span(letter, span.weight)])
            else:
                pieces[-1] = longer
    return [(piece, line_width(piece, size)) for piece in pieces]


def _joined(words: list[Line]) -> Line:
    line: Line = []
    for word in words:
        if line:
            line[-1] = Span(line[-1].text + " ", line[-1].weight)
        line += word
    return _merged(line)


def _merged(line: Line) -> Line:
    merged: Line = []
    for span in line:
        if merged and merged[-1].weight is span.weight:
            merged[-1] = Span(merged[-1].text + span.text, span.weight)
        else:
            merged.append(span)
    return merged


def _marked(line: Line, base: int) -> Line:
    """A line of a paragraph that runs the other way than its own first letter says so by a mark."""
    if base_level("".join(span.text for span in line)) == base:
        return line
    return [Span(MARKS[base] + line[0].text, line[0].weight), *line[1:]]
