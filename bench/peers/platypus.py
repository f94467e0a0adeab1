"""ReportLab's Platypus: LongTables of 1,000 rows, because one long table takes a time that is quadratic in its rows."""

import sys
from functools import partial
from html import escape
from itertools import islice
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    LongTable,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)

from bench import sample
from bench.measure import timed

CHUNK = 1_000
STYLE = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), "Sans", sample.SIZE, sample.LEADING),
        ("FONT", (0, 0), (-1, 0), "Sans-Bold", sample.SIZE, sample.LEADING),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("ALIGN", (0, 0), (0, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


class NumberedCanvas(Canvas):
    """The usual recipe for "page X of Y": pages are kept and written when their number is known."""

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__(*arguments, **keywords)  # type: ignore[arg-type]
        self._kept: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802 - ReportLab's name
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._kept, start=1):
            self.__dict__.update(page)
            self.setFont("Sans", 8)
            self.drawString(sample.LEFT_MM * mm, 282 * mm, sample.RUNNING_HEAD)
            self.drawString(sample.LEFT_MM * mm, 12 * mm, f"Page {number} of {len(self._kept)}")
            super().showPage()
        super().save()


def compile_names(rows: Path, pdf: Path) -> None:
    pdfmetrics.registerFont(TTFont("Sans", str(sample.REGULAR)))
    pdfmetrics.registerFont(TTFont("Sans-Bold", str(sample.BOLD)))
    left, bottom = sample.LEFT_MM * mm, sample.BOTTOM_MM * mm
    width, height = A4[0] - left - sample.RIGHT_MM * mm, A4[1] - bottom - sample.TOP_MM * mm
    template = BaseDocTemplate(str(pdf), pagesize=A4, pageCompression=1)
    frame = Frame(left, bottom, width, height, 0, 0, 0, 0)
    template.addPageTemplates(PageTemplate("page", [frame]))
    template.build([*_cover(), *_tables(rows)], canvasmaker=NumberedCanvas)


def _cover() -> list[Flowable]:
    body = ParagraphStyle("body", fontName="Sans", fontSize=11, leading=15, spaceAfter=6)
    title = ParagraphStyle("title", fontName="Sans-Bold", fontSize=16, leading=20)
    paragraphs = [Paragraph(escape(text), body) for text in (sample.ADDRESSEE, *sample.PARAGRAPHS)]
    return [Paragraph(escape(sample.TITLE), title), Spacer(1, 12), *paragraphs, PageBreak()]


def _tables(rows: Path) -> list[Flowable]:
    widths = [width * mm for width in sample.WIDTHS_MM]
    limit = widths[1] - 4
    wrapped = map(partial(_wrapped, limit=limit), sample.rows(rows))
    tables: list[Flowable] = []
    while chunk := list(islice(wrapped, CHUNK)):
        head = list(sample.HEAD)
        tables.append(LongTable([head, *chunk], colWidths=widths, repeatRows=1, style=STYLE))
    return tables


def _wrapped(row: sample.Row, limit: float) -> sample.Row:
    """A name too long for its column in lines: a Paragraph in every cell would cost three times as much."""
    if pdfmetrics.stringWidth(row[1], "Sans", sample.SIZE) > limit:
        row[1] = "\n".join(_lines(row[1], limit))
    return row


def _lines(text: str, limit: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pdfmetrics.stringWidth(longer, "Sans", sample.SIZE) <= limit:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2])))
