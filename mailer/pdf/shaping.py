"""Lines whose letters depend on their neighbours: Arabic, Hebrew, Indic scripts, marks on any letter, emoji.

A line is parted into runs of one level, script, weight and face. HarfBuzz shapes each in the order in which it is
read; the runs are placed in the order in which they are seen, and kept in the order in which they are read, so that
what is copied from a page is the name. Words from right to left are runs of their own, parted by Noto Sans's space.
Calligraphic ligatures (dlig) stay off: they turn the name محمد into a vocalised ornament.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby
from typing import NamedTuple
from unicodedata import category, combining, normalize

import uharfbuzz as hb  # type: ignore[import-untyped]
from fontTools.unicodedata import script  # type: ignore[import-untyped]

from mailer.pdf.bidi import MARKS, base_level, levels, visual_order
from mailer.pdf.faces import Typeface, Weight, first_typeface

SUBSTITUTE = "\N{REPLACEMENT CHARACTER}"  # printed, visibly, where no face has the glyph
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # belong to some names; printed with no width
SELECTORS = "".join(map(chr, range(0xFE00, 0xFE10)))  # ask for a form of the letter before; any face may ignore them
UNSEEN = frozenset(JOINERS + SELECTORS)
NOT_PRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, surrogates, unassigned, separators
SHARED_SCRIPTS = frozenset({"Zyyy", "Zinh", "Zzzz"})  # characters of any script
VIRAMA = 9  # the combining class of signs that bind a letter to the next
# Readers turn a right-to-left run around letter by letter, also within a glyph: one character for such a glyph.
LIGATURES = {
    letters: chr(point)
    for point in (*range(0xFB1D, 0xFDF0), *range(0xFE70, 0xFEFD))
    if len(letters := normalize("NFKC", chr(point))) > 1
}
SPACE = 260  # as wide in every script as in Noto Sans: emoji are parted by spaces as wide as themselves
FEATURES = {"dlig": False}

Pieces = tuple[tuple[str, Weight], ...]  # a line; mailer.pdf.markup.Span is one of them


class Glyph(NamedTuple):
    """In thousandths of the size."""

    number: int
    text: str  # what it stands for; empty if an earlier glyph of its run stands for it too
    width: int  # in the font
    advance: int  # here
    right: int
    up: int


class Kind(NamedTuple):
    """What all characters of a run share."""

    level: int
    script: str
    weight: Weight
    typeface: Typeface


@dataclass(frozen=True, slots=True)
class Run:
    text: str
    level: int
    typeface: Typeface
    glyphs: tuple[Glyph, ...]  # from left to right
    x: int  # where it begins, in thousandths of the size

    @property
    def spelled(self) -> bool:
        """Whether its glyphs, one after the other, spell its text."""
        return all(glyph.text and not glyph.right and not glyph.up for glyph in self.glyphs)


@dataclass(frozen=True, slots=True)
class Shaped:
    runs: tuple[Run, ...]  # as they are read
    width: int  # in thousandths of the size
    missing: Counter[str]  # characters that no face has

    @property
    def lowest(self) -> int:
        """How far down it is drawn, in thousandths of the size."""
        return min((run.typeface.lowest(one.number) + one.up for run in self.runs for one in run.glyphs), default=0)


def printable(char: str) -> bool:
    """Whether some face has the character, or it is one that is not seen."""
    return char in UNSEEN or (category(char) not in NOT_PRINTED and _face(char, Weight.REGULAR) is not None)


def graphemes(text: str) -> list[str]:
    """The text in pieces between which a line may be parted: letters with their marks, conjuncts whole."""
    pieces: list[str] = []
    for char in text:
        last = pieces[-1][-1] if pieces else ""
        if last and (_joins(char) or last in JOINERS or combining(last) == VIRAMA):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


@lru_cache(256)  # a cell is measured when its row is placed and drawn when its page ends
def shape(pieces: Pieces) -> Shaped:
    base = base_level("".join(text for text, _ in pieces))
    text, weights, missing = _printed(pieces)
    kinds = _kinds(text, weights, levels(text, base))
    parts: list[tuple[Kind, str, list[Glyph]]] = []
    start = 0
    for kind, group in groupby(kinds):
        end = start + len(list(group))
        parts.append((kind, text[start:end], _glyphs(text[start:end], kind)))
        start = end
    for _, said, glyphs in parts:
        missing.update(char for glyph in glyphs if not glyph.number for char in glyph.text or said)
    widths = [sum(glyph.advance for glyph in glyphs) for _, _, glyphs in parts]
    order = visual_order([kind.level for kind, _, _ in parts])
    starts = dict(zip(order, accumulate((widths[index] for index in order), initial=0), strict=False))
    runs = [
        Run(said, kind.level, kind.typeface, tuple(glyphs), starts[index])
        for index, (kind, said, glyphs) in enumerate(parts)
    ]
    return Shaped(tuple(runs), sum(widths), missing)


def _printed(pieces: Pieces) -> tuple[str, list[Weight], Counter[str]]:
    """The text as printed, the weight of each character, and what had to be substituted."""
    missing: Counter[str] = Counter()
    printed, weights = [], []
    for index, (text, weight) in enumerate(pieces):
        for char in text.removeprefix(text[:1] if not index and text[:1] in MARKS else ""):
            if not printable(char):
                missing[char] += 1
                char = SUBSTITUTE
            printed.append(char)
            weights.append(weight)
    return "".join(printed), weights, missing


def _kinds(text: str, weights: Sequence[Weight], found: Sequence[int]) -> Iterator[Kind]:
    scripts = _scripts(text)
    index = 0
    before: Typeface | None = None
    for grapheme in graphemes(text):
        if grapheme == " " and before and not found[index] % 2 and before.prints(" "):
            faces = [before]
        else:
            faces = _faces(grapheme, weights[index])
        for before in faces:
            yield Kind(found[index], scripts[index], weights[index], before)
            index += 1


def _faces(grapheme: str, weight: Weight) -> list[Typeface]:
    """One face for a letter and its marks, if there is one that has them all."""
    if whole := _face(grapheme, weight):
        return [whole] * len(grapheme)
    faces: list[Typeface] = []
    for char in grapheme:
        own = faces[-1] if faces and char in UNSEEN else _face(char, weight)
        assert own is not None, "what nobody has is substituted before"
        faces.append(own)
    return faces


def _face(chars: str, weight: Weight) -> Typeface | None:
    return first_typeface("".join(char for char in chars if char not in UNSEEN), weight)


def _scripts(text: str) -> list[str]:
    """Spaces, points and digits belong to the script before them, at the beginning to the one after."""
    found = [_script(char) for char in text]
    before = next((one for one in found if one not in SHARED_SCRIPTS), "Latn")
    scripts = []
    for one in found:
        before = before if one in SHARED_SCRIPTS else one
        scripts.append(before)
    return scripts


def _glyphs(text: str, kind: Kind) -> list[Glyph]:
    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
    buffer.add_str(text)
    buffer.direction = "rtl" if kind.level % 2 else "ltr"
    buffer.script = kind.script
    buffer.language = "und"  # not this machine's
    hb.shape(kind.typeface.font, buffer, FEATURES)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    texts = _texts(text, [info.cluster for info in infos], rightwards=not kind.level % 2)
    width = kind.typeface.width
    glyphs = []
    for info, at, said in zip(infos, positions, texts, strict=True):
        advance = SPACE if said == " " else at.x_advance
        if advance or said not in UNSEEN:
            glyphs.append(Glyph(info.codepoint, said, width(info.codepoint), advance, at.x_offset, at.y_offset))
    return glyphs


def _texts(text: str, clusters: list[int], *, rightwards: bool) -> list[str]:
    """What each glyph stands for: the first of a cluster for all of it."""
    starts = sorted(set(clusters))
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    texts = []
    before = None
    for cluster in clusters:
        said = text[cluster : ends[cluster]] if cluster != before else ""
        texts.append(said if rightwards else LIGATURES.get(said, said))
        before = cluster
    return texts


def _joins(char: str) -> bool:
    """Whether the character belongs to the one before it: a mark, a joiner, a tone of skin."""
    return char in JOINERS or category(char)[0] == "M" or "\U0001f3fb" <= char <= "\U0001f3ff"


_script = lru_cache(4096)(script)
