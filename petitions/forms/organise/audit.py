"""What is looked for in the audit log. It comes with the address of a page that changes nothing."""

from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional, Regexp

from petitions.forms.organise.base import DeskForm

_DAY = _l("Write the day as year, month and day, such as 2026-03-31.")


class AuditForm(DeskForm):
    actor = StringField(_l("Who"))  # the page offers a choice of those that can be found
    verb = StringField(_l("What"))
    subject = StringField(
        _l("About (number of a record)"),
        filters=[lambda typed: (typed or "").strip()],
        validators=[
            Optional(),
            Length(max=80, message=_l("A number has at most 80 characters.")),
            Regexp(r"^[\w.:-]+$", message=_l("A number has letters, digits and dashes only.")),
        ],
    )
    since = DateField(_l("From"), validators=[Optional()])
    until = DateField(_l("To"), validators=[Optional()])

    def in_our_words(self) -> None:
        """A day that cannot be read is said in our words, not in WTForms's."""
        for field in (self.since, self.until):
            if field.process_errors:
                field.process_errors = [_DAY]
