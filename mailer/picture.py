"""A photograph from an upload: decoded, made small, and written anew with nothing in it but what there is to see.

Whatever the upload carried beside the picture (place, camera, thumbnail, text, a second file behind the image) is not
copied, because only pixels are. Decoders have had holes and images unpack to a thousand times their size, so it happens
in a process of its own that has no key, no database and no network of ours to reach, and is ended by the system when
it takes more than its time or memory; the worker lives.
"""

import resource
import struct
import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")  # by content; what a file is called says nothing
MOST_PIXELS = 50_000_000  # what telephones make
MOST_BYTES = 330_000_000  # of addresses; so much that less than 300 MB of memory is ever in use
SECONDS = 5
SIDE = 1_200  # pixels of the longer one afterwards
QUALITIES = (82, 70, 55)
KEPT_BYTES = 300_000
HEADER = struct.Struct(">HH")  # width, height
NOT_AN_IMAGE, DAMAGED, TOO_LARGE = 3, 4, 5  # how the child ends, if not well
_REASONS = {NOT_AN_IMAGE: "not_an_image", DAMAGED: "damaged", TOO_LARGE: "too_large"}


class NotShowable(Exception):
    """No photograph can be made of it; `reason` says why, in a word."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Picture:
    jpeg: bytes
    width: int
    height: int


def from_upload(upload: bytes) -> Picture:
    """Runs the child. Raises NotShowable."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(Path(__file__))],
            input=upload,
            capture_output=True,
            timeout=SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotShowable("too_large") from None
    if child.returncode != 0:  # ended by the system: too much of something
        raise NotShowable(_REASONS.get(child.returncode, "too_large"))
    width, height = HEADER.unpack_from(child.stdout)
    return Picture(child.stdout[HEADER.size :], width, height)


def shrunk(upload: bytes) -> Picture:
    """What the child does. Raises NotShowable."""
    image = _opened(upload)
    if image.width * image.height > MOST_PIXELS:
        raise NotShowable("too_large")
    try:
        image.draft("RGB", (2 * SIDE, 2 * SIDE))  # JPEG: unpack no more than is needed
        image.seek(0)  # of an animation the first picture
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((SIDE, SIDE))
        plain = _on_white(upright)
    except (MemoryError, Image.DecompressionBombError):
        raise NotShowable("too_large") from None
    except Exception:  # a decoder raises whatever it meets
        raise NotShowable("damaged") from None
    return Picture(_written(plain), plain.width, plain.height)


def _opened(upload: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(upload), formats=FORMATS)
    except Image.DecompressionBombError:
        raise NotShowable("too_large") from None
    except Exception:
        raise NotShowable("not_an_image") from None


def _on_white(image: Image.Image) -> Image.Image:
    """A new image of pixels alone."""
    opaque = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        opaque.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    else:
        opaque.paste(image.convert("RGB"))
    return opaque


def _written(image: Image.Image) -> bytes:
    for quality in QUALITIES:
        out = BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= KEPT_BYTES:
            break
    return out.getvalue()


def _limit_this_process() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for nothing in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(nothing, (0, 0))


def main() -> int:
    upload = sys.stdin.buffer.read()
    _limit_this_process()
    try:
        made = shrunk(upload)
    except NotShowable as refusal:
        return next(code for code, reason in _REASONS.items() if reason == refusal.reason)
    except MemoryError:
        return TOO_LARGE
    sys.stdout.buffer.write(HEADER.pack(made.width, made.height) + made.jpeg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
