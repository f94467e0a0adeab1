"""Annex A: the names, one row each; the part of a document that may have a million rows.

What makes it fast: a page is one template, filled by one `%` and encoded by one call; moves are relative,
so that rows of one shape share one template; rules and heads are drawn once for all pages; a width is only
summed where the longest letters could be too wide; a finished page is compressed, written and forgotten.
"""

from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import accumulate

from mailer.document import SignatureLine
from mailer.pdf.encoding import Lettering, escape_codes
from mailer.pdf.fonts import Weight, advances, is_shaped, width
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, TOP, Pen, break_lines
from mailer.pdf.markup import Span
from mailer.pdf.rows import Detail, RowTags, marks
from mailer.pdf.shaping import shape
from mailer.pdf.sheets import Sheet, Sheets
from mailer.pdf.tagging import ARTIFACT
from mailer.pdf.words import Words

SIZE, LEADING, PADDING = 9.0, 11.0, 3.0
ROW, HEAD = LEADING + PADDING, 16.0
SERIAL_END, NAME, PLACE, DAY = LEFT + 14 * MM, LEFT + 17 * MM, LEFT + 89 * MM, LEFT + 146 * MM
NAME_WIDTH, PLACE_WIDTH = PLACE - NAME - 2 * MM, DAY - PLACE - 2 * MM
FULL = int((TOP - HEAD - BOTTOM) / ROW)  # rows on a page when none wraps
BOOKMARKED = 20  # pages of names for a bookmark
LONGEST = 40  # lines of a row; what has more goes on in a further row
NARROW = int(NAME_WIDTH / SIZE)  # no character of ASCII, nor its substitute, is wider than 1 em
UNITS = NAME_WIDTH * 1000 / SIZE
SPACE = advances(Weight.REGULAR)[" "]
DIGIT = width("0", Weight.REGULAR, SIZE)
DEEPEST = -(ROW - SIZE - 1 - 0.5) * 1000 / SIZE  # under the line of a row, and half a point from its rule


class NamesTable:
    def __init__(
        self, sheets: Sheets, words: Words, *, above: Pen, top: float, detail: Detail = Detail.CELLS
    ) -> None:
        """The first row goes under what is already on the page; `top` is where that ends."""
        self._sheets, self._words = sheets, words
        self._tags = RowTags(detail, sheets.writer, sheets.tree, above.element)
        self._row = partial(_row, detail)
        self._lettering = sheets.lettering
        self._short_day = lru_cache(1024)(words.short_day)
        self._word_units = lru_cache(8192)(_word_units)  # names differ, their words repeat
        self._above, self._top = above, top
        self.rest: SignatureLine | None = None  # taken from the lines, but the volume was full
        self._cells: list[str] = []
        self._rows: list[str] = []  # a template each
        self._heights: list[float] = []
        self._to_mark: Sheet | None = None  # the first page that has no bookmark yet
        self._pages, self._next_serial = 0, 0
        head = Pen()
        _head(head, words, TOP)
        sheets.share("Head", head.content(self._lettering))
        sheets.share("Grid", _rules([ROW] * FULL, TOP - HEAD).encode())

    def write(self, lines: Iterable[SignatureLine]) -> int:
        """Prints the rows in one pass, as far as the volume has room; returns how many it printed."""
        cells, rows, heights = self._cells, self._rows, self._heights
        day_of, units_of = self._short_day, self._word_units
        left = self._top - HEAD - BOTTOM
        count = figures = 0
        for serial, name, place, signed_on in lines:
            if not count:
                self._begin(serial)
            count += 1
            digits = str(serial)
            fits = (len(name) <= NARROW and name.isascii()) or sum(map(units_of, name.split(" "))) <= UNITS
            if fits and len(_place_lines(place)) == 1:
                if left < ROW:
                    left = self._end_page(serial)
                    if self._sheets.full:
                        self.rest = SignatureLine(serial, name, place, signed_on)
                        count -= 1
                        break
                left -= ROW
                if len(digits) != figures:
                    figures = len(digits)
                    plain = [self._row(index, figures, 1, 1) for index in range(FULL)]
                rows.append(plain[len(rows)])
                heights.append(ROW)
                cells += (digits, name, place, day_of(signed_on))
            elif count > 1 and self._sheets.full:
                self.rest = SignatureLine(serial, name, place, signed_on)
                count -= 1
                break
            else:
                left = self._wrap(left, serial, name, place, day_of(signed_on))
        if rows:
            self._end_page(self.rest.serial if self.rest else serial + 1)
        if self._pages > BOOKMARKED:
            self._bookmark()
        return count

    def _begin(self, serial: int) -> None:
        """The head over the first rows is read; those of further pages repeat it for the eye."""
        self._next_serial = serial
        self._above.element = self._tags.group
        _head(self._above, self._words, self._top)

    def _wrap(self, left: float, serial: int, name: str, place: str, day: str) -> float:
        """A row of several lines; returns the height left on the page."""
        digits = str(serial)
        names, places = _broken(name, NAME_WIDTH), _place_lines(place)
        for start in range(0, max(len(names), len(places)), LONGEST):
            some = names[start : start + LONGEST] or [""]
            others = places[start : start + LONGEST] or [""]
            height = PADDING + LEADING * max(len(some), len(others))
            if left < height:
                left = self._end_page(serial)
            left -= height
            self._rows.append(self._row(len(self._rows), len(digits), len(some), len(others)))
            self._heights.append(height)
            self._cells += (digits, *some, *others, day)
            digits = day = ""
        return left

    def _end_page(self, serial: int) -> float:
        """Writes the page; returns the height of the next, which begins with the row of this number."""
        top, heights = self._top, self._heights
        drawn = "/Grid Do\n" if top == TOP and heights == [ROW] * FULL else _rules(heights, top - HEAD)
        head = "" if self._pages == 0 else "/Head Do\n"
        start = top - HEAD - SIZE - 1 + ROW
        font = f"/{self._lettering.primary.name} {SIZE:g} Tf 1 0 0 1 {DAY:.2f} {start:.2f} Tm\n"
        begin, end = self._tags.around()
        template = f"{begin}BT{font}{''.join(self._rows)}ET\n{end}"
        ornament = ARTIFACT % f"{head}{drawn}".encode()
        sheet = self._sheets.keep()
        self._mark(sheet, serial)
        owners = self._tags.write(sheet, len(heights))
        self._sheets.fill(sheet, self._above, ornament + _encode(self._lettering, template, self._cells), owners)
        self._above, self._top = Pen(), TOP
        for used in (self._cells, self._rows, self._heights):
            used.clear()
        return TOP - HEAD - BOTTOM

    def _mark(self, sheet: Sheet, serial: int) -> None:
        """Every so many pages, a bookmark for those since the last; none if that would be the only one."""
        if self._pages and self._pages % BOOKMARKED == 0:
            self._bookmark()
        if self._to_mark is None:
            self._to_mark, self._first_serial = sheet, self._next_serial
        self._next_serial = serial
        self._pages += 1

    def _bookmark(self) -> None:
        if self._to_mark is not None:
            first, last = self._words.amount(self._first_serial), self._words.amount(self._next_serial - 1)
            self._sheets.bookmark_within(f"{first}–{last}", self._to_mark)
            self._to_mark = None


def _encode(lettering: Lettering, template: str, cells: list[str]) -> bytes:
    joined = "\0".join(cells)
    if "\n" not in joined and joined.count("\0") == len(cells) - 1:  # neither is a character to the codec
        try:
            shown = escape_codes(lettering.encode(joined)).split(b"\0")
            return template.encode() % tuple(shown)
        except UnicodeEncodeError:
            pass  # a character of another subset or face: its cell switches fonts
    return lettering.encode(template % tuple(lettering.literal(cell, SIZE) for cell in cells))


@lru_cache(8192)
def _row(detail: Detail, index: int, digits: int, names: int, places: int) -> str:
    """Moves and strings of one row of a page. It begins at the last column and last line of the row before."""
    serial = SERIAL_END - digits * DIGIT
    down = LEADING * (max(names, places) - 1)
    cells = (
        f"{serial - DAY:.2f} {-ROW:.2f} Td(%s)Tj",
        f"{NAME - serial:.2f} 0 Td(%s)Tj" + _further_lines(names),
        f"{PLACE - NAME:.2f} 0 Td(%s)Tj" + _further_lines(places),
        f"{DAY - PLACE:.2f} 0 Td(%s)Tj" + (f" 0 {-down:.2f} Td" if down else ""),
    )
    marked = zip(*marks(detail, index), cells, strict=True)
    return " ".join(f"{begin}{cell}{end}" for begin, end, cell in marked) + "\n"


def _further_lines(lines: int) -> str:
    """The lines of a cell after its first, and back up to the line of the row."""
    if lines == 1:
        return ""
    return f" 0 {-LEADING:.2f} Td(%s)Tj" * (lines - 1) + f" 0 {LEADING * (lines - 1):.2f} Td"


def _word_units(word: str) -> float:
    """Width of a word and the space after it."""
    return sum(map(advances(Weight.REGULAR).__getitem__, word)) + SPACE


def _rules(heights: list[float], y: float) -> str:
    """Faint ones, and every fifth so that the eye keeps its row."""
    levels = [_rule(y - below) for below in accumulate(heights)]
    return f".25 w .8 G {''.join(levels)}S .4 w .45 G {''.join(levels[4::5])}S\n"


@lru_cache(1024)
def _rule(y: float) -> str:
    return f"{LEFT:.2f} {y:.2f} m {RIGHT:.2f} {y:.2f} l\n"


def _head(pen: Pen, words: Words, top: float) -> None:
    base = top - SIZE - 1
    number = words.gettext("No.")
    labels = (
        (SERIAL_END - width(number, Weight.BOLD, SIZE), number),
        (NAME, words.gettext("Name")),
        (PLACE, words.gettext("Place")),
        (DAY, words.gettext("Day")),
    )
    outer = pen.element
    row = outer.child("THead").child("TR") if outer.tag == "Table" else None
    for x, label in labels:
        if row:
            pen.element = row.child("TH", table="/Scope/Column")
        pen.text(x, base, label, size=SIZE, weight=Weight.BOLD)
    pen.element = outer
    pen.rule(LEFT, top - HEAD, RIGHT, thickness=0.8, gray=0)


@lru_cache(4096)  # places repeat, names do not
def _place_lines(place: str) -> list[str]:
    return _broken(place, PLACE_WIDTH)


def _broken(text: str, limit: float) -> list[str]:
    lines = [text]
    if width(text, Weight.REGULAR, SIZE) > limit:
        broken = break_lines((Span(text, Weight.REGULAR),), limit, SIZE)
        lines = ["".join(span.text for span in line) for line in broken]
    if not is_shaped(text, Weight.REGULAR):
        return lines
    return [part for line in lines for part in ((line, "") if _is_deep(line) else (line,))]


def _is_deep(line: str) -> bool:
    """Whether letters that stand under one another, as in Tibetan, would touch the rule: such lines take two."""
    return is_shaped(line, Weight.REGULAR) and shape(((line, Weight.REGULAR),)).lowest < DEEPEST
