"""The shapes of what a file brings: slugs, lines, languages, countries, addresses. Pydantic collects every error."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from zoneinfo import available_timezones

import click
from babel import Locale, UnknownLocaleError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from petitions.i18n import countries
from petitions.text import Refusal, checked_email, clean_line

_JOINERS = {"\u200c", "\u200d"}
_SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class FileRefused(Exception):
    """What is wrong with a file, all of it at once."""

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(self.errors))


class Part(BaseModel):
    """A part of a file: a field nobody knows is an error, not a thing to ignore."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def errors_of(error: ValidationError) -> Iterable[tuple[str, str]]:
    """Where and what, without what was typed."""
    for detail in error.errors(include_input=False, include_url=False, include_context=False):
        where = ""
        for step in detail["loc"]:
            where += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if where else step
        yield where, detail["msg"].removeprefix("Value error, ")


def checked(kind: Any, typed: str, option: str) -> str:
    """The value in the shape of a field, or a usage error that names the option."""
    adapter: TypeAdapter[str] = TypeAdapter(kind)
    try:
        return adapter.validate_python(typed)
    except ValidationError as error:
        words = error.errors(include_input=False, include_url=False, include_context=False)[0]["msg"]
        raise click.BadParameter(words.removeprefix("Value error, "), param_hint=option) from None


def one_line(typed: str) -> str:
    """Refuses what would become a header of its own in a mail, or steer a terminal."""
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in typed):
        raise ValueError("a line break or a control character does not belong here")
    return clean_line(typed)


def filled(typed: str) -> str:
    if not typed:
        raise ValueError("this must not be empty")
    return typed


def lines(typed: str) -> str:
    """Several lines, as written; directional and control characters are refused, not silently dropped."""
    text = unicodedata.normalize("NFC", typed).replace("\r\n", "\n").strip()
    for number, line in enumerate(text.split("\n"), start=1):
        if any(unicodedata.category(one)[0] == "C" and one not in _JOINERS and one != "\t" for one in line):
            raise ValueError(f"line {number} has an invisible control character; remove it")
    return text


def language_code(typed: str) -> str:
    try:
        Locale.parse(typed)
    except (UnknownLocaleError, ValueError):
        raise ValueError("this is not a language code such as en or ru") from None
    return typed


def country_code(typed: str) -> str:
    if typed not in countries("en"):
        raise ValueError("this is not a country code of ISO 3166-1 in capitals, such as BY")
    return typed


def time_zone(typed: str) -> str:
    if typed not in available_timezones():
        raise ValueError("this is not a time zone such as Europe/Minsk")
    return typed


def email_address(typed: str) -> str:
    checked = checked_email(typed)
    if isinstance(checked, Refusal):
        raise ValueError("this is not one plain e-mail address")
    return checked


def several(typed: Any) -> Any:
    """`a|b` in a cell is a list."""
    return [part.strip() for part in typed.split("|") if part.strip()] if isinstance(typed, str) else typed


Slug = Annotated[str, Field(pattern=_SLUG, max_length=80)]
Line = Annotated[str, Field(max_length=200), AfterValidator(one_line)]
Filled = Annotated[Line, AfterValidator(filled)]
Language = Annotated[str, Field(max_length=8), AfterValidator(language_code)]
Country = Annotated[str, AfterValidator(country_code)]
TimeZone = Annotated[str, AfterValidator(time_zone)]
Email = Annotated[str, AfterValidator(email_address)]
Word = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Cells = BeforeValidator(several)
