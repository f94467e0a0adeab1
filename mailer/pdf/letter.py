"""The cover letter as a file of its own: it goes by e-mail where the document itself is fetched by a link.

It names no signer, and says by its SHA-256 which document it belongs to.
"""

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from mailer.document import PetitionDocument
from mailer.pdf.cover import Annex, cover_letter
from mailer.pdf.encoding import Lettering
from mailer.pdf.sheets import Sheets
from mailer.pdf.volumes import Listed, annexes
from mailer.pdf.words import Words
from mailer.pdf.writer import PdfWriter

GROUP = 16  # of 64 digits


def write_letter(document: PetitionDocument, volumes: Sequence[Listed], out: BinaryIO) -> Mapping[str, int]:
    """One page. Returns the characters that no font has, as `Rendering.missing`."""
    words, lettering = Words(document.language), Lettering()
    sheets = Sheets(PdfWriter(out), lettering, document.as_volume(1, 1), words)
    sheets.bookmark(words.gettext("Cover letter"))
    first, *later = volumes
    sha256 = " ".join(first.sha256[start : start + GROUP] for start in range(0, len(first.sha256), GROUP))
    files = [Annex(f"{first.file_name}, SHA-256 {sha256}", 1, first.pages), *annexes(later, words)]
    heading = words.gettext("To be fetched at the address in our e-mail")
    sheets.add(cover_letter(document.as_volume(1, 1), words, files, heading=heading))
    sheets.finish()
    return dict(lettering.missing)
