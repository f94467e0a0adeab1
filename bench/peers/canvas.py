"""ReportLab's canvas: a layout pass for the number of pages, then `drawString` and `line` for each cell and row."""

import sys
from pathlib import Path
from typing import NamedTuple

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench import sample
from bench.measure import timed

LEFT, RIGHT = sample.LEFT_MM * mm, A4[0] - sample.RIGHT_MM * mm
TOP, BOTTOM, HEAD = A4[1] - sample.TOP_MM * mm, sample.BOTTOM_MM * mm, 16
EDGES = [LEFT + sum(sample.WIDTHS_MM[:column]) * mm for column in range(len(sample.WIDTHS_MM) + 1)]


class Placed(NamedTuple):
    top: float
    name: list[str]  # lines
    row: sample.Row


def compile_names(rows: Path, pdf: Path) -> None:
    pdfmetrics.registerFont(TTFont("Sans", str(sample.REGULAR)))
    pdfmetrics.registerFont(TTFont("Sans-Bold", str(sample.BOLD)))
    pages = _laid_out(rows)
    canvas = Canvas(str(pdf), pagesize=A4, pageCompression=1)
    total = len(pages) + 1
    _frame(canvas, 1, total)
    _cover(canvas)
    canvas.showPage()
    for number, page in enumerate(pages, start=2):
        _frame(canvas, number, total)
        _table(canvas, page)
        canvas.showPage()
    canvas.save()


def _laid_out(rows: Path) -> list[list[Placed]]:
    pages: list[list[Placed]] = [[]]
    limit, top = sample.WIDTHS_MM[1] * mm - 4, TOP - HEAD
    for row in sample.rows(rows):
        fits = pdfmetrics.stringWidth(row[1], "Sans", sample.SIZE) <= limit
        name = [row[1]] if fits else simpleSplit(row[1], "Sans", sample.SIZE, limit)
        height = sample.PADDING + sample.LEADING * len(name)
        if top - height < BOTTOM:
            pages.append([])
            top = TOP - HEAD
        pages[-1].append(Placed(top, name, row))
        top -= height
    return pages


def _frame(canvas: Canvas, number: int, total: int) -> None:
    canvas.setFont("Sans", 8)
    canvas.drawString(LEFT, 282 * mm, sample.RUNNING_HEAD)
    canvas.drawString(LEFT, 12 * mm, f"Page {number} of {total}")


def _cover(canvas: Canvas) -> None:
    y = TOP - 20
    canvas.setFont("Sans-Bold", 16)
    canvas.drawString(LEFT, y, sample.TITLE)
    canvas.setFont("Sans", 11)
    for paragraph in (sample.ADDRESSEE, *sample.PARAGRAPHS):
        y -= 12
        for line in simpleSplit(paragraph, "Sans", 11, RIGHT - LEFT):
            y -= 15
            canvas.drawString(LEFT, y, line)


def _table(canvas: Canvas, page: list[Placed]) -> None:
    canvas.setFont("Sans-Bold", sample.SIZE)
    for edge, title in zip(EDGES, sample.HEAD, strict=False):
        canvas.drawString(edge + 2, TOP - 10, title)
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0.5)
    canvas.line(LEFT, TOP - HEAD, RIGHT, TOP - HEAD)
    canvas.setFont("Sans", sample.SIZE)
    for top, name, (serial, _, place, day) in page:
        base = top - 10
        canvas.drawRightString(EDGES[1] - 2, base, serial)
        for index, line in enumerate(name):
            canvas.drawString(EDGES[1] + 2, base - sample.LEADING * index, line)
        canvas.drawString(EDGES[2] + 2, base, place)
        canvas.drawString(EDGES[3] + 2, base, day)
        bottom = top - sample.PADDING - sample.LEADING * len(name)
        canvas.line(LEFT, bottom, RIGHT, bottom)


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2])))
