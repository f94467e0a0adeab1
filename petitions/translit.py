"""One name in many scripts: what a search compares, and whether two spellings may be one person.

Letters become Latin by `anyascii` (ISC licence, tables for 127 scripts, no dependency), because a table of our own
would know two scripts. What it gives is for comparing only: nobody is ever shown or printed a name made by it.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from anyascii import anyascii

LEAST_CONSONANTS = 3  # of a word, before its sound says anything: "Ana" and "Ian" sound alike, "Verenko" is itself
_WORD = re.compile(r"[a-z0-9]+")
# Spellings of one sound, longest first: щ is shch, sch or sc; х is kh, h or ch; Belarusian г is h or g.
_SOUNDS = (
    ("shch", "s"), ("tsch", "c"), ("sch", "s"), ("dzh", "d"), ("tch", "c"), ("sh", "s"), ("ch", "c"), ("zh", "z"),
    ("kh", "h"), ("gh", "h"), ("ph", "f"), ("th", "t"), ("ts", "c"), ("tz", "c"), ("dj", "d"), ("ck", "k"),
    ("cz", "c"), ("sz", "s"), ("x", "ks"), ("q", "k"), ("w", "v"), ("g", "h"),
)
_VOWELS = str.maketrans("", "", "aeiouyj")
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    """Small Latin letters and digits, words apart by one space; the same for `Łukasz`, `ŁUKASZ` and `lukasz`."""
    latin = anyascii(unicodedata.normalize("NFKC", text)).replace("'", "").casefold()
    return " ".join(_WORD.findall(latin))


def matches(wanted: str, names: Iterable[str]) -> bool:
    """Whether each word looked for begins a word of one of the names, or sounds like one."""
    words = [word for name in names for word in folded(name).split()]
    heard = {sound(word) for word in words if len(sound(word)) >= LEAST_CONSONANTS}
    return all(sound(part) in heard or any(word.startswith(part) for word in words) for part in folded(wanted).split())


def same_person(names: Iterable[str], year: int | None, others: Iterable[str], other_year: int | None) -> bool:
    """Whether two records may be of one person, which somebody is then asked: the same name letter by letter, or words
    that sound the same, the fewer of them the more the year of birth must say. Years may differ by one: often an age
    is what is told."""
    mine, theirs = {folded(name) for name in names}, {folded(name) for name in others}
    if (mine & theirs) - {""}:
        return True
    known = year is not None and other_year is not None
    near = known and abs((year or 0) - (other_year or 0)) <= 1
    shared = _sounds(mine) & _sounds(theirs)
    longest = max(map(len, shared), default=0)
    if longest < LEAST_CONSONANTS or (known and not near):
        return False
    return near or len(shared) >= 2 or longest > LEAST_CONSONANTS


def sound(word: str) -> str:
    """The consonants of a folded word, as several spellings share them: `Verenko` and `Viarenka` are both `vrnk`."""
    for spelling, heard in _SOUNDS:
        word = word.replace(spelling, heard)
    return _DOUBLED.sub(r"\1", word.translate(_VOWELS))


def _sounds(names: set[str]) -> set[str]:
    return {heard for name in names for word in name.split() if (heard := sound(word))}
