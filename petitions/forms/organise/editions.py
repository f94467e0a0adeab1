"""Asking for an edition, choosing how it goes to each addressee, saying no to it."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.validators import Length

from petitions.forms.organise.base import DeskForm
from petitions.i18n import present_language
from petitions.models import Addressee, Edition, usual_channels
from petitions.text import clean_line

SHORTEST_REASON, LONGEST_REASON = 5, 500
REASON_WORDS = _l("Write the reason, in 5 to 500 characters.")


def reason_field(label: str) -> TextAreaField:
    """One that is kept for good: in the audit log or the record's history."""
    return TextAreaField(
        label, filters=[clean_line], validators=[Length(SHORTEST_REASON, LONGEST_REASON, message=REASON_WORDS)]
    )


class AskForm(DeskForm):
    urgent = BooleanField(_l("It is urgent: sooner after the last edition than usual"))
    reason = TextAreaField(_l("Why it cannot wait"), filters=[clean_line, lambda typed: typed[:LONGEST_REASON]])

    def validate_reason(self, field: TextAreaField) -> None:
        if self.urgent.data and len(field.data or "") < SHORTEST_REASON:
            raise ValidationError(_l("Write why it cannot wait: the second person decides by it."))


class DeclineForm(DeskForm):
    reason = reason_field(_l("Why not"))


class ChannelsForm(DeskForm):
    """One field for each addressee, `to_<public id>`, made by `channels_form`."""

    @property
    def chosen(self) -> dict[str, list[str]]:
        return {name.removeprefix("to_"): list(field.data) for name, field in self._fields.items()}


def channels_form(edition: Edition) -> ChannelsForm:
    """Ticked is what the addressee's law counts as an appeal, else e-mail."""
    fields = {f"to_{one.public_id}": _choice(one) for one in edition.petition.addressees if one.authority.channels}
    form: ChannelsForm = type("EditionChannels", (ChannelsForm,), fields)()
    return form


def _choice(addressee: Addressee) -> SelectMultipleField:
    return SelectMultipleField(
        addressee.authority.name_in(present_language()),
        choices={channel.public_id: channel.kind.value for channel in addressee.authority.channels},
        default=[channel.public_id for channel in usual_channels(addressee)],
        validators=[_at_least_one],
    )


def _at_least_one(_form: DeskForm, field: SelectMultipleField) -> None:
    if not field.data:
        raise ValidationError(
            _(
                "%(name)s: choose at least one way. If it is to get nothing, remove it from the petition.",
                name=field.label.text,
            )
        )
