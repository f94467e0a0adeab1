"""Seals a large file in a process that holds nothing else, so that its memory is the seal's.

python -m bench.sealing FOLDER
"""

import sys
from pathlib import Path

from bench.measure import timed
from mailer.pdf.seal import seal

KEY = "bench"  # the name of the seal that bench.edition made


def seal_large(folder: Path) -> None:
    pkcs12, passphrase = (folder / "keys" / f"seal-{KEY}.{kind}" for kind in ("p12", "pass"))
    with (folder / "large.pdf").open("r+b") as pdf:
        seal(pdf, pkcs12.read_bytes(), passphrase.read_bytes(), reason="Edition 1")


if __name__ == "__main__":
    timed(lambda: seal_large(Path(sys.argv[1])))
