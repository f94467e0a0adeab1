"""How large one file of a document may be: what a channel takes, less what is only written at the end.

The end cannot be measured before it is written, so it is estimated, on the safe side; the finished file is what counts.
"""

import math
from dataclasses import dataclass

from mailer.pdf.encoding import Lettering
from mailer.pdf.writer import PdfWriter

CHARACTER = 160  # bytes of a font a character, deflated, with its width and its place in the Unicode map
ENDING = 24_000  # how to check the document, the list of volumes, the font tables of every face
SEAL = 24_000  # with a time stamp
PAGE = 6_000  # a page of names, with what belongs to it elsewhere in the file
LAST_PAGES = 4  # the list of volumes, how to check the document, a row that runs over a page
MOST_VOLUMES = 99


class TooManyVolumes(Exception):
    """The limit is so low that nobody would put the pieces together again."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Of a whole document that was rendered: what it takes to say into how many volumes it would go."""

    front: int = 0  # bytes before the names
    front_pages: int = 0
    names: int = 0  # bytes of the names
    characters: int = 0  # in its fonts


@dataclass(frozen=True, slots=True)
class Limits:
    size: int | None = None  # bytes of the sealed file
    pages: int | None = None

    def reached(self, writer: PdfWriter, lettering: Lettering) -> bool:
        """Whether another page of names might be one too many."""
        if self.pages is not None and writer.pages + 1 + LAST_PAGES > self.pages:
            return True
        if self.size is None:
            return False
        return writer.size + writer.outstanding + PAGE + _end(lettering.characters) > self.size

    def volumes(self, size: int, pages: int, measure: Measure) -> int | None:
        """Into about how many a document of this size goes; None where it cannot be done."""
        found = 1
        if self.size is not None and (measure.names > PAGE or size + SEAL > self.size):
            room = self.size - PAGE - _end(measure.characters)
            found = _parts(measure.names, room - measure.front, room)
        if self.pages is not None and pages > self.pages:
            room = self.pages - LAST_PAGES
            names = pages - measure.front_pages - LAST_PAGES
            found = max(found, _parts(names, room - measure.front_pages, room - 1))
        return found if 0 < found <= MOST_VOLUMES else None

    def fits(self, size: int, pages: int) -> bool:
        """What is finished and sealed."""
        return (self.size is None or size <= self.size) and (self.pages is None or pages <= self.pages)


UNLIMITED = Limits()


def _end(characters: int) -> int:
    return CHARACTER * characters + ENDING + SEAL


def _parts(whole: int, first: int, others: int) -> int:
    """0: the first has not even room for its own."""
    if first <= 0 or others <= 0:
        return 0
    return 1 + math.ceil(max(0, whole - first) / others)
