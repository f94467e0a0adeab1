"""Fields whose refusals are ours to word."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, DateTimeLocalField, IntegerField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # the stubs are of an older version


def options(words: Mapping[Any, Any] | Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """What can be chosen: values, or states, with their words."""
    pairs = words.items() if isinstance(words, Mapping) else words
    return [SelectChoice(value=str(value), label=label) for value, label in pairs]


class WholeNumber(IntegerField):
    """Empty is None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = "".join(str(valuelist[0]).split()) if valuelist else ""
        self.data = None
        if not typed:
            return
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            raise ValueError(_l("Write a whole number with digits, such as 1000."))
        self.data = int(typed)


class Day(DateField):
    """Empty is None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        try:
            self.data = date.fromisoformat(typed)
        except ValueError:
            raise ValueError(_l("Write the day as year-month-day, such as 2027-01-31.")) from None


class Hour(DateTimeLocalField):
    """A moment in UTC; empty is None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        try:
            self.data = datetime.fromisoformat(typed).replace(tzinfo=UTC)
        except ValueError:
            raise ValueError(_l("Write day and hour as 2027-01-31T09:00.")) from None
