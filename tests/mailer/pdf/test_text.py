"""Markup, line breaks, fonts: what stands between a text and its page."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.pdf import missing_glyphs
from mailer.pdf.bidi import MARKS
from mailer.pdf.encoding import COMMON, Lettering
from mailer.pdf.fonts import Weight, advances, is_shaped
from mailer.pdf.layout import break_lines, line_width
from mailer.pdf.markup import Block, Kind, Span, literal, parse, plain
from tests.mailer.pdf.documents import compile_names


def test_the_mini_markup_knows_paragraphs_headings_bullets_bold_and_italic() -> None:
    assert parse("# One\n## Two\n- **three** x\nfour\n*five*\n\nsix") == [
        Block(Kind.HEADING, (Span("One", Weight.REGULAR),)),
        Block(Kind.SUBHEADING, (Span("Two", Weight.REGULAR),)),
        Block(Kind.BULLET, (Span("three", Weight.BOLD), Span(" x", Weight.REGULAR))),
        Block(Kind.PARAGRAPH, (Span("four ", Weight.REGULAR), Span("five", Weight.ITALIC))),
        Block(Kind.PARAGRAPH, (Span("six", Weight.REGULAR),)),
    ]


@pytest.mark.parametrize(
    "text", ["2 * 3 * 4", "a ** b ** c", "#1", "-5", "*", "**", "<b>x</b>", "a_b_c", "`x`", "7*7 8*8"]
)
def test_what_only_looks_like_markup_is_text(text: str) -> None:
    assert parse(text) == [Block(Kind.PARAGRAPH, (Span(text, Weight.REGULAR),))]


@pytest.mark.parametrize("value", ["**bold**", "# heading", "- bullet", "one\n\n# two", "*x*"])
def test_a_value_in_a_template_cannot_bring_markup(value: str) -> None:
    shown = " ".join(value.split())
    assert parse(literal(value)) == [Block(Kind.PARAGRAPH, (Span(shown, Weight.REGULAR),))]


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_parsed(text: str) -> None:
    for block in parse(text):
        assert block.kind in Kind


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.floats(30, 300))
@settings(max_examples=100, deadline=None)
def test_lines_keep_every_word_and_the_width(text: str, limit: float) -> None:
    span = plain(text)
    lines = break_lines((span,), limit, 9)

    printed = "".join(part.text for line in lines for part in line).translate(dict.fromkeys(map(ord, MARKS)))
    assert printed.replace(" ", "") == span.text.replace(" ", "")
    for line in lines:
        if sum(len(part.text) for part in line) > 1:
            assert line_width(line, 9) <= limit + 0.01


@given(st.lists(st.text(st.characters(), max_size=130), min_size=1, max_size=30))
@settings(max_examples=25, deadline=None)
def test_whatever_a_signer_is_called_the_document_is_made(names: list[str]) -> None:
    compiled = compile_names(names)

    assert compiled.rendering.names == len(names)
    assert compiled.rendering.missing == missing_glyphs(names)


def test_missing_glyphs_are_counted_by_code_point() -> None:
    found = missing_glyphs(
        ["Anna Ветрова", "Ελένη Անի ნინო Nguyễn", "محمد نمستے नमस्ते", "王王 नम", "王", "a\u202eb", "\ud800"]
    )

    assert found == Counter(
        {
            "U+738B": 3,
            "U+202E": 1,
            "U+D800": 1,
        }
    )


def test_letters_that_stand_by_themselves_are_printed_the_fast_way_and_others_shaped() -> None:
    fast = ["Ж ж Ω ω Ա ա ა ბ Å ß", "Nguyễn Thị Hồng Ánh", "а\N{ZERO WIDTH NON-JOINER}б", "a\u202eb", "王"]
    shaped = ["אבג", "Anna م", "x\N{COMBINING DIAERESIS}", "\N{GRINNING FACE}", "नम 王"]

    assert not any(is_shaped(text, weight) for text in fast for weight in Weight)
    assert all(is_shaped(text, weight) for text in shaped for weight in Weight)


def test_no_character_of_ascii_is_wider_than_the_names_table_takes_for_granted() -> None:
    assert max(advances(Weight.REGULAR)[chr(point)] for point in range(128)) <= 1000


def test_common_letters_leave_room_for_others_in_the_primary_font() -> None:
    lettering = Lettering()

    assert set(COMMON) <= set(lettering.primary.codes)
    assert len(lettering.primary.codes) < 245
    assert lettering.encode("(Щукина Łucja) Tj\n").count(b"(") == 1
