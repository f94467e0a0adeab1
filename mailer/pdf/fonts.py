"""Which face prints which character.

Noto Sans prints Latin, Cyrillic and Greek; the faces after it are asked in order. Scripts whose letters
must be shaped are not printed letter by letter, even where a face happens to hold their glyphs: wrong
letters in a person's name are worse than a refused edition.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from fontTools.unicodedata import script  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFontFile

FONTS = Path(__file__).resolve().parent.parent.parent / "static" / "fonts"
SUBSTITUTE = "\N{REPLACEMENT CHARACTER}"  # printed, visibly, where no face has the glyph
UNSHAPED_SCRIPTS = frozenset({"Latn", "Cyrl", "Grek", "Armn", "Geor", "Zyyy", "Zinh"})
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # belong to some names; printed with no width


class Weight(StrEnum):
    REGULAR = "Regular"
    BOLD = "Bold"
    ITALIC = "Italic"


class Face:
    """One font file, parsed once a process and never changed; 1,000 units to the em."""

    def __init__(self, path: Path) -> None:
        self.file = TTFontFile(str(path))
        self.name: str = self.file.name.decode("ascii")
        self.glyphs: dict[int, int] = self.file.charToGlyph

    def width(self, char: str) -> float:
        return float(self.file.charWidths.get(ord(char), self.file.defaultWidth))


class Advances(dict[str, float]):
    """Width of a character in its face; filled as asked, never with characters that nobody can print."""

    def __init__(self, weight: Weight) -> None:
        super().__init__()
        self._weight = weight

    def __missing__(self, char: str) -> float:
        face = face_for(char, self._weight)
        if face is None:
            return chain(self._weight)[0].width(SUBSTITUTE)
        self[char] = face.width(char)
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
    return sum(map(advances(weight).__getitem__, text)) * size / 1000


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
    # control, format, surrogate, private, unassigned, line and paragraph separators
    invisible = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return not invisible and script(char) in UNSHAPED_SCRIPTS


@cache
def _face(name: str) -> Face:
    return Face(FONTS / f"{name}.ttf")
