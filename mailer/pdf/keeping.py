"""Pages of names taken over from an earlier edition as they were compressed there.

What is new on such a page (its number, its tags, its place in the file) is written around the rows. The fonts begin as
they were when the last of these pages ended: a letter keeps its code, and no letter stays that no page prints.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from mailer.pdf.subsets import Letter
from mailer.pdf.writer import Placed


class PagesUnfit(Exception):
    """They cannot stand where they stood: the document has to be rendered anew."""


class KeptPage(NamedTuple):
    """A full page of names that begins and ends with a whole row."""

    first: int  # serial numbers
    last: int
    rows: int  # as tagged
    letters: int  # how many had a code when it ended
    at: int  # where its rows are in the file, compressed
    length: int
    checksum: int


class PageList:
    """Of as many pages as there are, as plain numbers: a million names have 21,000."""

    def __init__(self, numbers: Sequence[int] = ()) -> None:
        self.numbers = array("Q", numbers)

    def add(self, first: int, last: int, rows: int, letters: int, placed: Placed) -> None:
        self.numbers.extend((first, last, rows, letters, *placed))

    def __iter__(self) -> Iterator[KeptPage]:
        width = len(KeptPage._fields)
        for start in range(0, len(self.numbers), width):
            yield KeptPage._make(self.numbers[start : start + width])


@dataclass(frozen=True, slots=True)
class KeptPages:
    """One or more that follow each other, and the file they are in. The page before them is printed anew."""

    pages: Sequence[KeptPage]
    letters: Sequence[Letter]  # of the fonts, in the order in which they got their codes
    file: BinaryIO

    @property
    def first(self) -> int:
        return self.pages[0].first

    @property
    def last(self) -> int:
        return self.pages[-1].last

    def rows(self, page: KeptPage) -> bytes:
        self.file.seek(page.at)
        return self.file.read(page.length)
