"""What a supporter types, and later changes. Nothing is pre-selected, nothing guessed; a refusal says what to do."""

from dataclasses import dataclass
from typing import Any, ClassVar

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from wtforms import BooleanField, StringField
from wtforms.csrf.core import CSRF, CSRFTokenField
from wtforms.validators import ValidationError

from petitions.i18n import countries
from petitions.models import Disclosure
from petitions.signing import Typed
from petitions.text import Refusal, checked_email, clean_line, why_city_refused, why_name_refused
from petitions.tokens import new_token

NOTICE_VERSION = "2026-11-29"  # of the table "What happens to your data"; change it whenever the table changes
FALSE_WORDS = ("false", "0", "", "off", "no")

NAME_WORDS = {
    Refusal.EMPTY: _l("Write your name."),
    Refusal.TOO_LONG: _l("Write your name with at most 120 characters."),
    Refusal.NO_LETTER: _l("Write your name with letters."),
    Refusal.LINK: _l("Write your name without a web or e-mail address in it."),
    Refusal.FORMULA: _l("Begin your name with a letter."),
    Refusal.UNREADABLE: _l("Your name has characters that cannot be read. Write it once more."),
}
CITY_WORDS = {
    Refusal.TOO_LONG: _l("Write the city with at most 80 characters."),
    Refusal.LINK: _l("Write the city without a web address in it."),
    Refusal.UNREADABLE: _l("The city has characters that cannot be read. Write it once more."),
}
EMAIL_WORDS = {
    Refusal.EMPTY: _l("Write your e-mail address."),
    Refusal.TOO_LONG: _l("An e-mail address has at most 254 characters. Check yours."),
    Refusal.NOT_AN_ADDRESS: _l("Write one e-mail address, like name@example.org."),
    Refusal.LOCAL_NOT_ASCII: _l(
        "Many mail servers do not take letters like these before the @. Use an address with Latin letters there."
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form is about: the text on screen, and the answers that this petition allows."""

    petition: str
    text_hash: str
    offered: tuple[Disclosure, ...]
    forbids_naming: bool
    count_only_countries: tuple[str, ...]
    language: str


def _stripped(typed: str | None) -> str:
    return (typed or "").strip()


class CheckToken(CSRF):
    """The check page's proof that all of it was on screen: petition, text, time, nonce. No cookie is needed."""

    def setup_form(self, form: Any) -> Any:
        self._asked: Asked = form.meta.csrf_context
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: CSRFTokenField) -> str:  # noqa: ARG002 - WTForms calls it
        """Nothing: a token is made where a page shows it (`check_token`), not for every form that is read."""
        return ""

    def validate_csrf_token(self, form: Any, field: CSRFTokenField) -> None:  # noqa: ARG002 - WTForms calls it
        max_age = current_app.config["CHECK_TOKEN_SECONDS"]
        try:
            petition, text_hash, _nonce = _serializer().loads(field.data or "", max_age=max_age)
        except SignatureExpired:
            raise ValidationError("old") from None
        except (BadData, ValueError):
            raise ValidationError("wrong") from None
        if petition != self._asked.petition:
            raise ValidationError("wrong")
        if text_hash != self._asked.text_hash:
            raise ValidationError("text_changed")


class _Form(FlaskForm):
    """Forms without a session: no cookie, a token of our own where there is one at all."""

    class Meta:
        csrf = False
        csrf_class = CheckToken
        csrf_field_name = "token"
        csrf_context: Asked | None = None

        def get_translations(self, _form: Any) -> None:
            """None: every message is ours, and reaches gettext by itself."""
            return None


class DisclosureForm(_Form):
    """Who may see the name: one question, and two permissions that stand by themselves.

    Under a petition that names nobody only the question is asked; what a form says of the rest is not heard.
    """

    ORDER: ClassVar[tuple[str, ...]] = ("disclosure", "wants_listing")
    COUNTRY_UNSAID: ClassVar[Any] = _l(
        "You did not say your country, so under this petition you can only be counted. To be named, withdraw and sign "
        "again with your country."
    )

    disclosure = StringField()
    shows_city = BooleanField(false_values=FALSE_WORDS)
    wants_listing = BooleanField(false_values=FALSE_WORDS)

    def __init__(self, asked: Asked, formdata: Any = None, *, country: str = "", **keywords: Any) -> None:
        super().__init__(formdata, **keywords)
        self.asked = asked
        self.signer_country = country

    def validate_disclosure(self, field: StringField) -> None:
        if field.data not in [choice.value for choice in self.asked.offered]:
            raise ValidationError(_l("Choose who may see your name."))
        if self._names_to_addressees:
            self._refuse_if_counted_only()

    def validate_wants_listing(self, _field: BooleanField) -> None:
        if self.listed:
            self._refuse_if_counted_only()

    @property
    def names_signer(self) -> bool:
        """Whether anybody would see the name."""
        return self._names_to_addressees or self.listed

    @property
    def choice(self) -> Disclosure:
        return Disclosure(self.disclosure.data or "")

    @property
    def listed(self) -> bool:
        return bool(self.wants_listing.data) and not self.asked.forbids_naming

    @property
    def city_shown(self) -> bool:
        return bool(self.shows_city.data) and not self.asked.forbids_naming

    @property
    def errors_in_order(self) -> list[tuple[str, str]]:
        """(field, message) as the fields stand on the page."""
        return [(name, str(self.errors[name][0])) for name in self.ORDER if self.errors.get(name)]

    @property
    def _names_to_addressees(self) -> bool:
        return self.disclosure.data in {Disclosure.INTERNATIONAL.value, Disclosure.ALL.value}

    def _refuse_if_counted_only(self) -> None:
        countries = self.asked.count_only_countries
        if self._country in countries:
            raise ValidationError(
                _l(
                    "For their safety, signers in this country are only counted. Choose “Count me only”, and leave "
                    "the box for the page of this petition empty."
                )
            )
        if countries and not self._country:  # else not saying it would be the way around
            raise ValidationError(self.COUNTRY_UNSAID)

    @property
    def _country(self) -> str:
        return self.signer_country


class SignatureForm(DisclosureForm):
    """The sign form. `text_hash` is the text that was on screen."""

    name = StringField(filters=[clean_line])
    email = StringField(filters=[_stripped])
    country = StringField()
    city = StringField(filters=[clean_line])
    wants_news = BooleanField(false_values=FALSE_WORDS)
    consent = BooleanField(false_values=FALSE_WORDS)
    subject = StringField()  # the honeypot: people leave it empty
    text_hash = StringField()

    ORDER: ClassVar[tuple[str, ...]] = ("name", "email", "country", "city", *DisclosureForm.ORDER, "consent")
    COUNTRY_UNSAID: ClassVar[Any] = _l("Say your country, or choose to be counted only.")

    def validate_name(self, field: StringField) -> None:
        _refuse(why_name_refused(field.data or ""), NAME_WORDS)

    def validate_email(self, field: StringField) -> None:
        found = checked_email(field.data or "")
        if isinstance(found, Refusal):
            raise ValidationError(EMAIL_WORDS[found])
        field.data = found

    def validate_country(self, field: StringField) -> None:
        if field.data and field.data not in countries("en"):
            raise ValidationError(_l("Choose a country from the list, or “Prefer not to say”."))

    def validate_city(self, field: StringField) -> None:
        _refuse(why_city_refused(field.data or ""), CITY_WORDS)

    def validate_consent(self, field: BooleanField) -> None:
        if not field.data:
            raise ValidationError(_l("Tick the box to say that we may store and use what you wrote, as described."))

    @property
    def text_changed(self) -> bool:
        """The text on screen when the form was filled in is not today's."""
        return bool(self.text_hash.data) and self.text_hash.data != self.asked.text_hash

    @property
    def honeypot_filled(self) -> bool:
        return bool(self.subject.data)

    def typed(self) -> Typed:
        """What was entered, after `validate`."""
        return Typed(
            name=self.name.data or "",
            city=self.city.data or "",
            email=self.email.data or "",
            country=self.country.data or "",
            language=self.asked.language,
            disclosure=self.choice,
            shows_city=self.city_shown,
            wants_listing=self.listed,
            notice_version=NOTICE_VERSION,
            wants_news=bool(self.wants_news.data),
        )

    @property
    def _country(self) -> str:
        return self.country.data or ""


class CheckedSignatureForm(SignatureForm):
    """The same with the check page's token: only this one signs."""

    class Meta:
        csrf = True

    def __init__(self, asked: Asked, formdata: Any = None) -> None:
        super().__init__(asked, formdata, meta={"csrf_context": asked})

    @property
    def token_trouble(self) -> str:
        """"", "old", "wrong" or "text_changed", after `validate`."""
        return str(self.errors["token"][0]) if self.errors.get("token") else ""


def check_token(asked: Asked) -> str:
    """A token for a check page that shows this text now."""
    return str(_serializer().dumps([asked.petition, asked.text_hash, new_token()[:16]]))


def _refuse(reason: Refusal | None, words: dict[Refusal, Any]) -> None:
    if reason is not None:
        raise ValidationError(words[reason])


def _serializer() -> URLSafeTimedSerializer:
    return current_app.extensions["check_tokens"]  # type: ignore[no-any-return]
