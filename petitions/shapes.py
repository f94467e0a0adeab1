"""The shapes of what people and files bring: slugs, lines, languages, countries, addresses. Pydantic collects every
error; each has a code, so that a page can say it in the reader's language."""

import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from petitions.i18n import countries
from petitions.text import Refusal, checked_email, clean_line

_JOINERS = {"\u200c", "\u200d"}
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
URL_LENGTH = 500


class Part(BaseModel):
    """A part of a file: a field nobody knows is an error, not a thing to ignore."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def errors_of(error: ValidationError) -> Iterable[tuple[str, str]]:
    """Where and what, without what was typed."""
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        yield place_of(detail["loc"]), detail["msg"].removeprefix("Value error, ")


def place_of(steps: tuple[int | str, ...]) -> str:
    """`names.en`, `required[2]`."""
    where = ""
    for step in steps:
        where += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if where else step
    return where


def one_line(typed: str) -> str:
    """Refuses what would become a header of its own in a mail, or steer a terminal."""
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in typed):
        raise PydanticCustomError("line_break", "a line break or a control character does not belong here")
    return clean_line(typed)


def filled(typed: str) -> str:
    if not typed:
        raise PydanticCustomError("empty", "this must not be empty")
    return typed


def lines(typed: str) -> str:
    """Several lines, as written; directional and control characters are refused, not silently dropped."""
    text = unicodedata.normalize("NFC", typed).replace("\r\n", "\n").strip()
    for number, line in enumerate(text.split("\n"), start=1):
        if any(unicodedata.category(one)[0] == "C" and one not in _JOINERS and one != "\t" for one in line):
            words = "line {number} has an invisible control character; remove it"
            raise PydanticCustomError("invisible", words, {"number": number})
    return text


def language_code(typed: str) -> str:
    try:
        Locale.parse(typed)
    except (UnknownLocaleError, ValueError):
        raise PydanticCustomError("not_a_language", "this is not a language code such as en or ru") from None
    return typed


def country_code(typed: str) -> str:
    if typed not in countries("en"):
        words = "this is not a country code of ISO 3166-1 in capitals, such as BY"
        raise PydanticCustomError("not_a_country", words)
    return typed


def time_zone(typed: str) -> str:
    if typed not in available_timezones():
        raise PydanticCustomError("not_a_time_zone", "this is not a time zone such as Europe/Minsk")
    return typed


def email_address(typed: str) -> str:
    checked = checked_email(typed)
    if isinstance(checked, Refusal):
        raise PydanticCustomError("not_an_email", "this is not one plain e-mail address")
    return checked


def web_address(typed: str) -> str:
    """An address people open by hand; nothing here ever fetches it."""
    try:
        parts = urlsplit(typed)
        good = parts.scheme in {"https", "http"} and "." in (parts.hostname or "") and not parts.username
    except ValueError:  # such as "http://["
        good = False
    if not good or any(character.isspace() for character in typed):
        raise PydanticCustomError("not_a_web_address", "this is not a web address that begins with https://")
    return typed


def several(typed: Any) -> Any:
    """`a|b` in a cell is a list."""
    return [part.strip() for part in typed.split("|") if part.strip()] if isinstance(typed, str) else typed


Slug = Annotated[str, Field(pattern=_SLUG, max_length=80)]
Line = Annotated[str, Field(max_length=200), AfterValidator(one_line)]
Filled = Annotated[Line, AfterValidator(filled)]
Lines = Annotated[str, Field(max_length=1_000), AfterValidator(lines)]
Language = Annotated[str, Field(max_length=8), AfterValidator(language_code)]
Country = Annotated[str, AfterValidator(country_code)]
TimeZone = Annotated[str, AfterValidator(time_zone)]
Email = Annotated[str, AfterValidator(email_address)]
WebAddress = Annotated[Line, Field(max_length=URL_LENGTH), AfterValidator(web_address)]
Word = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Cells = BeforeValidator(several)
