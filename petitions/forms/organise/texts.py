"""A petition's wording in one language. A draft may be saved half-written."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from petitions.forms.organise.base import DeskForm
from petitions.models.petition import BACKGROUND_LENGTH, DEMAND_LENGTH, TITLE_LENGTH
from petitions.text import clean_line, clean_lines


class TextForm(DeskForm):
    title = StringField(
        _l("Title"),
        filters=[clean_line],
        validators=[Length(max=TITLE_LENGTH, message=_l("Shorten the title to 80 characters."))],
    )
    demand = TextAreaField(
        _l("Demand"),
        filters=[clean_lines],
        validators=[Length(max=DEMAND_LENGTH, message=_l("Shorten the demand to 300 characters."))],
    )
    background = TextAreaField(
        _l("Background"),
        filters=[clean_lines],
        validators=[Length(max=BACKGROUND_LENGTH, message=_l("Shorten the background to 5,000 characters."))],
    )
    seen = StringField()  # the hash of the text that was on screen: somebody else may have saved meanwhile

    @property
    def wording(self) -> tuple[str, str, str]:
        return self.title.data or "", self.demand.data or "", self.background.data or ""
