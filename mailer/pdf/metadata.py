"""What a file says about itself, twice: in the old dictionary and in XMP, which PDF/A asks to agree.

It claims PDF/A-2b. It does not claim PDF/UA: very long tables are read row by row, not cell by cell, and nobody has
examined a sealed document with that standard's own checker.
"""

import re
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from mailer.pdf.writer import PdfWriter, text_string

PROFILE = Path(__file__).resolve().parent.parent.parent / "static" / "color" / "sRGB.icc"
NOT_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The mark in the first line is the byte order's, and the identifier is the same in every file of this format.
PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{day}T00:00:00Z</xmp:CreateDate>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True)
class Metadata:
    title: str
    author: str
    language: str
    day: date

    def information(self) -> bytes:
        """Entries of the document information dictionary."""
        day = b"(D:%b000000Z)" % self.day.strftime("%Y%m%d").encode()
        return b"/Title%b/Author%b/CreationDate%b" % (
            text_string(_printable(self.title)), text_string(_printable(self.author)), day,
        )  # fmt: skip

    def write(self, writer: PdfWriter) -> bytes:
        """Writes the packet and the colour profile; returns the entries of the catalog that name them."""
        packet = PACKET.format(
            title=escape(_printable(self.title)),
            author=escape(_printable(self.author)),
            language=escape(self.language),
            day=self.day.isoformat(),
        )
        metadata = writer.plain_stream(packet.encode(), b"/Type/Metadata/Subtype/XML")
        profile = writer.stream(PROFILE.read_bytes(), b"/N 3")
        intent = b"<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile %d 0 R>>"
        return b"/Metadata %d 0 R/OutputIntents[%b]" % (metadata, intent % profile)


def _printable(text: str) -> str:
    """Without what XML cannot hold and with white space as XML readers leave it."""
    return " ".join(NOT_XML.sub("\ufffd", text).split())
