"""The whole document, as an official reads it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from mailer.document import EarlierText, Fact, file_name
from tests.mailer.pdf.documents import (
    ANNA,
    CASE,
    PROOF,
    TEXT,
    TOTALS,
    Compiled,
    above_footer,
    compile_document,
    compile_names,
    lines,
)


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_document(replace(ANNA, totals=TOTALS), lines(["Anna", "Мария", "O'Brien"]))


def test_the_cover_letter_stands_alone_on_the_first_page(compiled: Compiled) -> None:
    letter = " ".join(compiled.pages[0].split())

    for part in [
        "Open Door Association",
        "Prosecutor General of Lyrania 12 Court Street 100001 Mirgrad",
        "Westport, 22 November 2026",
        "Our reference Edition 3 · K7QF-2MXD-94TA Your reference 1-204/2026",
        "Petition concerning Anna Sergeevna Vetrova",
        "born 1987, case 1-204/2026, article 280 of the Criminal Code",
        "Dear Prosecutor General,",
        ANNA.text.demand,
        "It bears 1,234 confirmed signatures.",
        "134 chose to be counted only",
        "Since edition 2, 11 signatures are new.",
        "reply@open-door.example",
        "Maria Lindner Chair of the board",
        "https://petitions.example/verify Verification code: K7QF-2MXD-94TA",
        "Received Date Number Stamp",
    ]:
        assert part in letter


def test_the_cover_letter_lists_what_is_enclosed_with_its_pages(compiled: Compiled) -> None:
    assert "Annex A: names: 1 page, from page 5" in " ".join(compiled.pages[0].split())
    assert compiled.pages[4].count("Annex A: names") == 1


def test_wordings_that_some_signed_earlier_are_printed_with_their_number() -> None:
    """cases.md G12: in the document's language whole, in another by their hash."""
    first = EarlierText(ANNA.text.language, 1, "Free Anna", "Let her see a doctor.", "She is ill.", "1" * 64, 812)
    russian = EarlierText("ru", 1, "Свободу Анне", "Допустите врача.", "Она больна.", "2" * 64, 1)

    compiled = compile_document(replace(ANNA, earlier_texts=(first, russian)), lines(["Anna"]))

    text = " ".join(" ".join(compiled.pages).split())
    assert "version 2" in text
    assert "812 signers signed this text, before the present one was published." in text
    assert "Let her see a doctor." in text
    assert "1 signer signed this text" in text
    assert "2" * 64 in text
    assert "Допустите" not in text


def test_a_letter_with_much_to_say_is_set_smaller_and_stays_on_one_page() -> None:
    document = replace(
        ANNA,
        text=replace(
            TEXT,
            title="Release Anna " * 20,
            demand="Release her and let a doctor see her at once, please. " * 12,
        ),
        addressee=replace(ANNA.addressee, lines=tuple(f"Line {number} of a long address" for number in range(14))),
        case=replace(CASE, article="article 280 of the Criminal Code; " * 20),
    )
    compiled = compile_document(document, [])

    assert "K7QF-2MXD-94TA" in compiled.pages[0].split("Yours faithfully,")[1]
    assert above_footer(compiled, 1)
    assert "Page 2 of" in compiled.pages[1]
    assert "The petition" in compiled.pages[1]


def test_every_page_says_whose_petition_which_edition_and_which_page(compiled: Compiled) -> None:
    total = compiled.rendering.pages
    for number, page in enumerate(compiled.pages, 1):
        flat = " ".join(page.split())
        assert "Anna Sergeevna Vetrova" in flat
        assert "Edition 3" in flat
        assert f"Page {number} of {total}" in flat
        assert "Verification code: K7QF-2MXD-94TA" in flat


def test_volumes_are_numbered_in_the_header() -> None:
    compiled = compile_document(replace(ANNA, volume=2, volumes=3), [])

    assert all("Edition 3 · Volume 2 of 3" in page for page in compiled.pages)


def test_a_demonstration_says_so_on_every_page() -> None:
    notice = "Demonstration — invented persons"
    shown = compile_document(replace(ANNA, demonstration=True), lines(["a"] * 60))

    assert all(page.count(notice) == 1 for page in shown.pages)
    assert notice not in compile_document(ANNA, []).text


def test_the_text_is_printed_as_signed_with_version_and_hash(compiled: Compiled) -> None:
    page = compiled.pages[1]

    assert "Text in English, version 2" in page
    assert ANNA.text.hash in page
    assert "A cardiologist must see her." in page


def test_markup_beyond_the_mini_markup_stays_text() -> None:
    typed = (
        "<script>alert(1)</script> [link](javascript:1) {{ 7*7 }} {% if %} `x` <b>b</b> &amp; \\* 2 * 3 * 4"
    )
    compiled = compile_document(replace(ANNA, text=replace(TEXT, background=typed, title="**A** {{ 1 }}")), [])

    assert typed in " ".join(compiled.pages[1].split())
    assert "“**A** {{ 1 }}”" in " ".join(compiled.pages[0].split())


def test_totals_are_shown_for_what_they_are(compiled: Compiled) -> None:
    page = compiled.pages[3]

    for row in [
        "Confirmed signatures 1,234",
        "named in this document 1,100",
        "counted only, without a name 134",
        "Collected on paper, in addition 22",
        "Held for examination, not counted 4",
        "Struck out as false, not counted 3",
        "Withdrawn by the signer, not counted 7",
        "Signed between 2 April 2026 and 20 November 2026.",
        "Türkiye 1,000",
        "other 12",
    ]:
        assert row in page


def test_the_last_page_says_how_to_check(compiled: Compiled) -> None:
    page = compiled.pages[-1]

    assert ANNA.proof.seal_fingerprint in page
    assert ANNA.text.hash in page
    assert ANNA.proof.url in page
    assert "Root of the evidence log" not in page


def test_the_evidence_log_is_printed_when_there_is_one() -> None:
    compiled = compile_document(replace(ANNA, proof=replace(PROOF, log_size=4711, log_root="ab" * 32)), [])

    assert "Size of the evidence log 4,711" in " ".join(compiled.pages[-1].split())
    assert "ab" * 32 in compiled.pages[-1]


def test_a_fact_longer_than_a_page_goes_on_over_the_next_pages() -> None:
    facts = (Fact("2026", "word " * 3_000, "source"), Fact("2027", "The end.", "source"))
    compiled = compile_document(replace(ANNA, case=replace(CASE, events=facts)), [])

    assert compiled.text.count("word") == 3_000
    assert "The end." in compiled.text


def test_a_russian_document_has_russian_days_and_numbers() -> None:
    document = replace(ANNA, language="ru", totals=TOTALS)
    compiled = compile_document(document, lines(["Анна"]))

    assert "22 ноября 2026" in compiled.pages[0]
    assert "01.05.2026" in compiled.text
    assert "1\N{NO-BREAK SPACE}234" in compiled.text
    assert compiled.rendering.missing == {}


def test_metadata_names_no_person_host_path_or_program(compiled: Compiled, tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(compiled.data)
    with pikepdf.open(path) as pdf:
        info = {key: str(value) for key, value in pdf.docinfo.items()}
        language = str(pdf.Root.Lang)

    assert info == {
        "/Title": "Medical care and release for Anna Vetrova · Edition 3",
        "/Author": "Open Door Association",
        "/CreationDate": "D:20261122000000Z",
    }
    assert language == "en"


def test_every_font_is_embedded_and_bookmarks_lead_to_the_parts(compiled: Compiled, tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(compiled.data)
    with pikepdf.open(path) as pdf:
        fonts = [
            item
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"
        ]
        assert fonts
        assert all("/FontFile2" in font.FontDescriptor for font in fonts)
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
    assert titles == [
        "Cover letter",
        "The petition",
        "Facts of the case",
        "How the signatures were confirmed",
        "Signatures by country",
        "Annex A: names",
        "How to check this document",
    ]


@pytest.mark.parametrize("count", [0, 1, 50, 12_500])  # the last needs a second group in the page tree
def test_the_file_is_sound(count: int, tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(compile_names([f"Anna Ветрова Անի {number}" for number in range(count)]).data)

    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "WARNING" not in checked.stdout + checked.stderr


def test_file_names_are_plain_ascii_and_tell_the_edition() -> None:
    assert file_name("free-anna", edition=3) == "PET-free-anna-E03-V1of1.pdf"
    assert file_name('../"Анна"\r\nX', edition=12, volume=2, volumes=3) == "PET-x-E12-V2of3.pdf"
    assert file_name("Анна", edition=1) == "PET-petition-E01-V1of1.pdf"
