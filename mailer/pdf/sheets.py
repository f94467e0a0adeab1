"""Numbered pages: the running header and footer, the bookmarks, the page tree.

Header and footer are drawn once and shared by every page; so is the total in "page x of y", which is
written when the last page is known. One page may be kept open to the end: the cover letter states how long
the annexes are.
"""

from typing import NamedTuple

from mailer.document import PetitionDocument
from mailer.pdf.encoding import Lettering
from mailer.pdf.fonts import Weight, width
from mailer.pdf.layout import LEFT, MM, RIGHT, Pen, clipped
from mailer.pdf.subsets import number
from mailer.pdf.words import Words
from mailer.pdf.writer import PdfWriter, text_string

SMALL = 8.0
HEADER, FOOTER = 282 * MM, 12 * MM


class Bookmark(NamedTuple):
    title: str
    page: int  # object number


class Sheets:
    def __init__(
        self, writer: PdfWriter, lettering: Lettering, document: PetitionDocument, words: Words, *, notice: str = ""
    ) -> None:
        """`notice` stands above the header of every page."""
        self.writer = writer
        self.lettering = lettering
        self._document = document
        self._words = words
        self._notice = notice
        self._bookmarks: list[Bookmark] = []
        self._pending_bookmark: list[str] = []
        before, _, after = words.gettext("Page {page} of {pages}").partition("{pages}")
        self._before, self._after = before, after
        self._forms: dict[str, int] = {}
        self._total = writer.reserve()
        self.share("Frame", self._frame().content(lettering))

    @property
    def count(self) -> int:
        return self.writer.pages

    def share(self, name: str, content: bytes) -> None:
        """A drawing that pages use as `/name Do`."""
        self._forms[name] = self.writer.form(content)

    def bookmark(self, title: str) -> None:
        """Marks the page that is added next."""
        self._pending_bookmark.append(title)

    def add(self, content: bytes) -> None:
        self.fill(self.keep(), self.count, content)

    def keep(self) -> int:
        """The next page, to be filled when its content is known; returns the number that `fill` wants."""
        contents = self.writer.reserve()
        page = self.writer.page(contents)
        self._bookmarks += [Bookmark(title, page) for title in self._pending_bookmark]
        self._pending_bookmark = []
        return contents

    def fill(self, contents: int, page: int, content: bytes) -> None:
        self.writer.stream(b"/Frame Do\n%b%b" % (content, self._page_number(page)), number=contents)

    def finish(self) -> None:
        pen = Pen()
        pen.text(0, 0, f"{self.count}{self._after}", size=SMALL)
        self.writer.form(pen.content(self.lettering), self._total)
        forms = b"/Total %d 0 R" % self._total
        for name, form in self._forms.items():
            forms += b"/%b %d 0 R" % (name.encode(), form)
        document = self._document
        catalog = (
            b"/Lang%b/ViewerPreferences<</DisplayDocTitle true>>/PageMode/UseOutlines/Outlines %d 0 R"
            b"/PageLabels<</Nums[0<</S/D>>]>>" % (text_string(document.language), self._outline())
        )
        day = b"(D:%b000000Z)" % document.dated_on.strftime("%Y%m%d").encode()
        information = b"/Title%b/Author%b/CreationDate%b" % (
            text_string(f"{document.text.title} · {self._edition()}"),
            text_string(document.sender.name),
            day,
        )
        fonts = self.lettering.embed(self.writer)
        self.writer.finish(fonts=fonts, forms=forms, catalog=catalog, information=information)

    def _page_number(self, page: int) -> bytes:
        text = self._before.format(page=page)
        x = LEFT + width(text, Weight.REGULAR, SMALL)
        shown = self.lettering.show(text, Weight.REGULAR, SMALL)
        places = number(LEFT), number(FOOTER), shown, number(x), number(FOOTER)
        return b"BT 1 0 0 1 %b %b Tm%b ET q 1 0 0 1 %b %b cm/Total Do Q" % places

    def _frame(self) -> Pen:
        document, words = self._document, self._words
        pen = Pen()
        parts = [self._edition()]
        if document.volumes > 1:
            volume = words.gettext("Volume {volume} of {volumes}")
            parts.append(volume.format(volume=document.volume, volumes=document.volumes))
        right = " · ".join(parts)
        start = RIGHT - width(right, Weight.REGULAR, SMALL)
        pen.text(start, HEADER, right, size=SMALL)
        name = clipped(document.case.name, Weight.BOLD, SMALL, start - LEFT - 5 * MM)
        pen.text(LEFT, HEADER, name, size=SMALL, weight=Weight.BOLD)
        pen.rule(LEFT, HEADER - 4, RIGHT)
        invented = words.gettext("Demonstration — invented persons") if document.demonstration else ""
        if notice := " · ".join(filter(None, (self._notice, invented))):
            middle = (LEFT + RIGHT - width(notice, Weight.BOLD, SMALL)) / 2
            pen.text(middle, HEADER + 11, notice, size=SMALL, weight=Weight.BOLD)
        code = words.gettext("Verification code: {code}").format(code=document.proof.code)
        pen.text(RIGHT - width(code, Weight.REGULAR, SMALL), FOOTER, code, size=SMALL)
        pen.rule(LEFT, FOOTER + 10, RIGHT)
        return pen

    def _edition(self) -> str:
        return self._words.gettext("Edition {edition}").format(edition=self._document.edition)

    def _outline(self) -> int:
        root = self.writer.reserve()
        numbers = [self.writer.reserve() for _ in self._bookmarks]
        for index, (mark, here) in enumerate(zip(self._bookmarks, numbers, strict=True)):
            links = b"/Prev %d 0 R" % numbers[index - 1] if index else b""
            links += b"/Next %d 0 R" % numbers[index + 1] if index + 1 < len(numbers) else b""
            target = b"/Parent %d 0 R/Dest[%d 0 R/Fit]%b" % (root, mark.page, links)
            self.writer.object(b"<</Title%b%b>>" % (text_string(mark.title), target), here)
        ends = b"/First %d 0 R/Last %d 0 R" % (numbers[0], numbers[-1]) if numbers else b""
        return self.writer.object(b"<</Type/Outlines%b/Count %d>>" % (ends, len(numbers)), root)
