"""What a person notes of a delivery: how it left, what became of it, why it stops."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.editions import reason_field
from petitions.models import Delivery
from petitions.text import clean_line

LONGEST_HOLD, LONGEST_NOTE, LONGEST_REFERENCE = 80, 500, 120
OLDEST_DAYS = 365


class DayField(DateField):
    """A day that has been, and not long ago."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_l("Write the day as year, month, day: 2026-03-31.")) from None

    def pre_validate(self, _form: Any) -> None:
        today = datetime.now(UTC).date() + timedelta(days=1)  # it may be tomorrow where the organiser is
        if self.data is None or not today - timedelta(days=OLDEST_DAYS) <= self.data <= today:
            raise ValidationError(_l("Write the day on which it happened; it cannot be in the future."))


def _today() -> date:
    return datetime.now(UTC).date()


def _day() -> DayField:
    return DayField(_l("Day"), default=_today)


def _note(label: str) -> TextAreaField:
    return TextAreaField(label, filters=[clean_line, lambda typed: typed[:LONGEST_NOTE]])


def _reference(label: str, *, needed: str = "") -> StringField:
    short = Length(max=LONGEST_REFERENCE, message=_l("Write at most %(max)d characters."))
    return StringField(
        label, filters=[clean_line], validators=[InputRequired(message=needed), short] if needed else [short]
    )


class NothingForm(DeskForm):
    """A button is all."""


class HoldForm(DeskForm):
    reason = StringField(
        _l("Why it must wait"),
        filters=[clean_line],
        validators=[Length(5, LONGEST_HOLD, message=_l("Write the reason, in 5 to 80 characters."))],
    )


class ReasonForm(DeskForm):
    reason = reason_field(_l("Reason"))


class SettlementForm(DeskForm):
    """Only what may follow the present state can be chosen."""

    answer = RadioField(
        _l("What became of it"), validators=[InputRequired(message=_l("Choose what became of it."))]
    )
    evidence = reason_field(_l("How you know"))
    sure = BooleanField(_l("I know that it did not arrive. Send it again."))

    def offer(self, delivery: Delivery) -> "SettlementForm":
        following = Delivery.moves.get(delivery.state, frozenset())
        self.answer.choices = {answer: answer for answer, state in Delivery.ANSWERS.items() if state in following}
        return self


class TakeForm(DeskForm):
    """`who` gets its choices from the view: the branch's members who may deliver."""

    who = SelectField(_l("Who does it"))


class PostedForm(DeskForm):
    on = _day()
    reference = _reference(_l("Tracking number"))
    note = _note(_l("Note"))


class SubmittedForm(DeskForm):
    on = _day()
    reference = _reference(
        _l("Registration number"), needed=_l("Write the number that the portal gave: it is the proof.")
    )
    note = _note(_l("Where the proof is kept"))


class HandedOverForm(DeskForm):
    on = _day()
    reference = _reference(_l("Number of the entry stamp"))
    note = TextAreaField(
        _l("To whom, and where the stamped copy is"),
        filters=[clean_line],
        validators=[Length(3, LONGEST_NOTE, message=_l("Write to which office it was handed, and who has the copy."))],
    )


class ArrivedForm(DeskForm):
    on = _day()
    note = _note(_l("What shows it"))


class AnotherWayForm(DeskForm):
    """`channel` gets its choices from the view."""

    channel = SelectField(_l("By which way instead"))


class ReleaseForm(DeskForm):
    """`who` gets its choices from the view."""

    who = SelectField(_l("Who gets the document"))
    reason = reason_field(_l("What for"))


class ExportForm(DeskForm):
    reason = reason_field(_l("What the list is for, and when it will be deleted"))
