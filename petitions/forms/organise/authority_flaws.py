"""What is wrong with a file of authorities, or with what was typed of one, in the reader's language."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from petitions.authorities.csv_files import MOST_IN_CELL, MOST_ROWS, Flaw
from petitions.textfile import MOST_BYTES

FLAWS: dict[str, Any] = {
    "missing": _l("This is needed."),
    "empty": _l("This must not be empty."),
    "enum": _l("This is none of the words that can stand here: %(expected)s"),
    "literal_error": _l("This is none of the words that can stand here: %(expected)s"),
    "string_pattern_mismatch": _l("Write small Latin letters, digits and hyphens only."),
    "string_too_long": _l("Write at most %(max_length)s characters."),
    "int_parsing": _l("Write a whole number with digits."),
    "greater_than_equal": _l("This number is too small: at least %(ge)s."),
    "less_than_equal": _l("This number is too large: at most %(le)s."),
    "bool_parsing": _l("Write yes or no."),
    "time_from_datetime_parsing": _l("Write the time as 09:00."),
    "time_parsing": _l("Write the time as 09:00."),
    "date_from_datetime_parsing": _l("Write the day as year-month-day, such as 2027-01-31."),
    "date_parsing": _l("Write the day as year-month-day, such as 2027-01-31."),
    "too_short": _l("Write the name in one language at least."),
    "line_break": _l("A line break or a control character does not belong here."),
    "invisible": _l("Line %(number)s has an invisible control character. Remove it."),
    "not_a_language": _l("This is no language code such as en or ru."),
    "not_a_country": _l("Choose a country: its code in two capitals, such as BY."),
    "not_a_time_zone": _l("This is no time zone such as Europe/Minsk."),
    "not_an_email": _l("Write one plain e-mail address, such as office@example.org."),
    "not_a_web_address": _l("Write a web address that begins with https://"),
    "not_yet": _l("This day has not come yet."),
    "reserved": _l("This word is taken by the site itself. Choose another."),
    "country_and_kind": _l("A country is needed, except for international bodies, which have none."),
    "hours": _l("The office has to open before it closes."),
    "slug_twice": _l("Row %(first)s has the same slug."),
    "change_under_way": _l("Another change of this channel waits for a decision. Settle that one first."),
    "too_large": _l("The file is larger than %(bytes)s bytes. Split it."),
    "not_utf8": _l("Line %(line)s is not UTF-8. Save the file as “CSV UTF-8”."),
    "nul": _l("Line %(line)s has a NUL byte: this is no text file."),
    "no_rows": _l("The file has a header and no row below it."),
    "too_many_rows": _l("The file has more than %(rows)s rows. Split it."),
    "too_many_cells": _l("There are %(cells)s cells, and the header has %(columns)s. Is a quote missing?"),
    "cell_too_long": _l("A cell after this row is longer than %(characters)s characters. Is a quote missing?"),
    "quotes": _l("After this row the quotes do not match. A quote within a cell is written twice."),
    "unknown_column": _l("No column is called “%(name)s”."),
    "column_twice": _l("The column “%(name)s” is there twice."),
    "column_missing": _l("The column “%(name)s” is missing."),
}
_LIMITS = {"bytes": f"{MOST_BYTES:,}", "rows": f"{MOST_ROWS:,}", "characters": f"{MOST_IN_CELL:,}"}


def flaw_words(code: str, values: dict[str, Any], otherwise: str) -> str:
    """What is wrong, in the reader's language; in English what has no words yet."""
    words = FLAWS.get(code)
    return str(words) % {**_LIMITS, **values} if words is not None else otherwise


def flaw_line(flaw: Flaw) -> str:
    said = flaw_words(flaw.code, flaw.values, flaw.words)
    if not flaw.row:
        return said
    if not flaw.column:
        return str(_("Row %(number)s: %(words)s", number=flaw.row, words=said))
    return str(_("Row %(number)s, %(column)s: %(words)s", number=flaw.row, column=flaw.column, words=said))
