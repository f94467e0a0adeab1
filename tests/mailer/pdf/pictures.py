"""The pages shown in docs/ and the README, made anew by `python -m tests.mailer.pdf.pictures`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from math import exp
from pathlib import Path
from random import Random

import pypdfium2  # type: ignore[import-untyped]

from mailer.document import CountryTotal, DayTotal, PetitionDocument, Recipient, SignatureLine, Totals
from tests.mailer.pdf.documents import ANNA, CASE, PROOF, SENDER, TEXT, compile_document

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "img"
DOTS = 100  # per inch
SHADES = 16  # enough for text in grey, and a third of the bytes

FIRST, LAST = date(2026, 4, 2), date(2026, 11, 20)
NAMED = 187
COUNTRIES = ("Ukraine", 1804), ("Germany", 1132), ("Kazakhstan", 611)
REST = "Other countries, or not stated", 264
NAMES = (
    ("Олена Коваль", "Львів, Ukraine"), ("Jonas Weber", "Leipzig, Germany"), ("Айгүл Нұрланқызы", "Kazakhstan"),
    ("Magdalena Wójcik", "Gdańsk, Poland"), ("Ayşe Yılmaz", "Türkiye"), ("Марія Шевченко", "Ukraine"),
    ("Anna-Lena von der Heide-Brückner", "Göttingen, Germany"), ("Σοφία Παπαδοπούλου", "Greece"),
    ("Իշխան Սարգսյան", "Երևան, Armenia"), ("ნინო ბერიძე", "Georgia"), ("Пётр Савельев", "Kazakhstan"),
    ("Nguyễn Thị Hương", "Berlin, Germany"), ("محمد رضا احمدی", "Germany"), ("דוד לוי", "Poland"),
)  # fmt: skip


def main() -> None:
    english = _document()
    _save(english, "Dear Prosecutor General,", "document-1")
    _save(english, "Totals of edition 3", "document-totals")
    _save(english, "Annex A: names\n", "document-names")
    _save(_in_russian(english), "Уважаемый господин", "document-ru")


def _document() -> PetitionDocument:
    confirmed = sum(count for _, count in (*COUNTRIES, REST))
    totals = Totals(
        confirmed=confirmed, named=NAMED, count_only=confirmed - NAMED, held=4, invalidated=31, withdrawn=12,
        by_country=tuple(CountryTotal(*one) for one in (*COUNTRIES, REST)), by_day=tuple(_curve(confirmed)),
        first_on=FIRST, last_on=LAST,
    )  # fmt: skip
    proof = replace(PROOF, url="https://petitions.example/verify/K7QF2MXD94TA")
    return replace(ANNA, totals=totals, proof=proof, new_since_previous=412, demonstration=True)


def _in_russian(document: PetitionDocument) -> PetitionDocument:
    return replace(
        document,
        language="ru",
        addressee=Recipient(
            "Генеральная прокуратура Лирании", ("Судебная ул., д. 12", "100001 Мирград"),
            "Уважаемый господин Генеральный прокурор!",
        ),
        sender=replace(
            SENDER, name="Общество «Открытая дверь»", lines=("Зарегистрированное общество № 4711", "Вестпорт, 00123"),
            representative="Мария Линднер", role="Председатель правления", place="Вестпорт",
        ),
        case=replace(
            CASE, name="Анна Сергеевна Ветрова", article="статья 280 Уголовного кодекса", held_at="СИЗО № 2, Мирград"
        ),
        text=replace(
            TEXT, language="ru", title="Медицинская помощь и свобода Анне Ветровой",
            demand="Освободите Анну Ветрову и обеспечьте ей лечение, назначенное двумя врачами.",
        ),
    )  # fmt: skip


def _curve(confirmed: int) -> Iterator[DayTotal]:
    """Weeks with a strong beginning and a second wave."""
    weeks = [FIRST + timedelta(week * 7 + 6) for week in range((LAST - FIRST).days // 7)] + [LAST]
    new = [exp(-week / 3) + 0.6 * exp(-(((week - 17) / 2.5) ** 2)) + 0.05 for week in range(len(weeks))]
    for index, day in enumerate(weeks):
        yield DayTotal(day, round(confirmed * sum(new[: index + 1]) / sum(new)))


def _lines() -> Iterator[SignatureLine]:
    chance = Random(4)  # the same pictures every time
    days = sorted(chance.randrange((LAST - FIRST).days + 1) for _ in range(NAMED))
    for serial, day in enumerate(days, start=1):
        name, place = chance.choice(NAMES)
        yield SignatureLine(serial, name, place, FIRST + timedelta(day))


def _save(document: PetitionDocument, shows: str, name: str) -> None:
    """The first page with those words."""
    compiled = compile_document(document, _lines())
    number = next(index for index, text in enumerate(compiled.pages) if shows in text)
    with pypdfium2.PdfDocument(compiled.data) as pdf:
        page = pdf[number]
        picture = page.render(scale=DOTS / 72).to_pil().convert("L")  # in grey, letters stand at whole dots
        page.close()
    picture.quantize(SHADES).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
