"""Cleaning what people type: invisible and directional characters go, writing of every script stays (cases.md A)."""

import re
import unicodedata
from enum import StrEnum

from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

NAME_LENGTH, CITY_LENGTH, EMAIL_LENGTH = 120, 80, 254
LOOKED_AT = 1_000  # characters; what is longer is refused anyway, so cleaning it would be work for an attacker
COMBINING_RUN = 6  # marks on one letter; no living script needs more

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_ADDRESS = re.compile(r"[a-z][a-z+.-]*:/|://|\bwww\.", re.IGNORECASE)
_JOINED = re.compile(r"(?<![\w-])([\w-]+)\.(?=([^\W\d_]{2,})(?!\w))")  # overlapping: each dot of a.b.co is looked at
_SLASH = re.compile(r"(?<!\w)\w/\w(?!\w)|(/)")  # "a/l" and "s/o" are parts of names, other slashes of addresses
_ENDINGS = frozenset({
    "app", "art", "biz", "blog", "chat", "club", "com", "dev", "fun", "info", "io", "life", "link", "live",
    "me", "mobi", "moe", "name", "net", "news", "one", "online", "org", "page", "pro", "pub", "red", "ru",
    "shop", "site", "space", "store", "tech", "top", "ua", "vip", "wiki", "win", "work", "world", "xyz", "zone",
    "онлайн", "рф", "рус", "сайт", "укр",
})
_BEFORE_A_DOT = frozenset({  # titles and short forms that people write without a space after the dot
    "abp", "bp", "dr", "dra", "fr", "frl", "hr", "ing", "jr", "lic", "ma", "mag", "mme", "mr", "mrs", "ms",
    "mx", "prof", "rev", "sr", "sra", "srta", "st", "sta", "ste", "гр", "др", "проф", "св",
})
_RAW_BYTE = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run what begins so
_KNOWN_DOMAINS = (
    "gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "icloud.com", "aol.com",
    "gmx.net", "gmx.de", "web.de", "mail.ru", "yandex.ru", "rambler.ru", "bk.ru", "list.ru", "inbox.ru", "ukr.net",
    "tut.by", "proton.me", "protonmail.com", "riseup.net", "posteo.de", "orange.fr", "free.fr", "libero.it",
    "seznam.cz", "wp.pl", "onet.pl",
)
_REAL_NEIGHBOURS = frozenset({"mail.com", "email.com", "ymail.com", "gmx.com", "gmx.at", "gmx.ch", "ya.ru", "pm.me"})


class Refusal(StrEnum):
    """Why something typed is refused; the form has the words."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_LETTER = "no_letter"
    LINK = "link"
    FORMULA = "formula"
    UNREADABLE = "unreadable"
    NOT_AN_ADDRESS = "not_an_address"
    LOCAL_NOT_ASCII = "local_not_ascii"


def clean_line(typed: str | None) -> str:
    """NFC, one line, single spaces, without control, directional and invisible characters.

    Joiners stay between letters and marks, where Persian and Indic names need them.
    """
    if not typed:
        return ""
    spaced = unicodedata.normalize("NFC", typed[:LOOKED_AT])
    if spaced.isascii() and spaced.isprintable():
        return " ".join(spaced.split())
    kept = "".join(_visible(character) for character in spaced)
    return " ".join(_without_stray_joiners(kept).split())


def clean_lines(typed: str | None) -> str:
    """The same for several lines, which stay; nothing is cut."""
    lines = unicodedata.normalize("NFC", typed or "").replace("\r\n", "\n").split("\n")
    kept = ("".join(_visible(character) for character in line) for line in lines)
    return "\n".join(_without_stray_joiners(line).rstrip() for line in kept).strip()


def why_name_refused(name: str) -> Refusal | None:
    """What is wrong with a cleaned name, if anything."""
    if not name:
        return Refusal.EMPTY
    if len(name) > NAME_LENGTH:
        return Refusal.TOO_LONG
    if _unreadable(name):
        return Refusal.UNREADABLE
    if unicodedata.normalize("NFKC", name).startswith(_FORMULA):
        return Refusal.FORMULA
    if _links(name) or "@" in name or _has_slash(name):
        return Refusal.LINK
    if not any(unicodedata.category(character).startswith("L") for character in name):
        return Refusal.NO_LETTER
    return None


def why_city_refused(city: str) -> Refusal | None:
    if len(city) > CITY_LENGTH:
        return Refusal.TOO_LONG
    if _unreadable(city):
        return Refusal.UNREADABLE
    return Refusal.LINK if _links(city) else None


def checked_email(typed: str) -> str | Refusal:
    """The address with its domain in lower case and its local part as typed, or why it cannot be one."""
    if not typed:
        return Refusal.EMPTY
    if len(typed) > EMAIL_LENGTH:
        return Refusal.TOO_LONG
    try:
        return validate_email(typed, check_deliverability=False, strict=True, allow_smtputf8=False).normalized
    except EmailSyntaxError:
        local, _, _domain = typed.rpartition("@")
        return Refusal.LOCAL_NOT_ASCII if local.isalnum() and not local.isascii() else Refusal.NOT_AN_ADDRESS
    except EmailNotValidError:
        return Refusal.NOT_AN_ADDRESS


def likely_meant(email: str) -> str | None:
    """The address with a well-known domain that this one misses by a slip of a finger; a hint, never a refusal."""
    local, _, domain = email.rpartition("@")
    if domain in _KNOWN_DOMAINS or domain in _REAL_NEIGHBOURS:
        return None
    near = [known for known in _KNOWN_DOMAINS if _one_slip(domain, known)]
    return f"{local}@{near[0]}" if near else None


def _links(text: str) -> bool:
    """Whether a mail program would make a link of a part of it: of `evil.app`, but not of `Ma.Su` or `A.B.Smith`."""
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
    return _ADDRESS.search(plain) is not None or any(
        _is_domain(found[1], found[2]) for found in _JOINED.finditer(plain)
    )


def _is_domain(before: str, ending: str) -> bool:
    initial = len(before) == 1 and not before.islower()
    if initial or before.lower() in _BEFORE_A_DOT:
        return False
    return ending.lower() in _ENDINGS or (len(ending) == 2 and ending.isascii() and ending.islower())


def _has_slash(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).replace("\u2044", "/").replace("\u2215", "/")
    return any(found[1] for found in _SLASH.finditer(plain))


def _visible(character: str) -> str:
    if character in (_ZWNJ, _ZWJ):
        return character
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or character in "\t\n\r\v\f\x85":
        return " "
    return "" if category[0] == "C" else character


def _without_stray_joiners(text: str) -> str:
    if _ZWNJ not in text and _ZWJ not in text:
        return text
    kept = [
        character
        for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False)
        if character not in (_ZWNJ, _ZWJ) or (_joins(before) and _joins(after))
    ]
    return "".join(kept)


def _joins(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _unreadable(text: str) -> bool:
    """Bytes that were no text (Werkzeug leaves them percent-encoded), or marks piled on each other."""
    return "\ufffd" in text or _RAW_BYTE.search(text) is not None or _piles_marks(text)


def _piles_marks(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if run > COMBINING_RUN:
            return True
    return False


def _one_slip(typed: str, known: str) -> bool:
    """One letter left out, added, changed, or two neighbours swapped."""
    if typed == known or abs(len(typed) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(known)) and typed[start] == known[start]:
        start += 1
    rest, other = typed[start:], known[start:]
    swapped = len(rest) == len(other) > 1 and rest[0] == other[1] and rest[1] == other[0] and rest[2:] == other[2:]
    return swapped or rest[1:] == other[1:] or rest[1:] == other or rest == other[1:]
