"""Uploads for tests: honest ones, and those that are not what they seem."""

from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
SECRET = "Canary Street 7"


def upload(fields: dict[str, Any], *files: tuple[str, bytes, str]) -> dict[str, Any]:
    """A form with files (field, content, name) as bytes: Werkzeug's own client leaves a temporary file open for large
    ones."""
    values: MultiDict[str, Any] = MultiDict(fields)
    for field, content, name in files:
        values.add(field, FileStorage(BytesIO(content), filename=name))
    boundary, body = encode_multipart(values)
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def photo(kind: str = "JPEG", size: tuple[int, int] = (640, 800), mode: str = "RGB", **how: Any) -> bytes:
    return _saved(Image.effect_noise(size, 40).convert(mode), kind, **how)


def with_place(kind: str = "JPEG") -> bytes:
    """A photograph that tells where it was taken, by whom and with what, and has a thumbnail and a text in it."""
    image = Image.effect_noise((640, 480), 40).convert("RGB")
    exif = Image.Exif()
    exif[0x010E], exif[0x0110], exif[0x013B] = SECRET, SECRET, SECRET  # description, model, artist
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 54.0, 8.0), 3: "E", 4: (27.0, 33.0, 41.0)})  # GPS
    how: dict[str, Any] = {"exif": exif}
    if kind == "JPEG":
        how["comment"] = SECRET.encode()
    if kind == "PNG":
        how["pnginfo"] = PngInfo()
        how["pnginfo"].add_text("Author", SECRET)
    if kind == "WEBP":
        how["xmp"] = f"<x:xmpmeta><dc:creator>{SECRET}</dc:creator></x:xmpmeta>".encode()
    return _saved(image, kind, **how)


def bomb() -> bytes:
    """100 kB that unpack to 900 million pixels."""
    return _saved(Image.new("1", (30_000, 30_000)), "PNG")


def animation(frames: int) -> bytes:
    pictures = [Image.new("RGB", (64, 64), (number % 256, 0, 0)) for number in range(frames)]
    return _saved(pictures[0], "PNG", save_all=True, append_images=pictures[1:])


def _saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()
