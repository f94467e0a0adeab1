"""fpdf2's own `table()`."""

import sys
from pathlib import Path

from fpdf import FPDF

from bench import sample
from bench.measure import timed


class Petition(FPDF):
    def header(self) -> None:
        self.set_font("Sans", "", 8)
        self.set_y(12)
        self.cell(0, 5, sample.RUNNING_HEAD)
        self.set_y(sample.TOP_MM)

    def footer(self) -> None:
        self.set_font("Sans", "", 8)
        self.set_y(-15)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}")


def compile_names(rows: Path, pdf: Path) -> None:
    page = Petition(format="A4")
    page.set_margins(sample.LEFT_MM, sample.TOP_MM, sample.RIGHT_MM)
    page.set_auto_page_break(True, sample.BOTTOM_MM)
    page.add_font("Sans", "", str(sample.REGULAR))
    page.add_font("Sans", "B", str(sample.BOLD))
    page.add_page()
    page.set_font("Sans", "B", 16)
    page.multi_cell(0, 7, sample.TITLE, new_x="LMARGIN", new_y="NEXT")
    page.set_font("Sans", "", 11)
    for text in (sample.ADDRESSEE, *sample.PARAGRAPHS):
        page.multi_cell(0, 5.3, text, new_x="LMARGIN", new_y="NEXT")
        page.ln(2)
    page.add_page()
    page.set_font("Sans", "", sample.SIZE)
    with page.table(
        col_widths=sample.WIDTHS_MM,
        width=sum(sample.WIDTHS_MM),
        line_height=4.9,
        text_align=("RIGHT", "LEFT", "LEFT", "LEFT"),
        borders_layout="HORIZONTAL_LINES",
    ) as table:
        table.row(sample.HEAD)
        for row in sample.rows(rows):
            table.row(row)
    page.output(str(pdf))


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2])))
