"""A name once more in the letters that the addressee reads, for offices that file by names in their own script.

Letter tables that states have published for passports; not our own taste:

- Cyrillic into Latin: ICAO Doc 9303, part 3, section 6.B, with its exceptions for Belarusian (Russia's and Belarus'
  passports follow it); of Ukrainian names the decree of the Cabinet of Ministers of Ukraine No. 55 of 27 January 2010.
- Georgian and Armenian into Latin: Georgia's national system of 2002 without its apostrophes, as passports print it;
  BGN/PCGN 1981 for Armenian, likewise.
- Kazakh letters that Russian lacks count as the Russian ones nearest to them, as in Kazakhstan's instruction for names.
- Latin into Cyrillic: the same tables read backwards (BGN/PCGN 1947 as in CLDR's `ru_Latn-ru-BGN`), and for letters
  they do not have, those of GOST 7.79-2000 (ISO 9). This cannot know the language of a name: it is a help for
  filing, never the name. That is why the name as signed always comes first.

A name with one letter that no table has is not respelled at all: scripts that leave vowels out, or write words, would
be guessed. Not to be confused with `petitions.translit`, which is for comparing and is never printed.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from babel.core import get_global

Alphabet = frozenset[str]
_NO_APOSTROPHES: Final = str.maketrans("", "", "’ʼ'`")


def respelled(name: str, language: str, country: str = "") -> str:
    """The name in the script of `language`; empty where it is in that script already, or cannot be put over.

    `country`, where the signer lives, tells Ukrainian names from Russian ones that are spelled alike.
    """
    script, name = script_of(language), unicodedata.normalize("NFC", name)
    alphabet = _alphabet(name, country) if script == "Latn" else None
    words = [_word(word, script, language, alphabet) for word in _WORD.findall(name)]
    shown = "" if None in words else "".join(word or "" for word in words)
    return "" if shown == name else shown


def with_respelling(name: str, language: str, country: str = "") -> str:
    """`Anna Novák (Анна Новак)`; the name alone where there is nothing to add."""
    shown = respelled(name, language, country)
    return f"{name} ({shown})" if shown else name


@cache
def script_of(language: str) -> str:
    """ISO 15924: `Cyrl`, `Latn`, …"""
    likely = get_global("likely_subtags").get(language.split("_")[0], "")
    return str(likely).split("_")[1] if likely else ""


def _word(word: str, script: str, language: str, alphabet: Alphabet | None) -> str | None:
    """None: it cannot be put over."""
    if not word[0].isalpha():
        return word
    written = _script(word)
    if written == script:
        return word
    if script == "Latn":
        return _into_latin(word, written, alphabet)
    if script == "Cyrl":
        latin = word if written == "Latn" else _into_latin(word, written, alphabet, j="dzh")
        return None if latin is None else _into_cyrillic(latin, language)
    return None


def _script(word: str) -> str | None:
    """None: one that no table is for, or more than one."""
    return next((script for script, of_script in _SCRIPTS.items() if of_script.fullmatch(word)), None)


_WITHIN: Final = "\u0300-\u036f’ʼ'`"  # combining marks, and apostrophes
_WORD: Final = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_WITHIN}])*|.", re.DOTALL)  # or what is between words
_SCRIPTS: Final = {
    script: re.compile(rf"[{letters}{_WITHIN}]+")
    for script, letters in {
        "Latn": "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ",
        "Cyrl": "\u0400-\u0482\u048a-\u052f",
        "Geor": "\u10a0-\u10ff\u1c90-\u1cbf",
        "Armn": "\u0531-\u0587",
    }.items()
}


# -- into Latin ----------------------------------------------------------------------------------------


def _into_latin(word: str, script: str | None, alphabet: Alphabet | None, j: str = "j") -> str | None:
    if script == "Cyrl" and alphabet is not None:
        return _ukrainian(word) if alphabet is _OF_UKRAINIAN else _spelled(word, _TABLES[alphabet])
    if script == "Geor":
        small = _spelled(word.lower(), _GEORGIAN[j])  # the script has no capitals at the beginning of names
        return None if small is None else small.capitalize()
    if script == "Armn":
        known = word.replace("ու", "u").replace("Ու", "U").replace("ՈՒ", "U")
        first = {"ե": "ye", "ո": "vo"}.get(known[0].lower(), "")
        rest = _spelled(known[1:] if first else known, _ARMENIAN[j])
        return None if rest is None else _cased(first, known) + rest
    return None


def _alphabet(name: str, country: str) -> Alphabet | None:
    """The first one that has all Cyrillic letters of the name: one word alone may not tell the language."""
    letters = {char for char in name.lower() if "\u0400" <= char <= "\u052f"}
    return next((one for one in _ORDER.get(country, _ORDER[""]) if one >= letters), None)


def _ukrainian(word: str) -> str | None:
    bare = word.translate(_NO_APOSTROPHES)
    first = _spelled(bare[:1], _UKRAINIAN_FIRST, upper=bare.isupper() and len(bare) > 1)
    rest = _spelled(re.sub("(?i)(з)(г)", "\\1ӻ", bare)[1:], _UKRAINIAN, upper=bare.isupper())
    return None if first is None or rest is None else first + rest


def _spelled(word: str, table: Mapping[str, str], *, upper: bool | None = None) -> str | None:
    upper = word.isupper() and len(word) > 1 if upper is None else upper
    shown = [table.get(char.lower()) for char in word]
    if None in shown:
        return None
    return "".join(
        (to or "").upper() if upper else _cased(to or "", char) for char, to in zip(word, shown, strict=True)
    )


def _cased(shown: str, like: str) -> str:
    return shown[:1].upper() + shown[1:] if like[:1].isupper() else shown


def _table(letters: str) -> dict[str, str]:
    """`a A  b B`: pairs parted by spaces; a letter alone stands for nothing."""
    pairs = (pair.partition("=") for pair in letters.split())
    return {letter: latin for letter, _, latin in pairs}


def _with_j(letters: str) -> dict[str, dict[str, str]]:
    """By what stands for the sound of `j` in English: itself, or what Cyrillic is then made of."""
    return {j: _table(letters.replace("=j", f"={j}")) for j in ("j", "dzh")}


_ICAO: Final = _table(
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh "
    "щ=shch ъ=ie ы=y ь= э=e ю=iu я=ia і=i ә=a ғ=g қ=k ң=n ө=o ұ=u ү=u һ=h "
    "’=’ ʼ=’ '=’ `=’"
)
_BELARUSIAN: Final = _table("г=h ґ=g ё=io ў=u ’= ʼ= '= `=")
_UKRAINIAN: Final = _ICAO | _table("ь= г=h ґ=g є=ie и=y і=i ї=i й=i ю=iu я=ia ӻ=gh")
_UKRAINIAN_FIRST: Final = _UKRAINIAN | _table("є=ye ї=yi й=y ю=yu я=ya")
_OF_RUSSIAN: Final = frozenset(_ICAO) - {"і"} | frozenset("әғқңөұүһ")
_OF_UKRAINIAN: Final = frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя")
_OF_BELARUSIAN: Final = frozenset("абвгґдеёжзійклмнопрстуўфхцчшыьэюя")
_OF_KAZAKH: Final = frozenset(_ICAO)
_TABLES: Final = {_OF_RUSSIAN: _ICAO, _OF_BELARUSIAN: _ICAO | _BELARUSIAN, _OF_KAZAKH: _ICAO}
_ORDER: Final = {
    "UA": (_OF_UKRAINIAN, _OF_RUSSIAN, _OF_BELARUSIAN, _OF_KAZAKH),
    "BY": (_OF_RUSSIAN, _OF_BELARUSIAN, _OF_UKRAINIAN, _OF_KAZAKH),
    "KZ": (_OF_RUSSIAN, _OF_KAZAKH, _OF_UKRAINIAN, _OF_BELARUSIAN),
    "": (_OF_RUSSIAN, _OF_UKRAINIAN, _OF_BELARUSIAN, _OF_KAZAKH),
}
_GEORGIAN: Final = _with_j(
    "ჯ=j ა=a ბ=b გ=g დ=d ე=e ვ=v ზ=z თ=t ი=i კ=k ლ=l მ=m ნ=n ო=o პ=p ჟ=zh რ=r ს=s ტ=t უ=u ფ=p ქ=k ღ=gh ყ=q შ=sh ჩ=ch "
    "ც=ts ძ=dz წ=ts ჭ=ch ხ=kh ჰ=h"
)
_ARMENIAN: Final = _with_j(
    "ջ=j u=u ա=a բ=b գ=g դ=d ե=e զ=z է=e ը=y թ=t ժ=zh ի=i լ=l խ=kh ծ=ts կ=k հ=h ձ=dz ղ=gh ճ=ch մ=m յ=y ն=n շ=sh ո=o "
    "չ=ch պ=p ռ=r ս=s վ=v տ=t ր=r ց=ts փ=p ք=k և=ev օ=o ֆ=f"
)


# -- into Cyrillic -------------------------------------------------------------------------------------


def _into_cyrillic(word: str, language: str) -> str | None:
    """Longest first; what begins or ends a word has forms of its own."""
    pattern, letters = _CYRILLIC.get(language, _CYRILLIC["ru"])
    bare = _bare(word)
    shown = []
    for found in pattern.finditer(bare.lower()):
        if not found.lastgroup:
            return None
        shown.append(_cased(letters[int(found.lastgroup[1:])], bare[found.start()]))
    text = "".join(shown)
    return text.upper() if word.isupper() and len(word) > 1 else text


def _bare(word: str) -> str:
    return word if word.isascii() else "".join(char if char.lower() in _OWN else _plain(char) for char in word)


def _plain(char: str) -> str:
    base = _cased(_BASE.get(char.lower(), ""), char) or unicodedata.normalize("NFD", char)
    return "".join(part for part in base if not unicodedata.combining(part))


_OWN: Final = frozenset("čšžćşçğöüń")
_BASE: Final = dict(zip("łđøæœßþðıåä", ("l", "d", "o", "ae", "oe", "ss", "th", "d", "i", "a", "e"), strict=True))
_RUSSIAN_LETTERS: Final = _table(
    "shch=щ tsch=ч sch=ш zh=ж kh=х ts=ц ch=ч sh=ш ck=к ph=ф th=т qu=кв cz=ч sz=ш gh=г dzh=дж "
    "ya=я yu=ю yo=ё ye=е ja=я ju=ю ia$=ия iy$=ий yy$=ый ^e=э ^y=й y$=и ay=ай ey=ей oy=ой uy=уй "
    "ce=це ci=ци cy=ци a=а b=б c=к d=д e=е f=ф g=г h=х i=и j=й k=к l=л m=м n=н o=о p=п q=к r=р s=с t=т u=у v=в w=в "
    "x=кс y=ы z=з č=ч š=ш ž=ж ć=ч ş=ш ç=с ğ=г ö=ё ü=ю ń=нь ’=’ ʼ=’ '=’ `=’"
)
_UKRAINIAN_LETTERS: Final = _RUSSIAN_LETTERS | _table(
    "yo=йо ye=є ia$=ія iy$=ій yy$=ий ^e=е y$=і i=і y=и h=г g=ґ gh=г ^yi=ї ö=е ci=ці cy=ци"
)
_BELARUSIAN_LETTERS: Final = _RUSSIAN_LETTERS | _table("shch=шч ia$=ія iy$=ій y$=і i=і h=г ci=ці cy=цы")


def _compiled(table: Mapping[str, str]) -> tuple[re.Pattern[str], list[str]]:
    """A pattern whose n-th group is put over by the n-th string; a character without a group by none."""
    keys = sorted(table, key=lambda key: (-len(key.strip("^$")), -len(key)))
    groups = "|".join(f"(?P<g{number}>{key})" for number, key in enumerate(keys))
    return re.compile(f"{groups}|.", re.DOTALL), [table[key] for key in keys]


_CYRILLIC: Final = {
    "ru": _compiled(_RUSSIAN_LETTERS),
    "kk": _compiled(_RUSSIAN_LETTERS),
    "uk": _compiled(_UKRAINIAN_LETTERS),
    "be": _compiled(_BELARUSIAN_LETTERS),
}
