"""The first page: a letter that can be laid before a minister, folded into an envelope, stamped and checked."""

from dataclasses import replace

import pypdfium2  # type: ignore[import-untyped]
import pytest
import segno
from PIL import Image

from mailer.document import PetitionDocument
from mailer.pdf.layout import BOTTOM, LEFT, MM
from mailer.pdf.letterhead import SQUARE, STRIP, WHITE
from tests.mailer.pdf.documents import (
    ANNA,
    CASE,
    PROOF,
    SENDER,
    TEXT,
    TOTALS,
    Compiled,
    above_footer,
    characters,
    compile_document,
    lines,
)

URL = "https://petitions.example/verify/K7QF2MXD94TA"
LETTER = replace(ANNA, totals=TOTALS, proof=replace(PROOF, url=URL))
PAGE = 297 * MM
SCALE = 4  # dots per point


def letter(document: PetitionDocument = LETTER) -> Compiled:
    return compile_document(document, lines(["Anna"]))


def flat(compiled: Compiled) -> str:
    return " ".join(compiled.pages[0].split())


def picture(compiled: Compiled) -> Image.Image:
    with pypdfium2.PdfDocument(compiled.data) as pdf:
        page = pdf[0]
        shown: Image.Image = page.render(scale=SCALE, grayscale=True).to_pil()
        page.close()
    return shown


@pytest.mark.parametrize("length", [1, 5, 8, 12])
def test_the_address_shows_in_the_window_of_the_envelope(length: int) -> None:
    """DIN 5008 form B: 20 to 105 mm from the left, 45 to 90 mm from the top."""
    address = (*(f"Zeile {number} der Anschrift" for number in range(length - 1)), "100001 Mirgrad")
    compiled = letter(replace(LETTER, addressee=replace(ANNA.addressee, lines=address)))

    shown = characters(compiled, 1)
    text = "".join(place.char for place in shown)
    start, end = text.index("ProsecutorGeneral"), text.index("100001Mirgrad") + len("100001Mirgrad")
    for place in shown[start:end]:
        assert place.left > 20 * MM
        assert place.right < 105 * MM
        assert place.bottom >= PAGE - 90 * MM
        assert place.top < PAGE - 45 * MM


def test_an_address_too_long_for_the_window_pushes_the_letter_down_and_hides_nothing() -> None:
    address = tuple(f"Line {number} of a long address" for number in range(24))
    compiled = letter(replace(LETTER, addressee=replace(ANNA.addressee, lines=address)))

    places = {name: _places(compiled, name) for name in ("Line23ofalongaddress", "Petitionconcerning")}
    assert min(places["Line23ofalongaddress"]) > max(places["Petitionconcerning"])
    assert above_footer(compiled, 1)


@pytest.mark.parametrize("count", [25, 70, 250])
def test_an_address_of_any_number_of_lines_makes_a_letter(count: int) -> None:
    address = tuple(f"{number}" for number in range(count))
    compiled = letter(replace(LETTER, addressee=replace(ANNA.addressee, lines=address)))

    assert ", ".join(address[-3:]) in flat(compiled)
    assert above_footer(compiled, 1)


def test_a_letter_that_cannot_fit_on_its_page_is_made_all_the_same() -> None:
    address = ("long words " * 20,) * 24

    assert letter(replace(LETTER, addressee=replace(ANNA.addressee, lines=address))).pages[0]


def test_the_longest_sender_keeps_to_the_head() -> None:
    sender = replace(SENDER, name="Association " * 16, lines=tuple(f"Line {number}" * 4 for number in range(17)))
    compiled = letter(replace(LETTER, sender=sender, demonstration=True))

    notice = min(_places(compiled, "Demonstration"))
    assert max(_places(compiled, "Line0Line0")) < notice
    assert not [place for place in characters(compiled, 1) if place.bottom < PAGE - 37.9 * MM < place.top]


def test_the_square_at_the_foot_is_the_address_for_checking() -> None:
    matrix = segno.make_qr(URL, error="m").matrix
    page, module = picture(letter()), SQUARE / len(matrix)

    def dark(column: int, row: int) -> bool:
        x, y = LEFT + (column + 0.5) * module, PAGE - BOTTOM - SQUARE + (row + 0.5) * module
        return page.getpixel((round(x * SCALE), round(y * SCALE))) == 0

    seen = [[int(dark(column, row)) for column in range(len(matrix))] for row in range(len(matrix))]
    assert seen == [list(row) for row in matrix]
    assert 4 * module <= WHITE
    around = [*range(-4, 0), *range(len(matrix), len(matrix) + 4)]
    assert not any(dark(column, row) for column in around for row in range(-4, len(matrix) + 4))
    assert not any(dark(column, row) for row in around for column in range(len(matrix)))


@pytest.mark.parametrize("host", ["a.example", f"{'long' * 14}.onion"])
def test_the_address_for_checking_is_also_there_in_letters(host: str) -> None:
    url = f"https://{host}/verify/K7QF2MXD94TA"
    compiled = letter(replace(LETTER, proof=replace(PROOF, url=url)))

    assert url in "".join(compiled.pages[0].split())
    code = max(_places(compiled, "Verificationcode"))
    assert code < STRIP


def test_the_letter_alone_says_what_it_is_from_whom_and_how_to_check_and_answer_it() -> None:
    shown = flat(letter(replace(LETTER, demonstration=True)))

    for part in [
        "Demonstration — invented persons",
        *SENDER.lines,
        "Our reference Edition 3 · K7QF-2MXD-94TA",
        "Your reference 1-204/2026",
        "Enclosed",
        "Received Date Number Stamp",
        "https://petitions.example/verify/ K7QF2MXD94TA",
        "Verification code: K7QF-2MXD-94TA",
    ]:
        assert part in shown


def test_a_letter_about_a_case_without_a_number_does_not_refer_to_one() -> None:
    known = replace(CASE, number="", birth_year=None, article="", held_at="")
    shown = flat(letter(replace(LETTER, case=known)))

    assert "Your reference" not in shown
    assert "Petition concerning Anna Sergeevna Vetrova Dear Prosecutor General," in shown


@pytest.mark.parametrize("demand", ["Free her.", "Free her at once, please, and let her see a doctor. " * 20])
def test_nothing_of_the_letter_runs_into_the_strip_at_its_foot(demand: str) -> None:
    compiled = letter(replace(LETTER, text=replace(TEXT, demand=demand)))

    for last in ("ChairoftheboardOpenDoorAssociation", "Howtocheckthisdocument:"):
        assert min(_places(compiled, last)) > STRIP
    assert max(_places(compiled, "Received")) < STRIP


def test_there_is_room_to_sign_by_hand() -> None:
    compiled = letter()

    assert min(_places(compiled, "Yoursfaithfully,")) - max(_places(compiled, "MariaLindner")) > 12 * MM


def test_the_head_of_the_other_pages_is_not_on_the_letter() -> None:
    compiled = letter()

    assert not [place for place in characters(compiled, 1) if place.top > PAGE - 20 * MM]
    assert [place for place in characters(compiled, 2) if place.top > PAGE - 20 * MM]


def _places(compiled: Compiled, text: str) -> list[float]:
    """Where the characters of a text without spaces stand, from the foot of the first page."""
    shown = characters(compiled, 1)
    start = "".join(place.char for place in shown).index(text)
    return [height for place in shown[start : start + len(text)] for height in (place.bottom, place.top)]
