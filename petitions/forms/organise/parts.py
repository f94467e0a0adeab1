"""Fields of several rows: words by language, countries, sources. Every row is in the page from the start, and one or
two more than are filled, so that no script is needed to add one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from flask import current_app
from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, StringField, ValidationError

from petitions.i18n import countries, present_language
from petitions.models import Reliability, Source
from petitions.text import clean_line

LANGUAGE_LENGTH, FIRST_YEAR = 8, 1900
SPARE_LANGUAGES, SPARE_SOURCES, MOST_CITIZENSHIPS = 1, 2, 3
SOURCE_LENGTH = 500


class SourceRow(NamedTuple):
    """As typed."""

    what: str
    reliability: str


class _Rows(Field):
    """A field that reads its rows from the form itself."""

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ARG002
        self.process_errors = []
        self.object_data = data
        self.data = self.kept(data)
        if formdata is not None:
            self.data = self.typed(formdata)

    def kept(self, data: Any) -> Any:
        raise NotImplementedError

    def typed(self, formdata: Any) -> Any:
        raise NotImplementedError


class ByLanguage(_Rows):
    """Language → what is written in it: a row for each language of this site, of what is there already, and spare rows
    in which any other language can be named."""

    def __init__(self, label: Any, *, longest: int, spare: int = SPARE_LANGUAGES, **keywords: Any) -> None:
        super().__init__(label, **keywords)
        self.longest, self.spare = longest, spare
        self.unknown = ""  # a language that was typed and is none

    def kept(self, data: Any) -> dict[str, str]:
        return dict(data or {})

    def typed(self, formdata: Any) -> dict[str, str]:
        found = {}
        for name in formdata:
            prefix, _, language = name.rpartition(".")
            if prefix == self.name and _is_language(language):
                found[language] = clean_line(formdata[name])
        for number in range(self.spare):
            language = clean_line(formdata.get(f"{self.name}-other-{number}", "")).lower()
            words = clean_line(formdata.get(f"{self.name}-words-{number}", ""))
            if words and not _is_language(language):
                self.unknown, language = language or "?", language or "?"
            if words:
                found[language] = words
        return {language: words for language, words in found.items() if words}

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms calls it
        if self.unknown:
            raise ValidationError(_l("Say of each line in which language it is: a code such as fa, be or en."))
        if any(len(words) > self.longest for words in self.data.values()):
            raise ValidationError(_l("Write at most %(number)d characters in each language.", number=self.longest))

    @property
    def known(self) -> list[tuple[str, str]]:
        """(code, name) of the languages that can be named in a spare row."""
        return languages_in(present_language())

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """(language, its name, what is written)."""
        site = [choice.code for choice in current_app.config["LANGUAGES"]]
        return [
            (code, _language_name(code), self.data.get(code, ""))
            for code in dict.fromkeys([*site, *self.data])
            if _is_language(code)
        ]

    @property
    def spare_rows(self) -> list[tuple[str, str]]:
        """(language, what is written): empty but for what could not be taken."""
        wrong = [("" if code == "?" else code, words) for code, words in self.data.items() if not _is_language(code)]
        return (wrong + [("", "")] * self.spare)[: self.spare]


class Countries(_Rows):
    """Up to three."""

    def kept(self, data: Any) -> list[str]:
        return list(data or [])

    def typed(self, formdata: Any) -> list[str]:
        return [code for code in dict.fromkeys(formdata.getlist(self.name)) if code]

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        if len(self.data) > MOST_CITIZENSHIPS or any(code not in countries("en") for code in self.data):
            raise ValidationError(_l("Choose countries from the list."))

    @property
    def rows(self) -> list[str]:
        return [*self.data, *[""] * MOST_CITIZENSHIPS][:MOST_CITIZENSHIPS]


class Sources(_Rows):
    """Who says so, one a row, and how reliable that is."""

    def kept(self, data: Any) -> list[SourceRow]:
        return [SourceRow(one.what, one.reliability.value) for one in data or []]

    def typed(self, formdata: Any) -> list[SourceRow]:
        said = zip(formdata.getlist(self.name), formdata.getlist(f"{self.name}-reliability"), strict=False)
        return [SourceRow(words, reliability) for what, reliability in said if (words := clean_line(what))]

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        if any(row.reliability not in set(Reliability) for row in self.data):
            raise ValidationError(_l("Say of each source how reliable it is."))
        if any(len(row.what) > SOURCE_LENGTH for row in self.data):
            raise ValidationError(_l("Describe each source with at most 500 characters."))

    @property
    def rows(self) -> list[SourceRow]:
        return [*self.data, *[SourceRow("", Reliability.FAIR.value)] * SPARE_SOURCES]

    @property
    def sources(self) -> list[Source]:
        """After `validate`."""
        return [Source(row.what, Reliability(row.reliability)) for row in self.data]


class Year(IntegerField):
    """Of a birth, or none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = clean_line(valuelist[0]) if valuelist else ""
        self.data = int(typed) if typed.isdecimal() and len(typed) == 4 else None
        if typed and (self.data is None or not FIRST_YEAR <= self.data <= datetime.now(UTC).year):
            raise ValueError(_l("Write a year between 1900 and this one, or leave it empty."))


class PartialDate(StringField):
    """YYYY, YYYY-MM or YYYY-MM-DD: as much as is known, and a day that there is."""

    def __init__(self, label: Any, **keywords: Any) -> None:
        super().__init__(label, filters=[clean_line], **keywords)

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002
        if not _is_partial_date(self.data or ""):
            raise ValidationError(_l("Write the date as 2026, 2026-03 or 2026-03-17: as much of it as is known."))


@cache
def languages_in(language: str) -> list[tuple[str, str]]:
    """Codes of the world's larger languages with their names for a reader, by the alphabet."""
    named = {code: name for code, name in Locale.parse(language).languages.items() if len(code) == 2}
    return sorted(named.items(), key=lambda item: item[1].casefold())


def lines_of(typed: str | None) -> list[str]:
    """One thing a line."""
    return list(_filled(clean_line(line) for line in (typed or "").splitlines()))


def _filled(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in dict.fromkeys(lines) if line)


def _is_partial_date(typed: str) -> bool:
    parts: Sequence[str] = typed.split("-")
    if len(parts) > 3 or [len(part) for part in parts] != [4, 2, 2][: len(parts)] or not typed.isascii():
        return False
    try:
        date(*(int(part) for part in [*parts, "01", "01"][:3]))
    except ValueError:
        return False
    return True


def _is_language(code: str) -> bool:
    if not code or len(code) > LANGUAGE_LENGTH:
        return False
    try:
        return bool(Locale.parse(code))
    except (UnknownLocaleError, ValueError):
        return False


def _language_name(code: str) -> str:
    name = Locale.parse(code).get_display_name(code) or code
    return name[0].upper() + name[1:]
