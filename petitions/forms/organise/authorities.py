"""An entry of the directory, one of its channels, and files of many. The shapes are those that every file has, too
(petitions/authorities/rows.py); here their refusals become words at the field."""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from pydantic import ValidationError
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired

from petitions.authorities.profiles import directory
from petitions.authorities.rows import (
    TERMS,
    AuthorityRow,
    ChannelRow,
    EmailRow,
    Facts,
    HandRow,
    PortalRow,
    PostRow,
)
from petitions.forms.organise.authority_flaws import flaw_words
from petitions.forms.organise.authority_words import (
    ADDRESSES,
    ASKS,
    EFFECTS,
    KINDS,
    REQUIRED,
    day_words,
)
from petitions.forms.organise.base import DeskForm
from petitions.forms.organise.fields import WholeNumber
from petitions.forms.organise.parts import ByLanguage, lines_of
from petitions.i18n import countries, present_language
from petitions.models import Channel
from petitions.shapes import lines
from petitions.text import clean_line

NAME_LENGTH = 200
UNITS = {
    "": _l("calendar days"),
    "w": _l("working days"),
    "r": _l("calendar days from registration"),
    "wr": _l("working days from registration"),
}
SHORTEST_REASON, LONGEST_REASON = 5, 500


class _ShapedForm(DeskForm):
    """Checked as a whole by a shape: each error goes to the field it is about."""

    OF_SEVERAL: ClassVar[dict[str, str]] = {"country_and_kind": "country", "hours": "closes"}

    def put_errors(self, error: ValidationError) -> None:
        for detail in error.errors(include_input=False, include_url=False):
            values = dict(detail.get("ctx") or {})
            words = flaw_words(detail["type"], values, detail["msg"].removeprefix("Value error, "))
            field = self._field_at(detail["loc"] or (self.OF_SEVERAL.get(detail["type"], ""),))
            field.errors = [*field.errors, words]

    def _field_at(self, steps: tuple[int | str, ...]) -> Field:
        names = [str(steps[0]), "_".join(str(step) for step in steps[:2])] if steps else []
        found: Field | None = next((self[name] for name in reversed(names) if name in self), None)
        first: Field = next(iter(self))
        return first if found is None else found


class WhereForm(DeskForm):
    """The first question of a new entry: its country and kind decide what the law says of it."""

    kind = SelectField(_l("Kind"))
    country = SelectField(_l("Country"))

    def __init__(self, formdata: Any = None, **values: Any) -> None:
        super().__init__(formdata, **values)
        self.kind.choices = [(kind.value, words) for kind, words in KINDS.items()]
        self.country.choices = country_choices()


class AuthorityForm(_ShapedForm):
    names = ByLanguage(_l("Name"), longest=NAME_LENGTH)
    salutations = ByLanguage(_l("How a letter begins"), longest=NAME_LENGTH)
    slug = StringField(_l("Short name for addresses"), filters=[clean_line])
    kind = SelectField(_l("Kind"))
    country = SelectField(_l("Country"))
    profile = SelectField(_l("Whose rules"))
    asks = SelectMultipleField(_l("What it can grant"))
    publishes_received = BooleanField(_l("It publishes what it receives"))
    languages = StringField(_l("Languages it accepts"), filters=[clean_line])
    postal_address = TextAreaField(_l("Postal address"))
    time_zone = StringField(_l("Time zone"), filters=[clean_line])
    opens = TimeField(_l("Office opens"))
    closes = TimeField(_l("Office closes"))
    working_days = SelectMultipleField(_l("Working days"), coerce=int)
    clocks_register = WholeNumber(_l("Registers within"))
    clocks_forward = WholeNumber(_l("Forwards to the competent body within"))
    clocks_reply = WholeNumber(_l("Answers within"))
    clocks_extension = WholeNumber(_l("May extend the answer by"))
    unit_register = SelectField(_l("Registers within: which days"))
    unit_forward = SelectField(_l("Forwards within: which days"))
    unit_reply = SelectField(_l("Answers within: which days"))
    unit_extension = SelectField(_l("Extends by: which days"))
    note = TextAreaField(_l("Note for organisers"))
    sources = TextAreaField(_l("Sources, one a line"))

    def __init__(self, *, slug: str = "", **values: Any) -> None:
        """`slug`: of an entry that is there already; a new one has it typed."""
        super().__init__(**values)
        self.known_slug = slug
        if slug:
            del self.slug
        self.kind.choices = [(kind.value, words) for kind, words in KINDS.items()]
        self.country.choices = country_choices()
        profiles = [(one.code, one.law.get(present_language(), one.law["en"])) for one in directory().profiles]
        self.profile.choices = [("", _l("those of its country and kind")), *profiles]
        self.asks.choices = [(ask.value, words) for ask, words in ASKS.items()]
        self.working_days.choices = [(day, day_words(day)) for day in range(7)]
        for term in TERMS:
            self[f"unit_{term}"].choices = list(UNITS.items())

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        try:
            self.row = AuthorityRow.model_validate(self._said())
        except ValidationError as error:
            self.put_errors(error)
            return False
        return good

    @classmethod
    def values_of(cls, facts: Facts) -> dict[str, Any]:
        """What the fields begin with, from facts of a profile or of an entry (authorities/rows.py)."""
        values: dict[str, Any] = {"names": {}, "salutations": {}}
        for fact, value in facts.items():
            noun, _, part = fact.partition(".")
            if noun in {"names", "salutations"}:
                values[noun][part] = value
            elif noun == "clocks":
                values[f"clocks_{part}"] = value["days"]
                values[f"unit_{part}"] = ("w" if value["working"] else "") + ("r" if "from" in value else "")
            elif noun == "languages":
                values[noun] = ", ".join(value)
            elif noun == "sources":
                values[noun] = "\n".join(value)
            elif not part:
                values[noun] = value
        return values

    def _said(self) -> dict[str, Any]:
        said = {name: self[name].data for name in _PLAIN if name in self}
        clocks = {term: self[f"clocks_{term}"].data for term in TERMS}
        return {
            **said,
            "slug": self.known_slug or self.slug.data,
            "languages": [code.strip() for code in (self.languages.data or "").split(",") if code.strip()],
            "sources": lines_of(self.sources.data),
            "clocks": {term: _term(days, self[f"unit_{term}"].data) for term, days in clocks.items() if days},
        }


class ChannelForm(_ShapedForm):
    """One channel. `retired` belongs to a form of its own."""

    SHAPES: ClassVar[dict[Channel.Kind, type[ChannelRow]]] = {
        Channel.Kind.EMAIL: EmailRow,
        Channel.Kind.POST: PostRow,
        Channel.Kind.PORTAL: PortalRow,
        Channel.Kind.BY_HAND: HandRow,
    }
    LONG = (Channel.Kind.POST, Channel.Kind.BY_HAND)  # addresses of several lines

    address = TextAreaField()
    legal_effect = RadioField(
        _l("What it is worth in law"), validators=[InputRequired(message=_l("Choose what it is worth in law."))]
    )
    required = SelectMultipleField(_l("What the law asks for"))
    by_link = BooleanField(_l("Send a link instead of the document"))
    max_bytes = WholeNumber(_l("Largest PDF, in bytes"))
    max_pages = WholeNumber(_l("Most pages of a document"))
    max_characters = WholeNumber(_l("Longest text, in characters"))
    note = StringField(_l("Note for organisers"), filters=[clean_line])
    source = StringField(_l("Where the address is known from"), filters=[clean_line])
    reason = StringField(_l("Why it changes"), filters=[clean_line])

    def __init__(self, kind: Channel.Kind, *, guarded: bool, **values: Any) -> None:
        super().__init__(**values)
        self.channel_kind, self.guarded = kind, guarded
        self.address.label.text = ADDRESSES[kind]
        self.legal_effect.choices = [(effect.value, words) for effect, words in EFFECTS.items()]
        known = dict.fromkeys([*REQUIRED, *(self.required.data or [])])
        self.required.choices = [(code, REQUIRED.get(code, code)) for code in known]
        if kind is not Channel.Kind.PORTAL:
            del self.max_characters
        if kind in {Channel.Kind.POST, Channel.Kind.BY_HAND}:
            del self.max_bytes
        if kind is not Channel.Kind.EMAIL:
            del self.by_link
        if not guarded:
            del self.reason

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        said = {field.name: field.data for field in self if field.name != "reason"}
        if "by_link" in said:
            said["mode"] = (Channel.Mode.LINK if said.pop("by_link") else Channel.Mode.ATTACHED).value
        self.address.data = said["address"] = (said["address"] or "").strip()
        if self.channel_kind is Channel.Kind.POST:
            said.pop("address")
        try:
            shaped = self.SHAPES[self.channel_kind].model_validate(said)
            self.values = shaped.model_dump(mode="json", exclude_unset=True)
            self.values["address"] = lines(self.values.get("address", self.address.data))
        except ValidationError as error:
            self.put_errors(error)
            return False
        except ValueError as error:  # of `lines`
            self.address.errors = [*self.address.errors, str(error)]
            return False
        if not self.values["address"]:
            self.address.errors = [*self.address.errors, str(_l("Write the address."))]
        if self.guarded and not SHORTEST_REASON <= len(self.reason.data or "") <= LONGEST_REASON:
            self.reason.errors = [*self.reason.errors, str(REASON_WORDS)]
        return good and not self.errors

    @property
    def why(self) -> str:
        return (self.reason.data or "") if self.guarded else ""


REASON_WORDS = _l("Write why, and how you know it, in 5 to 500 characters.")


class ReasonForm(DeskForm):
    """Why a change is declined or stopped, or a channel given up: every owner concerned reads it."""

    reason = StringField(_l("Reason"), filters=[clean_line])

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if SHORTEST_REASON <= len(self.reason.data or "") <= LONGEST_REASON:
            return good
        self.reason.errors = [str(REASON_WORDS)]
        return False


class VerificationForm(DeskForm):
    """Somebody has looked again."""

    source = StringField(_l("Where you have checked it"), filters=[clean_line])

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if 3 <= len(self.source.data or "") <= NAME_LENGTH:
            return good
        self.source.errors = [str(_l("Say where: a page, a letter, a phone call. At most 200 characters."))]
        return False


class FileForm(DeskForm):
    file = FileField(_l("CSV file"))

    def content(self, most: int) -> bytes:
        """The first bytes, up to one more than the most: that is enough to see that it is too large."""
        with self.file.data.stream as stream:
            return bytes(stream.read(most + 1))

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.file.data is not None and self.file.data.filename:
            return good
        self.file.errors = [str(_l("Choose a file first."))]
        return False


def country_choices() -> list[tuple[str, Any]]:
    return [("", _l("none: an international body")), *countries(present_language()).items()]


_PLAIN = (
    "names", "salutations", "kind", "country", "profile", "asks", "publishes_received", "postal_address", "time_zone",
    "opens", "closes", "working_days", "note",
)


def _term(days: int, unit: str) -> dict[str, Any]:
    return {"days": days, "working": "w" in unit, **({"from": "registration"} if "r" in unit else {})}
