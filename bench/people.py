"""Invented signers, the same for the same number: half of them in Cyrillic, half in Latin, one in a hundred with a
name too long for its column. Names are drawn from common given and family names; nobody is meant.

python -m bench.people COUNT FILE [many-scripts]
"""

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from petitions.demo.people import people

FIRST_DAY, DAYS = date(2026, 1, 1), 90


def listed(text: str, separator: str = " ") -> list[str]:
    return text.split(separator)


CYRILLIC_GIVEN = listed(
    "Александр Мария Дмитрий Анна Сергей Елена Андрей Ольга Алексей Татьяна Максим Наталья Иван Ирина Михаил "
    "Светлана Николай Екатерина Владимир Юлия Евгений Анастасия Павел Дарья Роман Ксения Артём Вероника "
    "Кирилл Полина Олег Тимур Эльвира Руслан Гульнара Тарас Оксана Богдан Леся Алеся Ярослав Фёдор Жанна",
)
CYRILLIC_FAMILY = listed(
    "Смирнова Кузнецов Попова Васильев Петрова Соколов Михайлова Новиков Фёдорова Морозов Волкова Лебедева "
    "Семёнов Егорова Козлова Степанов Орлов Андреева Макаров Никитина Захаров Зайцева Соловьёв Яковлев "
    "Воробьёва Кузьмина Королёва Гусев Киселёва Сорокина Ковалёва Медведева Шевченко Бондаренко Ткаченко "
    "Юсупов Абдуллаева Щедрин Эйдельман Цой Хабибуллин Преображенский Рождественская Воскресенский",
)
PATRONYMICS = listed(
    "Александрович Сергеевна Дмитриевич Андреевна Владимирович Ивановна Николаевич Михайловна Алексеевич "
    "Викторовна Юрьевна Олегович Петровна Геннадьевна Степанович Фёдоровна Вячеславовна Анатольевна "
    "Константиновна",
)
LATIN_GIVEN = listed(
    "James Maria John Anna Robert Sofia David Emma Thomas Laura Daniel Elena Peter Sarah Katarzyna Marek "
    "Agnieszka Jürgen Françoise José Zoë Björn Søren Łukasz Małgorzata Tomáš Jiří Zuzana Håkan Åsa Ömer Ayşe "
    "Gülşen Mihály Erzsébet Ștefan Ioana Andrés Íñigo Nuño Inês João Siobhán Máire Günther Käthe Đorđe "
    "Željka Šarūnas Jānis Õnne",
)
LATIN_FAMILY = listed(
    "Smith Müller García Rossi Dubois Kowalski Novák Nagy Ionescu Silva Jensen Andersson Korhonen Tamm "
    "Bērziņš Kazlauskas Fernández López Martín Brown Wilson Johnson O'Brien McCarthy Fitzgerald Schneider "
    "Lefèvre Moreau Ferrari Bianchi Greco Wiśniewska Wójcik Szymański Dvořák Svoboda Horváth Szabó Kovács "
    "Popescu Öztürk Yıldız Çelik Şahin Östlund Bergström Virtanen Papadopoulos Jovanović Hodžić Krasniqi "
    "Vandenberghe Janssens Visser",
)
PLACES = listed(
    "Москва, Россия|Санкт-Петербург, Россия|Казань, Россия|Минск, Беларусь|Гомель, Беларусь|Київ, Україна|"
    "Львів, Україна|Алматы, Казахстан|Тбилиси, Грузия|Кишинёв, Молдова|London, United Kingdom|"
    "Dublin, Ireland|Paris, France|Berlin, Germany|München, Germany|Wien, Austria|Zürich, Switzerland|"
    "Warszawa, Poland|Kraków, Poland|Praha, Czechia|Budapest, Hungary|București, Romania|Madrid, Spain|"
    "Lisboa, Portugal|Roma, Italy|København, Denmark|Stockholm, Sweden|Oslo, Norway|Helsinki, Finland|"
    "Tallinn, Estonia|Rīga, Latvia|Vilnius, Lithuania|Amsterdam, Netherlands|İstanbul, Türkiye|"
    "Toronto, Canada|São Paulo, Brazil|Sydney, Australia",
    "|",
)


def names(count: int, seed: int = 20261122) -> Iterator[tuple[str, str]]:
    """Name and place."""
    chance = random.Random(seed)
    pick, number = chance.choice, chance.random
    for _ in range(count):
        kind = number()
        if kind < 0.25:
            name = f"{pick(CYRILLIC_FAMILY)} {pick(CYRILLIC_GIVEN)} {pick(PATRONYMICS)}"
        elif kind < 0.5:
            name = f"{pick(CYRILLIC_GIVEN)} {pick(CYRILLIC_FAMILY)}"
        elif kind < 0.9:
            name = f"{pick(LATIN_GIVEN)} {pick(LATIN_FAMILY)}"
        elif kind < 0.99:
            name = f"{pick(LATIN_GIVEN)} {pick(LATIN_GIVEN)} {pick(LATIN_FAMILY)}-{pick(LATIN_FAMILY)}"
        else:
            latin = f"{pick(LATIN_GIVEN)} Fitzgerald"
            name = f"{pick(CYRILLIC_FAMILY)} {pick(CYRILLIC_GIVEN)} {pick(PATRONYMICS)} ({latin})"
        yield name, pick(PLACES)


def names_in_many_scripts(count: int) -> Iterator[tuple[str, str]]:
    """The demonstration's signers: a tenth of them in Georgian and Armenian letters."""
    return ((person.name, f"{person.city}, {person.country}") for person in people(count))


def write(count: int, path: Path, *, many_scripts: bool = False) -> None:
    """One row a line: serial, name, place, day."""
    found = names_in_many_scripts(count) if many_scripts else names(count)
    days = [(FIRST_DAY + timedelta(days=day)).isoformat() for day in range(DAYS)]
    with path.open("w", encoding="utf-8") as file:
        for serial, (name, place) in enumerate(found, start=1):
            file.write(f"{serial}\t{name}\t{place}\t{days[serial * DAYS // (count + 1)]}\n")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]), many_scripts="many-scripts" in sys.argv)
