"""The curve on the page of totals."""

import io
import re
from dataclasses import replace
from datetime import date

import pikepdf
import pytest

from mailer.document import CountryTotal, DayTotal
from mailer.pdf.layout import MM
from tests.mailer.pdf.documents import ANNA, TOTALS, characters, compile_document

DAYS = date(2026, 5, 1), date(2026, 7, 1), date(2026, 11, 20)
GROWN = replace(TOTALS, by_day=tuple(map(DayTotal, DAYS, (300, 900, 1234))))


def test_the_curve_is_labelled_with_its_ends_its_total_and_few_lines() -> None:
    page = compile_document(replace(ANNA, totals=GROWN), []).pages[3]

    chart = " ".join(page.split("Confirmed signatures over time")[1].split("Signatures by country")[0].split())
    for label in ("0 ", "500 ", "1,000 ", "1,500 ", "2 April 2026", "20 November 2026", "1,234"):
        assert label in f"{chart} "
    assert len(chart.split()) == 11


@pytest.mark.parametrize("total", [10, 11, 99, 100, 101, 4_000, 1_234_567, 10**9])
def test_any_total_has_a_curve_of_at_most_four_lines(total: int) -> None:
    days = tuple(DayTotal(date(2026, 4, day), max(1, total * day // 9)) for day in range(2, 10))
    totals = replace(GROWN, confirmed=total, by_day=days, first_on=date(2026, 4, 2))

    page = compile_document(replace(ANNA, totals=totals), []).pages[3]
    chart = page.split("Confirmed signatures over time")[1].split("Signatures by country")[0]
    numbers = [int(line.replace(",", "")) for line in chart.split("\n") if line.replace(",", "").strip().isdigit()]
    assert total in numbers
    assert 2 < len(set(numbers)) <= 6


def test_the_bar_of_a_country_stands_beside_its_number() -> None:
    """Also where the name of the country takes two lines."""
    countries = (CountryTotal("Country " * 8, 7), CountryTotal("Armenia", 7))
    compiled = compile_document(replace(ANNA, totals=replace(TOTALS, by_country=countries)), [])

    page = next(index for index, text in enumerate(compiled.pages) if "Signatures by country" in text)
    with pikepdf.open(io.BytesIO(compiled.data)) as pdf:
        content = pdf.pages[page].Contents.read_bytes()
    bars = [float(y) for y in re.findall(rb" ([0-9.]+) [0-9.]+ 6 re f", content)]
    numbers = [place.bottom for place in characters(compiled, page + 1) if place.char == "7" and place.left > 60 * MM]
    assert [round(number - bar) for number, bar in zip(numbers[-2:], bars, strict=True)] == [1, 1]


def test_few_signatures_make_no_curve() -> None:
    compiled = compile_document(replace(ANNA, totals=replace(GROWN, by_day=GROWN.by_day[1:])), [])

    assert "over time" not in compiled.text
