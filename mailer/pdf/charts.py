"""The curve of signatures over time: few lines, black on white, read without colours."""

from collections.abc import Sequence
from datetime import date

from mailer.document import DayTotal, PetitionDocument
from mailer.pdf.flow import Flow
from mailer.pdf.fonts import Weight, width
from mailer.pdf.layout import LEFT, MM, RIGHT, Pen, Point
from mailer.pdf.words import Words

HEIGHT = 32 * MM  # from the base line to the highest line of the grid
SIZE = 8.0
LINES = 4  # of the grid, at most
HEADROOM = 5 * MM  # above the grid, for the total


def growth(flow: Flow, document: PetitionDocument, words: Words) -> None:
    """How the confirmed signatures grew to their total. Two points make no curve."""
    points, first = document.totals.by_day, document.totals.first_on
    if len(points) < 3 or first is None:
        return
    flow.room(HEIGHT + HEADROOM + 18 * MM)
    flow.heading(words.gettext("Confirmed signatures over time"))
    flow.space(HEADROOM + HEIGHT)
    alt = words.gettext("Chart: from {first} to {last} the confirmed signatures grew to {total}.")
    days = {"first": words.long_day(first), "last": words.long_day(points[-1].day)}
    with flow.pen.figure(alt.format(total=words.amount(points[-1].signatures), **days)):
        _draw(flow.pen, flow.y, first, points, words)
    flow.space(2 * SIZE)


def _draw(pen: Pen, base: float, first: date, points: Sequence[DayTotal], words: Words) -> None:
    last, total = points[-1]
    step = _grid_step(total)
    levels = range(0, total + step, step)
    labels = [words.amount(level) for level in levels]
    left = LEFT + max(width(label, Weight.REGULAR, SIZE) for label in labels) + 2 * MM
    days = (last - first).days + 1

    def place(day: date, signatures: int) -> Point:
        """The end of a day."""
        x = left + (RIGHT - left) * ((day - first).days + 1) / days
        return Point(x, base + HEIGHT * signatures / levels[-1])

    curve = [Point(left, base), *(place(*point) for point in points)]
    pen.area([*curve, Point(RIGHT, base)], gray=0.88)
    for level, label in zip(levels, labels, strict=True):
        y = place(last, level).y
        pen.rule(left, y, RIGHT, thickness=0.25 if level else 0.6, gray=0.65 if level else 0)
        pen.text(left - 2 * MM - width(label, Weight.REGULAR, SIZE), y - 0.35 * SIZE, label, size=SIZE)
    pen.curve(curve, thickness=1.2, gray=0)
    ends = words.long_day(first), words.long_day(last)
    pen.text(left, base - 1.4 * SIZE, ends[0], size=SIZE)
    pen.text(RIGHT - width(ends[1], Weight.REGULAR, SIZE), base - 1.4 * SIZE, ends[1], size=SIZE)
    _total(pen, words.amount(total), curve[-1].y + 4)


def _total(pen: Pen, shown: str, y: float) -> None:
    """Over the end of the curve, where no line of the grid may cross it."""
    x, above = RIGHT - width(shown, Weight.BOLD, SIZE + 1), y + SIZE
    pen.area([Point(x - 3, y - 1.5), Point(RIGHT, y - 1.5), Point(RIGHT, above), Point(x - 3, above)], gray=1)
    pen.text(x, y, shown, size=SIZE + 1, weight=Weight.BOLD)


def _grid_step(total: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that keeps the grid at a few lines."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if step * LINES >= total:
                return step
        power *= 10
