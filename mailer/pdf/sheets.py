"""Numbered pages: the running header and footer, the bookmarks, the page tree.

Header and footer are drawn once and shared by every page; so is the total in "page x of y". They are written when
the last page is known, and how many volumes there are. One page may be kept open to the end: the cover letter states
how long the annexes are.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mailer.document import PetitionDocument
from mailer.pdf.encoding import Lettering
from mailer.pdf.fonts import Weight, width
from mailer.pdf.layout import LEFT, MM, RIGHT, Pen, clipped
from mailer.pdf.limits import UNLIMITED, Limits
from mailer.pdf.metadata import Metadata
from mailer.pdf.outline import Outline
from mailer.pdf.subsets import number
from mailer.pdf.tagging import PAGINATION, Marks, Tree
from mailer.pdf.words import Words
from mailer.pdf.writer import PdfWriter, text_string

SMALL = 8.0
HEADER, FOOTER = 282 * MM, 12 * MM


class Sheet(NamedTuple):
    """A page that exists and is not filled yet."""

    number: int  # as printed
    page: int  # number of its object
    contents: int  # the number that its contents will have


class Sheets:
    def __init__(
        self, writer: PdfWriter, lettering: Lettering, document: PetitionDocument, words: Words, *,
        notice: str = "", limits: Limits = UNLIMITED,
    ) -> None:
        """`notice` stands above the header of every page; `limits` says when the file is full."""
        self.writer = writer
        self.lettering = lettering
        self.document = document  # may be told until `finish` which volume it is, of how many
        self._limits = limits
        self._words = words
        self._notice = notice
        self.tree = Tree(writer)
        self._outline = Outline()
        self._pending_bookmarks: list[str] = []
        before, _, after = words.gettext("Page {page} of {pages}").partition("{pages}")
        self._before, self._after = before, after
        self._forms: dict[str, int] = {}
        self._total = writer.reserve()
        self._forms |= {"Frame": writer.reserve(), "Letter": writer.reserve()}

    @property
    def count(self) -> int:
        return self.writer.pages

    @property
    def full(self) -> bool:
        """Whether another page of names might be more than one file takes."""
        return self._limits.reached(self.writer, self.lettering)

    def share(self, name: str, content: bytes) -> None:
        """A drawing that pages use as `/name Do`."""
        self._forms[name] = self.writer.form(content)

    def bookmark(self, title: str) -> None:
        """Marks the page that is added next."""
        self._pending_bookmarks.append(title)

    def bookmark_within(self, title: str, sheet: Sheet) -> None:
        """Marks a page inside the part that has the last bookmark."""
        self._outline.add_within(title, sheet.page)

    def add(self, pen: Pen) -> None:
        self.fill(self.keep(), pen)

    def keep(self) -> Sheet:
        """The next page, to be filled when its content is known."""
        contents = self.writer.reserve()
        sheet = Sheet(self.tree.page(), self.writer.page(contents), contents)
        for title in self._pending_bookmarks:
            self._outline.add(title, sheet.page)
        self._pending_bookmarks = []
        return sheet

    def fill(self, sheet: Sheet, pen: Pen, rows: bytes = b"", owners: Sequence[int] = ()) -> None:
        """`rows` are drawn after the pen's marks; `owners` are the elements that their pieces belong to."""
        marks = Marks(self.tree, number=sheet.number, page=sheet.page, owners=owners)
        letter = sheet.number == 1 and self.document.volume == 1  # it has a head of its own
        frame = PAGINATION % (b"/Letter Do\n" if letter else b"/Frame Do\n")
        content = pen.content(self.lettering, marks)
        marks.close()
        foot = PAGINATION % self._page_number(sheet.number)
        self.writer.stream(b"".join((frame, content, rows, foot)), number=sheet.contents)

    def finish(self) -> None:
        pen = Pen()
        pen.text(0, 0, f"{self.count}{self._after}", size=SMALL)
        self.writer.form(pen.content(self.lettering), self._total)
        self.writer.form(self._frame().content(self.lettering), self._forms["Frame"])
        self.writer.form(self._frame(running=False).content(self.lettering), self._forms["Letter"])
        forms = b"/Total %d 0 R" % self._total
        for name, form in self._forms.items():
            forms += b"/%b %d 0 R" % (name.encode(), form)
        document = self.document
        metadata = Metadata(
            f"{document.reading.title} · {self._edition()}", document.sender.name, document.language, document.dated_on
        )
        catalog = (
            b"/Lang%b/MarkInfo<</Marked true>>/StructTreeRoot %d 0 R/ViewerPreferences<</DisplayDocTitle true>>"
            b"/PageMode/UseOutlines/Outlines %d 0 R/PageLabels<</Nums[0<</S/D>>]>>%b"
            % (
                text_string(document.language),
                self.tree.finish(),
                self._outline.write(self.writer),
                metadata.write(self.writer),
            )
        )
        fonts = self.lettering.embed(self.writer)
        self.writer.finish(fonts=fonts, forms=forms, catalog=catalog, information=metadata.information())

    def _page_number(self, page: int) -> bytes:
        text = self._before.format(page=page)
        x = LEFT + width(text, Weight.REGULAR, SMALL)
        shown = self.lettering.show(text, Weight.REGULAR, SMALL)
        places = number(LEFT), number(FOOTER), shown, number(x), number(FOOTER)
        return b"BT 1 0 0 1 %b %b Tm%b ET q 1 0 0 1 %b %b cm/Total Do Q\n" % places

    def _frame(self, *, running: bool = True) -> Pen:
        document, words = self.document, self._words
        pen = Pen()
        if running:
            self._head(pen)
        invented = words.gettext("Demonstration — invented persons") if document.demonstration else ""
        if notice := " · ".join(filter(None, (self._notice, invented))):
            middle = (LEFT + RIGHT - width(notice, Weight.BOLD, SMALL)) / 2
            pen.text(middle, HEADER + 11, notice, size=SMALL, weight=Weight.BOLD)
        code = words.gettext("Verification code: {code}").format(code=document.proof.code)
        pen.text(RIGHT - width(code, Weight.REGULAR, SMALL), FOOTER, code, size=SMALL)
        pen.rule(LEFT, FOOTER + 10, RIGHT)
        return pen

    def _head(self, pen: Pen) -> None:
        document = self.document
        right = numbered(document, self._words)
        start = RIGHT - width(right, Weight.REGULAR, SMALL)
        pen.text(start, HEADER, right, size=SMALL)
        name = clipped(document.case.name, Weight.BOLD, SMALL, start - LEFT - 5 * MM)
        pen.text(LEFT, HEADER, name, size=SMALL, weight=Weight.BOLD)
        pen.rule(LEFT, HEADER - 4, RIGHT)

    def _edition(self) -> str:
        return self._words.gettext("Edition {edition}").format(edition=self.document.edition)



def numbered(document: PetitionDocument, words: Words) -> str:
    """`Edition 3`, and of several volumes which one."""
    edition = words.gettext("Edition {edition}").format(edition=document.edition)
    if document.volumes == 1:
        return edition
    volume = words.gettext("Volume {volume} of {volumes}")
    return f"{edition} · {volume.format(volume=document.volume, volumes=document.volumes)}"
