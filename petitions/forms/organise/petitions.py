"""What an organiser says of a petition: for whom, under which address, its goal, its limits."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import Day, WholeNumber, options
from petitions.i18n import countries, country_name
from petitions.models import Petition
from petitions.text import clean_line
from petitions.translit import folded

LARGEST_GOAL = 100_000_000
SLUG_LENGTH = 80
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_GOAL = NumberRange(1, LARGEST_GOAL, message=_l("Write a goal between 1 and 100,000,000."))


def suggested_slug(words: str) -> str:
    """An address made of a name in any script."""
    return folded(words).replace(" ", "-")[:SLUG_LENGTH].strip("-")


class NewPetitionForm(DeskForm):
    prisoner = SelectField(_l("Case"), validators=[InputRequired(message=_l("Choose whose petition it is."))])
    slug = StringField(_l("Address of the page"), filters=[clean_line])
    goal = WholeNumber(_l("Goal"), default=1_000, validators=[InputRequired(message=_l("Write a goal.")), _GOAL])

    def __init__(self, cases: Iterable[tuple[str, str]], **keywords: Any) -> None:
        super().__init__(**keywords)
        cases = list(cases)
        nobody = [("", _l("Choose"))] if len(cases) > 1 else []  # or the first of them would be meant by nobody
        self.prisoner.choices = options([*nobody, *cases])
        self.prisoner.validate_choice = False  # the view looks the case up, in the member's branch

    def validate_slug(self, field: StringField) -> None:
        if field.data and (len(field.data) > SLUG_LENGTH or not _SLUG.match(field.data)):
            raise ValidationError(_l("Use small Latin letters, digits and single hyphens, at most 80 characters."))


class LimitsForm(DeskForm):
    """Goal, closing day, and who can be named at all."""

    goal = WholeNumber(_l("Goal"), validators=[InputRequired(message=_l("Write a goal.")), _GOAL])
    closes_on = Day(_l("Last day of signing"))
    forbids_naming = BooleanField(_l("Name nobody: every signer is counted only"))
    count_only_countries = SelectMultipleField(_l("Only count signers from these countries"))
    another_country = SelectField(_l("Another country to only count"), default="")

    def __init__(self, petition: Petition, usual: Iterable[str], language: str, formdata: Any = None) -> None:
        closes_on = petition.closes_at.date() if petition.closes_at else None
        super().__init__(formdata, obj=petition, closes_on=closes_on)
        shown = {*usual, *petition.count_only_countries}
        named = sorted((country_name(code, language), code) for code in shown)
        self.count_only_countries.choices = options((code, name) for name, code in named if name)
        self.another_country.choices = options([("", _l("none")), *countries(language).items()])

    def validate_closes_on(self, field: Day) -> None:
        if field.data is not None and field.data < datetime.now(UTC).date():
            raise ValidationError(_l("Choose a day that has not passed."))

    @property
    def closes_at(self) -> datetime | None:
        """The end of that day, UTC."""
        day = self.closes_on.data
        return datetime.combine(day, time(23, 59, 59), UTC) if day else None

    @property
    def countries(self) -> list[str]:
        chosen = {*(self.count_only_countries.data or []), self.another_country.data or ""}
        return sorted(chosen - {""})
