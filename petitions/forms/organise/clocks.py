"""What has become of a term that an authority had."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import options
from petitions.models import Clock
from petitions.text import clean_line

NOTE_LENGTH = 200
ANSWERS = {
    Clock.StoppedBy.DONE: _l("It has come: the authority did what it had to do"),
    Clock.StoppedBy.EXTENDED: _l("The authority wrote that it needs longer"),
    Clock.StoppedBy.GIVEN_UP: _l("Nothing more is expected"),
}


class ClockForm(DeskForm):
    answer = RadioField(
        _l("What has become of it?"),
        choices=options(ANSWERS),
        validators=[InputRequired(message=_l("Choose what has become of it."))],
    )
    note = StringField(
        _l("Number or note"),
        filters=[clean_line],
        validators=[Length(max=NOTE_LENGTH, message=_l("Write at most 200 characters."))],
    )

    @property
    def wanted(self) -> Clock.StoppedBy:
        return Clock.StoppedBy(self.answer.data)
