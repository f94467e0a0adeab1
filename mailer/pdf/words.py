"""The document's language: labels, numbers, days and the longer prose of `templates/document/`."""

from datetime import date

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from mailer.pdf.markup import Block, literal, parse
from mailer.wording import DOCUMENT, catalogue, environment

# As officials of these countries write days; in English ISO 8601, which is read one way only in any country.
SHORT_DAYS = dict.fromkeys(("ru", "uk", "be", "kk", "de"), "%d.%m.%Y") | {"fr": "%d/%m/%Y"}
LONG_DAYS = {"kk": "y 'жылғы' d MMMM"}  # of official letters; CLDR knows the short form of tables only
LOCALES = {"en": "en_GB"}  # days before months


class Words:
    def __init__(self, language: str) -> None:
        self.language = language
        catalog = catalogue(language, DOCUMENT)
        self.gettext = catalog.ugettext
        self.ngettext = catalog.ungettext
        self._environment = environment(language, DOCUMENT)
        self._locale = LOCALES.get(language, language)
        self._short = SHORT_DAYS.get(language, "%Y-%m-%d")

    def prose(self, template: str, **values: object) -> list[Block]:
        """A template of `templates/document/`; values are printed as they are, whatever marks they hold."""
        shown = {name: literal(value) if isinstance(value, str) else value for name, value in values.items()}
        return parse(self._environment.get_template(f"document/{template}.txt").render(shown))

    def amount(self, number: int) -> str:
        return format_decimal(number, locale=self._locale)

    def long_day(self, day: date) -> str:
        shown = format_date(day, LONG_DAYS.get(self.language, "long"), locale=self._locale)
        return shown.replace("1 ", "1er ", 1) if self.language == "fr" and day.day == 1 else shown

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
