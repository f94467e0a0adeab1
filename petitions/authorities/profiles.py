"""What the law of each country accepts, from our data file: the defaults of new entries, shown with their source."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from petitions.authorities.rows import Facts, Term, term_of
from petitions.models import Authority, Channel
from petitions.shapes import Part

DATA = Path(__file__).resolve().parent.parent / "data" / "authorities.toml"
FORMAT = 1

Words = dict[str, str]  # language -> words


class ProfileChannel(Part):
    kind: Channel.Kind
    effect: Channel.LegalEffect
    address: str = ""  # where it is the same for every body of the country
    max_bytes: int | None = None
    max_characters: int | None = None
    note: Words = Field(default_factory=dict)



class CountryProfile(Part):
    code: str
    country: str  # empty: an international body
    kinds: tuple[Authority.Kind, ...] = ()  # empty: every kind that has no profile of its own
    languages: tuple[str, ...] = ()
    law: Words
    contains: Words = Field(default_factory=dict)
    required: tuple[str, ...] = ()
    clocks: dict[str, Term] = Field(default_factory=dict)
    publishes_received: bool = False
    channels: tuple[ProfileChannel, ...] = ()
    notes: tuple[Words, ...] = ()  # with "part": what the remark is about
    unverified: tuple[str, ...] = ()  # parts that are general knowledge, not seen on a page
    sources: tuple[str, ...] = ()
    verified_on: date

    def channel(self, kind: Channel.Kind) -> ProfileChannel | None:
        return next((channel for channel in self.channels if channel.kind is kind), None)

    def terms(self) -> dict[str, dict[str, Any]]:
        return {name: term_of(term.model_dump(by_alias=True)) for name, term in self.clocks.items()}


class Directory(Part):
    """The whole data file."""

    format: int
    version: int
    collected_on: date
    asks: dict[Authority.Kind, tuple[Authority.Ask, ...]]
    profiles: tuple[CountryProfile, ...]
    authorities: tuple[dict[str, Any], ...]


@cache
def directory() -> Directory:
    with DATA.open("rb") as file:
        found = Directory.model_validate(tomllib.load(file))
    if found.format != FORMAT:
        raise ValueError(f"{DATA.name} has format {found.format}, this version reads {FORMAT}")
    return found


def profile_for(country: str, kind: Authority.Kind, code: str = "") -> CountryProfile | None:
    """By its code, else the one of the country that fits the kind best. International bodies are named by code only:
    each has rules of its own."""
    profiles = directory().profiles
    if code:
        return next((profile for profile in profiles if profile.code == code), None)
    national = [profile for profile in profiles if country and profile.country == country]
    named = [profile for profile in national if kind in profile.kinds]
    general = [profile for profile in national if not profile.kinds]
    return next(iter([*named, *general]), None)


def profile_of(authority: Authority) -> CountryProfile | None:
    return profile_for(authority.country, authority.kind, authority.profile)


def defaults(country: str, kind: Authority.Kind, code: str = "") -> Facts:
    """What a new entry begins with, where nothing else is said."""
    facts: Facts = {"asks": [ask.value for ask in directory().asks.get(kind, ())]}
    profile = profile_for(country, kind, code)
    if profile is None:
        return facts
    return facts | {
        "languages": list(profile.languages),
        "publishes_received": profile.publishes_received,
        **{f"clocks.{name}": term for name, term in profile.terms().items()},
    }


def channel_defaults(profile: CountryProfile | None, kind: Channel.Kind) -> Facts:
    """What a new channel begins with; what no law names is a courtesy."""
    rule = profile.channel(kind) if profile else None
    if profile is None or rule is None:
        return {"legal_effect": Channel.LegalEffect.COURTESY.value}
    return {
        "legal_effect": rule.effect.value,
        "max_bytes": rule.max_bytes,
        "max_characters": rule.max_characters,
        "required": list(profile.required),
    }


def deviations(authority: Authority) -> set[str]:
    """Facts in which an entry is not as its law's profile has it: "clocks.reply", "email.legal_effect" …"""
    profile = profile_of(authority)
    if profile is None:
        return set()
    terms = profile.terms()
    found = {
        f"clocks.{name}"
        for name in {*terms, *authority.clocks}
        if terms.get(name) != (term_of(authority.clocks[name]) if name in authority.clocks else None)
    }
    for channel in authority.live_channels:
        expected = channel_defaults(profile, channel.kind)
        if channel.legal_effect.value != expected["legal_effect"]:
            found.add(f"{channel.kind}.legal_effect")
        if not set(expected.get("required", ())) <= set(channel.required):
            found.add(f"{channel.kind}.required")
    return found
