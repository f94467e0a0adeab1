"""A case: the person, what happened, who agreed, what publishing could do, a photograph."""

from datetime import UTC, date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import Day, options
from petitions.forms.organise.parts import ByLanguage, Countries, PartialDate, Sources, Year, lines_of
from petitions.i18n import countries
from petitions.models import Prisoner, PrisonerEvent
from petitions.models.photo import UPLOAD_BYTES
from petitions.models.timeline import Told
from petitions.text import NAME_LENGTH, clean_line, clean_lines

LONG_TEXT = 5_000
SENTENCE_LENGTH = 500
TOO_LONG = _l("This is longer than there is room for. Shorten it.")

KIND_WORDS = {
    PrisonerEvent.Kind.ARREST: _l("Arrest"),
    PrisonerEvent.Kind.CHARGE: _l("Charge"),
    PrisonerEvent.Kind.HEARING: _l("Hearing"),
    PrisonerEvent.Kind.VERDICT: _l("Verdict"),
    PrisonerEvent.Kind.APPEAL: _l("Appeal"),
    PrisonerEvent.Kind.TRANSFER: _l("Transfer"),
    PrisonerEvent.Kind.HEALTH: _l("Health"),
    PrisonerEvent.Kind.RELEASE: _l("Release from prison"),
    PrisonerEvent.Kind.DEATH: _l("Death"),
    PrisonerEvent.Kind.OTHER: _l("Something else"),
}
VISIBILITY_WORDS = {
    PrisonerEvent.Visibility.PUBLIC: _l("Public: on the page and in documents"),
    PrisonerEvent.Visibility.INTERNAL: _l("Internal: for organisers only"),
}
HARM_WORDS = {
    Prisoner.Harm.GO: _l("It can be published"),
    Prisoner.Harm.LIMITS: _l("It can be published with limits"),
    Prisoner.Harm.STOP: _l("It must not be published"),
}


class PrisonerForm(DeskForm):
    """Nothing but a name is asked for: what is unknown can come later."""

    names = ByLanguage(_l("Name"), longest=NAME_LENGTH, spare=2)
    other_spellings = TextAreaField(_l("Other spellings"), validators=[Length(max=1_000, message=TOO_LONG)])
    birth_year = Year(_l("Year of birth"))
    citizenships = Countries(_l("Citizenships"))
    country = StringField(_l("Country where the person is held"))
    held_at = ByLanguage(_l("Place of detention"), longest=200)
    case_number = StringField(
        _l("Case number"), filters=[clean_line], validators=[Length(max=80, message=TOO_LONG)]
    )
    article = ByLanguage(_l("Article and law"), longest=200)
    health = TextAreaField(_l("Health"), filters=[clean_lines], validators=[Length(max=LONG_TEXT, message=TOO_LONG)])
    health_agreed = BooleanField(_l("The prisoner or the family agreed that we keep this"))

    def validate_names(self, field: ByLanguage) -> None:
        if not field.data:
            raise ValidationError(_l("Write the name in at least one language."))

    def validate_country(self, field: StringField) -> None:
        if field.data and field.data not in countries("en"):
            raise ValidationError(_l("Choose countries from the list."))

    def validate_health(self, field: TextAreaField) -> None:
        if field.data and not self.health_agreed.data:
            raise ValidationError(_l("Leave this empty, or tick below that the prisoner or the family agreed to it."))

    def write_to(self, prisoner: Prisoner) -> None:
        prisoner.names = dict(self.names.data)
        prisoner.other_spellings = lines_of(self.other_spellings.data)
        prisoner.birth_year = self.birth_year.data
        prisoner.citizenships = list(self.citizenships.data)
        prisoner.country = self.country.data or ""
        prisoner.held_at, prisoner.article = dict(self.held_at.data), dict(self.article.data)
        prisoner.case_number = self.case_number.data or ""
        prisoner.health = self.health.data or ""
        prisoner.health_agreed = bool(self.health_agreed.data and self.health.data)

    @classmethod
    def showing(cls, prisoner: Prisoner) -> "PrisonerForm":
        fields = {name: getattr(prisoner, name) for name in cls._names() if name != "other_spellings"}
        return cls(formdata=None, **fields, other_spellings="\n".join(prisoner.other_spellings))

    @classmethod
    def _names(cls) -> list[str]:
        return [
            "names", "birth_year", "citizenships", "country", "held_at", "case_number", "article", "health",
            "health_agreed",
        ]


class EventForm(DeskForm):
    kind = SelectField(_l("What kind"), choices=options(KIND_WORDS))
    happened = PartialDate(_l("When"))
    what = ByLanguage(_l("What happened, in one sentence"), longest=SENTENCE_LENGTH)
    sources = Sources(_l("Who says so"))
    visibility = RadioField(
        _l("Who may see it"),
        choices=options(VISIBILITY_WORDS),
        default=PrisonerEvent.Visibility.PUBLIC.value,
    )

    def validate_what(self, field: ByLanguage) -> None:
        if not field.data:
            raise ValidationError(_l("Write in at least one language what happened."))

    def validate_sources(self, field: Sources) -> None:
        if not field.data and self.visibility.data == PrisonerEvent.Visibility.PUBLIC.value:
            raise ValidationError(_l("Name a source, or make this internal: what is public says how it is known."))

    def told(self) -> Told:
        """After `validate`."""
        return Told(
            kind=PrisonerEvent.Kind(self.kind.data),
            happened=str(self.happened.data),
            what=dict(self.what.data),
            sources=self.sources.sources,
            visibility=PrisonerEvent.Visibility(self.visibility.data),
        )


class ConsentForm(DeskForm):
    """All of it or nothing: a consent without its evidence is none."""

    consent_by = StringField(_l("Who agreed"), filters=[clean_line], validators=[Length(max=200, message=TOO_LONG)])
    consent_scope = TextAreaField(
        _l("To what"), filters=[clean_lines], validators=[Length(max=LONG_TEXT, message=TOO_LONG)]
    )
    consent_evidence = TextAreaField(
        _l("How we know"), filters=[clean_lines], validators=[Length(max=LONG_TEXT, message=TOO_LONG)]
    )
    consent_on = Day(_l("On which day"))
    consent_review_on = Day(_l("Ask again by"))

    @property
    def withdrawn(self) -> bool:
        """Nothing is left of it: the prisoner or the family does not agree any more."""
        return not any(field.data for field in self)

    def validate(self, *arguments: Any, **keywords: Any) -> bool:
        good = bool(super().validate(*arguments, **keywords))
        if self.withdrawn or not good:
            return good
        for field, words in (
            (self.consent_by, _l("Say who agreed: the prisoner, or who of the family.")),
            (self.consent_scope, _l("Say to what: name, case, photograph, petition, which authorities.")),
            (self.consent_evidence, _l("Say how we know: a letter, a call, a lawyer, and where it is kept.")),
            (self.consent_on, _l("Say on which day: year, month and day.")),
        ):
            if not field.data:
                field.errors, good = [words], False
        return good

    def validate_consent_on(self, field: Day) -> None:
        if field.data and field.data > _today():
            raise ValidationError(_l("This day is still to come."))

    def validate_consent_review_on(self, field: Day) -> None:
        if field.data and self.consent_on.data and field.data <= self.consent_on.data:
            raise ValidationError(_l("Choose a day after the one on which they agreed."))


class HarmForm(DeskForm):
    harm_assessment = TextAreaField(
        _l("What could happen to the prisoner and the family"),
        filters=[clean_lines],
        validators=[
            DataRequired(message=_l("Write down what could happen, also if it is little.")),
            Length(max=LONG_TEXT, message=TOO_LONG),
        ],
    )
    harm_result = RadioField(
        _l("So"),
        choices=options(HARM_WORDS),
        validators=[InputRequired(message=_l("Decide whether it can be published."))],
    )
    harm_limits = TextAreaField(
        _l("What must stay out"), filters=[clean_lines], validators=[Length(max=LONG_TEXT, message=TOO_LONG)]
    )

    def validate_harm_limits(self, field: TextAreaField) -> None:
        if self.harm_result.data == Prisoner.Harm.LIMITS.value and not field.data:
            raise ValidationError(_l("Say what must stay out: names of children, the employer, the illness …"))


class PhotoForm(DeskForm):
    upload = FileField(_l("Photograph"))
    rights = StringField(
        _l("Who took it, and who allowed us to show it"),
        filters=[clean_line],
        validators=[
            DataRequired(message=_l("Say who took the photograph and who allowed us to show it.")),
            Length(max=500, message=TOO_LONG),
        ],
    )
    alt = ByLanguage(_l("What there is to see, for those who cannot see it"), longest=250)

    def validate_upload(self, field: FileField) -> None:
        if not field.data:
            raise ValidationError(_l("Choose a photograph: JPEG, PNG or WebP, at most 5 MB."))
        self.content: bytes = field.data.read(UPLOAD_BYTES + 1)
        if len(self.content) > UPLOAD_BYTES:
            raise ValidationError(_l("This file is larger than 5 MB. Choose a smaller one."))
        if not self.content:
            raise ValidationError(_l("This file is empty. Choose another one."))

    def validate_alt(self, field: ByLanguage) -> None:
        if not field.data:
            raise ValidationError(_l("Say in one language or more what there is to see: “A woman with short hair”."))


def _today() -> date:
    return datetime.now(UTC).date()


