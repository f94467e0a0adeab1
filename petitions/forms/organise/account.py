"""Logging in, proving it once more, and one's own account."""

from collections.abc import Iterable
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from petitions.forms.organise.base import DeskForm
from petitions.forms.signatures import EMAIL_WORDS, NAME_WORDS
from petitions.login.accounts import is_code_secret
from petitions.login.passwords import Weakness, normalised, weakness
from petitions.text import Refusal, checked_email, clean_line, why_name_refused

WEAK_WORDS = {
    Weakness.SHORT: _l("Choose a password of at least 12 characters. Four ordinary words make a good one."),
    Weakness.LONG: _l("A password has at most 128 characters. Choose a shorter one."),
    Weakness.GUESSED: _l(
        "This password would be guessed early: it is made of names and words that are tried first. "
        "Choose one of, say, four words that have nothing to do with each other."
    ),
}
ANY_CODE_WORDS = _l("Write a code of your app, or a recovery code.")
CODE_WORDS = _l("Write the code of six digits that your app shows.")
WRONG_CODE_WORDS = _l("This is not the code that belongs to the picture. Wait for the next one, and write that.")
DEVICE_LENGTH = 60


def _stripped(typed: str | None) -> str:
    return (typed or "").strip()


class ProofForm(DeskForm):
    """What is wrong is not said: whoever guesses learns nothing (cases.md E2)."""

    password = PasswordField(_l("Password"), validators=[InputRequired(_l("Write your password."))])
    code = StringField(_l("One-time code"), filters=[_stripped], validators=[InputRequired(ANY_CODE_WORDS)])


    @property
    def proof(self) -> tuple[str, str]:
        return self.password.data or "", self.code.data or ""


class LoginForm(ProofForm):
    email = EmailField(
        _l("E-mail address"), filters=[_stripped], validators=[InputRequired(EMAIL_WORDS[Refusal.EMPTY])]
    )

    @property
    def address(self) -> str:
        return (self.email.data or "").lower()


class LostPasswordForm(DeskForm):
    email = EmailField(_l("E-mail address"), filters=[_stripped])

    def validate_email(self, field: EmailField) -> None:
        checked = checked_email(field.data or "")
        if isinstance(checked, Refusal):
            raise ValidationError(str(EMAIL_WORDS[checked]))

    @property
    def address(self) -> str:
        return (self.email.data or "").lower()


class NewPasswordForm(DeskForm):
    """`personal`: what belongs to the member and the branch, and is therefore tried first (cases.md G18)."""

    password = PasswordField(_l("New password"))

    def __init__(self, *, personal: Iterable[str] = (), **keywords: Any) -> None:
        super().__init__(**keywords)
        self._personal = tuple(personal)

    def validate_password(self, _field: PasswordField) -> None:
        found = weakness(self.chosen, (*self._personal, current_app.config["SETTINGS"].mail_name))
        if found is not None:
            raise ValidationError(str(WEAK_WORDS[found]))

    @property
    def chosen(self) -> str:
        return normalised(self.password.data or "")


class CodesForm(DeskForm):
    """One-time codes of a new secret: it counts only when a first code has shown that it arrived."""

    secret = HiddenField()
    code = StringField(
        _l("The code that your app shows now"), filters=[_stripped], validators=[InputRequired(CODE_WORDS)]
    )

    @property
    def new_secret(self) -> str:
        return self.secret.data or ""

    @property
    def first_code(self) -> str:
        return self.code.data or ""

    @property
    def secret_is_ours(self) -> bool:
        return is_code_secret(self.new_secret)

    def refuse_code(self) -> None:
        self.code.errors = [str(WRONG_CODE_WORDS)]


class PasswordAndCodesForm(NewPasswordForm, CodesForm):
    """Both at once: one without the other opens nothing."""


class AboutMeForm(DeskForm):
    name = StringField(_l("Your name"), filters=[clean_line])
    language = SelectField(_l("Language of pages and letters"))

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.language.choices = [(one.code, one.name) for one in current_app.config["LANGUAGES"]]

    def validate_name(self, field: StringField) -> None:
        refusal = why_name_refused(field.data or "")
        if refusal is not None:
            raise ValidationError(str(NAME_WORDS[refusal]))

    @property
    def about(self) -> dict[str, str]:
        return {"name": self.name.data or "", "language": self.language.data or ""}


class JoiningForm(AboutMeForm, PasswordAndCodesForm):
    """Everything that makes an account, on one page; with a passkey, name and language alone."""


class PasskeyForm(DeskForm):
    """`answer` is the browser's, as JSON."""

    answer = HiddenField(validators=[InputRequired(_l("The browser sent no passkey. Try again."))])
    device = StringField(
        _l("What shall it be called?"),
        filters=[clean_line],
        validators=[Length(max=DEVICE_LENGTH, message=_l("Write a name of at most 60 characters."))],
    )

    @property
    def passkey(self) -> str:
        return self.answer.data or ""
