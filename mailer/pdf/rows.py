"""How finely the table of names is tagged, and the part of the structure tree that is written with each of its pages.

Every cell an element costs more than printing the names: five objects a row, which whoever opens or seals the file
has to read. So a short table is read cell by cell, a long one row by row, a very long one page by page
(figures: docs/architecture.md, "Tags").
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from mailer.pdf.sheets import Sheet
from mailer.pdf.tagging import Element, Tree
from mailer.pdf.writer import PdfWriter, references

COLUMNS = 4
NOTHING = ("",) * COLUMNS


class Detail(StrEnum):
    CELLS = "cells"  # Table, TBody a page, TR, TD
    ROWS = "rows"  # Div a page, P a row
    PAGES = "pages"  # P a page


CELLS_UP_TO, ROWS_UP_TO = 5_000, 50_000


def detail_for(names: int) -> Detail:
    if names <= CELLS_UP_TO:
        return Detail.CELLS
    return Detail.ROWS if names <= ROWS_UP_TO else Detail.PAGES


class RowTags:
    def __init__(self, detail: Detail, writer: PdfWriter, tree: Tree, section: Element) -> None:
        self.detail = detail
        self._writer, self._tree = writer, tree
        self.group = section.child("Table") if detail is Detail.CELLS else section

    def around(self) -> tuple[str, str]:
        """What stands before and after all rows of a page."""
        return ("/P<</MCID 0>>BDC\n", "EMC\n") if self.detail is Detail.PAGES else ("", "")

    def write(self, sheet: Sheet, rows: int) -> Sequence[int]:
        """Writes the elements of a page; returns which owns each of its pieces."""
        group = self._tree.number(self.group)
        if self.detail is Detail.CELLS:
            first, owners = self._write_cells(group, sheet.page, rows)
        elif self.detail is Detail.ROWS:
            first, owners = self._write_rows(group, sheet.page, rows)
        else:
            first = self._writer.small(b"<</S/P/P %d 0 R/Pg %d 0 R/K 0>>" % (group, sheet.page))
            owners = (first,)
        self.group.kids.append(first)
        return owners

    def _write_cells(self, table: int, page: int, rows: int) -> tuple[int, Sequence[int]]:
        body = self._writer.reserve(1 + (1 + COLUMNS) * rows)
        heads = range(body + 1, body + 1 + (1 + COLUMNS) * rows, 1 + COLUMNS)
        bodies = [b"<</S/TBody/P %d 0 R/K[%b]>>" % (table, references(heads))]
        numbers = [
            number
            for row in heads
            for number in (body, row + 1, row + 2, row + 3, row + 4, row, page, row, page, row, page, row, page)
        ]
        bodies += (_cells(rows) % tuple(numbers)).encode().split(b"\n")
        self._writer.packed(body, bodies)
        return body, [cell for row in heads for cell in range(row + 1, row + 1 + COLUMNS)]

    def _write_rows(self, section: int, page: int, rows: int) -> tuple[int, Sequence[int]]:
        division = self._writer.reserve(1 + rows)
        owners = range(division + 1, division + 1 + rows)
        bodies = [b"<</S/Div/P %d 0 R/K[%b]>>" % (section, references(owners))]
        bodies += (_paragraphs(rows) % ((division, page) * rows)).encode().split(b"\n")
        self._writer.packed(division, bodies)
        return division, owners


def marks(detail: Detail, row: int) -> tuple[Sequence[str], Sequence[str]]:
    """What stands before and after each cell of a row of a page."""
    if detail is Detail.CELLS:
        opened = [f"/TD<</MCID {COLUMNS * row + column}>>BDC " for column in range(COLUMNS)]
        return opened, (" EMC",) * COLUMNS
    if detail is Detail.ROWS:
        return (f"/P<</MCID {row}>>BDC ", *NOTHING[1:]), (*NOTHING[1:], " EMC")
    return NOTHING, NOTHING


@lru_cache(64)
def _cells(rows: int) -> str:
    head = "<</S/TR/P %d 0 R/K[%d 0 R %d 0 R %d 0 R %d 0 R]>>\n"
    cell = "<</S/TD/P %d 0 R/Pg %d 0 R/K {}>>"
    return "\n".join(
        head + "\n".join(cell.replace("{}", str(COLUMNS * row + column)) for column in range(COLUMNS))
        for row in range(rows)
    )


@lru_cache(64)
def _paragraphs(rows: int) -> str:
    return "\n".join(f"<</S/P/P %d 0 R/Pg %d 0 R/K {row}>>" for row in range(rows))
