"""Annex A: the names, one row each; the part of a document that may have a million rows.

What makes it fast: a page is one template, filled by one `%` and encoded by one call; moves are relative,
so that rows of one shape share one template; rules and heads are drawn once for all pages; a width is only
summed where the longest letters could be too wide; a finished page is compressed, written and forgotten.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import accumulate

from mailer.document import SignatureLine
from mailer.pdf.encoding import SPECIAL, Lettering, escape
from mailer.pdf.fonts import Weight, advances, width
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, TOP, Pen, break_lines
from mailer.pdf.markup import Span
from mailer.pdf.sheets import Sheets
from mailer.pdf.words import Words

SIZE, LEADING, PADDING = 9.0, 11.0, 3.0
ROW, HEAD = LEADING + PADDING, 16.0
SERIAL_END, NAME, PLACE, DAY = LEFT + 14 * MM, LEFT + 17 * MM, LEFT + 89 * MM, LEFT + 146 * MM
NAME_WIDTH, PLACE_WIDTH = PLACE - NAME - 2 * MM, DAY - PLACE - 2 * MM
FULL = int((TOP - HEAD - BOTTOM) / ROW)  # rows on a page when none wraps
LONGEST = 40  # lines of a row; what has more goes on in a further row
NARROW = int(NAME_WIDTH / SIZE)  # no character of ASCII, nor its substitute, is wider than 1 em
UNITS = NAME_WIDTH * 1000 / SIZE
DIGIT = width("0", Weight.REGULAR, SIZE)


class NamesTable:
    def __init__(self, sheets: Sheets, words: Words, *, above: Pen, top: float) -> None:
        """The first row goes under what is already on the page; `top` is where that ends."""
        self._sheets = sheets
        self._lettering = sheets.lettering
        self._short_day = lru_cache(1024)(words.short_day)
        self._above, self._top = above, top
        self._cells: list[str] = []
        self._rows: list[str] = []  # a template each
        self._heights: list[float] = []
        sheets.share("Head", _head(words).content(self._lettering))
        sheets.share("Grid", _rules([ROW] * FULL, TOP - HEAD).encode())

    def write(self, lines: Iterable[SignatureLine]) -> int:
        """Prints the rows in one pass; returns how many there were."""
        cells, rows, heights = self._cells, self._rows, self._heights
        advance = advances(Weight.REGULAR).__getitem__
        day_of = self._short_day
        left = self._top - HEAD - BOTTOM
        count = 0
        for serial, name, place, signed_on in lines:
            count += 1
            digits = str(serial)
            fits = (len(name) <= NARROW and name.isascii()) or sum(map(advance, name)) <= UNITS
            if fits and len(_place_lines(place)) == 1:
                if left < ROW:
                    left = self._end_page()
                left -= ROW
                rows.append(_row(len(digits), 1, 1))
                heights.append(ROW)
                cells += (digits, name, place, day_of(signed_on))
            else:
                left = self._wrap(left, digits, name, place, day_of(signed_on))
        if rows:
            self._end_page()
        return count

    def _wrap(self, left: float, digits: str, name: str, place: str, day: str) -> float:
        """A row of several lines; returns the height left on the page."""
        names, places = _broken(name, NAME_WIDTH), _place_lines(place)
        for start in range(0, max(len(names), len(places)), LONGEST):
            some = names[start : start + LONGEST] or [""]
            others = places[start : start + LONGEST] or [""]
            height = PADDING + LEADING * max(len(some), len(others))
            if left < height:
                left = self._end_page()
            left -= height
            self._rows.append(_row(len(digits), len(some), len(others)))
            self._heights.append(height)
            self._cells += (digits, *some, *others, day)
            digits = day = ""
        return left

    def _end_page(self) -> float:
        """Writes the page; returns the height of the next."""
        top, heights = self._top, self._heights
        drawn = "/Grid Do\n" if top == TOP and heights == [ROW] * FULL else _rules(heights, top - HEAD)
        head = f"q 1 0 0 1 0 {top - TOP:.2f} cm/Head Do Q\n{drawn}"
        start = top - HEAD - SIZE - 1 + ROW
        font = f"/{self._lettering.primary.name} {SIZE:g} Tf 1 0 0 1 {DAY:.2f} {start:.2f} Tm\n"
        template = f"{head}BT{font}{''.join(self._rows)}ET\n"
        above = self._above.content(self._lettering)
        self._sheets.add(above + _encode(self._lettering, template, self._cells))
        self._above, self._top = Pen(), TOP
        for used in (self._cells, self._rows, self._heights):
            used.clear()
        return TOP - HEAD - BOTTOM


def _encode(lettering: Lettering, template: str, cells: list[str]) -> bytes:
    joined = "\0".join(cells)
    if "\n" not in joined and joined.count("\0") == len(cells) - 1:  # neither is a character to the codec
        shown = escape(joined).split("\0") if SPECIAL.search(joined) else cells
        try:
            return lettering.encode(template % tuple(shown))
        except UnicodeEncodeError:
            pass  # a character of another subset or face: its cell switches fonts
    return lettering.encode(template % tuple(lettering.literal(cell, SIZE) for cell in cells))


@cache
def _row(digits: int, names: int, places: int) -> str:
    """Moves and strings of one row. It begins at the last column and last line of the row before."""
    serial = SERIAL_END - digits * DIGIT
    down = LEADING * (max(names, places) - 1)
    return (
        f"{serial - DAY:.2f} {-ROW:.2f} Td(%s)Tj {NAME - serial:.2f} 0 Td(%s)Tj"
        + _further_lines(names)
        + f" {PLACE - NAME:.2f} 0 Td(%s)Tj"
        + _further_lines(places)
        + f" {DAY - PLACE:.2f} 0 Td(%s)Tj"
        + (f" 0 {-down:.2f} Td\n" if down else "\n")
    )


def _further_lines(lines: int) -> str:
    """The lines of a cell after its first, and back up to the line of the row."""
    if lines == 1:
        return ""
    return f" 0 {-LEADING:.2f} Td(%s)Tj" * (lines - 1) + f" 0 {LEADING * (lines - 1):.2f} Td"


def _rules(heights: list[float], y: float) -> str:
    levels = [y - below for below in accumulate(heights)]
    return f".25 w .6 G {''.join(map(_rule, levels))}S\n"


@lru_cache(1024)
def _rule(y: float) -> str:
    return f"{LEFT:.2f} {y:.2f} m {RIGHT:.2f} {y:.2f} l\n"


def _head(words: Words) -> Pen:
    pen = Pen()
    base = TOP - SIZE - 1
    number = words.gettext("No.")
    pen.text(SERIAL_END - width(number, Weight.BOLD, SIZE), base, number, size=SIZE, weight=Weight.BOLD)
    labels = (NAME, words.gettext("Name")), (PLACE, words.gettext("Place")), (DAY, words.gettext("Day"))
    for x, label in labels:
        pen.text(x, base, label, size=SIZE, weight=Weight.BOLD)
    pen.rule(LEFT, TOP - HEAD, RIGHT, thickness=0.8, gray=0)
    return pen


@lru_cache(4096)  # places repeat, names do not
def _place_lines(place: str) -> list[str]:
    return _broken(place, PLACE_WIDTH)


def _broken(text: str, limit: float) -> list[str]:
    if width(text, Weight.REGULAR, SIZE) <= limit:
        return [text]
    lines = break_lines((Span(text, Weight.REGULAR),), limit, SIZE)
    return ["".join(span.text for span in line) for line in lines]
