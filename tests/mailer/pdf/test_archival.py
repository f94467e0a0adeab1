"""The file for an archive and for a screen reader: PDF/A-2b, tagged, with bookmarks; before the seal and after it."""

import io
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
from pikepdf import pdfa

from mailer.document import DayTotal, PetitionDocument, SignatureLine
from mailer.pdf import render
from mailer.pdf.limits import Limits
from mailer.pdf.rows import CELLS_UP_TO, ROWS_UP_TO, Detail, detail_for
from mailer.pdf.seal import seal
from mailer.pdf.writer import PdfWriter
from tests.mailer.pdf.documents import (
    ANNA,
    DAY,
    TEXT,
    TOTALS,
    compile_document,
    compile_names,
    lines,
    with_names,
)
from tests.mailer.pdf.seals import PASSPHRASE, Sealer
from tests.mailer.pdf.test_volumes import bound

SCRIPTS = [
    "Anna",
    "Мария",
    "O'Brien (x)",
    "Անի Սարգսյան",
    "ნინო ბერიძე",
    "محمد علي",
    "שלום",
    "क्षत्रिय श्री",
    "สมชาย",
]
DAYS = date(2026, 5, 1), date(2026, 7, 1), date(2026, 11, 20)
GROWN = replace(TOTALS, by_day=tuple(map(DayTotal, DAYS, (300, 900, 1234))))
FULL = replace(ANNA, totals=replace(GROWN, confirmed=9, named=9), demonstration=True)
RUSSIAN = replace(
    ANNA, text=replace(TEXT, language="ru", title="Свободу Анне", background="Она учит.\n\n- раз\n- два")
)


def problems(data: bytes) -> list[str]:
    report = pdfa.validate_written(io.BytesIO(data), "2b")
    return [str(finding) for finding in report.findings] or ([] if report.passed else [report.verdict])


Page = tuple[int, int]  # its object
Mark = tuple[Page, int]


class Reader:
    """What a screen reader is told: elements with what they say, in the order of the tree."""

    def __init__(self, data: bytes) -> None:
        self._pdf = pikepdf.open(io.BytesIO(data))
        self.marks: dict[Page, list[int]] = {page.obj.objgen: _pieces(page) for page in self._pdf.pages}
        self.root = self._pdf.Root.StructTreeRoot

    def elements(self, element: pikepdf.Object | None = None) -> Iterator[tuple[str, pikepdf.Object]]:
        element = self.root.K if element is None else element
        yield str(element.S)[1:], element
        for kid in _kids(element):
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                yield from self.elements(kid)

    def pieces(self, element: pikepdf.Object) -> list[Mark]:
        found = []
        for kid in _kids(element):
            if isinstance(kid, int):
                found.append((element.Pg.objgen, kid))
            elif "/MCID" in kid:
                found.append((kid.Pg.objgen, int(kid.MCID)))
        return found

    def all_pieces(self) -> set[Mark]:
        return {(page, mark) for page, marks in self.marks.items() for mark in marks}

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements()]


def _kids(element: pikepdf.Object) -> list[pikepdf.Object]:
    kids = element.get("/K")
    if kids is None:
        return []
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _pieces(page: pikepdf.Page) -> list[int]:
    """The marks of a page in the order of its content; everything visible must be within one or an artifact."""
    marks: list[int] = []
    depth = 0
    for instruction in pikepdf.parse_content_stream(page):
        operands, name = instruction.operands, str(instruction.operator)
        if name in ("BDC", "BMC"):
            if name == "BDC" and str(operands[0]) != "/Span" and "/MCID" in operands[1]:
                assert depth == 0
                marks.append(int(operands[1]["/MCID"]))
            depth += 1
        elif name == "EMC":
            depth -= 1
        elif name in ("Tj", "TJ", "S", "f", "Do"):
            assert depth, f"{name} outside of any mark"
    assert depth == 0
    return marks


@pytest.fixture(scope="module")
def full() -> bytes:
    return compile_document(FULL, lines(SCRIPTS)).data


@pytest.mark.parametrize(
    "document",
    [ANNA, FULL, RUSSIAN, replace(FULL, language="ru"), replace(ANNA, volume=2, volumes=3)],
    ids=["plain", "full", "text in another language", "Russian", "later volume"],
)
def test_a_document_conforms_to_pdf_a(document: PetitionDocument) -> None:
    assert problems(compile_document(document, lines(SCRIPTS)).data) == []


@pytest.mark.parametrize("count", [0, 1, 100, 2_000])
def test_a_table_of_any_length_conforms_to_pdf_a(count: int) -> None:
    assert problems(compile_names([f"Anna {number}" for number in range(count)]).data) == []


@pytest.mark.parametrize("detail", Detail)
def test_a_table_conforms_however_finely_it_is_tagged(
    detail: Detail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.pdf.rendering.detail_for", lambda _: detail)
    data = compile_names([*SCRIPTS, "Anna " * 60] * 20).data

    assert problems(data) == []
    assert _consistent(data)


def test_every_volume_of_a_large_document_conforms() -> None:
    volumes = bound(9_000, Limits(size=300_000))

    assert len(volumes) > 1
    for volume in volumes:
        assert problems(volume.data) == []
        assert _consistent(volume.data)


def test_the_copies_that_organisers_look_at_conform() -> None:
    whole = compile_document(FULL, lines(SCRIPTS)).rendering
    copy, draft = io.BytesIO(), io.BytesIO()
    render(FULL, [], copy, copy_of=whole)
    render(FULL, lines(SCRIPTS), draft, notice="DRAFT — names invented, not for delivery")

    assert problems(copy.getvalue()) == []
    assert problems(draft.getvalue()) == []


def test_the_seal_violates_nothing(full: bytes, sealer: Sealer) -> None:
    file = io.BytesIO(full)
    seal(file, sealer.pkcs12, PASSPHRASE, reason="Edition 3")

    found = pdfa.validate_written(file, "2b").findings
    assert [finding for finding in found if finding.kind == "violation"] == []


def test_a_font_that_is_not_embedded_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the checker looks at all."""
    write = PdfWriter.object

    def forget(writer: PdfWriter, body: bytes, number: int | None = None) -> int:
        return write(writer, re.sub(rb"/FontFile2 \d+ 0 R", b"", body), number)

    monkeypatch.setattr(PdfWriter, "object", forget)

    assert any(
        "FontFile" in problem or "embedded" in problem for problem in problems(compile_names(["Anna"]).data)
    )


def test_title_author_and_day_are_told_alike_in_both_places() -> None:
    hostile = 'A & B <i>"x"</i> ]]> \x07 \ud800\ufffe  two  spaces'
    document = replace(
        ANNA, text=replace(TEXT, title=hostile), sender=replace(ANNA.sender, name="R&D <Open>")
    )
    data = compile_document(document, []).data

    assert problems(data) == []
    with pikepdf.open(io.BytesIO(data)) as pdf, pdf.open_metadata(update_docinfo=False) as xmp:
        assert xmp["dc:title"] == str(pdf.docinfo["/Title"])
        assert xmp["dc:creator"] == [str(pdf.docinfo["/Author"])] == ["R&D <Open>"]
        assert xmp["xmp:CreateDate"] == "2026-11-22T00:00:00Z"
        assert "pdfuaid:part" not in xmp
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "B")


def test_everything_visible_is_read_once_or_is_ornament(full: bytes) -> None:
    assert _consistent(full)


def _consistent(data: bytes) -> bool:
    """Pieces, elements and the table that leads from one to the other agree."""
    reader = Reader(data)
    owners: dict[Mark, tuple[int, int]] = {}
    for _, element in reader.elements():
        for piece in reader.pieces(element):
            assert piece not in owners
            owners[piece] = element.objgen
    assert set(owners) == reader.all_pieces()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        parents = pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree)
        for number, page in enumerate(pdf.pages):
            assert (int(page.StructParents), str(page.Tabs)) == (number, "/S")
            told = [owner.objgen for owner in list(parents[number])]
            assert told == [owners[page.obj.objgen, mark] for mark in sorted(reader.marks[page.obj.objgen])]
    return True


def test_a_screen_reader_is_told_what_everything_is(full: bytes, tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(full)
    told = subprocess.run(
        ["pdfinfo", "-struct-text", path], capture_output=True, text=True, check=True
    ).stdout
    flat = re.sub(r"\s+", " ", told)

    for part in [
        'H1 (block) "Petition concerning Anna Sergeevna Vetrova"',
        'H1 (block) "The petition" P (block) "Text in English',
        'H2 (block) "Medical care and release for Anna Vetrova"',
        'H3 (block) "Health"',
        'L (block) LI (block) Lbl (block) "•" LBody (block) "first" LI (block) Lbl (block) "•" LBody (block) "second"',
        'TH: /Scope /Row "Full name" TD "Anna Sergeevna Vetrova"',
        'TH: /Scope /Column "When" TH: /Scope /Column "Event" TH: /Scope /Column "Source" TR',
        'THead TR TH: /Scope /Column "No." TH: /Scope /Column "Name" TH: /Scope /Column "Place"',
        'TBody TR TD "1" TD "Anna" TD "Mirgrad, Lyrania" TD "2026-05-01" TR TD "2" TD "Мария"',
    ]:
        assert part in flat
    assert "Page 1" not in flat, "running heads and feet are not read"
    assert "authentichttps" not in flat, "lines do not run together"


def test_headings_never_skip_a_level() -> None:
    background = "## Deep\n\nText.\n\n# High\n\n## Deep again"
    tags = Reader(compile_document(replace(ANNA, text=replace(TEXT, background=background)), []).data).tags()
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"H\d", tag)]

    assert levels[:6] == [1, 1, 2, 3, 3, 4]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_pictures_have_words_for_those_who_do_not_see_them(full: bytes) -> None:
    figures = [str(element.Alt) for tag, element in Reader(full).elements() if tag == "Figure"]

    assert len(figures) == 2
    assert ANNA.proof.url in figures[0]
    assert "1,234" in figures[1]


def test_a_text_in_another_language_says_so() -> None:
    data = compile_document(RUSSIAN, []).data
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert str(pdf.Root.Lang) == "en"
    reader = Reader(data)
    elements = list(reader.elements())
    [at] = [index for index, (_, element) in enumerate(elements) if str(element.get("/Lang", "")) == "ru"]

    assert [tag for tag, _ in elements[at : at + 4]] == ["Div", "H2", "P", "P"]


def test_what_is_read_comes_in_the_order_of_the_page(full: bytes) -> None:
    """Some readers follow the tree, others the content."""
    reader = Reader(full)
    pieces = [piece for _, element in reader.elements() for piece in reader.pieces(element)]
    pages = list(dict.fromkeys(page for page, _ in pieces))

    for page in pages:
        assert [mark for at, mark in pieces if at == page] == reader.marks[page]
    with pikepdf.open(io.BytesIO(full)) as pdf:
        assert pages == [page.objgen for page in pdf.pages]
    with pypdfium2.PdfDocument(full) as pdf:
        text = pdf[4].get_textpage().get_text_range().partition("Annex A")[2]
    assert text.index("No.") < text.index("Anna") < text.index("Мария") < text.index("Page 5")


@pytest.mark.parametrize(
    ("names", "detail"),
    [(0, Detail.CELLS), (CELLS_UP_TO, Detail.CELLS), (CELLS_UP_TO + 1, Detail.ROWS), (ROWS_UP_TO, Detail.ROWS),
     (ROWS_UP_TO + 1, Detail.PAGES)],
)  # fmt: skip
def test_the_longer_the_table_the_coarser_its_tags(names: int, detail: Detail) -> None:
    assert detail_for(names) is detail


def test_a_long_table_is_read_row_by_row_and_a_very_long_one_page_by_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mailer.pdf.rows.CELLS_UP_TO", 5)
    monkeypatch.setattr("mailer.pdf.rows.ROWS_UP_TO", 100)

    rows = Reader(compile_names(["Anna"] * 100).data).tags()
    pages = Reader(compile_names(["Anna"] * 101).data).tags()

    assert "TBody" not in rows + pages
    assert rows.count("P") - pages.count("P") == 100 - 3
    assert (rows.count("Div"), pages.count("Div")) == (4, 1)  # one is the text of the petition


def test_bookmarks_lead_to_names_by_their_numbers() -> None:
    compiled = compile_names(["Anna"] * 3_000)
    with pikepdf.open(io.BytesIO(compiled.data)) as pdf:
        with pdf.open_outline() as outline:
            annex = next(item for item in outline.root if item.title == "Annex A: names")
            titles = [item.title for item in annex.children]
            pages = [item.destination for item in annex.children]
        places = [pdf.pages.index(pikepdf.Page(page[0])) for page in pages if isinstance(page, pikepdf.Array)]

    starts, ends = zip(
        *([int(end.replace(",", "")) for end in title.split("–")] for title in titles), strict=True
    )
    assert (starts[0], ends[-1], titles[-1].split("–")[1]) == (1, 3_000, "3,000")
    assert [start - 1 for start in starts[1:]] == list(ends[:-1])
    assert places[:2] == [4, 24]
    assert f"\n{starts[1]} Anna" in compiled.pages[24]
    assert f"\n{ends[0]} Anna" in compiled.pages[23]


def test_few_pages_of_names_need_no_bookmarks_of_their_own(full: bytes) -> None:
    with pikepdf.open(io.BytesIO(full)) as pdf, pdf.open_outline() as outline:
        assert [len(item.children) for item in outline.root] == [0] * len(outline.root)


def test_the_profile_of_colours_names_no_maker_and_no_program() -> None:
    with pikepdf.open(io.BytesIO(compile_names([]).data)) as pdf:
        profile = pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes()

    assert b"lcms" not in profile
    assert profile[16:20] == b"RGB "


def test_two_documents_written_in_turns_do_not_mix() -> None:
    """Volumes and previews are rendered beside one another in one process."""
    first, second = io.BytesIO(), io.BytesIO()

    def between() -> Iterator[SignatureLine]:
        yield SignatureLine(1, "Anna", "", DAY)
        render(with_names(1), lines(["Мария"]), second)
        yield SignatureLine(2, "Ольга", "", DAY)

    render(with_names(2), between(), first)

    assert problems(first.getvalue()) == problems(second.getvalue()) == []
    assert _consistent(first.getvalue())
    assert _consistent(second.getvalue())
