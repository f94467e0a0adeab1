"""Names in every script a signer may write in: seen, counted, copied (cases.md A7, I4)."""

import io
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from unicodedata import category, normalize

import pikepdf
import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]

from mailer.pdf import missing_glyphs
from mailer.pdf.faces import FontUnusable, Weight, add_directory, typefaces
from mailer.pdf.layout import LEFT, MM, RIGHT, break_lines, line_width, runs_leftwards
from mailer.pdf.markup import Span, plain
from mailer.pdf.shaping import graphemes, shape
from tests.mailer.pdf.documents import ANNA, TEXT, Compiled, characters, compile_document, compile_names, rows

LEFT_TO_RIGHT = [
    "सुनीता शर्मा",
    "क्षितिज त्रिवेदी",
    "রবীন্দ্রনাথ ঠাকুর",
    "தமிழ்செல்வி முருகன்",
    "สมชาย ใจดี",
    "ነጋሶ ጊዳዳ",
    "សុខ វិចិត្រ",
    "အောင်ဆန်းစုကြည်",
    "బొమ్మ శ్రీను",
    "ರಾಜ್ಕುಮಾರ್",
    "ക്ഷമ നായർ",
    "ગુજરાતી પટેલ",
    "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "ଓଡ଼ିଆ ଦାସ",
    "ශ්‍රී ජයසූරිය",
    "ລາວ ສົມພອນ",
    "བསྟན་འཛིན་རྒྱ་མཚོ",
    "ᠮᠣᠩᠭᠣᠯ",
    "ᏣᎳᎩ",
    "Ọ̀ṣun Adébáyọ̀",  # marks on letters without a precomposed form
    "М̈ария Ӯ̈",
    "Anna ★ Ветрова",
    "\N{GRINNING FACE} Anna",
    "𝓐𝓷𝓷𝓪",
    "Anna (सुनीता)",
]
RIGHT_TO_LEFT = [
    "محمد رضا شجریان",
    "یاسمین ی",
    "لاله الله",
    "علی‌رضا حسینی",
    "שלום כהן",
    "ܐܫܘܪ ܝܐ",
]


def copied(text: str) -> str:
    """As two texts are compared: without what is not seen, letters in their plain forms, single spaces."""
    seen = "".join(char for char in text if category(char) != "Cf")
    return " ".join(normalize("NFKC", seen).split())


def read_by_poppler(compiled: Compiled, path: Path) -> str:
    path.write_bytes(compiled.data)
    return subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_names(LEFT_TO_RIGHT + RIGHT_TO_LEFT)


@pytest.fixture(scope="module")
def read_otherwise(compiled: Compiled, tmp_path_factory: pytest.TempPathFactory) -> str:
    return copied(read_by_poppler(compiled, tmp_path_factory.mktemp("poppler") / "names.pdf"))


@pytest.mark.parametrize("name", LEFT_TO_RIGHT)
def test_a_name_that_runs_from_left_to_right_is_copied_as_it_was_typed(
    name: str, compiled: Compiled, read_otherwise: str
) -> None:
    assert copied(f" {name} Mirgrad, Lyrania 2026-05-01") in copied(compiled.text)
    assert copied(name) in read_otherwise


@pytest.mark.parametrize("name", RIGHT_TO_LEFT)
def test_a_name_that_runs_from_right_to_left_is_copied_as_it_was_typed(
    name: str, compiled: Compiled, read_otherwise: str
) -> None:
    """PDFium turns each word around, and the row if most of it runs leftwards: there names are found word by word."""
    assert copied(name) in read_otherwise
    found = [line for line in compiled.text.splitlines() if copied(name).split()[0] in copied(line)]
    assert any(all(word in copied(line) for word in copied(name).split()) for line in found)


def test_no_letter_of_these_names_is_missing(compiled: Compiled) -> None:
    assert compiled.rendering.missing == missing_glyphs(LEFT_TO_RIGHT + RIGHT_TO_LEFT) == {}


def test_rows_that_need_shaping_do_not_disturb_the_others() -> None:
    names = ["John Smith", "सुनीता (Sunita) \\", "John Smith", "ნინო\\", "สมชาย )", "Ivan (Иван)"]

    assert rows(compile_names(names)) == [f"{n} {name} Mirgrad, Lyrania 2026-05-01" for n, name in enumerate(names, 1)]


def test_a_place_may_be_written_in_any_script() -> None:
    assert "1 Anna नई दिल्ली, भारत 2026-05-01" in compile_names(["Anna"], place="नई दिल्ली, भारत").text


def test_no_calligraphic_ligature_takes_the_place_of_a_name() -> None:
    """Noto Sans Arabic has one for this name, with vowels nobody wrote."""
    runs = shape((("محمد", Weight.REGULAR),)).runs

    assert [len(run.glyphs) for run in runs] == [4]


def test_what_no_font_has_is_seen_and_named_among_letters_that_are_shaped(tmp_path: Path) -> None:
    """cases.md I4: found before approval, never a box or a blank."""
    names = ["محمد \U00013000", "नम\u202eते", "\ud800 \u05d0", "\uf8ff สม"]
    compiled = compile_names(names)
    copies = compiled.text, read_by_poppler(compiled, tmp_path / "names.pdf")

    expected = Counter({"U+13000": 1, "U+202E": 1, "U+D800": 1, "U+F8FF": 1})
    assert compiled.rendering.missing == missing_glyphs(names) == expected
    assert [text.count("\ufffd") for text in copies] == [4, 4]


def test_nothing_is_drawn_by_the_glyph_that_stands_for_none() -> None:
    for name in LEFT_TO_RIGHT + RIGHT_TO_LEFT:
        assert all(glyph.number for run in shape(((name, Weight.REGULAR),)).runs for glyph in run.glyphs), name


@pytest.mark.parametrize("name", ["सुनीता शर्मा ", "สมชายใจดี", "كريم ", "བསྟན་འཛིན་", "Ọ̀ṣun", "محمد (Ali) "])
def test_a_long_name_is_broken_without_losing_or_parting_a_letter(name: str) -> None:
    typed = (name * 40).strip()
    lines = break_lines((plain(typed),), 200, 9)
    texts = [line[0].text.strip("\ufdd2\ufdd3") for line in lines]

    assert "".join(texts).replace(" ", "") == typed.replace(" ", "")
    assert all(line_width(line, 9) <= 200.01 for line in lines)
    assert all(graphemes(text)[0][0] == graphemes(text)[0][:1] and category(text[0])[0] != "M" for text in texts)
    assert len(lines) > 3


def test_a_long_shaped_name_wraps_in_its_column() -> None:
    compiled = compile_names(["สมชายใจดี" * 12, "Anna"])

    row = rows(compiled)[0].replace(" ", "")
    assert row == "1" + "สมชายใจดี" * 12 + "Mirgrad,Lyrania2026-05-01"
    assert rows(compiled)[1] == "2 Anna Mirgrad, Lyrania 2026-05-01"


@pytest.mark.parametrize("name", ["བསྟན་འཛིན་རྒྱ་མཚོ", "အောင်ဆန်းစုကြည်", "བསྟན་འཛིན་" * 15])
def test_letters_that_stand_under_one_another_do_not_touch_the_rule_or_the_next_line(name: str) -> None:
    compiled = compile_names([name, "Anna"])
    row, _ = rules(compiled, page=5)

    inside = [place for place in characters(compiled, 5) if place.char in name and place.left < 110 * MM]
    assert inside
    assert min(place.bottom for place in inside) > row + 0.4
    lines = sorted({round(place.bottom) for place in inside if place.char == "ན"})
    assert all(after - before > 12 for before, after in pairwise(lines) if after - before > 5)


def rules(compiled: Compiled, page: int) -> list[float]:
    """Under the rows of the table of names, from the top."""
    with pikepdf.open(io.BytesIO(compiled.data)) as pdf:
        content = pdf.pages[page - 1].Contents.read_bytes()
    return [float(y) for y in re.findall(rb"m [0-9.]+ ([0-9.]+) l\n", content)]


def test_letters_that_fit_into_a_row_take_one_line() -> None:
    top, *others = rules(compile_names(["Anna", "सुनीता शर्मा", "محمد رضا", "สมชาย ใจดี", "సుజాత", "Anna"]), page=5)

    assert [round(top - y) for y in others[:5]] == [14, 28, 42, 56, 70]


def test_a_point_of_a_list_stands_where_its_line_begins() -> None:
    """Also in a petition that runs from right to left."""
    background = "- first\n\n- אחת"
    compiled = compile_document(replace(ANNA, text=replace(TEXT, background=background)), [])

    points = [place for place in characters(compiled, 2) if place.char == "•"]
    assert [place.left < LEFT + 5 * MM for place in points] == [True, False]
    assert points[1].right > RIGHT - 5 * MM
    assert max(place.right for place in characters(compiled, 2) if place.char == "א") < points[1].left


def test_a_line_in_several_weights_is_shaped_as_one() -> None:
    parts = (Span("שלום ", Weight.REGULAR), Span("כהן", Weight.BOLD))
    hello, name = (run for run in shape(parts).runs if not run.text.isspace())

    assert (hello.typeface.name, name.typeface.name) == ("NotoSansHebrew-Regular", "NotoSansHebrew-Bold")
    assert name.x < hello.x  # seen at the left, read second


def test_a_paragraph_that_runs_from_right_to_left_ends_at_the_left_of_a_full_column() -> None:
    background = "العربية " * 40 + "Amnesty International " * 3 + "العربية. " * 3
    compiled = compile_document(replace(ANNA, text=replace(TEXT, background=background)), [])

    letters = [place for place in characters(compiled, 2) if "\u0600" < normalize("NFKC", place.char)[0] < "\u0700"]
    assert letters
    ends: dict[int, float] = {}
    for place in letters:
        line = round(place.bottom / 14)
        ends[line] = max(ends.get(line, 0), place.right)
    assert max(ends.values()) == pytest.approx(RIGHT, abs=1.5)
    assert len([end for end in ends.values() if abs(end - RIGHT) < 2]) >= 3


def test_every_line_of_a_paragraph_runs_the_way_of_the_paragraph() -> None:
    leftwards = break_lines((plain("العربية " * 8 + "Amnesty International. " * 12 + "12, " * 50),), 200, 10)
    rightwards = break_lines((plain("Amnesty International. " * 8 + "العربية " * 40 + "12, " * 50),), 200, 10)

    assert min(len(leftwards), len(rightwards)) > 6
    assert all(map(runs_leftwards, leftwards))
    assert not any(map(runs_leftwards, rightwards))


def test_shaped_fonts_are_embedded_with_only_what_is_used(compiled: Compiled, tmp_path: Path) -> None:
    path = tmp_path / "names.pdf"
    path.write_bytes(compiled.data)

    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert len(listed) > 20
    assert all(re.search(r"yes yes yes +\d+ +0$", line) for line in listed), listed
    with pikepdf.open(path) as pdf:
        programs = [len(item.FontFile2.read_bytes()) for item in pdf.objects
                    if isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item]  # fmt: skip
    assert max(programs) < 60_000


def test_every_character_that_a_font_has_is_found_in_some_face() -> None:
    """A file renamed or forgotten would only be seen when somebody with such a name signs."""
    samples = {
        "ا", "א", "अ", "অ", "அ", "ก", "አ", "ក", "က", "అ", "ಅ", "അ", "અ", "ਅ", "ଅ", "අ", "ກ", "ཀ", "ᠠ", "ހ", "ܐ", "ߊ",
        "ⴰ", "𞤀", "Ꭰ", "ᐁ", "ᱚ", "☮", "★", "𝓐", "\N{GRINNING FACE}",
    }  # fmt: skip
    assert not missing_glyphs(samples)
    assert len({face.name for face in typefaces(Weight.REGULAR)}) == 34


def test_the_operators_fonts_are_asked_for_what_ours_have_not(tmp_path: Path) -> None:
    """In a process of its own: fonts are added before anything is printed."""
    _font(tmp_path / "Han-Regular.ttf", "王玉")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mailer.pdf.faces import add_directory\n"
        "from tests.mailer.pdf.documents import compile_names\n"
        "add_directory(Path(sys.argv[1]))\n"
        "compiled = compile_names(['王玉 Anna', '李'])\n"
        "assert '1 王玉 Anna Mirgrad' in compiled.text, compiled.text\n"  # one glyph, two letters
        "assert compiled.rendering.missing == {'U+674E': 1}, compiled.rendering.missing\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("content", [b"no font", b"", None])
def test_a_directory_whose_fonts_cannot_be_used_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "Han.ttf").write_bytes(content)

    with pytest.raises(FontUnusable):
        add_directory(tmp_path)


def _font(path: Path, chars: str) -> None:
    """A font of one glyph, a box, for all these letters."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (900, 700), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap(dict.fromkeys(map(ord, chars), "box"))
    builder.setupGlyf({".notdef": pen.glyph(), "box": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (1000, 100), "box": (1000, 100)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Han", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    path.write_bytes(out.getvalue())
