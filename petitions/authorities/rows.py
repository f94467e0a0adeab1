"""What a row of the directory may say, whoever brings it: a CSV file, our data file or a form (cases.md H7, H8).

A field that is not said changes nothing; so only what was said is compared and set (`facts_of_row`).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from petitions.models import Authority, Channel
from petitions.shapes import (
    Cells,
    Country,
    Email,
    Filled,
    Language,
    Line,
    Lines,
    Part,
    Slug,
    TimeZone,
    WebAddress,
    Word,
)

Fact = Any  # as JSON has it
Facts = dict[str, Fact]  # "names.en", "clocks.reply", "email.address" …

TERMS = ("register", "forward", "reply", "extension")
RESERVED = {"new"}  # words that stand where a slug does in an address
MOST_NOTE = 2_000
MOST_ADDRESS = 500  # on the letter it stands in the window of an envelope


def _not_to_come(day: date) -> date:
    if day > datetime.now(UTC).date():
        raise PydanticCustomError("not_yet", "this day has not come yet")
    return day


def _free_slug(slug: str) -> str:
    if slug in RESERVED:
        raise PydanticCustomError("reserved", "this word is taken by the site itself; choose another")
    return slug


class Term(Part):
    """How long the law gives; working days or calendar days, from receipt or from registration."""

    days: int = Field(ge=1, le=366)
    working: bool = False
    from_: Literal["receipt", "registration"] = Field(default="receipt", alias="from")


class ChannelRow(Part):
    legal_effect: Channel.LegalEffect | None = None
    max_bytes: int | None = Field(default=None, ge=100_000, le=1_000_000_000)
    max_pages: int | None = Field(default=None, ge=10, le=100_000)
    max_characters: int | None = Field(default=None, ge=100, le=1_000_000)
    required: Annotated[tuple[Word, ...], Cells] = ()
    note: Line = ""
    source: Line = ""


class EmailRow(ChannelRow):
    address: Email | Literal[""] = ""
    mode: Channel.Mode = Channel.Mode.ATTACHED


class PostRow(ChannelRow):
    """Goes to the postal address of the authority."""


class PortalRow(ChannelRow):
    address: WebAddress | Literal[""] = ""


class HandRow(ChannelRow):
    address: Lines = ""


class AuthorityRow(Part):
    slug: Annotated[Slug, AfterValidator(_free_slug)]
    kind: Authority.Kind
    country: Country | Literal[""] = ""
    names: dict[Language, Filled] = Field(min_length=1)
    salutations: dict[Language, Line] = Field(default_factory=dict)
    time_zone: TimeZone = "UTC"
    opens: time = time(9)
    closes: time = time(17)
    working_days: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Cells] = (0, 1, 2, 3, 4)
    languages: Annotated[tuple[Language, ...], Cells] = ()
    postal_address: Annotated[Lines, Field(max_length=MOST_ADDRESS)] = ""
    publishes_received: bool = False
    asks: Annotated[tuple[Authority.Ask, ...], Cells] = ()
    clocks: dict[Literal["register", "forward", "reply", "extension"], Term] = Field(default_factory=dict)
    profile: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$")
    note: Annotated[Lines, Field(max_length=MOST_NOTE)] = ""
    sources: Annotated[tuple[Line, ...], Cells] = ()
    verified_on: Annotated[date, AfterValidator(_not_to_come)] | None = None
    email: EmailRow | None = None
    post: PostRow | None = None
    portal: PortalRow | None = None
    by_hand: HandRow | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "AuthorityRow":
        international = self.kind is Authority.Kind.INTERNATIONAL
        if international == bool(self.country):
            words = "a country is needed, except for international bodies, which have none"
            raise PydanticCustomError("country_and_kind", words)
        if self.opens >= self.closes:
            raise PydanticCustomError("hours", "the office has to open before it closes")
        return self


def facts_of_row(row: AuthorityRow) -> Facts:
    """Only what the row says."""
    said = row.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"slug"})
    flat: Facts = {}
    for name, value in said.items():
        if name in {"names", "salutations", "clocks", *Channel.Kind}:
            flat |= {f"{name}.{part}": one for part, one in (value or {}).items()}
        else:
            flat[name] = value
    for term in [name for name in flat if name.startswith("clocks.")]:
        flat[term] = term_of(flat[term])
    return flat


def facts_of(authority: Authority) -> Facts:
    """All that the directory says of an authority and its channels, in the same words."""
    flat: Facts = {
        "kind": authority.kind.value,
        "country": authority.country,
        **{f"names.{language}": name for language, name in authority.names.items()},
        **{f"salutations.{language}": words for language, words in authority.salutations.items()},
        "time_zone": authority.time_zone,
        "opens": authority.opens.isoformat(),
        "closes": authority.closes.isoformat(),
        "working_days": list(authority.working_days),
        "languages": list(authority.languages),
        "postal_address": authority.postal_address,
        "publishes_received": authority.publishes_received,
        "asks": list(authority.asks),
        **{f"clocks.{name}": term_of(term) for name, term in authority.clocks.items()},
        "profile": authority.profile,
        "note": authority.note,
        "sources": list(authority.sources),
        "verified_on": authority.verified_on.isoformat() if authority.verified_on else None,
    }
    for channel in authority.live_channels:
        flat |= {f"{channel.kind}.{name}": value for name, value in facts_of_channel(channel).items()}
    return flat


def facts_of_channel(channel: Channel) -> Facts:
    return {
        **({} if channel.kind is Channel.Kind.POST else {"address": channel.address}),
        "legal_effect": channel.legal_effect.value,
        **({"mode": channel.mode.value} if channel.kind is Channel.Kind.EMAIL else {}),
        "max_bytes": channel.max_bytes,
        "max_pages": channel.max_pages,
        "max_characters": channel.max_characters,
        "required": list(channel.required),
        "note": channel.note,
        "source": channel.source,
    }


def term_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """A clock as it is stored, without what goes without saying."""
    term: dict[str, Any] = {"days": int(value["days"]), "working": bool(value.get("working"))}
    return {**term, "from": "registration"} if value.get("from") == "registration" else term


def set_facts(authority: Authority, facts: Mapping[str, Fact]) -> None:
    """Everything but channels, whose changes may need two people (models/channel_change.py)."""
    for name, value in facts.items():
        noun, _, part = name.partition(".")
        if part:
            setattr(authority, noun, {**(getattr(authority, noun) or {}), part: value})
        else:
            setattr(authority, noun, _FROM_JSON.get(noun, lambda plain: plain)(value))


def set_row(authority: Authority, row: AuthorityRow) -> list[str]:
    """The whole of what a form says, without channels; returns which fields differed."""
    said = row.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"slug", *Channel.Kind})
    if "clocks" in said:
        said["clocks"] = {name: term_of(term) for name, term in said["clocks"].items()}
    changed = []
    for noun, value in said.items():
        wanted = _FROM_JSON.get(noun, lambda plain: plain)(value)
        if getattr(authority, noun) != wanted:
            setattr(authority, noun, wanted)
            changed.append(noun)
    return changed


_FROM_JSON: Mapping[str, Any] = {
    "kind": Authority.Kind,
    "opens": time.fromisoformat,
    "closes": time.fromisoformat,
    "verified_on": lambda day: date.fromisoformat(day) if day else None,
}
