"""Asking for a petition's publication, and the acts of its life that say why."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import Hour, options
from petitions.forms.organise.members import ReasonForm
from petitions.models import Petition
from petitions.text import clean_line, clean_lines

LONGEST_WORDS = 1_000  # of an outcome, on the public page


class PublicationForm(DeskForm):
    opens = RadioField(
        _l("When does it open?"),
        choices=options({"now": _l("As soon as it is approved"), "at": _l("At this hour, if it is approved by then")}),
        default="now",
        validate_choice=True,
    )
    opens_at = Hour(_l("Day and hour (UTC)"))

    def __init__(self, warnings: Iterable[str], formdata: Any = None) -> None:
        """`warnings` are the keys of the findings that have to be ticked as read."""
        super().__init__(formdata)
        self._warnings = list(warnings)
        self.read: set[str] = set(formdata.getlist("read")) if formdata is not None else set()

    @property
    def unread(self) -> list[str]:
        return [key for key in self._warnings if key not in self.read]

    def validate_opens_at(self, field: Hour) -> None:
        if self.opens.data != "at":
            field.data = None
        elif field.data is None or field.data <= datetime.now(UTC):
            raise ValidationError(_l("Choose a day and an hour that are still to come."))


class WhyNot(DeskForm):
    """A no says why, so that whoever asked knows what to change."""

    reason = StringField(
        _l("Why not?"),
        filters=[clean_line],
        validators=[Length(5, 500, message=_l("Say in 5 to 500 characters what should be changed."))],
    )


class Stopped(StrEnum):
    ALL = "all"
    SIGNING = "signing"
    DELIVERIES = "deliveries"


class StopForm(DeskForm):
    what = RadioField(
        _l("What shall stop?"),
        choices=options({
            Stopped.ALL: _l("Everything: no signing, no deliveries"),
            Stopped.DELIVERIES: _l("Deliveries only: people can go on signing"),
            Stopped.SIGNING: _l("Signing only: what is under way is delivered"),
        }),
        validators=[InputRequired(message=_l("Choose what shall stop."))],
    )


REMOVALS = {
    Petition.Removal.ASKED: _l("The prisoner or the family asked for it"),
    Petition.Removal.DANGER: _l("It puts somebody in danger"),
    Petition.Removal.UNTRUE: _l("What it says is not true"),
    Petition.Removal.LAW: _l("A law or a court demands it"),
    Petition.Removal.OTHER: _l("Another reason"),
}


class HidingForm(ReasonForm):
    because = RadioField(
        _l("What will its readers be told?"),
        choices=options(REMOVALS),
        validators=[InputRequired(message=_l("Choose the reason that its readers will be told."))],
    )


OUTCOMES = {
    Petition.Outcome.RELEASED: _l("The prisoner was released"),
    Petition.Outcome.SENTENCE_CHANGED: _l("The sentence was changed"),
    Petition.Outcome.MOVED: _l("The prisoner was moved"),
    Petition.Outcome.DIED: _l("The prisoner died"),
    Petition.Outcome.REFUSED: _l("The authorities refused"),
    Petition.Outcome.NO_ANSWER: _l("The authorities gave no answer"),
}


class OutcomeForm(DeskForm):
    """`for_languages` adds a field `words_<language>` for each language of the page."""

    outcome = RadioField(
        _l("What became of it?"),
        choices=options(OUTCOMES),
        validators=[InputRequired(message=_l("Choose what became of it."))],
    )

    @classmethod
    def for_languages(cls, languages: Iterable[tuple[str, str]], formdata: Any = None) -> "OutcomeForm":
        fields = {
            f"words_{code}": TextAreaField(
                name,
                filters=[clean_lines],
                validators=[Length(max=LONGEST_WORDS, message=_l("Shorten it to 1,000 characters."))],
            )
            for code, name in languages
        }
        made: OutcomeForm = type("OutcomeForm", (cls,), fields)(formdata)
        return made

    @property
    def words(self) -> dict[str, str]:
        """By language, of those that were written."""
        written = {field.name.removeprefix("words_"): field.data for field in self if field.name.startswith("words_")}
        return {language: text for language, text in written.items() if text}
