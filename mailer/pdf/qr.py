"""A QR code as black rectangles: no picture, sharp at any size, on any printer."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import segno

from mailer.pdf.layout import Pen, Rectangle


def qr_code(pen: Pen, text: str, *, x: float, y: float, side: float) -> None:
    """In a square with its lower left corner at (x, y). Readers want white around it, as wide as four modules."""
    matrix = segno.make_qr(text, error="m").matrix
    module = side / len(matrix)
    pen.rectangles(
        Rectangle(x + column * module, y + side - (row + 1) * module, length * module, module)
        for row, modules in enumerate(matrix)
        for column, length in _runs(modules)
    )


def _runs(modules: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin, and how many follow one another."""
    column = 0
    for dark, run in groupby(modules):
        length = len(list(run))
        if dark:
            yield column, length
        column += length
