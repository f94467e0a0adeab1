"""Languages of the pages: which one, its direction, its country names. The language is in the path."""

import unicodedata
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from babel import Locale
from babel.dates import format_skeleton
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, format_date, get_locale, refresh, to_utc
from markupsafe import Markup
from werkzeug.routing import BaseConverter

# Codes that CLDR knows and ISO 3166-1 does not assign to a country: groups, parts and exceptional reservations.
_NOT_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})


class LanguageChoice(NamedTuple):
    code: str
    name: str  # in itself
    direction: str


def teach(app: Flask, languages: list[str]) -> None:
    """Makes the app speak these languages; the first is for readers of none of them."""

    class LanguageConverter(BaseConverter):
        regex = "|".join(languages)

    app.url_map.converters["lang"] = LanguageConverter
    app.config["LANGUAGES"] = [choice(code) for code in languages]
    app.config["BABEL_DEFAULT_LOCALE"] = languages[0]
    Babel(app, locale_selector=present_language)

    @app.url_value_preprocessor
    def take_language(_endpoint: str | None, values: dict[str, object] | None) -> None:
        language = (values or {}).pop("language", None)
        if language is not None:
            g.language = language

    @app.url_defaults
    def give_language(endpoint: str, values: dict[str, object]) -> None:
        if "language" not in values and app.url_map.is_endpoint_expecting(endpoint, "language"):
            values["language"] = present_language()


def present_language() -> str:
    """The language of this request: of its path, of the signer's letter, else the best of Accept-Language."""
    known = [found.code for found in current_app.config["LANGUAGES"]]
    if not has_request_context():
        return str(known[0])
    if "language" not in g:
        first = request.path.split("/")[1]  # of a path that is no page, too
        g.language = first if first in known else request.accept_languages.best_match(known) or known[0]
    return str(g.language)


def speak(language: str) -> None:
    """Answers this request in a language that its path does not name."""
    if any(language == found.code for found in current_app.config["LANGUAGES"]):
        g.language = language
        refresh()


@cache
def choice(code: str) -> LanguageChoice:
    locale = Locale.parse(code)
    name = locale.get_display_name(code) or code
    return LanguageChoice(code, name[0].upper() + name[1:], locale.text_direction)


@cache
def countries(language: str) -> dict[str, str]:
    """ISO 3166-1 alpha-2 codes with their names in a language, in its alphabet's order."""
    named = {
        code: name
        for code, name in Locale.parse(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }
    return dict(sorted(named.items(), key=lambda item: _collated(item[1])))


def partial_date(written: str) -> str:
    """YYYY, YYYY-MM or YYYY-MM-DD in words of this request's language."""
    year, _, rest = written.partition("-")
    month, _, day = rest.partition("-")
    if not month:
        return year
    known = date(int(year), int(month), int(day or 1))
    return str(format_date(known, "long") if day else format_skeleton("yMMMM", known, locale=str(get_locale())))


def moment(at: datetime, day: str = "medium") -> str:
    """Day, hours and minutes in UTC, which it says: whoever reads it may be in any zone."""
    at = to_utc(at)
    return f"{format_date(at, day)}, {at:%H:%M} UTC"


def country_name(code: str, language: str) -> str:
    return countries(language).get(code, "")


def country_options(language: str, chosen: str) -> Markup:
    """The options of a country list: rendered once a language, because 250 widgets are slow to render."""
    plain = _all_options(language)
    if len(chosen) != 2 or chosen not in countries(language):
        return plain
    return Markup(str(plain).replace(f'"{chosen}"', f'"{chosen}" selected', 1))  # noqa: S704 - escaped below


@cache
def _all_options(language: str) -> Markup:
    option = Markup('<option value="{}">{}</option>')
    return Markup("").join(option.format(code, name) for code, name in countries(language).items())


def _collated(name: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return bare.casefold()
