"""A PDF file written object by object: memory does not grow with its pages, and the output need not seek."""

import secrets
import zlib
from array import array
from typing import BinaryIO

GROUP = 256  # pages per node of the page tree
WIDTH, HEIGHT = 595.28, 841.89  # A4 in points


class PdfWriter:
    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.size = 0
        self.pages = 0
        self._offsets = array("Q", [0])
        self._root = self.reserve()
        self._groups: list[tuple[int, int]] = []
        self._group = self.reserve()
        self._kids: list[int] = []
        self.resources = self.reserve()  # fonts and forms of all pages, known when the last page is written
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def reserve(self) -> int:
        """A number for an object that is written later."""
        self._offsets.append(0)
        return len(self._offsets) - 1

    def object(self, body: bytes, number: int | None = None) -> int:
        number = number or self.reserve()
        self._offsets[number] = self.size
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def stream(self, data: bytes, entries: bytes = b"", number: int | None = None) -> int:
        packed = zlib.compress(data, 6)
        body = b"<<%b/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (entries, len(packed), packed)
        return self.object(body, number)

    def form(self, content: bytes, number: int | None = None) -> int:
        """A drawing that many pages share."""
        box = b"/Type/XObject/Subtype/Form/BBox[0 0 %.2f %.2f]" % (WIDTH, HEIGHT)
        return self.stream(content, box + b"/Resources %d 0 R" % self.resources, number)

    def page(self, contents: int) -> int:
        """The next page; its contents may be a reserved number. Returns the number of the page object."""
        page = self.object(b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (self._group, contents))
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
        groups = b" ".join(b"%d 0 R" % number for number, _ in self._groups)
        box = b"/MediaBox[0 0 %.2f %.2f]/Resources %d 0 R" % (WIDTH, HEIGHT, self.resources)
        self.object(b"<</Type/Pages%b/Count %d/Kids[%b]>>" % (box, self.pages, groups), self._root)
        root = self.object(b"<</Type/Catalog/Pages %d 0 R%b>>" % (self._root, catalog))
        info = self.object(b"<<%b>>" % information)
        self._cross_references(root, info)

    def _close_group(self) -> None:
        if not self._kids:
            return
        kids = b" ".join(b"%d 0 R" % kid for kid in self._kids)
        body = b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>" % (self._root, len(self._kids), kids)
        self._groups.append((self.object(body, self._group), len(self._kids)))
        self._kids = []

    def _cross_references(self, root: int, info: int) -> None:
        start, count = self.size, len(self._offsets)
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
        for first in range(1, count, 4096):
            part = self._offsets[first : first + 4096]
            # a number reserved and never used is a free entry
            self._write(b"".join(b"%010d 00000 n \n" % at if at else b"0000000000 00000 f \n" for at in part))
        mark = secrets.token_hex(16).encode()
        trailer = b"/Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]" % (count, root, info, mark, mark)
        self._write(b"trailer\n<<%b>>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start))

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self.size += len(data)


def text_string(text: str) -> bytes:
    """A text string outside of pages (title, bookmark), in UTF-16."""
    return b"<" + ("\ufeff" + text).encode("utf-16-be", "replace").hex().encode() + b">"
