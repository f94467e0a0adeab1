"""Shaped lines as they are seen, beside the same lines set by a browser with the same fonts."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser

from mailer.pdf.faces import Weight, typefaces
from mailer.pdf.names import NAME, PLACE, SIZE
from mailer.pdf.writer import HEIGHT
from tests.mailer.pdf.documents import HEAD, Compiled, characters, compile_names
from tests.mailer.pdf.test_scripts import LEFT_TO_RIGHT, RIGHT_TO_LEFT

pytestmark = pytest.mark.browser

SCALE = 4  # pixels a point
NEAR = 2  # pixels that a stroke may lie elsewhere: 1/18 of the size
PAGE = 18  # names
DARK = 110  # of 255; rules of the table are lighter
MARKED = ["שָׁלוֹם כהן", "ދިވެހި", "مُحَمَّد", "علی‌رضا (Ali Reza)", "Ali (محمد) محمد", "ג'ורג' O'Brien", "Anna 12 محمد 3-4"]
NAMES = [name for name in LEFT_TO_RIGHT if "\N{GRINNING FACE}" not in name] + RIGHT_TO_LEFT + MARKED


@pytest.fixture(scope="module")
def printed() -> list[Image.Image]:
    """The cell of each name, cut out of a page; a hyphen in the rows between keeps letters of different rows apart."""
    pictures: list[Image.Image] = []
    for start in range(0, len(NAMES), PAGE):
        compiled = compile_names([cell for name in NAMES[start : start + PAGE] for cell in ("-", name)])
        pictures += _cells(compiled, len(NAMES[start : start + PAGE]))
    return pictures


@pytest.fixture(scope="module")
def browsed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Image.Image]]:
    folder = tmp_path_factory.mktemp("browser")
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    faces = [(face.name, path) for face in typefaces(Weight.REGULAR) if (path := _file(face.name))]
    styles = "".join(f"@font-face {{ font-family: {name}; src: url({path.as_uri()}) }}" for name, path in faces)
    families = ", ".join(name for name, _ in faces)
    rows = "".join(f"<p dir=auto>{escape(name)}</p>" for name in NAMES)
    (folder / "names.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{styles} p {{ margin: 0; padding: {SIZE * SCALE}px;"
        f"text-align: left; font: {SIZE * SCALE}px/2 {families}; white-space: nowrap }}</style>{rows}",
        encoding="utf-8",
    )
    page.goto((folder / "names.html").as_uri())
    page.evaluate("document.fonts.ready")
    pictures = []
    for index, row in enumerate(page.locator("p").all()):
        row.screenshot(path=folder / f"{index}.png")
        with Image.open(folder / f"{index}.png") as picture:
            pictures.append(picture.convert("L"))
    yield pictures
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_seen_as_a_browser_shows_it(
    name: str, printed: list[Image.Image], browsed: list[Image.Image]
) -> None:
    ours, theirs = _ink(printed[NAMES.index(name)]), _ink(browsed[NAMES.index(name)])

    assert abs(ours.width - theirs.width) <= 0.012 * theirs.width + 4
    assert abs(ours.height - theirs.height) <= 4
    assert _strays(ours, theirs) < 0.03
    assert _strays(theirs, ours) < 0.03


def test_another_name_is_seen_to_be_another(printed: list[Image.Image], browsed: list[Image.Image]) -> None:
    """What the comparison is worth: names of the same letters in another order."""
    ours, theirs = printed[NAMES.index("محمد رضا شجریان")], browsed[NAMES.index("یاسمین ی")]

    assert _strays(_ink(ours), _ink(theirs)) > 0.2


def _file(name: str) -> Path | None:
    path = Path(__file__).resolve().parents[2] / "static" / "fonts" / f"{name}.ttf"
    return path if path.exists() else None


def _cells(compiled: Compiled, count: int) -> Iterator[Image.Image]:
    number = next(index for index, page in enumerate(compiled.pages, 1) if HEAD in page)
    places = characters(compiled, number)
    heading = next(place.bottom for place in places if place.char == "N" and place.left < NAME)
    serials = [place for place in places if place.char.isdigit() and place.left < NAME and place.bottom < heading]
    lines: list[float] = []  # of each row, from the top; rows of deep letters are higher
    for bottom in sorted((place.bottom for place in serials), reverse=True):
        if not lines or lines[-1] - bottom > SIZE:
            lines.append(bottom)
    with pypdfium2.PdfDocument(compiled.data) as pdf:
        picture = pdf[number - 1].render(scale=SCALE).to_pil().convert("L")
    for line in lines[1 : 2 * count : 2]:
        baseline = HEIGHT - line
        box = NAME - 1, baseline - 11.3, PLACE - 3, baseline + 6
        left, top, right, bottom = (round(SCALE * edge) for edge in box)
        yield picture.crop((left, top, right, bottom))


def _ink(picture: Image.Image) -> Image.Image:
    """White where there is ink, and nothing around it."""
    ink = picture.point(lambda value: 255 if value < DARK else 0)
    return ink.crop(ink.getbbox())


def _strays(one: Image.Image, other: Image.Image) -> float:
    """How much of the ink of one has none of the other near it."""
    size = max(one.width, other.width), max(one.height, other.height)
    mine, others = Image.new("L", size), Image.new("L", size)
    mine.paste(one)
    others.paste(other)
    near = others.filter(ImageFilter.MaxFilter(2 * NEAR + 1))
    return _amount(ImageChops.subtract(mine, near)) / _amount(mine)


def _amount(picture: Image.Image) -> int:
    return picture.histogram()[255]
