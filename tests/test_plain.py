"""Markdown as people write it in letters."""

import pytest

from petitions.plain import as_plain_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("One **bold** and *slanted* word.", "One bold and slanted word."),
        ("See [the court](https://court.example.org).", "See the court (https://court.example.org)."),
        ("<https://court.example.org>", "https://court.example.org"),
        ("# News\n\nShe was moved\nto a prison.", "News\n\nShe was moved to a prison."),
        ("- one\n- two\n  - three", "- one\n- two\n  - three"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- a\n\n1. b", "- a\n\n1. b"),
        ("> she said\n> so", "> she said so"),
        ("one  \ntwo", "one\ntwo"),
        ("<b>no markup</b> & so", "<b>no markup</b> & so"),
        ("![picture](https://spy.example.org/x.png)", "!picture (https://spy.example.org/x.png)"),
        ("Её **перевели**.\r\n\r\nПишите ей.", "Её перевели.\n\nПишите ей."),
        ("", ""),
    ],
)
def test_it_reads_as_a_letter(source: str, text: str) -> None:
    assert as_plain_text(source) == text
