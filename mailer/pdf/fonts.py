"""Which face prints which character, and how wide a text is.

Noto Sans prints Latin, Cyrillic and Greek; Armenian and Georgian have faces of their own. Letters of these stand by
themselves and are printed one by one, the fast way. A text with any other character that a face has is shaped as a
whole (mailer.pdf.shaping).
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from math import inf
from pathlib import Path

from fontTools.unicodedata import script  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFontFile

from mailer.pdf.bidi import MARKS
from mailer.pdf.faces import EM, FONTS, Weight
from mailer.pdf.shaping import JOINERS, NOT_PRINTED, SUBSTITUTE, printable, shape

__all__ = [
    "SUBSTITUTE", "Advances", "Face", "Weight", "advances", "chain", "code_point", "face_for", "is_shaped",
    "missing_glyphs", "width",
]  # fmt: skip

UNSHAPED_SCRIPTS = frozenset({"Latn", "Cyrl", "Grek", "Armn", "Geor", "Zyyy", "Zinh"})


class Face:
    """One font file, parsed once a process and never changed; 1,000 units to the em."""

    def __init__(self, path: Path) -> None:
        self.file = TTFontFile(str(path))
        self.name: str = self.file.name.decode("ascii")
        self.glyphs: dict[int, int] = self.file.charToGlyph

    def width(self, char: str) -> float:
        return float(self.file.charWidths.get(ord(char), self.file.defaultWidth))


class Advances(dict[str, float]):
    """Width of a character in its face, infinite if it depends on its neighbours.

    Filled as asked, never with characters that nobody can print.
    """

    def __init__(self, weight: Weight) -> None:
        super().__init__()
        self._weight = weight

    def __missing__(self, char: str) -> float:
        if face := face_for(char, self._weight):
            self[char] = face.width(char)
        elif char in MARKS or printable(char):
            self[char] = inf
        else:
            return chain(self._weight)[0].width(SUBSTITUTE)
        return self[char]


@cache
def chain(weight: Weight) -> tuple[Face, ...]:
    """The faces of a weight, first asked first. Armenian and Georgian have no italic: they stay upright."""
    upright = Weight.REGULAR if weight is Weight.ITALIC else weight
    names = f"NotoSans-{weight}", f"NotoSansArmenian-{upright}", f"NotoSansGeorgian-{upright}"
    return tuple(map(_face, names))


@cache
def advances(weight: Weight) -> Advances:
    return Advances(weight)


def width(text: str, weight: Weight, size: float) -> float:
    """Width of a text in points."""
    units = sum(map(advances(weight).__getitem__, text))
    return (shape(((text, weight),)).width if units == inf else units) * size / EM


def is_shaped(text: str, weight: Weight) -> bool:
    """Whether the letters of this text depend on each other, so that it is printed as a whole."""
    return inf in map(advances(weight).__getitem__, text)


@lru_cache(8192)
def face_for(char: str, weight: Weight) -> Face | None:
    """The first face that prints this character as it is, or None."""
    if not _stands_alone(char):
        return None
    return next((face for face in chain(weight) if ord(char) in face.glyphs), None)


def missing_glyphs(texts: Iterable[str]) -> Counter[str]:
    """Characters that would be printed as a substitute, as `U+0627`, with how often they occur."""
    known: set[str] = set()
    missing: Counter[str] = Counter()
    for text in texts:
        if known.issuperset(text):
            continue
        if is_shaped(text, Weight.REGULAR):
            substituted = shape(((text, Weight.REGULAR),)).missing
            missing.update({code_point(char): times for char, times in substituted.items()})
            continue
        for char in text:
            if face_for(char, Weight.REGULAR):
                known.add(char)
            else:
                missing[code_point(char)] += 1
    return missing


def code_point(char: str) -> str:
    """A name for a character that survives logs and screens which cannot show it."""
    return f"U+{ord(char):04X}"


def _stands_alone(char: str) -> bool:
    if char in JOINERS:
        return True
    kind = unicodedata.category(char)
    return kind not in NOT_PRINTED and kind[0] != "M" and script(char) in UNSHAPED_SCRIPTS


@cache
def _face(name: str) -> Face:
    return Face(FONTS / f"{name}.ttf")
