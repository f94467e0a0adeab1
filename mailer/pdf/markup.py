"""The mini markup of petition texts and of our own prose.

Paragraphs parted by blank lines, `# ` and `## ` headings, `- ` bullets, `**bold**`, `*italic*`. Nothing
else has a meaning: angle brackets, ampersands and links are printed as they were typed.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from mailer.pdf.fonts import Weight

SPAN = re.compile(
    r"\*\*(?=\S)(?P<bold>.+?)(?<=\S)\*\*"
    r"|(?<![\w*])\*(?=[^\s*])(?P<italic>.+?)(?<=\S)\*(?!\w)"  # 7*7*7 is arithmetic
)
# Noncharacters, never in a text for people: a star that is no mark, and a beginning of a line that has none.
STAR, START = "\ufdd0", "\ufdd1"


class Kind(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    SUBHEADING = "subheading"
    BULLET = "bullet"


MARKS = (("## ", Kind.SUBHEADING), ("# ", Kind.HEADING), ("- ", Kind.BULLET))


class Span(NamedTuple):
    text: str
    weight: Weight


class Block(NamedTuple):
    kind: Kind
    spans: tuple[Span, ...]


def parse(text: str) -> list[Block]:
    """Blocks in order. Lines of a paragraph are joined: the width of the page decides where they end."""
    blocks: list[Block] = []
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            blocks.append(Block(Kind.PARAGRAPH, spans(" ".join(paragraph))))
            paragraph.clear()

    for line in map(str.strip, text.splitlines()):
        mark, kind = next((known for known in MARKS if line.startswith(known[0])), ("", Kind.PARAGRAPH))
        if mark or not line:
            close()
        if mark:
            blocks.append(Block(kind, spans(line.removeprefix(mark))))
        elif line:
            paragraph.append(line)
    close()
    return blocks


def spans(text: str) -> tuple[Span, ...]:
    found: list[Span] = []
    end = 0
    for match in SPAN.finditer(text):
        found.append(Span(text[end : match.start()], Weight.REGULAR))
        bold, italic = match["bold"], match["italic"]
        found.append(Span(bold, Weight.BOLD) if bold else Span(italic, Weight.ITALIC))
        end = match.end()
    found.append(Span(text[end:], Weight.REGULAR))
    return tuple(plain(span.text, span.weight) for span in found if span.text)


def plain(text: str, weight: Weight = Weight.REGULAR) -> Span:
    """A value printed as it is: white space collapsed, marks of this module taken back."""
    return Span(re.sub(r"[\t\n\v\f\r ]+", " ", text).replace(STAR, "*").replace(START, ""), weight)


def literal(value: str) -> str:
    """A value that may be put into a template of this markup and cannot change what surrounds it."""
    return START + " ".join(value.split()).replace("*", STAR)
