"""What is read aloud, in which order, as what: the structure tree of a tagged PDF.

A page's content is parted into marked pieces; each belongs to an element of the tree. What belongs to none (rules,
running heads) is an artifact, which a reader passes over. Elements of the parts are kept until the file is finished,
those of a large table are written with each page (mailer.pdf.rows).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mailer.pdf.writer import GROUP, PdfWriter, references, text_string

GROUPING = frozenset({"Sect", "Div", "Table", "THead", "TR", "L", "LI"})  # hold elements, never text
DRAWN = frozenset({"Figure"})  # lines and areas inside belong to what is read; elsewhere they are ornament
ARTIFACT = b"/Artifact BMC\n%bEMC\n"
PAGINATION = b"/Artifact<</Type/Pagination>>BDC\n%bEMC\n"


class Piece(NamedTuple):
    """A marked piece of a page."""

    page: int  # object number
    mark: int


class Element:
    """Something to read: a heading, a paragraph, a cell, or a group of such."""

    def __init__(
        self, tag: str, parent: "Element | None" = None, *, language: str = "", alt: str = "", table: str = ""
    ) -> None:
        """`language`: where it is another; `alt`: in place of a picture; `table`: attributes of a cell."""
        self.tag = tag
        self.number = 0  # of the object, as soon as it has one
        self.kids: list[Element | Piece | int] = []  # int: an element that is written already
        self._parent = parent
        self._language, self._alt, self._table = language, alt, table
        self._loose: Element | None = None

    def child(self, tag: str, *, language: str = "", alt: str = "", table: str = "") -> "Element":
        kid = Element(tag, self, language=language, alt=alt, table=table)
        self.kids.append(kid)
        return kid

    def last(self, tag: str) -> "Element":
        """The latest of the kids if it is such a group, to be gone on with, else a new one."""
        kid = self.kids[-1] if self.kids else None
        return kid if isinstance(kid, Element) and kid.tag == tag else self.child(tag)

    @property
    def top(self) -> "Element":
        return self._parent.top if self._parent else self

    @property
    def holder(self) -> "Element":
        """What text drawn here belongs to: in a group, a paragraph that ends with the next element."""
        if self.tag not in GROUPING:
            return self
        if self._loose is None or self.kids[-1] is not self._loose:
            self._loose = self.child("P")
        return self._loose

    def body(self, parent: int, kids: Sequence[int]) -> bytes:
        """`kids`: the numbers of those that are elements, in order."""
        numbers = iter(kids)
        page = next((kid.page for kid in self.kids if isinstance(kid, Piece)), 0)
        shown = b" ".join(
            _piece(kid, page) if isinstance(kid, Piece) else b"%d 0 R" % next(numbers) for kid in self.kids
        )
        entries = b"/Pg %d 0 R" % page if page else b""
        entries += b"/Lang" + text_string(self._language) if self._language else b""
        entries += b"/Alt" + text_string(self._alt) if self._alt else b""
        entries += b"/A<</O/Table%b>>" % self._table.encode() if self._table else b""
        return b"<</Type/StructElem/S/%b/P %d 0 R%b/K[%b]>>" % (self.tag.encode(), parent, entries, shown)


class Tree:
    def __init__(self, writer: PdfWriter) -> None:
        self._writer = writer
        self._root, self._document = writer.reserve(), writer.reserve()
        self._tops: dict[Element, int] = {}  # with the page where each begins
        self._parents: list[int] = []  # by page: the object that names the elements of its pieces

    def page(self) -> int:
        """Another page; returns which, counted from 1."""
        self._parents.append(self._writer.reserve())
        return len(self._parents)

    def number(self, element: Element) -> int:
        element.number = element.number or self._writer.reserve()
        return element.number

    def attach(self, element: Element, page: int) -> None:
        self._tops.setdefault(element.top, page)

    def owned(self, page: int, owners: Iterable[int]) -> None:
        """By piece, the numbers of the elements they belong to."""
        self._writer.small(b"[%b]" % references([*owners]), self._parents[page - 1])

    def finish(self) -> int:
        """Writes what is left; returns the number of the root."""
        tops = sorted(self._tops, key=self._tops.__getitem__)
        kids = [self._write(top, self._document) for top in tops]
        body = b"<</Type/StructElem/S/Document/P %d 0 R/K[%b]>>" % (self._root, references(kids))
        self._writer.small(body, self._document)
        entries = self._document, self._parent_tree(), len(self._parents)
        return self._writer.small(
            b"<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>" % entries, self._root
        )

    def _write(self, element: Element, parent: int) -> int:
        number = self.number(element)
        kids = [
            self._write(kid, number) if isinstance(kid, Element) else kid
            for kid in element.kids
            if not isinstance(kid, Piece)
        ]
        return self._writer.small(element.body(parent, kids), number)

    def _parent_tree(self) -> int:
        leaves = []
        for start in range(0, len(self._parents), GROUP):
            group = self._parents[start : start + GROUP]
            pairs = b"".join(b"%d %d 0 R " % pair for pair in enumerate(group, start))
            limits = start, start + len(group) - 1
            leaves.append(self._writer.small(b"<</Limits[%d %d]/Nums[%b]>>" % (*limits, pairs)))
        return self._writer.small(b"<</Kids[%b]>>" % references(leaves))


class Marks:
    """The pieces of one page."""

    def __init__(self, tree: Tree, *, number: int, page: int, owners: Sequence[int] = ()) -> None:
        """`owners` of pieces that are marked already, which come first; `page`: the number of its object."""
        self._tree, self._number, self._page = tree, number, page
        self._owners = [*owners]

    def piece(self, element: Element, drawn: bytes) -> bytes:
        """What is drawn, marked as a piece of the element."""
        piece = Piece(self._page, len(self._owners))
        element.kids.append(piece)
        self._owners.append(self._tree.number(element))
        self._tree.attach(element, self._number)
        return b"/%b<</MCID %d>>BDC\n%bEMC\n" % (element.tag.encode(), piece.mark, drawn)

    def close(self) -> None:
        self._tree.owned(self._number, self._owners)


def _piece(piece: Piece, page: int) -> bytes:
    if piece.page == page:
        return b"%d" % piece.mark
    return b"<</Type/MCR/Pg %d 0 R/MCID %d>>" % piece
