"""News of a petition: the same in several languages, and when it is to go."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateTimeLocalField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from petitions.forms.organise.base import DeskForm
from petitions.models import PetitionUpdate
from petitions.models.petition_text import TITLE_LENGTH
from petitions.text import clean_line, clean_lines

BODY_LENGTH = 5_000
FARTHEST = timedelta(days=90)  # what is true today may not be true when it goes


class UpdateForm(DeskForm):
    """A title and a text for each language (`in_languages`); both, or neither."""

    languages: Sequence[str] = ()
    on_page = BooleanField(_l("Also show it on the petition's page"), default=True)

    @classmethod
    def in_languages(cls, languages: Sequence[str], update: PetitionUpdate | None = None) -> "UpdateForm":
        """With what the update says so far."""
        fields: dict[str, Any] = {"languages": languages}
        for code in languages:
            fields[f"title_{code}"] = StringField(
                _l("Title"),
                filters=[clean_line],
                validators=[Length(max=TITLE_LENGTH, message=_l("Shorten the title to 80 characters."))],
            )
            fields[f"body_{code}"] = TextAreaField(
                _l("Text"),
                filters=[clean_lines],
                validators=[Length(max=BODY_LENGTH, message=_l("Shorten the text to 5,000 characters."))],
            )
        form = type("WrittenUpdate", (cls,), fields)
        if update is None:
            return form()  # type: ignore[no-any-return]
        said: dict[str, Any] = {"on_page": update.on_page}
        for text in update.texts:
            said |= {f"title_{text.language}": text.title, f"body_{text.language}": text.body}
        return form(data=said)  # type: ignore[no-any-return]

    def validate(self, extra_validators: Any = None) -> bool:
        whole = bool(super().validate(extra_validators))
        for code in self.languages:
            title, body = self.of(code)
            if title.data and not body.data:
                body.errors = [_l("Write the text in this language, or remove its title.")]
            elif body.data and not title.data:
                title.errors = [_l("Write a title in this language, or remove its text.")]
            else:
                continue
            whole = False
        if whole and not self.texts:
            self.of(self.languages[0])[0].errors = [_l("Write the news in at least one language.")]
            whole = False
        return whole

    def of(self, code: str) -> tuple[StringField, TextAreaField]:
        return self[f"title_{code}"], self[f"body_{code}"]

    @property
    def texts(self) -> dict[str, tuple[str, str]]:
        """Language → title and text, of those that are written."""
        said = {code: self.of(code) for code in self.languages}
        return {code: (title.data, body.data or "") for code, (title, body) in said.items() if title.data}


class SendForm(DeskForm):
    when = DateTimeLocalField(
        _l("Not before (date and time, UTC)"), format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], validators=[Optional()]
    )

    def validate_when(self, field: DateTimeLocalField) -> None:
        if field.data is None:
            return
        wanted, present = field.data.replace(tzinfo=UTC), datetime.now(UTC)
        if not present - timedelta(minutes=5) <= wanted <= present + FARTHEST:
            raise ValidationError(_l("Choose a time within the next 90 days, or leave it empty."))

    def moment(self, present: datetime) -> datetime:
        return max(present, self.when.data.replace(tzinfo=UTC)) if self.when.data else present


class NoForm(DeskForm):
    """Why the second person says no."""

    reason = TextAreaField(
        _l("Why not?"),
        filters=[clean_lines],
        validators=[
            InputRequired(message=_l("Say why, so that it can be done better.")),
            Length(max=500, message=_l("Shorten the reason to 500 characters.")),
        ],
    )
