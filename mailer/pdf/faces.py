"""Font files as HarfBuzz sees them: every script, also those whose letters must be shaped.

The faces of a weight are asked in order. An operator may add a directory of TrueType fonts, which are asked last:
Chinese, Japanese and Korean are too large to come with the program.
"""

import struct
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from pathlib import Path

import uharfbuzz as hb  # type: ignore[import-untyped]

FONTS = Path(__file__).resolve().parent.parent.parent / "static" / "fonts"
EM = 1000  # what widths are counted in
_CAP_HEIGHT = hb.OTMetricsTag.CAP_HEIGHT
_NAMES = (
    "NotoSans", "NotoSansArmenian", "NotoSansGeorgian", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari",
    "NotoSansBengali", "NotoSansTamil", "NotoSansThai", "NotoSansEthiopic", "NotoSansKhmer", "NotoSansMyanmar",
    "NotoSansTelugu", "NotoSansKannada", "NotoSansMalayalam", "NotoSansGujarati", "NotoSansGurmukhi",
    "NotoSansOriya", "NotoSansSinhala", "NotoSansLao", "NotoSerifTibetan", "NotoSansMongolian", "NotoSansThaana",
    "NotoSansSyriac", "NotoSansNKo", "NotoSansTifinagh", "NotoSansAdlam", "NotoSansCherokee",
    "NotoSansCanadianAboriginal", "NotoSansOlChiki", "NotoSansSymbols", "NotoSansSymbols2", "NotoSansMath",
    "NotoEmoji",
)  # fmt: skip
_added: list[Path] = []  # files, first asked first


class Weight(StrEnum):
    REGULAR = "Regular"
    BOLD = "Bold"
    ITALIC = "Italic"


class FontUnusable(ValueError):
    """A file of the operator's directory that cannot be embedded in a document."""


class Typeface:
    """One font file, opened once a process and never changed."""

    def __init__(self, path: Path) -> None:
        self.face = hb.Face(hb.Blob.from_file_path(path))
        if "glyf" not in self.face.table_tags:
            raise FontUnusable(f"{path.name}: no TrueType outlines; a static .ttf is needed")
        self.name = path.stem
        self.font = hb.Font(self.face)
        self.font.scale = (EM, EM)

    @cached_property
    def characters(self) -> frozenset[int]:
        return frozenset(self.face.unicodes)

    def prints(self, char: str) -> bool:
        return ord(char) in self.characters

    @property
    def cap_height(self) -> int:
        return int(self.font.get_metric_position_with_fallback(_CAP_HEIGHT))

    @property
    def box(self) -> tuple[float, ...]:
        """What no glyph stands outside of: left, bottom, right, top."""
        corners = struct.unpack_from(">4h", self.face.reference_table("head").data, 36)
        return tuple(corner * EM / self.face.upem for corner in corners)

    def width(self, glyph: int) -> int:
        return int(self.font.get_glyph_h_advance(glyph))

    def lowest(self, glyph: int) -> int:
        """How far down it is drawn."""
        extents = self.font.get_glyph_extents(glyph)
        return int(extents.y_bearing + extents.height) if extents else 0


def add_directory(directory: Path) -> None:
    """Asks the fonts of this directory too, in the order of their names; `…-Bold.ttf` is for bold only.

    To be called before anything is printed.
    """
    found = sorted(path for path in directory.iterdir() if path.suffix.lower() in {".ttf", ".ttc", ".otf"})
    if not found:
        raise FontUnusable(f"{directory}: no font file")
    for path in found:
        _opened(path)
    if fresh := [path for path in found if path not in _added]:
        _added.extend(fresh)
        for known in (typefaces, first_typeface):
            known.cache_clear()


@cache
def typefaces(weight: Weight) -> tuple[Typeface, ...]:
    """The faces of a weight, first asked first. Few scripts have a bold face, and none but Latin an italic one."""
    found = []
    for name in _NAMES:
        path = FONTS / f"{name}-{weight}.ttf"
        found.append(_opened(path if path.exists() else FONTS / f"{name}-Regular.ttf"))
    bold = [path for path in _added if path.stem.endswith("-Bold")]
    others = [path for path in _added if path not in bold]
    found += map(_opened, bold + others if weight is Weight.BOLD else others)
    return tuple(found)


@lru_cache(8192)
def first_typeface(chars: str, weight: Weight) -> Typeface | None:
    """The first face that has all of these characters, or None."""
    return next((face for face in typefaces(weight) if all(map(face.prints, chars))), None)


@cache
def _opened(path: Path) -> Typeface:
    try:
        return Typeface(path)
    except (hb.HarfBuzzError, OSError) as error:
        raise FontUnusable(f"{path.name}: cannot be read") from error
