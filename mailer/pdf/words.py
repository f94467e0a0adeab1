"""The document's language: labels, numbers, days and the longer prose of `templates/document/`."""

from datetime import date

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from mailer.pdf.markup import Block, literal, parse
from mailer.wording import catalogue, environment

SHORT_DAYS = {"ru": "%d.%m.%Y"}  # elsewhere ISO 8601: an official of any country reads it one way only
LOCALES = {"en": "en_GB"}  # days before months


class Words:
    def __init__(self, language: str) -> None:
        self.language = language
        catalog = catalogue(language)
        self.gettext = catalog.ugettext
        self.ngettext = catalog.ungettext
        self._environment = environment(language)
        self._locale = LOCALES.get(language, language)
        self._short = SHORT_DAYS.get(language, "%Y-%m-%d")

    def prose(self, template: str, **values: object) -> list[Block]:
        """A template of `templates/document/`; values are printed as they are, whatever marks they hold."""
        shown = {name: literal(value) if isinstance(value, str) else value for name, value in values.items()}
        return parse(self._environment.get_template(f"document/{template}.txt").render(shown))

    def amount(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)

    def long_day(self, day: date) -> str:
        return format_date(day, "long", locale=self._locale)

    def partial_day(self, happened: str) -> str:
        """YYYY, YYYY-MM or YYYY-MM-DD: often only the month of an event is known. Anything else as it stands."""
        year, *rest = happened.split("-")
        try:
            if len(rest) == 2:
                return self.long_day(date.fromisoformat(happened))
            month = date(int(year), int(rest[0]), 1) if rest else None
            return str(format_skeleton("yMMMM", month, locale=self._locale)) if month else year
        except ValueError:
            return happened

    def short_day(self, day: date) -> str:
        return day.strftime(self._short)

    def language_name(self, language: str) -> str:
        return Locale.parse(language).get_display_name(self._locale) or language
