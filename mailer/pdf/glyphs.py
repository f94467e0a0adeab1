"""Fonts for shaped lines: glyphs by number, as many as a face has, each with the text it stands for.

One glyph may stand for different letters, and a second glyph of a letter for none, so a code is made for each pair of
glyph and text.
"""

import uharfbuzz as hb  # type: ignore[import-untyped]

from mailer.pdf.faces import EM, Typeface
from mailer.pdf.shaping import Run, Shaped
from mailer.pdf.subsets import number, to_unicode
from mailer.pdf.writer import PdfWriter, text_string

# HarfBuzz's own tables, and names and outlines' hints: none of them is read from an embedded font.
DROPPED = (
    "GSUB", "GPOS", "GDEF", "OS/2", "name", "post", "cmap", "kern", "meta", "STAT", "gasp", "DSIG", "vmtx", "vhea",
)  # fmt: skip


class GlyphFont:
    """The glyphs of one face in one document. Code 0 stays .notdef."""

    def __init__(self, typeface: Typeface, name: str) -> None:
        self.typeface = typeface
        self.name = name
        self.codes: dict[tuple[int, str], int] = {}

    def code(self, glyph: int, text: str) -> int:
        return self.codes.setdefault((glyph, text), len(self.codes) + 1)


class GlyphFonts:
    """All of a document's."""

    def __init__(self) -> None:
        self._fonts: dict[str, GlyphFont] = {}

    @property
    def codes(self) -> int:
        return sum(len(font.codes) for font in self._fonts.values())

    def show(self, shaped: Shaped, size: float) -> str:
        """Operators that show the line at the current point, run after run as they are read.

        /ActualText says what glyphs in another order than their letters stand for. Not from right to left: readers
        turn such words around letter by letter, and would once too often.
        """
        parts = []
        at = 0  # thousandths of the size, from where the line begins
        for run in shaped.runs:
            shown, at = self._shown(run, at, size)
            if run.level % 2 or run.spelled:
                parts.append(shown)
            else:
                parts.append(f"/Span<</ActualText{text_string(run.text).decode()}>>BDC{shown} EMC")
        return "".join(parts)

    def embed(self, writer: PdfWriter) -> bytes:
        """Write every font; returns the entries of the /Font dictionary."""
        return b"".join(b"/%b %d 0 R" % (font.name.encode(), _embed(font, writer)) for font in self._fonts.values())

    def _shown(self, run: Run, at: int, size: float) -> tuple[str, int]:
        """The glyphs of a run as strings with moves between them; and where the point is after them."""
        font = self._fonts.setdefault(run.typeface.name, GlyphFont(run.typeface, f"G{len(self._fonts)}"))
        parts, codes = [f"/{font.name} {number(size).decode()} Tf["], ""
        place, raised = run.x, 0
        for glyph in run.glyphs:
            move = place + glyph.right - at
            if (move or glyph.up != raised) and codes:
                parts.append(f"<{codes}>")
                codes = ""
            if glyph.up != raised:
                parts.append(f"]TJ {number(glyph.up * size / EM).decode()} Ts[")
                raised = glyph.up
            if move:
                parts.append(str(-move))
            codes += f"{font.code(glyph.number, glyph.text):04x}"
            at += move + glyph.width
            place += glyph.advance
        parts.append(f"<{codes}>]TJ" + (" 0 Ts" if raised else ""))
        return "".join(parts), at


def _embed(font: GlyphFont, writer: PdfWriter) -> int:
    typeface = font.typeface
    base = f"{_tag(font)}+{typeface.name}".encode()
    data, places = _subset(font)
    program = writer.stream(data, b"/Length1 %d" % len(data))
    numbers = writer.stream(b"\0\0" + b"".join(places[glyph].to_bytes(2) for glyph, _ in font.codes))
    said = {code: text for (_, text), code in font.codes.items() if text}
    unicode_map = writer.stream(to_unicode(said, digits=4))
    extents = typeface.font.get_font_extents("ltr")
    box = b" ".join(map(number, typeface.box))
    ascent, descent, capitals = map(number, (extents.ascender, extents.descender, typeface.cap_height))
    descriptor = writer.object(
        b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%b]/ItalicAngle 0/Ascent %b/Descent %b/CapHeight %b"
        b"/StemV 80/FontFile2 %d 0 R>>" % (base, box, ascent, descent, capitals, program)
    )
    widths = b" ".join(b"%d" % typeface.width(glyph) for glyph, _ in font.codes)
    descendant = writer.object(
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/FontDescriptor %d 0 R/DW 0/W[1[%b]]/CIDToGIDMap %d 0 R>>"
        % (base, descriptor, widths, numbers)
    )
    return writer.object(
        b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
        % (base, descendant, unicode_map)
    )


def _subset(font: GlyphFont) -> tuple[bytes, dict[int, int]]:
    """A font file with the glyphs in use only, and their numbers in it."""
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyph for glyph, _ in font.codes)
    wanted.drop_table_tag_set.update(int.from_bytes(tag.ljust(4).encode()) for tag in DROPPED)
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
    face = font.typeface.face
    if face.has_var_data:
        wanted.pin_all_axes_to_default(face)
    plan = hb.SubsetPlan(face, wanted)
    places = plan.old_to_new_glyph_mapping
    return plan.execute().blob.data, {glyph: places[glyph] for glyph, _ in font.codes}


def _tag(font: GlyphFont) -> str:
    """Six capitals that tell the subsets of one document apart."""
    index = int(font.name[1:])
    return "PETS" + chr(65 + index // 26 % 26) + chr(65 + index % 26)
