"""Which way each character of a line runs: the Unicode Consortium's own cases."""

from pathlib import Path

import pytest

from mailer.pdf.bidi import LEFT_TO_RIGHT, RIGHT_TO_LEFT, base_level, levels, visual_order

CASES = Path(__file__).parent / "data" / "bidi.txt"


def seen(text: str, base: int | None = None) -> str:
    """The characters from left to right."""
    found = levels(text, base_level(text) if base is None else base)
    return "".join(text[index] for index in visual_order(found))


def test_the_cases_of_the_unicode_consortium_come_out_as_published() -> None:
    lines = [line for line in CASES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == 1_000
    for line in lines:
        points, asked, level, expected, order = line.split(";")
        text = "".join(chr(int(point, 16)) for point in points.split())
        base = base_level(text) if asked == "2" else int(asked)
        found = levels(text, base)
        shown = [index for index, one in enumerate(expected.split()) if one != "x"]
        assert base == int(level), line
        assert [str(found[index]) for index in shown] == [one for one in expected.split() if one != "x"], line
        assert [index for index in visual_order(found) if index in shown] == list(map(int, order.split())), line


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("abc", "abc"),
        ("אבג", "גבא"),
        ("אבג 12 ד", "ד 12 גבא"),
        ("Ali (אבג) אבג", "Ali (גבא) גבא"),  # both brackets with the Latin around them
        ("אבג (Ali)", ")Ali( גבא"),  # drawn as (Ali): HarfBuzz mirrors brackets of right-to-left runs
    ],
)
def test_a_line_of_both_directions_is_seen_in_this_order(typed: str, shown: str) -> None:
    assert seen(typed) == shown


def test_a_line_may_say_which_way_its_paragraph_runs() -> None:
    assert base_level("Ali") == base_level(LEFT_TO_RIGHT + "אבג") == base_level("12 ...") == 0
    assert base_level("אבג") == base_level(RIGHT_TO_LEFT + "Ali") == 1
    assert seen("Ali.", 1) == ".Ali"
