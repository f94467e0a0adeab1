"""Which passwords are refused: short ones, and those that are tried first (cases.md G17, G18).

No rule about capitals and digits: they make passwords worse. What counts is what remains when the words everybody
tries, and those that belong to this person and branch, are taken away.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path

SHORTEST, LONGEST = 12, 128
LEAST_REST = 6  # characters that are no such word, of which
LEAST_DIFFERENT = 5  # so many differ
SHORTEST_WORD = 3

_DISGUISES = str.maketrans("0134578@$!", "oieastbasi")
_RUNS = "01234567890 09876543210 abcdefghijklmnopqrstuvwxyz qwertyuiopasdfghjklzxcvbnm йцукенгшщзхъфывапролджэячсмитьбю"
_YEARS = re.compile(r"(19|20)\d\d")


class Weakness(StrEnum):
    SHORT = "short"
    LONG = "long"
    GUESSED = "guessed"


def normalised(password: str) -> str:
    """The same from every keyboard: NFKC; spaces stay where they are."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, personal: Iterable[str] = ()) -> Weakness | None:
    """What is wrong with a normalised password. `personal`: names and addresses an attacker tries first."""
    if len(password) > LONGEST:
        return Weakness.LONG
    if len(password) < SHORTEST:
        return Weakness.SHORT
    own = {word for text in personal for word in re.findall(r"\w+", text.casefold()) if len(word) >= SHORTEST_WORD}
    rest = min((_rest(written, own) for written in _readings(password)), key=len)
    return Weakness.GUESSED if len(rest) < LEAST_REST or len(set(rest)) < LEAST_DIFFERENT else None


def _readings(password: str) -> tuple[str, str]:
    plain = password.casefold()
    return plain, plain.translate(_DISGUISES)


def _rest(written: str, own: set[str]) -> str:
    """Without the words, years and runs of keys."""
    left = _YEARS.sub("", written)
    for word in (*sorted(own, key=len, reverse=True), *_common()):
        left = left.replace(word, "")
    return "".join(character for at, character in enumerate(left) if not _runs_on(left, at))


def _runs_on(text: str, at: int) -> bool:
    """Whether it only goes on as the keyboard, the alphabet or itself does."""
    return at > 0 and (text[at - 1 : at + 1] in _RUNS or text[at - 1] == text[at])


@cache
def _common() -> tuple[str, ...]:
    """The longest first, so that no part of a word is left."""
    words = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split()
    return tuple(sorted(words, key=len, reverse=True))
