"""Inviting members, changing and removing them. Every change says why; the audit log keeps it."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField, ValidationError
from wtforms.validators import AnyOf, Length

from petitions.forms.organise.base import DeskForm
from petitions.models import Member
from petitions.text import NAME_LENGTH, Refusal, checked_email, clean_line

SHORTEST_REASON, LONGEST_REASON = 5, 80
REASON_WORDS = _l("Write the reason, in 5 to 80 characters.")


def _reason() -> StringField:
    return StringField(
        _l("Reason"), filters=[clean_line], validators=[Length(SHORTEST_REASON, LONGEST_REASON, message=REASON_WORDS)]
    )


def _role() -> StringField:
    return StringField(_l("Role"), validators=[AnyOf(list(Member.Role), message=_l("Choose a role."))])


class ReasonForm(DeskForm):
    reason = _reason()


class RoleForm(ReasonForm):
    role = _role()
    reason = _reason()  # again: fields, and what is wrong in them, stand as they are on the page

    @property
    def wanted(self) -> Member.Role:
        return Member.Role(self.role.data or "")


class InvitationForm(RoleForm):
    email = StringField(_l("E-mail address"))
    name = StringField(
        _l("Name"),
        filters=[clean_line],
        validators=[Length(max=NAME_LENGTH, message=_l("Write the name with at most 120 characters."))],
    )
    role = _role()
    reason = _reason()

    def validate_email(self, field: StringField) -> None:
        checked = checked_email(field.data or "")
        if isinstance(checked, Refusal):
            raise ValidationError(_l("Write one e-mail address, like name@example.org."))
        field.data = checked
