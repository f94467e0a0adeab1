"""Annex A as a reader sees it: every disclosed name once, whatever it is made of."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailer.document import SignatureLine
from mailer.pdf import render
from mailer.pdf.names import NAME, PLACE
from tests.mailer.pdf.documents import (
    ANNA,
    DAY,
    HEAD,
    above_footer,
    characters,
    compile_document,
    compile_names,
    lines,
    rows,
    with_names,
)

HOSTILE = [  # cases.md I1
    "<b>Alice",
    "</para>",
    '<img src="/etc/hostname">',
    '<a href="javascript:alert(1)">x</a>',
    "&nbsp;",
    "&#0;",
    "]]>",
    "<!--",
    "[[[getattr(pow, Word('__globals__'))['os'].system('touch /tmp/exploited') for Word in [type]]]]",
    "(unbalanced",
    "back\\slash)",
    "100% %s %(name)s {name}",
    "**not bold** *nor this*",
    "O'Brien",
    "X Æ A-12",
]


def test_hostile_names_are_printed_as_they_were_typed() -> None:
    compiled = compile_names(HOSTILE)

    assert rows(compiled) == [
        f"{serial} {name} Mirgrad, Lyrania 2026-05-01" for serial, name in enumerate(HOSTILE, 1)
    ]
    assert not re.search(rb"/(URI|Annots|JavaScript|JS|Launch|Subtype/Image)", compiled.data)


@pytest.mark.parametrize("count", [1, 50, 10_000])
def test_every_disclosed_name_is_printed_exactly_once(count: int) -> None:
    names = [f"Anna Nº{number:05} Ветрова" for number in range(count)]
    compiled = compile_names(names)

    assert compiled.rendering.names == count
    assert sorted(re.findall(r"Anna Nº\d{5} Ветрова", compiled.text)) == names
    assert len(rows(compiled)) == count
    assert compiled.rendering.pages == len(compiled.pages)


def test_names_in_more_letters_than_one_font_can_hold_are_read_back_whole() -> None:
    letters = [chr(point) for point in range(0xC0, 0x250)] + [chr(point) for point in range(0x400, 0x460)]
    names = ["".join(letters[start : start + 12]) for start in range(0, len(letters), 12)]
    names += ["Ελένη Παπαδοπούλου", "Անի Սարգսյան", "ნინო ბერიძე", "Nguyễn Thị Hồng Ánh", "Łucja Żółć-Ťažká"]

    compiled = compile_names(names)

    expected = [f"{serial} {name} Mirgrad, Lyrania 2026-05-01" for serial, name in enumerate(names, 1)]
    assert rows(compiled) == expected
    assert compiled.rendering.missing == {}


@pytest.mark.parametrize("name", ["(", ")", "\\", "Anna (Anya)", "\\)Tj ET", "%d %s"])
def test_a_page_of_plain_letters_escapes_what_has_a_meaning_to_pdf(name: str) -> None:
    assert rows(compile_names([name])) == [f"1 {name} Mirgrad, Lyrania 2026-05-01"]


@pytest.mark.parametrize("char", ["\n", "\0", "\r", "\t", "\x7f", "\u2028"])
def test_a_control_character_among_plain_letters_is_seen(char: str) -> None:
    compiled = compile_names([f"Anna{char}Vetrova"])

    assert rows(compiled) == ["1 Anna\ufffdVetrova Mirgrad, Lyrania 2026-05-01"]
    assert compiled.rendering.missing == {f"U+{ord(char):04X}": 1}


def test_rows_in_many_letters_do_not_disturb_the_plain_rows_around_them() -> None:
    names = ["John Smith", "Անի Սարգսյան (Ani)", "John Smith", "ნინო\\", "Ivan (Иван) Ĳǅ"]
    compiled = compile_names(names)

    assert rows(compiled) == [
        f"{serial} {name} Mirgrad, Lyrania 2026-05-01" for serial, name in enumerate(names, 1)
    ]


def test_a_character_without_a_glyph_is_seen_and_counted() -> None:
    compiled = compile_names(["王 Anna", "𓀀", "new\nline", "nul\0byte", "\ud800", "a\u202eb"])

    found = [row.removesuffix(" Mirgrad, Lyrania 2026-05-01") for row in rows(compiled)]
    assert found == [
        "1 \ufffd Anna",
        "2 \ufffd",
        "3 new\ufffdline",
        "4 nul\ufffdbyte",
        "5 \ufffd",
        "6 a\ufffdb",
    ]
    expected = {"U+738B": 1, "U+13000": 1, "U+000A": 1, "U+0000": 1, "U+D800": 1, "U+202E": 1}
    assert compiled.rendering.missing == expected
    assert "\0" not in compiled.text


@pytest.mark.parametrize("letter", ["W", "Щ", "\N{THREE-EM DASH}", "x-", "Anna "])
def test_a_long_name_wraps_and_stays_in_its_column(letter: str) -> None:
    compiled = compile_names([letter * 60, "Anna", "Maria"], place="Saint Something upon the River, " * 3)

    letters = set(letter) - {" "}
    names = [place for place in characters(compiled, 5) if NAME <= place.left < PLACE and place.bottom > 60]
    ends = [place.right for place in names if place.char in letters]
    assert len(ends) >= 60
    assert max(ends) < PLACE
    assert len(rows(compiled)) == 3


@pytest.mark.parametrize("name", ["Щ" * 25, "Щщщщщщщщ " * 4, "Щ щ " * 20])
def test_a_long_name_beside_a_short_place_stays_in_its_column(name: str) -> None:
    compiled = compile_names([name.strip(), "Anna"])

    ends = [place.right for place in characters(compiled, 5) if place.char in {"Щ", "щ"}]
    assert len(ends) == len(name.replace(" ", ""))
    assert max(ends) < PLACE


def test_rows_of_any_height_end_above_the_footer() -> None:
    compiled = compile_names([f"Anna {'Ветрова ' * (number % 14)}" for number in range(120)])

    assert len(rows(compiled)) == 120
    assert all(above_footer(compiled, page) for page in range(1, compiled.rendering.pages + 1))


def test_a_name_longer_than_a_page_goes_on_over_the_next_pages() -> None:
    compiled = compile_names(["x" * 6_000, "Anna"])

    assert compiled.text.count("x") >= 6_000
    assert rows(compiled)[-1] == "2 Anna Mirgrad, Lyrania 2026-05-01"


def test_an_edition_without_names_says_that_nobody_chose_to_be_named() -> None:
    compiled = compile_document(ANNA, [])

    assert compiled.rendering.names == 0
    assert "No signer chose to be named to the addressee of this document." in compiled.text
    assert HEAD not in compiled.text


def test_the_same_input_gives_the_same_pages() -> None:
    first, second = compile_names(["Anna", "Мария"]), compile_names(["Anna", "Мария"])

    assert first.pages == second.pages
    assert first.rendering == second.rendering
    assert first.data != second.data  # the random identifier


def test_the_output_need_not_seek() -> None:
    class Counting(io.RawIOBase):
        written = 0

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            assert isinstance(data, bytes)
            self.written += len(data)
            return len(data)

    sink = Counting()
    rendering = render(with_names(3), lines(["a", "b", "c"]), sink)  # type: ignore[arg-type]

    assert rendering.size == sink.written


def test_memory_does_not_grow_with_the_number_of_names() -> None:
    few, many = (_peak(count) for count in (10_000, 200_000))

    assert many <= 1.2 * few


def test_one_wide_character_more_than_fits_moves_to_the_next_line() -> None:
    compiled = compile_document(
        with_names(1), [SignatureLine(1, "\N{TWO-EM DASH}" * 30, "\N{TWO-EM DASH}" * 20, DAY)]
    )

    assert compiled.text.count("\N{TWO-EM DASH}") == 50
    assert len(re.findall(r"\N{TWO-EM DASH}+", compiled.text)) > 3


def _peak(count: int) -> int:
    """Peak memory of a process that compiles so many names, in KiB."""
    code = (
        "import io, resource, sys\n"
        "from tests.mailer.pdf.documents import lines, with_names\n"
        "from mailer.pdf import render\n"
        "count = int(sys.argv[1])\n"
        "names = (f'Anna {number} Ветрова' for number in range(count))\n"
        "with open('/dev/null', 'wb') as out:\n"
        "    assert render(with_names(count), lines(names), out).names == count\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, str(count)], cwd=root, capture_output=True, text=True, check=True
    )
    return int(done.stdout)
