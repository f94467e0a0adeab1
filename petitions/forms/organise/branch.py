"""What letters say about a branch; freezing it."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from petitions.forms.organise.base import DeskForm
from petitions.models import Branch
from petitions.shapes import lines
from petitions.text import Refusal, checked_email, clean_line

LONGEST_REASON = 80
_ADDRESS = _l("Write one e-mail address, like name@example.org.")
_INVISIBLE = _l("There is an invisible control character in it. Write it once more.")


def _line(label: str, most: int, *, needed: str = "") -> StringField:
    short_enough = Length(max=most, message=_l("Write at most %(max)d characters."))
    validators = [InputRequired(message=needed), short_enough] if needed else [short_enough]
    return StringField(label, filters=[clean_line], validators=validators)


class BranchForm(DeskForm):
    """Exactly `Branch.PRINTED`."""

    legal_name = _line(_l("Legal name, as registered"), 200, needed=_l("Write the legal name."))
    representative = _line(_l("Representative"), 200, needed=_l("Write who signs the letters."))
    representative_role = _line(_l("Role of the representative"), 200)
    postal_address = TextAreaField(
        _l("Postal address"),
        validators=[
            InputRequired(message=_l("Write the postal address.")),
            Length(max=500, message=_l("Write at most %(max)d characters.")),
        ],
    )
    place = _line(_l("Place where letters are dated"), 120, needed=_l("Write the place."))
    reply_email = StringField(_l("E-mail address for replies"))

    def validate_postal_address(self, field: TextAreaField) -> None:
        try:
            field.data = lines(field.data or "")
        except ValueError:
            raise ValidationError(_INVISIBLE) from None

    def validate_reply_email(self, field: StringField) -> None:
        checked = checked_email(field.data or "")
        if isinstance(checked, Refusal):
            raise ValidationError(_ADDRESS)
        field.data = checked

    def changes(self, branch: Branch) -> dict[str, list[str]]:
        """What is written now and what would be, of each field that differs."""
        typed = {name: self[name].data or "" for name in Branch.PRINTED}
        return {name: [getattr(branch, name), new] for name, new in typed.items() if new != getattr(branch, name)}


class FreezingForm(DeskForm):
    """Never refused: a reason that is too long is cut."""

    reason = StringField(_l("Reason"), filters=[clean_line, lambda typed: typed[:LONGEST_REASON]])
