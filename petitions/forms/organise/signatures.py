"""What moderators type about signatures: a search, reasons, the conditions of the fraud desk."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import Day, WholeNumber, options
from petitions.i18n import countries
from petitions.models import NOT_SAID, Conditions, Disclosure, Invalidation
from petitions.text import clean_line

LONGEST_REASON = 200
ID_WORDS = _l("A signature's id has 24 letters and digits.")
REASON_WORDS = _l("Write the reason, in 3 to 200 characters.")
COUNT_WORDS = _l("Write a number from 2 to 100000.")
CLASSES = {
    Invalidation.Class.ROBOT: _l("Signed by a robot"),
    Invalidation.Class.ONE_HAND: _l("One person under many names"),
    Invalidation.Class.FALSE_NAMES: _l("Invented names"),
    Invalidation.Class.PRESSURE: _l("People were made to sign"),
    Invalidation.Class.ASKED: _l("The owner of the mailbox asked for it"),
    Invalidation.Class.OTHER: _l("Another reason"),
}


class SearchForm(DeskForm):
    wanted = StringField(
        _l("E-mail address or id"),
        filters=[clean_line],
        validators=[InputRequired(message=_l("Write an e-mail address or an id.")), Length(max=254)],
    )


class TickedForm(DeskForm):
    """Rows ticked in a list; which there are, the view knows."""

    ids = SelectMultipleField(validate_choice=False)

    def validate_ids(self, field: SelectMultipleField) -> None:
        if not field.data:
            raise ValidationError(_l("Tick at least one signature."))

    @property
    def ticked(self) -> list[str]:
        return list(dict.fromkeys(self.ids.data or []))


class ReleaseForm(TickedForm):
    reason = StringField(
        _l("Reason"), filters=[clean_line], validators=[Length(3, LONGEST_REASON, message=REASON_WORDS)]
    )


class ClassForm(DeskForm):
    """Why rows are struck or held: a class for totals, and words for the colleagues."""

    reason_class = RadioField(
        _l("Why?"),
        choices=options(CLASSES),
        validators=[InputRequired(message=_l("Choose why."))],
    )
    reason = TextAreaField(
        _l("In your words"),
        filters=[clean_line],
        validators=[Length(3, 500, message=_l("Write what you saw, in 3 to 500 characters."))],
    )

    @property
    def wanted(self) -> Invalidation.Class:
        return Invalidation.Class(self.reason_class.data)


class RefusalForm(DeskForm):
    reason = StringField(
        _l("Reason"), filters=[clean_line], validators=[Length(3, LONGEST_REASON, message=REASON_WORDS)]
    )


def _id(label: str) -> StringField:
    shaped = Regexp(r"[a-z2-7]{24}\Z", message=ID_WORDS)
    return StringField(label, filters=[clean_line], validators=[Optional(), shaped])


def _offered(_form: DeskForm, field: Any) -> None:
    """Only what the list holds; a list that was not sent chooses nothing."""
    known = {choice.value for choice in field.choices}
    wanted = field.data if isinstance(field.data, list) else [field.data or ""]
    if not known.issuperset(wanted):
        raise ValidationError(_l("Choose from the list."))


def _list(label: str, words: dict[str, str] | None = None) -> SelectField:
    return SelectField(label, choices=options(words or {}), validators=[_offered], validate_choice=False)


def _number(label: str) -> WholeNumber:
    return WholeNumber(label, validators=[Optional(), NumberRange(2, 100_000, message=COUNT_WORDS)])


class ConditionsForm(DeskForm):
    act = RadioField(
        _l("What is to happen to them?"),
        choices=options({
            Invalidation.Act.HOLD: _l("Hold: they stop counting until somebody has looked"),
            Invalidation.Act.STRIKE: _l("Strike: they are false, and said to be struck"),
        }),
        default=Invalidation.Act.HOLD.value,
    )
    states = SelectMultipleField(
        _l("Only in these states"),
        choices=options({
            "confirmed": _l("confirmed"),
            "held": _l("held"),
            "pending": _l("letter not answered yet"),
        }),
        validators=[_offered],
        validate_choice=False,
    )
    from_day = Day(_l("Typed on or after"), validators=[Optional()])
    to_day = Day(_l("Typed on or before"), validators=[Optional()])
    country = _list(_l("Country"))
    disclosure = _list(
        _l("Name may be seen by"),
        {
            "": _l("any choice"),
            Disclosure.COUNT_ONLY: _l("counted only"),
            Disclosure.INTERNATIONAL: _l("international bodies"),
            Disclosure.ALL: _l("all addressees"),
        },
    )
    mail_domain = _list(_l("Mail domain"))
    network_of = _id(_l("Typed from the same network as this signature"))
    confirmed_from = _id(_l("Confirmed from the same network as this signature"))
    same_as = _id(_l("The same name, city and choice as this signature"))
    repeats = _number(_l("The same name, city and choice at least so many times"))
    hourly = _number(_l("Typed in an hour that saw at least so many"))
    quick = BooleanField(_l("Confirmed within seconds of the letter"))
    honeypot = BooleanField(_l("Filled in a field that people do not see"))

    def __init__(self, language: str, domains: Iterable[tuple[int, str]], **keywords: Any) -> None:
        super().__init__(**keywords)
        self.country.choices = options({"": _l("any country"), NOT_SAID: _l("not said"), **countries(language)})
        self.mail_domain.choices = options({"": _l("any domain"), **{str(row): name for row, name in domains}})

    @property
    def wanted(self) -> Invalidation.Act:
        return Invalidation.Act(self.act.data)

    @property
    def conditions(self) -> Conditions:
        return Conditions(
            states=tuple(self.states.data or ()),
            from_day=self.from_day.data,
            to_day=self.to_day.data,
            country=self.country.data or "",
            disclosure=self.disclosure.data or "",
            mail_domain=int(self.mail_domain.data) if self.mail_domain.data else None,
            network_of=self.network_of.data or "",
            confirmed_from=self.confirmed_from.data or "",
            same_as=self.same_as.data or "",
            repeats=self.repeats.data,
            hourly=self.hourly.data,
            quick=self.quick.data,
            honeypot=self.honeypot.data,
        )
