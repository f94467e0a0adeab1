"""A standing order: when an edition is to be made by itself."""

from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import InputRequired, ValidationError

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import Day, WholeNumber, options
from petitions.models import Trigger

LARGEST_COUNT, MOST_DAYS = 100_000_000, 90
KINDS = {
    Trigger.Kind.COUNT: _l("When so many have signed"),
    Trigger.Kind.DATE: _l("On a day"),
    Trigger.Kind.HEARING: _l("Some days before the next hearing"),
    Trigger.Kind.CLOSING: _l("When the petition has closed"),
}


class TriggerForm(DeskForm):
    kind = RadioField(
        _l("When?"),
        choices=options(KINDS),
        validators=[InputRequired(message=_l("Choose when an edition shall be made."))],
    )
    threshold = WholeNumber(_l("Confirmed signatures"))
    on_date = Day(_l("Day"))
    days_before = WholeNumber(_l("Days before the hearing"))

    def validate_threshold(self, field: WholeNumber) -> None:
        if self.kind.data == Trigger.Kind.COUNT and not 1 <= (field.data or 0) <= LARGEST_COUNT:
            raise ValidationError(_l("Write how many confirmed signatures it takes, from 1 to 100,000,000."))

    def validate_on_date(self, field: Day) -> None:
        if self.kind.data == Trigger.Kind.DATE and (field.data is None or field.data <= datetime.now(UTC).date()):
            raise ValidationError(_l("Choose a day that is still to come."))

    def validate_days_before(self, field: WholeNumber) -> None:
        if self.kind.data == Trigger.Kind.HEARING and not 1 <= (field.data or 0) <= MOST_DAYS:
            raise ValidationError(_l("Write how many days before the hearing, from 1 to 90."))

    @property
    def order(self) -> dict[str, Any]:
        """The columns of the trigger; what does not belong to its kind is empty."""
        kind = Trigger.Kind(self.kind.data)
        return {
            "kind": kind,
            "threshold": self.threshold.data if kind is Trigger.Kind.COUNT else None,
            "on_date": self.on_date.data if kind is Trigger.Kind.DATE else None,
            "days_before": self.days_before.data if kind is Trigger.Kind.HEARING else None,
        }
