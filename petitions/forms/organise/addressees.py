"""One more addressee: to which circle it counts, and in which language it is written to."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField
from wtforms.validators import InputRequired, ValidationError

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import options
from petitions.models import Addressee, Authority, Petition

CIRCLES = {
    Addressee.Circle.DOMESTIC: _l("Authority of the country that holds the prisoner"),
    Addressee.Circle.INTERNATIONAL: _l("International body, or an authority of another country"),
}


class AddresseeForm(DeskForm):
    circle = RadioField(
        _l("Signers see it as"),
        choices=options(CIRCLES),
        validators=[InputRequired(message=_l("Choose how signers see it."))],
    )
    language = SelectField(_l("Language of its document"))
    transliterates = BooleanField(_l("Print each name in the letters of this language too"))

    def __init__(
        self, languages: Iterable[tuple[str, str]], petition: Petition, authority: Authority, formdata: Any = None
    ) -> None:
        super().__init__(formdata)
        self.language.choices = options(languages)
        self._held_here = authority.country == petition.prisoner.country

    def validate_circle(self, field: RadioField) -> None:
        if field.data == Addressee.Circle.INTERNATIONAL and self._held_here:
            raise ValidationError(
                _l(
                    "This authority is of the country that holds the prisoner: signers who choose international bodies "
                    "only would be shown to it."
                )
            )
