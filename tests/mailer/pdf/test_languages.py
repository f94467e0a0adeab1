"""Documents in the addressee's language: nothing of it is left in ours, and it looks as its offices write."""

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from babel.messages.pofile import read_po

from mailer.document import Recipient, Wording
from mailer.pdf import render
from mailer.pdf.volumes import Listed
from mailer.pdf.words import Words
from mailer.wording import TRANSLATIONS
from petitions.config import Settings
from tests.mailer.pdf.documents import (
    ANNA,
    CASE,
    SENDER,
    TOTALS,
    Compiled,
    compile_document,
    lines,
    page_texts,
)

LANGUAGES = Settings.model_fields["document_languages"].default
OTHERS = [language for language in LANGUAGES if language != "en"]
WORDS = re.compile(r"%\(\w+\)s|\{\w+\}")

HEADINGS = {  # of the parts, as an official looks for them
    "en": ("The petition", "Facts of the case", "How the signatures were confirmed", "How to check this document"),
    "ru": ("Текст обращения", "Обстоятельства дела", "Как подтверждались подписи", "Как проверить этот документ"),
    "uk": ("Текст звернення", "Обставини справи", "Як підтверджувалися підписи", "Як перевірити цей документ"),
    "be": ("Тэкст звароту", "Абставіны справы", "Як пацвярджаліся подпісы", "Як праверыць гэты дакумент"),
    "kk": ("Өтініштің мәтіні", "Істің мән-жайы", "Қолдар қалай расталды", "Бұл құжатты қалай тексеруге болады"),
    "de": ("Die Petition", "Sachverhalt", "Wie die Unterschriften bestätigt wurden", "So prüfen Sie dieses Dokument"),
    "fr": (
        "La pétition", "Faits de l’affaire", "Comment les signatures ont été confirmées",
        "Comment vérifier ce document",
    ),
}  # fmt: skip
CLOSINGS = {
    "en": "Yours faithfully,", "ru": "С уважением,", "uk": "З повагою", "be": "З павагай", "kk": "Құрметпен,",
    "de": "Mit freundlichen Grüßen", "fr": "Nous vous prions d’agréer l’expression de notre haute considération.",
}  # fmt: skip


def in_language(language: str) -> Compiled:
    """With values that are words of no language."""
    wording = Wording("en", 2, "1", "2", "3", "4" * 64)
    document = replace(
        ANNA,
        language=language,
        text=wording,
        addressee=Recipient("5", ("6",), "7"),
        sender=replace(SENDER, name="8", lines=("9",), representative="10", role="11", place="12"),
        case=replace(CASE, name="13", other_names=(), citizenships=("14",), article="15", held_at="16", events=()),
        totals=replace(TOTALS, by_country=(), on_paper=2),
        translation=replace(wording, language=language),
        respelled=True,
    )
    return compile_document(document, lines(["17"], "18"))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_part_has_its_heading_in_the_language(language: str) -> None:
    compiled = in_language(language)

    text = flat(compiled.text)
    for heading in HEADINGS[language]:
        assert heading in text
    assert CLOSINGS[language] in flat(compiled.pages[0])
    assert not compiled.rendering.missing


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_of_the_document_is_left_in_english(language: str) -> None:
    text = flat(in_language(language).text)

    for english in english_words(TRANSLATIONS / language / "LC_MESSAGES" / "document.po"):
        assert not re.search(rf"(?<!\w){re.escape(english)}(?!\w)", text), english


def english_words(catalogue: Path) -> set[str]:
    """What our sentences say between their values, of those that a translation does not have as well."""
    with catalogue.open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    translated = " ".join(str(one.string) for one in messages)
    pieces = {
        flat(piece).strip(" ,.:;()")
        for one in messages
        for sentence in ([one.id] if isinstance(one.id, str) else one.id)
        for piece in WORDS.split(sentence)
    }
    return {piece for piece in pieces if len(piece) > 3 and piece not in translated}


def test_a_text_that_nobody_signed_is_printed_as_a_translation_after_the_one_that_was() -> None:
    """facts/authorities.md, document skeleton 9."""
    ukrainian = Wording("uk", 1, "Свободу Анні", "Звільніть Анну Вєтрову.", "Вона вчителька.", "5" * 64)

    compiled = compile_document(replace(ANNA, language="uk", translation=ukrainian), lines(["Anna"]))

    signed = next(index for index, page in enumerate(compiled.pages) if "Anna Vetrova is a teacher." in page)
    translated = next(index for index, page in enumerate(compiled.pages) if "Вона вчителька." in page)
    assert translated == signed + 1
    assert "Робочий переклад (мова: українська)." in flat(compiled.pages[translated])
    assert "його ніхто не підписував" in flat(compiled.pages[translated])
    assert "саме той текст, який підписано" in flat(compiled.pages[signed])
    assert "Звільніть Анну Вєтрову." in compiled.pages[0]
    assert "«Свободу Анні»" in flat(compiled.pages[0])
    with pikepdf.open(io.BytesIO(compiled.data)) as pdf:
        assert str(pdf.docinfo.Title).startswith("Свободу Анні")  # what a reader shows above the page
    assert any("Переклад звернення: 1 сторінка" in flat(line) for line in compiled.pages[0].splitlines())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_period_of_signing_ends_with_one_full_stop(language: str) -> None:
    """Where a date ends with one, the sentence has none of its own."""
    text = in_language(language).text.replace("\xa0", " ").replace("\u202f", " ")

    ends = [line for line in text.splitlines() if "2026" in line and line.count("2026") > 1]
    assert len(ends) == 1
    assert re.search(r"[^.]\.\Z", ends[0].strip())


@pytest.mark.parametrize("language", OTHERS)
def test_the_sign_for_a_number_is_never_parted_from_it(language: str) -> None:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "document.po").open("rb") as file:
        words = " ".join(str(message.string) for message in read_po(file) if message.id)

    assert not re.search(r"(№|n°|Nr\.) [{%]", words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_head_of_the_list_of_volumes_is_not_broken_within_a_word(language: str) -> None:
    out, words = io.BytesIO(), Words(language)
    later = Listed(2, "PET-x-E03-V2of2.pdf", 1_000_001, 2_000_000, 1_234, "a" * 64)

    render(replace(ANNA, language=language).as_volume(1, 2), lines(["Anna"]), out, later=[later])

    page = next(page for page in page_texts(out.getvalue()) if later.sha256 in page)
    for head in ("Volume", "Names No.", "Pages", "File"):
        assert words.gettext(head) in page.replace("\xa0", " ")


def test_without_a_translation_there_is_no_such_part() -> None:
    assert "Translation" not in compile_document(ANNA, lines(["Anna"])).text


@pytest.mark.parametrize("respelled", [True, False])
def test_names_in_brackets_are_explained_where_there_are_any(respelled: bool) -> None:
    document = replace(ANNA, totals=replace(TOTALS, named=1), respelled=respelled)

    text = flat(compile_document(document, lines(["Jan Novák (Ян Новак)"])).text)

    assert ("The name before the brackets is the one that was signed." in text) is respelled


def test_a_french_letter_puts_its_spaces_where_french_has_them() -> None:
    compiled = compile_document(replace(ANNA, language="fr", dated_on=date(2026, 12, 1)), lines(["Anna"]))

    letter = compiled.pages[0].replace("\u202f", "\xa0")
    assert f"la pétition «\xa0{ANNA.text.title}\xa0»" in " ".join(letter.split(" ")).replace("\n", " ")
    assert "1er décembre 2026" in flat(compiled.pages[0])
