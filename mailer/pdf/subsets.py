"""A subset of a face: 256 codes for its characters, and the font objects that carry it in a file."""

from collections.abc import Mapping

from mailer.pdf.fonts import Face
from mailer.pdf.writer import PdfWriter

RESERVED = frozenset("\0\n\r")  # NUL means .notdef, line breaks part operators, readers turn CR into LF


class Subset:
    """256 codes of one face. Code 0 stays .notdef."""

    def __init__(self, face: Face, name: str, *, ascii_codes: bool) -> None:
        self.face = face
        self.name = name
        self.codes: dict[str, int] = {}
        self._free = [code for code in range(255, 0, -1) if chr(code) not in RESERVED]
        if ascii_codes:
            for code in range(32, 127):
                self.codes[chr(code)] = code
                self._free.remove(code)

    def take(self, char: str) -> bool:
        """Whether the character has a code here, giving it one while there are any."""
        if char in self.codes:
            return True
        if not self._free:
            return False
        self.codes[char] = self._free.pop()
        return True

    def characters(self) -> list[int]:
        """Code point by code, 0 where a code is free, up to the last code in use."""
        points = [0] * (max(self.codes.values(), default=0) + 1)
        for char, code in self.codes.items():
            points[code] = ord(char)
        return points


def number(value: float) -> bytes:
    """A PDF number: two decimals are a 7,000th of an inch."""
    return (f"{value:.2f}".rstrip("0").rstrip(".") or "0").encode()


def embed(subset: Subset, writer: PdfWriter) -> int:
    face, file, points = subset.face, subset.face.file, subset.characters()
    base = f"{_tag(subset)}+{face.name}".encode()
    data = file.makeSubset(points)
    program = writer.stream(data, b"/Length1 %d" % len(data))
    unicode_map = writer.stream(to_unicode({code: chr(point) for code, point in enumerate(points) if point}))
    descriptor = writer.object(
        b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%b]/ItalicAngle %b/Ascent %b/Descent %b"
        b"/CapHeight %b/StemV %b/MissingWidth %b/FontFile2 %d 0 R>>"
        % (
            base,
            b" ".join(map(number, file.bbox)),
            number(file.italicAngle),
            number(file.ascent),
            number(file.descent),
            number(file.capHeight),
            number(file.stemV),
            number(file.defaultWidth),
            program,
        )
    )
    widths = b" ".join(number(face.width(chr(point))) for point in points)
    return writer.object(
        b"<</Type/Font/Subtype/TrueType/BaseFont/%b/FirstChar 0/LastChar %d/Widths[%b]/ToUnicode %d 0 R"
        b"/FontDescriptor %d 0 R>>" % (base, len(points) - 1, widths, unicode_map, descriptor)
    )


def to_unicode(texts: Mapping[int, str], *, digits: int = 2) -> bytes:
    """The CMap by which readers copy and search text; at most 100 entries a block, as the format asks.

    `digits`: hexadecimal ones, of a code.
    """
    pairs = [(f"{code:0{digits}X}", text.encode("utf-16-be").hex()) for code, text in texts.items()]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CIDSystemInfo <</Registry (Adobe)/Ordering (UCS)/Supplement 0>> def",
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
        f"1 begincodespacerange <{'0' * digits}> <{'F' * digits}> endcodespacerange",
    ]
    for start in range(0, len(pairs), 100):
        block = [f"<{code}> <{text}>" for code, text in pairs[start : start + 100]]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(lines).encode("ascii")


def _tag(subset: Subset) -> str:
    """Six capitals that tell the subsets of one document apart."""
    index = int(subset.name[1:])
    return "PETA" + chr(65 + index // 26 % 26) + chr(65 + index % 26)
