"""What stands at fixed places of the letter: sender, address, references, the strip at the foot.

Places are those of DIN 5008, form B, so that the address shows in the window of an envelope C5/6 or DL when the
sheet is folded at its marks.
"""

from collections.abc import Iterable, Sequence

from mailer.document import PetitionDocument
from mailer.pdf.fonts import Weight, width
from mailer.pdf.layout import BOTTOM, LEFT, MM, RIGHT, Line, Pen, Point, break_lines
from mailer.pdf.markup import Span, plain
from mailer.pdf.qr import qr_code
from mailer.pdf.sheets import numbered
from mailer.pdf.words import Words

LABEL, SMALL = 7.0, 8.0  # points
ASIDE = 125 * MM  # the column at the right
WINDOW = 80 * MM  # width of the address
WHITE = 4 * MM  # around the QR code
SQUARE = 26 * MM  # its side, and the height of the field beside it
STRIP = BOTTOM + SQUARE + WHITE  # the strip at the foot ends here
RECEIPT = 74 * MM  # width of the field for a stamp
BACK = 5  # lines of the smallest size between the head and the window


def from_top(millimetres: float) -> float:
    return (297 - millimetres) * MM


BODY = from_top(98)  # where the letter itself begins


def letterhead(pen: Pen, document: PetitionDocument, words: Words) -> float:
    """Returns where the text may begin: lower than usual under a very long address."""
    _marks(pen)
    _sender(pen, document)
    end = _address(pen, document)
    _references(pen, document, words)
    return min(BODY, end - 6 * MM)


def foot(pen: Pen, document: PetitionDocument, words: Words) -> None:
    """How to check the letter, and a field that a registry can stamp: both are there when it is printed alone."""
    pen.rule(LEFT, STRIP, RIGHT)
    _check(pen, document, words)
    with pen.tagged("P"):
        _receipt(pen, words)


def _marks(pen: Pen) -> None:
    """Where to fold, and the middle, for a punch."""
    for height, length in ((105, 4), (148.5, 6), (210, 4)):
        pen.rule(5 * MM, from_top(height), (5 + length) * MM)


def _sender(pen: Pen, document: PetitionDocument) -> None:
    """On the line that parts it from the letter."""
    details = [*_few(document.sender.lines, 6), document.sender.reply_email]
    name = (plain(document.sender.name, Weight.BOLD),)
    for x, (shown, size) in (
        (LEFT, _fitted(name, ASIDE - LEFT - 8 * MM, 16, lines=2)),
        (ASIDE, _fitted(map(plain, filter(None, details)), RIGHT - ASIDE, SMALL, lines=5)),
    ):
        with pen.tagged("P"):
            _down(pen, x, from_top(36) + 1.3 * size * len(shown), shown, size)
    pen.rule(LEFT, from_top(38), RIGHT, thickness=0.8, gray=0)


def _address(pen: Pen, document: PetitionDocument) -> float:
    """In the window, under the line by which a letter comes back."""
    back = " · ".join([document.sender.name, *document.sender.lines])
    shown, size = _fitted((plain(back),), WINDOW, LABEL, lines=2)
    del shown[BACK:]  # the whole of it stands at the right
    with pen.tagged("P"):
        _down(pen, LEFT, from_top(50) + 1.3 * size * len(shown) + 1.5, shown, size)
    pen.rule(LEFT, from_top(50), LEFT + WINDOW, thickness=0.25)
    addressee = [plain(document.addressee.name, Weight.BOLD), *map(plain, _few(document.addressee.lines, 24))]
    shown, size = _fitted(addressee, WINDOW, 10.5, lines=8)
    height = 1.25 * size * len(shown)
    top = min(max(from_top(62.7), from_top(90) + height), from_top(50.5))  # a long one begins higher
    with pen.tagged("P"):
        return _down(pen, LEFT, top, shown, size, leading=1.25)


def _references(pen: Pen, document: PetitionDocument, words: Words) -> None:
    pairs = [
        (words.gettext("Our reference"), f"{numbered(document, words)} · {document.proof.code}"),
        (words.gettext("Your reference"), document.case.number),
        (words.gettext("Date"), f"{document.sender.place}, {words.long_day(document.dated_on)}"),
    ]
    y = from_top(50.5)
    for label, value in pairs:
        if value:
            with pen.tagged("P"):
                y = _down(pen, ASIDE, y, break_lines((plain(label),), RIGHT - ASIDE, LABEL), LABEL)
                shown, size = _fitted((plain(value),), RIGHT - ASIDE, 10, lines=2)
                y = _down(pen, ASIDE, y, shown, size) - 2 * MM


def _check(pen: Pen, document: PetitionDocument, words: Words) -> None:
    url, code = document.proof.url, document.proof.code
    with pen.figure(words.gettext("QR code: {url}").format(url=url)):
        qr_code(pen, url, x=LEFT, y=BOTTOM, side=SQUARE)
    left = LEFT + SQUARE + WHITE
    limit = RIGHT - RECEIPT - left - WHITE
    y = BOTTOM + SQUARE - 1.5 * MM
    for texts, lines in (
        ([plain(words.gettext("To check that this document is authentic"), Weight.BOLD)], 2),
        (map(plain, _parted(url, limit)), 3),
        ([plain(words.gettext("Verification code: {code}").format(code=code), Weight.BOLD)], 1),
    ):
        shown, size = _fitted(texts, limit, SMALL, lines=lines)
        with pen.tagged("P"):
            y = _down(pen, left, y, shown, size) - 1 * MM


def _parted(url: str, limit: float) -> tuple[str, ...]:
    """An address too long for a line is parted where it is best read: before its last part, the code."""
    if width(url, Weight.REGULAR, SMALL) <= limit:
        return (url,)
    address, slash, code = url.rpartition("/")
    return address + slash, code


def _receipt(pen: Pen, words: Words) -> None:
    left, top = RIGHT - RECEIPT, BOTTOM + SQUARE
    middle, inset = left + 0.55 * RECEIPT, 2 * MM
    pen.curve(_frame(left, BOTTOM, RIGHT, top), thickness=0.6, gray=0)
    pen.curve((Point(middle, BOTTOM), Point(middle, top)), thickness=0.25)
    y = top - inset - SMALL
    pen.text(left + inset, y, words.gettext("Received"), size=SMALL, weight=Weight.BOLD)
    labels = words.gettext("Date"), words.gettext("Number")
    start = left + 2 * inset + max(width(label, Weight.REGULAR, LABEL) for label in labels)
    for label in labels:
        y -= 8.5 * MM
        pen.text(left + inset, y, label, size=LABEL)
        pen.rule(start, y - 1, middle - inset)
    pen.text(middle + inset, top - inset - SMALL, words.gettext("Stamp"), size=LABEL)


def _frame(left: float, bottom: float, right: float, top: float) -> Sequence[Point]:
    corners = Point(left, bottom), Point(right, bottom), Point(right, top), Point(left, top)
    return (*corners, corners[0])


def _few(lines: Sequence[str], most: int) -> Sequence[str]:
    """As they are, or all on as few as they take."""
    return lines if len(lines) <= most else (", ".join(lines),)


def _fitted(texts: Iterable[Span], limit: float, size: float, *, lines: int) -> tuple[list[Line], float]:
    """Each text on lines of its own, set smaller if they are too many: down to two thirds, still to be read."""
    spans, least = tuple(texts), size * 0.66
    while True:
        broken = [line for span in spans for line in break_lines((span,), limit, size)]
        if len(broken) <= lines or size <= least:
            return broken, size
        size *= 0.95


def _down(pen: Pen, x: float, y: float, lines: Sequence[Line], size: float, *, leading: float = 1.3) -> float:
    """Lines one under the other; returns where the last one ends."""
    for line in lines:
        pen.line(x, y - size, line, size=size)
        y -= leading * size
    return y
