"""How long a petition's names are kept, and erasing them before their time."""

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField
from wtforms.validators import Length, NumberRange, Optional

from petitions.forms.organise.base import DeskForm
from petitions.text import clean_line


class TermForm(DeskForm):
    days = IntegerField(
        _l("Days after the last delivery and term"),
        validators=[Optional(), NumberRange(0, 3_650, message=_l("Write a number of days, 0 or more."))],
    )


class EraseForm(DeskForm):
    reason = StringField(
        _l("Reason"),
        filters=[clean_line],
        validators=[Length(5, 80, message=_l("Write the reason, in 5 to 80 characters."))],
    )
