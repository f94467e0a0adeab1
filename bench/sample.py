"""The document that every engine prints: a cover and a table of names. All of it is invented.

Plain values and no import of ours, so that a peer's process holds nothing but the peer.
"""

from collections.abc import Iterator
from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
REGULAR, BOLD = FONTS / "NotoSans-Regular.ttf", FONTS / "NotoSans-Bold.ttf"

TITLE = "Medical care and release for Anna Vetrova"
RUNNING_HEAD = "Anna Vetrova · Edition 3"
ADDRESSEE = "To the Prosecutor General of Lyrania, 12 Court Street, 100001 Mirgrad"
PARAGRAPHS = (
    "Anna Vetrova is a teacher. She was arrested at her home on 12 March 2026 and has been held in Remand Centre No. 2 "
    "ever since. The undersigned ask that she be released and given the treatment that two doctors have prescribed.",
    "Анна Ветрова — учительница. Её задержали дома 12 марта 2026 года, и с тех пор она находится в следственном "
    "изоляторе № 2. Нижеподписавшиеся просят освободить её и предоставить ей лечение, назначенное двумя врачами.",
    "Each name below was confirmed by its owner through a link that only the owner's mailbox received. Nobody was paid "
    "to sign, and nobody is named who did not wish to be named to this addressee.",
)
HEAD = ("No.", "Name", "Place", "Day")

# Geometry of mailer.pdf, so that every engine breaks lines and pages at the same places: A4, 9 pt on 11 pt.
LEFT_MM, RIGHT_MM, TOP_MM, BOTTOM_MM = 25, 20, 25, 22
WIDTHS_MM = (17, 72, 57, 19)
SIZE, LEADING, PADDING = 9, 11, 3

LONGEST_ROW = 1_000  # bytes

Row = list[str]  # serial, name, place, day


def rows(path: Path) -> Iterator[Row]:
    """Rows of a file that `bench.people` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


def last_serial(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_ROW))
        return int(file.readlines()[-1].partition(b"\t")[0])
