"""Invented supporters from many countries. Names are drawn from common given and family names; nobody is meant."""

import random
from collections.abc import Iterator
from typing import NamedTuple


class Person(NamedTuple):
    name: str
    city: str
    country: str  # ISO 3166-1 alpha-2
    language: str  # of the pages this person reads
    email: str


class _Place(NamedTuple):
    country: str
    language: str
    share: int
    cities: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


_PLACES = (
    _Place("DE", "en", 14, ("Berlin", "Köln", "Görlitz", "München"),
           ("Jürgen", "Anna-Lena", "Käthe", "Matthias", "Sophie"), ("Schäfer", "Weiß", "Müller-Lüdenscheidt", "Vogt")),
    _Place("FR", "en", 11, ("Paris", "Orléans", "Besançon", "Nîmes"),
           ("Françoise", "Zoé", "Jean‑Luc", "Noël", "Élodie"), ("Lefèvre", "Dœuff", "Garçon", "d’Estienne")),
    _Place("PL", "en", 10, ("Łódź", "Gdańsk", "Kraków"),
           ("Małgorzata", "Łukasz", "Stanisław", "Ewa"), ("Wiśniewska", "Dąbrowski", "Źrebiec", "Nowak")),
    _Place("GB", "en", 9, ("London", "Leeds", "Aberystwyth"),
           ("Siân", "Oliver", "Grace", "Amara"), ("O’Brien", "Smith", "Okafor-Jones", "Ng")),
    _Place("RU", "ru", 9, ("Москва", "Екатеринбург", "Петрозаводск"),
           ("Алёна", "Семён", "Ксения", "Тимур"), ("Щукина", "Объедков", "Ёлкин", "Хабибуллина")),
    _Place("UA", "ru", 8, ("Київ", "Львів", "Їдань"),
           ("Їжакевич", "Ярослава", "Євген", "Ґанна"), ("Шевчук", "Кравченко", "Ґудзь", "Мельник")),
    _Place("BY", "ru", 8, ("Мінск", "Гродна", "Брэст"),
           ("Янка", "Алеся", "Зміцер", "Вольга"), ("Ўласевіч", "Каваленка", "Дзяніс", "Шчарба")),
    _Place("GE", "en", 5, ("თბილისი", "ქუთაისი"),
           ("ნინო", "გიორგი", "თამარ"), ("ბერიძე", "კაპანაძე", "ჯანაშია")),
    _Place("AM", "en", 5, ("Երևան", "Գյումրի"),
           ("Անահիտ", "Տիգրան", "Մարիամ"), ("Պետրոսյան", "Խաչատրյան", "Ղազարյան")),
    _Place("GR", "en", 5, ("Αθήνα", "Θεσσαλονίκη"),
           ("Ελένη", "Γιώργος", "Ζωή"), ("Παπαδοπούλου", "Οικονόμου", "Ξενάκης")),
    _Place("TR", "en", 4, ("İstanbul", "Iğdır"), ("Ayşe", "Ömer", "Gülşen"), ("Yıldız", "Çelik", "Öğüt")),
    _Place("CZ", "en", 4, ("Plzeň", "Brno"), ("Jiří", "Zdeněk", "Růžena"), ("Dvořák", "Šťastná", "Novák")),
    _Place("VN", "en", 2, ("Hà Nội", "Đà Nẵng"), ("Nguyễn Thị", "Trần Văn"), ("Hương", "Đức", "Ngọc")),
    _Place("KZ", "ru", 2, ("Алматы", "Қарағанды"), ("Әсем", "Нұрлан"), ("Қасымова", "Өтеген")),
    _Place("IS", "en", 2, ("Ísafjörður",), ("Þórdís", "Ægir"), ("Guðmundsdóttir", "Ólafsson")),
    _Place("MK", "en", 1, ("Битола",), ("Ѓорѓи", "Ќира"), ("Ѕидов", "Љубовска")),
    _Place("", "en", 1, ("",), ("Mononym", "X Æ A-12", "Dr. A.B."), ("Traveller", "Smith")),
)


def people(count: int, seed: int = 20261122) -> Iterator[Person]:
    """The same people for the same seed; every mailbox once."""
    chance = random.Random(seed)  # noqa: S311 - invented people, not secrets
    shares = [place.share for place in _PLACES]
    for number in range(1, count + 1):
        place = chance.choices(_PLACES, shares)[0]
        name = f"{chance.choice(place.given)} {chance.choice(place.family)}"
        email = f"person{number}@signers.example.org"
        yield Person(name, chance.choice(place.cities), place.country, place.language, email)
