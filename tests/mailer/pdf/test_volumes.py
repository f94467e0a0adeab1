"""A document larger than its channel takes becomes numbered volumes, each a whole PDF; nothing is cut off (I9)."""

import hashlib
import io
import re
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from mailer.document import PetitionDocument
from mailer.pdf.limits import MOST_VOLUMES, Limits, TooManyVolumes
from mailer.pdf.rendering import Rendering, bind, render
from mailer.pdf.volumes import Listed
from tests.mailer.pdf.documents import lines, page_texts, with_names

SIZE = Limits(size=240_000)


@dataclass
class File:
    data: bytes
    rendering: Rendering
    listed: Listed

    @property
    def pages(self) -> tuple[str, ...]:
        return page_texts(self.data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.pages))

    @property
    def serials(self) -> list[int]:
        return [int(found) for found in re.findall(r"(\d+) Ana \d+ ", self.text)]


def bound(count: int, limits: Limits, document: PetitionDocument | None = None) -> list[File]:
    """As the actor finishes them: the first last."""
    files: list[io.BytesIO] = []

    def new_file() -> io.BytesIO:
        files.append(io.BytesIO())
        return files[-1]

    names = [f"Ana {number} Example" for number in range(1, count + 1)]
    volumes = bind(document or with_names(count), lines(names), new_file, limits)
    made: list[File] = []
    for volume, file in reversed(list(zip(volumes, files, strict=True))):
        rendering = volume.finish([one.listed for one in made])
        told = volume.document
        sha256 = hashlib.sha256(file.getvalue()).hexdigest()
        serials = volume.first_serial, volume.last_serial
        listed = Listed(told.volume, told.file_name, *serials, rendering.pages, sha256)
        made.insert(0, File(file.getvalue(), rendering, listed))
    return made


def test_a_document_within_its_limits_is_one_volume_that_says_nothing_of_volumes() -> None:
    [only] = bound(300, SIZE)
    whole = io.BytesIO()
    rendering = render(with_names(300), lines([f"Ana {number} Example" for number in range(1, 301)]), whole)
    assert only.rendering.pages == rendering.pages
    assert page_texts(whole.getvalue()) == only.pages
    assert "Volume" not in only.text
    assert only.listed.file_name.endswith("-V1of1.pdf")


def test_every_name_is_in_one_volume_and_only_there() -> None:
    volumes = bound(6_000, SIZE)
    assert len(volumes) >= 2
    assert [serial for volume in volumes for serial in volume.serials] == list(range(1, 6_001))
    for volume in volumes:
        assert volume.serials[0] == volume.listed.first_serial
        assert volume.serials[-1] == volume.listed.last_serial
        assert len(volume.data) <= 240_000


def test_a_limit_of_pages_is_kept() -> None:
    volumes = bound(2_000, Limits(pages=20))
    assert max(volume.rendering.pages for volume in volumes) <= 20
    assert [serial for volume in volumes for serial in volume.serials] == list(range(1, 2_001))


def test_the_first_volume_lists_the_others_with_what_proves_them() -> None:
    first, *others = bound(2_000, Limits(pages=20))
    shown = first.text.replace(" ", "")
    for other in others:
        listed = other.listed
        assert listed.sha256 in shown
        assert listed.file_name in shown
        assert f"{listed.first_serial:,}to{listed.last_serial:,}" in shown
    assert "The petition" in first.text
    assert "How to check this document" in first.text


def test_a_later_volume_says_what_it_is_and_where_the_first_one_is() -> None:
    first, *others = bound(2_000, Limits(pages=20))
    count = len(others) + 1
    for number, other in enumerate(others, start=2):
        cover = re.sub(r"\s+", " ", other.pages[0])
        assert f"Volume {number} of {count}" in cover
        assert first.listed.file_name in cover.replace(" ", "")
        assert "K7QF-2MXD-94TA" in cover
        assert f"{other.listed.first_serial:,} to {other.listed.last_serial:,}" in cover
        assert all(f"Volume {number} of {count}" in page.replace("\n", " ") for page in other.pages)
        assert "Facts of the case" not in other.text
    assert all(f"Volume 1 of {count}" in page.replace("\n", " ") for page in first.pages)


def test_rows_that_wrap_are_divided_too() -> None:
    files: list[io.BytesIO] = []

    def new_file() -> io.BytesIO:
        files.append(io.BytesIO())
        return files[-1]

    long = [f"Ana {number} " + "Longname " * 20 for number in range(1, 301)]
    volumes = bind(with_names(300), lines(long), new_file, Limits(pages=15))
    assert [volumes[0].first_serial, volumes[-1].last_serial] == [1, 300]
    assert all(one.last_serial + 1 == two.first_serial for one, two in pairwise(volumes))
    assert max(volume.finish().pages for volume in reversed(volumes)) <= 15


def test_a_limit_that_would_make_hundreds_of_volumes_is_refused() -> None:
    with pytest.raises(TooManyVolumes):
        bound(47 * (MOST_VOLUMES + 3), Limits(size=1_000))


@pytest.mark.parametrize("limits", [SIZE, Limits(pages=20), Limits(300_000, 40), Limits(5_000_000)])
def test_about_how_many_volumes_there_will_be_is_known_before(limits: Limits) -> None:
    [whole] = bound(6_000, Limits())
    rendering = whole.rendering
    expected = limits.volumes(rendering.size, rendering.pages, rendering.measure)
    assert expected is not None
    made = len(bound(6_000, limits))
    assert abs(made - expected) <= max(1, made // 3)
    assert (made == 1) == (expected == 1)


def test_a_limit_below_the_smallest_volume_is_known_before() -> None:
    rendering = bound(10, Limits())[0].rendering
    assert Limits(20_000).volumes(rendering.size, rendering.pages, rendering.measure) is None


def test_the_number_of_a_volume_is_in_its_file_name_alone() -> None:
    document = replace(with_names(1), file_name="PET-V2of3-E01-V1of1.pdf")
    assert document.as_volume(2, 3).file_name == "PET-V2of3-E01-V2of3.pdf"
