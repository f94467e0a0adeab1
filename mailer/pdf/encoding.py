"""Text into the single-byte codes of embedded font subsets.

A PDF simple font has 256 codes. Each face gets as many subsets as the document needs. The *primary* subset
(the regular face) keeps ASCII at its own codes, so that a whole page, operators and text together, is
encoded by one call of the C codec: the names table depends on it. Everything else is written as
hexadecimal strings with a font switch; what must be shaped, in the fonts of mailer.pdf.glyphs.
"""

import codecs
from collections import Counter
from itertools import chain as concatenate

from mailer.pdf.fonts import SUBSTITUTE, Face, Weight, chain, code_point, face_for, is_shaped
from mailer.pdf.glyphs import GlyphFonts
from mailer.pdf.shaping import Pieces, shape
from mailer.pdf.subsets import Subset, embed, number
from mailer.pdf.writer import PdfWriter

# In the primary subset from the start: a rare letter on page 1 must not take a code that every later page
# needs.
COMMON = (
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюяЁёЄєІіЇїЎўҐґ"
    "äáàâãåčçćéèêëęěíîïłñńóòôöõøřšśßúùûüýžżźÁČÉÖØÓŁŠŚÜŽ–—«»№’"
)


class Lettering:
    """All the subsets of one document, and what could not be printed."""

    def __init__(self) -> None:
        self.missing: Counter[str] = Counter()
        self._subsets: dict[str, list[Subset]] = {}
        self._glyphs = GlyphFonts()
        self._alone: set[str] = set()  # seen in cells, and not to be shaped
        self.primary = self._new_subset(chain(Weight.REGULAR)[0], ascii_codes=True)
        for char in COMMON:
            self.primary.take(char)
        self._known: frozenset[str] = frozenset()
        self._refresh()

    @property
    def characters(self) -> int:
        """How many the fonts to be embedded have: by what the file grows at its end."""
        return self._glyphs.codes + sum(len(subset.codes) for subsets in self._subsets.values() for subset in subsets)

    def encode(self, operators: str) -> bytes:
        """Operators with literal strings; UnicodeEncodeError where the primary subset lacks a character."""
        return codecs.charmap_encode(operators, "strict", self._map)[0]

    def runs(self, text: str, weight: Weight) -> list[tuple[Subset, str]]:
        """The text in pieces of one subset each; what cannot be printed is replaced and counted."""
        runs: list[tuple[Subset, str]] = []
        for char in text:
            printed = char
            if face_for(char, weight) is None:
                self.missing[code_point(char)] += 1
                printed = SUBSTITUTE
            last = runs[-1][0] if runs else None
            subset = last if last and printed in last.codes else self._subset_with(printed, weight)
            if subset is last:
                runs[-1] = subset, runs[-1][1] + printed
            else:
                runs.append((subset, printed))
        return runs

    def show(self, text: str, weight: Weight, size: float) -> bytes:
        """Operators that select fonts and show the text at the current point."""
        if is_shaped(text, weight):
            return self.show_shaped(((text, weight),), size).encode()
        return b"".join(
            b"/%b %b Tf<%b>Tj" % (subset.name.encode(), number(size), _hexadecimal(subset, run))
            for subset, run in self.runs(text, weight)
        )

    def show_line(self, line: Pieces, size: float) -> bytes:
        """The same for pieces of several weights, one after the other."""
        if any(is_shaped(text, weight) for text, weight in line):
            return self.show_shaped(line, size).encode()
        return b"".join(self.show(text, weight, size) for text, weight in line)

    def show_shaped(self, line: Pieces, size: float) -> str:
        """The same for a line with letters that depend on each other."""
        shaped = shape(line)
        self.missing.update({code_point(char): times for char, times in shaped.missing.items()})
        return self._glyphs.show(shaped, size)

    def literal(self, text: str, size: float) -> str:
        """What stands between `(` and `)Tj` in regular weight.

        Pieces outside the primary subset close the string, switch fonts and open it again, so that a cell with
        a rare letter fits the same template as any other.
        """
        if self._known.issuperset(text):
            return escape(text)
        if not self._alone.issuperset(text):
            if is_shaped(text, Weight.REGULAR):
                shown = self.show_shaped(((text, Weight.REGULAR),), size)
                return f")Tj{shown}/{self.primary.name} {number(size).decode()} Tf("
            self._alone.update(text)
        parts = []
        for subset, run in self.runs(text, Weight.REGULAR):
            if subset is self.primary:
                parts.append(escape(run))
            else:
                shown = _hexadecimal(subset, run).decode()
                points = number(size).decode()
                parts.append(f")Tj/{subset.name} {points} Tf<{shown}>Tj/{self.primary.name} {points} Tf(")
        self._refresh()
        return "".join(parts)

    def embed(self, writer: PdfWriter) -> bytes:
        """Write every subset as a font; returns the entries of the /Font dictionary."""
        subsets = concatenate.from_iterable(self._subsets.values())
        fonts = b"".join(b"/%b %d 0 R" % (subset.name.encode(), embed(subset, writer)) for subset in subsets)
        return fonts + self._glyphs.embed(writer)

    def _subset_with(self, char: str, weight: Weight) -> Subset:
        face = face_for(char, weight) or chain(weight)[0]
        for subset in self._subsets.get(face.name, []):
            if subset.take(char):
                return subset
        subset = self._new_subset(face, ascii_codes=False)
        subset.take(char)
        return subset

    def _new_subset(self, face: Face, *, ascii_codes: bool) -> Subset:
        count = sum(map(len, self._subsets.values()))
        subset = Subset(face, f"F{count}", ascii_codes=ascii_codes)
        self._subsets.setdefault(face.name, []).append(subset)
        return subset

    def _refresh(self) -> None:
        codes = self.primary.codes
        if len(codes) == len(self._known):
            return
        table = ["\ufffe"] * 256  # the codec's mark for "no character"
        for char, code in codes.items():
            table[code] = char
        table[0] = "\0"  # anything else and CPython falls back to a dictionary, ten times slower
        table[10] = "\n"
        self._map = codecs.charmap_build("".join(table))
        self._known = frozenset(codes)


def escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def escape_codes(text: bytes) -> bytes:
    """The same for text in the primary subset's codes, in which these three marks have their own."""
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _hexadecimal(subset: Subset, run: str) -> bytes:
    return bytes(map(subset.codes.__getitem__, run)).hex().encode()
