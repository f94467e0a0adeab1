"""Names in the letters that an office files by (issue 4.2). The tables' sources: mailer/respelling.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.respelling import respelled, script_of, with_respelling


@pytest.mark.parametrize(
    ("name", "country", "shown"),
    [
        ("Анна Щербакова", "", "Anna Shcherbakova"),  # ICAO Doc 9303
        ("Юлия Подъячева", "RU", "Iuliia Podieiacheva"),
        ("ФЁДОР ЦЫ", "RU", "FEDOR TSY"),
        ("Володимир Згурський", "UA", "Volodymyr Zghurskyi"),  # decree 55/2010: зг, ий
        ("Є. Їжак-Йосипенко", "", "Ye. Yizhak-Yosypenko"),  # its letters tell the language
        ("Дар’я Ярова", "UA", "Daria Yarova"),  # no apostrophe; я at the beginning
        ("Сергій", "", "Serhii"),
        ("Святлана Ціхановіч", "BY", "Sviatlana Tsikhanovich"),  # ICAO, Belarusian
        ("Ігар Сямёнаў", "BY", "Ihar Siamionau"),
        ("Ольга", "BY", "Olga"),
        ("Ольга", "UA", "Olha"),
        ("Әлия Құдайберген", "KZ", "Aliia Kudaibergen"),
        ("ნინო ჯაფარიძე", "GE", "Nino Japaridze"),
        ("Արամ Խաչատրյան", "AM", "Aram Khachatryan"),
        ("Երվանդ Ոսկանյան", "AM", "Yervand Voskanyan"),
    ],
)
def test_into_latin_by_the_table_of_the_states_passports(name: str, country: str, shown: str) -> None:
    assert respelled(name, "de", country) == shown


@pytest.mark.parametrize(
    ("name", "language", "shown"),
    [
        ("Maria Müller", "ru", "Мария Мюллер"),
        ("Sergey Dostoevsky", "ru", "Сергей Достоевски"),
        ("Natalya Shcherbakova", "ru", "Наталя Щербакова"),
        ("Jan Novák", "uk", "Ян Новак"),
        ("Erik Schröder", "uk", "Ерік Шредер"),
        ("Julia Nowak", "be", "Юлія Новак"),
        ("Zdeněk Šťastný", "kk", "Зденек Штастни"),
        ("Seán O'Brien", "ru", "Сеан О’Бриен"),
        ("ANNA", "ru", "АННА"),
        ("ნინო ჯაფარიძე", "ru", "Нино Джапаридзе"),
        ("Արամ Խաչատրյան", "uk", "Арам Хачатрян"),
    ],
)
def test_into_cyrillic_letter_by_letter(name: str, language: str, shown: str) -> None:
    assert respelled(name, language) == shown


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("Анна Ветрова", "ru"), ("Іван Франко", "ru"), ("Jan Novák", "fr"),  # in the office's script already
        ("محمد الأمين", "en"), ("דוד כהן", "ru"), ("李明", "en"), ("Αννα", "ru"),  # no table
        ("Anna 李", "ru"),  # half a name is none
        ("Аnna", "ru"),  # one Cyrillic letter in a Latin name: somebody plays
        ("J. 2", "de"), ("", "ru"), ("Анна", "ar"),
    ],
)  # fmt: skip
def test_what_no_table_can_put_over_stays_as_it_was_signed(name: str, language: str) -> None:
    assert respelled(name, language) == ""
    assert with_respelling(name, language) == name


def test_the_name_as_signed_comes_first() -> None:
    assert with_respelling("Anna Novák", "ru") == "Anna Novák (Анна Новак)"


@pytest.mark.parametrize(("language", "script"), [("uk", "Cyrl"), ("kk", "Cyrl"), ("de", "Latn"), ("ar", "Arab")])
def test_a_language_has_the_script_it_is_usually_written_in(language: str, script: str) -> None:
    assert script_of(language) == script


@given(st.text(max_size=40), st.sampled_from(["en", "ru", "uk", "be", "kk", "de", "fr"]))
def test_whatever_was_typed_the_signed_name_is_still_there(name: str, language: str) -> None:
    assert with_respelling(name, language).startswith(name)
