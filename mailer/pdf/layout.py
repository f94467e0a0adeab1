"""Where lines end, and what is drawn where on one page."""

from typing import NamedTuple

from mailer.pdf.encoding import Lettering
from mailer.pdf.fonts import Weight, width
from mailer.pdf.markup import Span
from mailer.pdf.subsets import number

MM = 72 / 25.4
LEFT, RIGHT = 25 * MM, 190 * MM  # 25 mm for holes and stamps
TOP, BOTTOM = 272 * MM, 22 * MM

Line = list[Span]


class Text(NamedTuple):
    x: float
    y: float
    text: str
    weight: Weight
    size: float


class Pen:
    """Drawing on one page, kept as plain marks until it is certain that the page is printed."""

    def __init__(self) -> None:
        self._texts: list[Text] = []
        self._shapes: list[bytes] = []

    def text(self, x: float, y: float, text: str, *, size: float, weight: Weight = Weight.REGULAR) -> None:
        self._texts.append(Text(x, y, text, weight, size))

    def line(self, x: float, y: float, spans: Line, *, size: float) -> None:
        for span in spans:
            self.text(x, y, span.text, size=size, weight=span.weight)
            x += width(span.text, span.weight, size)

    def rule(self, x: float, y: float, end: float, *, thickness: float = 0.4, gray: float = 0.5) -> None:
        numbers = map(number, (thickness, gray, x, y, end, y))
        self._shapes.append(b"%b w %b G %b %b m %b %b l S\n" % tuple(numbers))

    def bar(self, x: float, y: float, length: float, height: float, *, gray: float = 0.6) -> None:
        self._shapes.append(b"%b g %b %b %b %b re f 0 g\n" % tuple(map(number, (gray, x, y, length, height))))

    def content(self, lettering: Lettering) -> bytes:
        shown = [
            b"1 0 0 1 %b %b Tm%b\n" % (number(x), number(y), lettering.show(text, weight, size))
            for x, y, text, weight, size in self._texts
            if text
        ]
        return b"".join(self._shapes) + (b"BT\n%bET\n" % b"".join(shown) if shown else b"")


def break_lines(spans: tuple[Span, ...], limit: float, size: float) -> list[Line]:
    """Lines no wider than the limit, parted at spaces; a word wider than a line is parted anywhere."""
    lines: list[list[Line]] = [[]]
    used = 0.0
    for word in _words(spans):
        for piece in _pieces(word, limit, size):
            wide = _width(piece, size)
            space = width(" ", piece[0].weight, size) if lines[-1] else 0.0
            if lines[-1] and used + space + wide > limit:
                lines.append([])
                used = space = 0.0
            lines[-1].append(piece)
            used += space + wide
    return [_joined(words) for words in lines]


def clipped(text: str, weight: Weight, size: float, limit: float) -> str:
    """The text, or as much of it as fits with an ellipsis: for running headers only."""
    if width(text, weight, size) <= limit:
        return text
    while text and width(text + "…", weight, size) > limit:
        text = text[:-1]
    return text.rstrip() + "…"


def _words(spans: tuple[Span, ...]) -> list[Line]:
    words: list[Line] = [[]]
    for span in spans:
        for index, part in enumerate(span.text.split(" ")):
            if index:
                words.append([])
            if part:
                words[-1].append(Span(part, span.weight))
    return [word for word in words if word]


def _pieces(word: Line, limit: float, size: float) -> list[Line]:
    if _width(word, size) <= limit:
        return [word]
    pieces: list[Line] = [[]]
    used = 0.0
    for span in word:
        for char in span.text:
            wide = width(char, span.weight, size)
            if pieces[-1] and used + wide > limit:
                pieces.append([])
                used = 0.0
            pieces[-1].append(Span(char, span.weight))
            used += wide
    return [_merged(piece) for piece in pieces]


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


def _width(line: Line, size: float) -> float:
    return sum(width(span.text, span.weight, size) for span in line)
