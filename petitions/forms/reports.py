"""What somebody tells us of a prisoner. Only what happened is asked for; whatever else is unknown may stay unknown."""

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from wtforms import MultipleFileField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.validators import Length

from petitions.forms.organise.fields import options
from petitions.i18n import countries
from petitions.models import Branch
from petitions.models.photo import UPLOAD_BYTES
from petitions.replycode import typed_code
from petitions.text import clean_line, clean_lines
from petitions.tokens import new_token

LINE_LENGTH, STORY_LENGTH, MESSAGE_LENGTH = 200, 10_000, 5_000
SHORTEST_STORY = 20
MOST_PHOTOS = 3
PURPOSE = "report"  # of the check page's token
SEED_LENGTH = 16

HOW_WORDS = {
    "self": _l("I am this person"),
    "family": _l("I am family or a close friend"),
    "lawyer": _l("I am the lawyer, or work with the lawyer"),
    "seen": _l("I saw it, or was there"),
    "told": _l("Somebody told me, or I read it"),
}
FAMILY_WORDS = {
    "yes": _l("Yes, the person or the family wants help in public"),
    "no": _l("No, they do not want it in public"),
    "unknown": _l("I do not know"),
}
_TOO_LONG = _l("Write at most 200 characters here; there is room for more under “What happened”.")


class _Form(FlaskForm):
    """No session and no cookie, as for signing."""

    class Meta:
        csrf = False

        def get_translations(self, _form: Any) -> None:
            """None: every message is ours."""
            return None

    @property
    def errors_in_order(self) -> list[tuple[str, str]]:
        return [(field.id, str(field.errors[0])) for field in self if field.errors]


def _line(label: Any) -> StringField:
    return StringField(label, filters=[clean_line], validators=[Length(max=LINE_LENGTH, message=_TOO_LONG)])


class ReportForm(_Form):
    TOLD: ClassVar[tuple[str, ...]] = ("what", "who", "country", "where", "since", "how", "family", "contact")

    what = TextAreaField(_l("What happened?"), filters=[clean_lines])
    who = _line(_l("To whom?"))
    country = StringField(_l("In which country is the person held?"))
    where = _line(_l("Where is the person held?"))
    since = _line(_l("Since when?"))
    how = RadioField(_l("How do you know?"), choices=options(HOW_WORDS), validate_choice=False)
    family = RadioField(
        _l("Does the person or the family want help in public?"), choices=options(FAMILY_WORDS),
        validate_choice=False,
    )
    contact = _line(_l("How can we reach you?"))
    branch = RadioField(_l("Who should read it?"), choices=[], validate_choice=False)
    subject = StringField()  # the honeypot: people leave it empty

    def __init__(self, branches: Sequence[Branch], formdata: Any = None) -> None:
        super().__init__(formdata)
        self.branches = branches
        self.branch.choices = options((branch.public_id, branch.legal_name) for branch in branches)

    def validate_what(self, field: TextAreaField) -> None:
        length = len(field.data or "")
        if length < SHORTEST_STORY:
            raise ValidationError(_l("Tell us in a sentence or more what happened."))
        if length > STORY_LENGTH:
            raise ValidationError(_l("Write at most 10,000 characters. You can add more later, with your code."))

    def validate_country(self, field: StringField) -> None:
        if field.data and field.data not in countries("en"):
            raise ValidationError(_l("Choose a country from the list, or leave it open."))

    def validate_how(self, field: RadioField) -> None:
        _known(field, HOW_WORDS)

    def validate_family(self, field: RadioField) -> None:
        _known(field, FAMILY_WORDS)

    def validate_branch(self, _field: RadioField) -> None:
        if self.reader is None:
            raise ValidationError(_l("Choose who should read it."))

    @property
    def reader(self) -> Branch | None:
        """The branch it goes to: the one chosen, or the only one."""
        if len(self.branches) == 1:
            return self.branches[0]
        return next((branch for branch in self.branches if branch.public_id == self.branch.data), None)

    @property
    def honeypot_filled(self) -> bool:
        return bool(self.subject.data)

    def told(self) -> dict[str, str]:
        """What is sealed, after `validate`."""
        return {name: value for name in self.TOLD if (value := str(self[name].data or ""))}


class SentReportForm(ReportForm):
    """The same with the check page's token and photographs: only this one is kept."""

    NO_ROOM: ClassVar[Any] = _l("We cannot take photographs at the moment. Send it without, or come back later.")

    photos = MultipleFileField(_l("Photographs"))
    token = StringField()

    def validate_photos(self, field: MultipleFileField) -> None:
        files = [file for file in field.data or [] if getattr(file, "filename", "")]
        if len(files) > MOST_PHOTOS:
            raise ValidationError(_l("Choose at most three photographs."))
        self.uploads: list[bytes] = [file.read(UPLOAD_BYTES + 1) for file in files]
        if any(len(upload) > UPLOAD_BYTES for upload in self.uploads):
            raise ValidationError(_l("A photograph may have at most 5 MB. Choose smaller ones."))

    def validate_token(self, field: StringField) -> None:
        try:
            loaded = _serializer().loads(field.data or "", max_age=current_app.config["CHECK_TOKEN_SECONDS"])
        except SignatureExpired:
            raise ValidationError("old") from None
        except BadData:
            raise ValidationError("wrong") from None
        if not isinstance(loaded, list) or len(loaded) != 2 or loaded[0] != PURPOSE:
            raise ValidationError("wrong")
        self.seed = str(loaded[1])

    @property
    def token_trouble(self) -> str:
        """"", "old" or "wrong", after `validate`."""
        return str(self.token.errors[0]) if self.token.errors else ""

    @property
    def errors_in_order(self) -> list[tuple[str, str]]:
        return [(name, message) for name, message in super().errors_in_order if name != "token"]


class CodeForm(_Form):
    code = StringField(_l("Your code"))

    def validate_code(self, _field: StringField) -> None:
        if self.digits is None:
            raise ValidationError(_l("A code has 24 digits. Look at what you wrote down once more."))

    @property
    def digits(self) -> str | None:
        return typed_code(self.code.data or "")


class MessageForm(CodeForm):
    message = TextAreaField(_l("What do you want to add?"), filters=[clean_lines])

    def validate_message(self, field: TextAreaField) -> None:
        if not field.data:
            raise ValidationError(_l("Write something, or leave this page."))
        if len(field.data) > MESSAGE_LENGTH:
            raise ValidationError(_l("Write at most 5,000 characters at once."))


def check_token() -> str:
    """For a check page that is shown now."""
    return str(_serializer().dumps([PURPOSE, new_token()[:SEED_LENGTH]]))


def _known(field: RadioField, words: dict[str, Any]) -> None:
    if field.data and field.data not in words:
        raise ValidationError(_l("Choose one of these, or none."))


def _serializer() -> URLSafeTimedSerializer:
    return current_app.extensions["check_tokens"]  # type: ignore[no-any-return]
