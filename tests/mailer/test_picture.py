"""What becomes of an upload (cases.md H1, H3, H4, H11). The child process is the real one."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mailer import picture
from mailer.picture import NotShowable, from_upload
from tests import pictures


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_picture_is_left(kind: str) -> None:
    """H4: no place, camera, name, comment, thumbnail."""
    upload = pictures.with_place(kind)
    assert pictures.SECRET.encode() in upload

    made = from_upload(upload)

    assert pictures.SECRET.encode() not in made.jpeg
    with Image.open(BytesIO(made.jpeg)) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_a_large_photograph_becomes_small() -> None:
    made = from_upload(pictures.photo(size=(4000, 3000), quality=60))
    assert (made.width, made.height) == (1200, 900)
    assert len(made.jpeg) < 300_000


def test_a_photograph_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = from_upload(pictures.photo(size=(400, 300), exif=exif))
    assert (made.width, made.height) == (300, 400)


def test_what_can_be_seen_through_becomes_white() -> None:
    made = from_upload(pictures._saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    with Image.open(BytesIO(made.jpeg)) as image:
        assert image.getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize(
    "upload",
    [
        pictures.SVG,
        pictures.HTML,
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"%PDF-1.7\n",
        b"PK\x03\x04 a zip, so a document with macros",
        pictures.photo("GIF", mode="L"),
        pictures.photo("TIFF"),
        b"",
        b"\0" * 1000,
    ],
    ids=["svg", "html", "eps", "pdf", "zip", "gif", "tiff", "empty", "zeros"],
)
def test_what_is_no_photograph_is_refused_whatever_it_is_called(upload: bytes) -> None:
    """H1, H11."""
    with pytest.raises(NotShowable) as refused:
        from_upload(upload)
    assert refused.value.reason == "not_an_image"


def test_a_second_file_behind_the_picture_does_not_come_along() -> None:
    """H1: polyglots."""
    made = from_upload(pictures.photo() + pictures.HTML + b"PK\x03\x04%PDF-1.7")
    assert b"script" not in made.jpeg
    assert b"%PDF" not in made.jpeg


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_file_is_refused(kind: str) -> None:
    """H3."""
    whole = pictures.photo(kind)
    with pytest.raises(NotShowable):
        from_upload(whole[: len(whole) // 2])


def test_of_an_animation_the_first_picture_is_taken() -> None:
    """H3."""
    assert from_upload(pictures.animation(2000)).width == 64


def test_a_bomb_is_refused_at_once() -> None:
    """H3: ≤ 5 s; of work, ours and the child's, so that a busy machine does not count."""
    bomb = pictures.bomb()
    before = sum(os.times()[:4])
    with pytest.raises(NotShowable) as refused:
        from_upload(bomb)
    assert refused.value.reason == "too_large"
    assert sum(os.times()[:4]) - before < 5


def test_one_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "SECONDS", 0.01)
    with pytest.raises(NotShowable) as refused:
        from_upload(pictures.photo())
    assert refused.value.reason == "too_large"


@pytest.mark.parametrize(
    ("kind", "size", "how"), [("JPEG", (8000, 6000), {"quality": 15, "progressive": True}), ("PNG", (4000, 3000), {})]
)
def test_the_largest_that_is_accepted_stays_under_300_megabytes(
    kind: str, size: tuple[int, int], how: dict[str, Any]
) -> None:
    """H3. Measured where it happens: in the child."""
    upload = pictures.photo(kind, size, **how)
    measured = (
        "import runpy, sys, pathlib\n"
        f"try: runpy.run_path({str(Path(picture.__file__))!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    sys.stderr.write(f'{end.code} ' + pathlib.Path('/proc/self/status').read_text())\n"
    )
    child = subprocess.run([sys.executable, "-c", measured], input=upload, capture_output=True, check=True, timeout=60)
    said = child.stderr.decode()
    assert said.startswith("0 ")
    assert int(said.partition("VmHWM:")[2].split()[0]) < 300_000  # kB


def test_what_a_hole_in_a_decoder_would_find_can_write_no_file(tmp_path: Path) -> None:
    probe = "from mailer import picture; picture._limit_this_process(); open('found', 'w').write('something')"
    environment = {"PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", probe], cwd=tmp_path, env=environment, check=False, timeout=60)
    assert not (tmp_path / "found").read_bytes()
