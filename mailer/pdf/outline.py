"""The bookmarks: the parts of the document, and within the names the pages of every so many rows."""

from dataclasses import dataclass, field

from mailer.pdf.writer import PdfWriter, text_string


@dataclass(frozen=True, slots=True)
class Bookmark:
    title: str
    page: int  # object number
    within: "list[Bookmark]" = field(default_factory=list)


class Outline:
    def __init__(self) -> None:
        self._bookmarks: list[Bookmark] = []

    def add(self, title: str, page: int) -> None:
        self._bookmarks.append(Bookmark(title, page))

    def add_within(self, title: str, page: int) -> None:
        self._bookmarks[-1].within.append(Bookmark(title, page))

    def write(self, writer: PdfWriter) -> int:
        """Returns the number of its root."""
        root = writer.reserve()
        links = _write_level(writer, self._bookmarks, root)
        return writer.small(b"<</Type/Outlines%b/Count %d>>" % (links, len(self._bookmarks)), root)


def _write_level(writer: PdfWriter, bookmarks: list[Bookmark], parent: int) -> bytes:
    """Returns the entries of the parent that name the first and the last."""
    if not bookmarks:
        return b""
    first = writer.reserve(len(bookmarks))
    last = first + len(bookmarks) - 1
    for number, mark in enumerate(bookmarks, first):
        entries = b"/Prev %d 0 R" % (number - 1) if number > first else b""
        entries += b"/Next %d 0 R" % (number + 1) if number < last else b""
        if mark.within:  # closed until somebody opens it: hence the negative count
            entries += _write_level(writer, mark.within, number) + b"/Count %d" % -len(mark.within)
        places = text_string(mark.title), parent, mark.page, entries
        writer.small(b"<</Title%b/Parent %d 0 R/Dest[%d 0 R/Fit]%b>>" % places, number)
    return b"/First %d 0 R/Last %d 0 R" % (first, last)
