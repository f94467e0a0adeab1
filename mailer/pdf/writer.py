"""A PDF file written object by object: memory does not grow with its pages, and the output need not seek.

Small objects are packed into compressed streams of many: the structure tree of a large table would otherwise
outweigh the table.
"""

import secrets
import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO

GROUP = 256  # pages per node of the page tree
PACK = 200  # small objects per compressed stream
WIDTH, HEIGHT = 595.28, 841.89  # A4 in points
# A line of the cross-reference stream as one number: kind, then 5 bytes of where, then 2 bytes of index.
AT_BYTE, IN_STREAM = 1 << 56, 2 << 56
NOWHERE = 0xFFFF  # the free object 0, head of a list of none


class PdfWriter:
    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.size = 0
        self.pages = 0
        self._places = array("Q", [NOWHERE])
        self._small: list[tuple[int, bytes]] = []
        self._small_size = 0
        self._root = self.reserve()
        self._groups: list[int] = []
        self._group = self.reserve()
        self._kids: list[int] = []
        self.resources = self.reserve()  # fonts and forms of all pages, known when the last page is written
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def outstanding(self) -> int:
        """About how many bytes `finish` has to write for the objects so far: cross references, the page tree."""
        return 3 * len(self._places) + 8 * self.pages + self._small_size // 4

    def reserve(self, count: int = 1) -> int:
        """The first of so many numbers for objects that are written later."""
        first = len(self._places)
        self._places.extend([0] * count)
        return first

    def object(self, body: bytes, number: int | None = None) -> int:
        number = number or self.reserve()
        self._places[number] = AT_BYTE | self.size << 16
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def small(self, body: bytes, number: int | None = None) -> int:
        """An object that is no stream; it is written with others of its kind."""
        number = number or self.reserve()
        self._small.append((number, body))
        self._small_size += len(body)
        if len(self._small) == PACK:
            self._write_small()
        return number

    def packed(self, first: int, bodies: Sequence[bytes]) -> None:
        """Objects with reserved numbers in a row, in one compressed stream of their own."""
        self._places[first : first + len(bodies)] = self._pack(range(first, first + len(bodies)), bodies)

    def stream(self, data: bytes, entries: bytes = b"", number: int | None = None) -> int:
        packed = zlib.compress(data, 6)
        body = b"<<%b/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (entries, len(packed), packed)
        return self.object(body, number)

    def plain_stream(self, data: bytes, entries: bytes) -> int:
        """A stream that programs find without knowing the format: metadata."""
        return self.object(b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(data), data))

    def form(self, content: bytes, number: int | None = None) -> int:
        """A drawing that many pages share."""
        box = b"/Type/XObject/Subtype/Form/BBox[0 0 %.2f %.2f]" % (WIDTH, HEIGHT)
        return self.stream(content, box + b"/Resources %d 0 R" % self.resources, number)

    def page(self, contents: int) -> int:
        """The next page; its contents may be a reserved number. Returns the number of the page object."""
        places = self._group, self.resources, contents, self.pages
        page = self.small(
            b"<</Type/Page/Parent %d 0 R/Resources %d 0 R/Contents %d 0 R/StructParents %d/Tabs/S>>" % places
        )
        self.pages += 1
        self._kids.append(page)
        if len(self._kids) == GROUP:
            self._close_group()
            self._group = self.reserve()
        return page

    def finish(self, *, fonts: bytes, forms: bytes, catalog: bytes, information: bytes) -> None:
        """Everything that is only known at the end."""
        self._close_group()
        self.object(b"<</Font<<%b>>/XObject<<%b>>>>" % (fonts, forms), self.resources)
        box = b"/MediaBox[0 0 %.2f %.2f]" % (WIDTH, HEIGHT)
        self.object(b"<</Type/Pages%b/Count %d/Kids[%b]>>" % (box, self.pages, references(self._groups)), self._root)
        root = self.object(b"<</Type/Catalog/Pages %d 0 R%b>>" % (self._root, catalog))
        info = self.object(b"<<%b>>" % information)
        self._write_small()
        self._cross_references(root, info)

    def _close_group(self) -> None:
        if not self._kids:
            return
        places = self._root, len(self._kids), references(self._kids)
        self._groups.append(self.small(b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>" % places, self._group))
        self._kids = []

    def _write_small(self) -> None:
        if self._small:
            numbers, bodies = zip(*self._small, strict=True)
            for number, place in zip(numbers, self._pack(numbers, bodies), strict=True):
                self._places[number] = place
            self._small, self._small_size = [], 0

    def _pack(self, numbers: Sequence[int], bodies: Sequence[bytes]) -> "array[int]":
        """Writes a stream of objects; returns the places of these for the cross-references."""
        starts = accumulate((len(body) + 1 for body in bodies[:-1]), initial=0)
        head = " ".join([f"{number} {start}" for number, start in zip(numbers, starts, strict=True)]).encode()
        entries = b"/Type/ObjStm/N %d/First %d" % (len(bodies), len(head) + 1)
        stream = self.stream(b"%b\n%b" % (head, b"\n".join(bodies)), entries)
        first = IN_STREAM | stream << 16
        return array("Q", range(first, first + len(bodies)))

    def _cross_references(self, root: int, info: int) -> None:
        start, number = self.size, self.reserve()
        self._places[number] = AT_BYTE | start << 16
        compressor, packed = zlib.compressobj(6), bytearray()
        for first in range(0, len(self._places), 4096):
            part = self._places[first : first + 4096]  # a number reserved and never used is a free entry
            if sys.byteorder == "little":
                part.byteswap()
            packed += compressor.compress(part.tobytes())
        packed += compressor.flush()
        mark = secrets.token_hex(16).encode()
        entries = b"/Type/XRef/Size %d/W[1 5 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]" % (
            len(self._places), root, info, mark, mark,
        )  # fmt: skip
        head = b"%d 0 obj\n<<%b/Filter/FlateDecode/Length %d>>stream\n" % (number, entries, len(packed))
        self._write(head + packed + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)


def references(numbers: Sequence[int]) -> bytes:
    """`1 0 R 2 0 R`, for an array."""
    return b"%d 0 R " * len(numbers) % tuple(numbers)


def text_string(text: str) -> bytes:
    """A text string outside of pages (title, bookmark), in UTF-16."""
    return b"<" + ("\ufeff" + text).encode("utf-16-be", "replace").hex().encode() + b">"
