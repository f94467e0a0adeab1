"""Typst, compiled in this process, without tags: with them it takes longer still. Rows are read by its own `csv`."""

import sys
from pathlib import Path

import typst

from bench import sample
from bench.measure import timed

SOURCE = """
#set page(paper: "a4", margin: (left: {left}mm, right: {right}mm, top: {top}mm, bottom: {bottom}mm),
  header: text(8pt)[{running_head}],
  footer: context text(8pt)[Page #counter(page).display() of #counter(page).final().first()])
#set text(font: "Noto Sans", size: 11pt)
#text(16pt, weight: "bold")[{title}]

{paragraphs}
#pagebreak()
#set text(size: {size}pt)
#table(columns: ({widths}), align: (right, left, left, left), inset: (x: 2pt, y: 3.65pt),
  stroke: (x: none, top: none, bottom: .25pt + gray),
  table.header({head}), ..csv("{rows}", delimiter: "\\t").flatten())
"""


def compile_names(rows: Path, pdf: Path) -> None:
    source = rows.with_suffix(".typ")
    source.write_text(
        SOURCE.format(
            left=sample.LEFT_MM,
            right=sample.RIGHT_MM,
            top=sample.TOP_MM,
            bottom=sample.BOTTOM_MM,
            running_head=sample.RUNNING_HEAD,
            title=sample.TITLE,
            paragraphs="\n\n".join((sample.ADDRESSEE, *sample.PARAGRAPHS)),
            size=sample.SIZE,
            widths=", ".join(f"{width}mm" for width in sample.WIDTHS_MM),
            head=", ".join(f"[*{title}*]" for title in sample.HEAD),
            rows=rows.name,
        ),
        encoding="utf-8",
    )
    typst.compile(
        str(source), output=str(pdf), font_paths=[str(sample.FONTS)], ignore_system_fonts=True, pdf_tags=False
    )


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2])))
