"""WeasyPrint: one HTML table with fixed column widths, which spares it from measuring every cell."""

import sys
from html import escape
from pathlib import Path

from weasyprint import HTML

from bench import sample
from bench.measure import timed

SHAPED = ("Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Thai", "Khmer", "Myanmar")  # for the bench `shaped`
STYLE = f"""
@font-face {{ font-family: Sans; src: url({sample.REGULAR.as_uri()}) }}
@font-face {{ font-family: Sans; font-weight: bold; src: url({sample.BOLD.as_uri()}) }}
@page {{ size: A4; margin: {sample.TOP_MM}mm {sample.RIGHT_MM}mm {sample.BOTTOM_MM}mm {sample.LEFT_MM}mm;
  @top-left {{ content: "{sample.RUNNING_HEAD}"; font: 8pt Sans }}
  @bottom-left {{ content: "Page " counter(page) " of " counter(pages); font: 8pt Sans }} }}
body {{ font: 11pt Sans }}
h1 {{ font-size: 16pt }}
table {{ width: 100%; table-layout: fixed; border-collapse: collapse; page-break-before: always;
  font-size: {sample.SIZE}pt; line-height: {sample.LEADING}pt }}
thead {{ display: table-header-group }}
td, th {{ padding: 1.5pt 2pt; border-bottom: .25pt solid #888; text-align: left; vertical-align: top }}
td:first-child {{ text-align: right }}
"""


def compile_names(rows: Path, pdf: Path, *, shaped: bool = False) -> None:
    style = _with_faces(SHAPED) if shaped else STYLE
    columns = "".join(f"<col style='width: {width}mm'>" for width in sample.WIDTHS_MM)
    head = "".join(f"<th>{title}</th>" for title in sample.HEAD)
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in (sample.ADDRESSEE, *sample.PARAGRAPHS))
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in sample.rows(rows)
    )
    HTML(
        string=f"<!doctype html><html lang=en><meta charset=utf-8><title>{sample.TITLE}</title><style>{style}</style>"
        f"<body><h1>{sample.TITLE}</h1>{paragraphs}<table><colgroup>{columns}</colgroup>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></body></html>"
    ).write_pdf(str(pdf))


def _with_faces(scripts: tuple[str, ...]) -> str:
    faces = "".join(
        f"@font-face {{ font-family: {script}; src: url({(sample.FONTS / f'NotoSans{script}-Regular.ttf').as_uri()}) }}"
        for script in scripts
    )
    return faces + STYLE.replace("pt Sans", f"pt Sans, {', '.join(scripts)}")


if __name__ == "__main__":
    timed(lambda: compile_names(Path(sys.argv[1]), Path(sys.argv[2]), shaped="shaped" in sys.argv))
