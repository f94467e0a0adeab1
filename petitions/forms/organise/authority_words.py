"""The directory's codes in words: kinds, channels, what the law asks for, clocks."""

from typing import Any

from flask_babel import format_decimal, format_time, get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from petitions.authorities.rows import Fact
from petitions.i18n import choice, country_name
from petitions.models import Authority, Channel, ChannelChange

K, C, A = Authority.Kind, Channel.Kind, Authority.Ask

KINDS: dict[Authority.Kind, Any] = {
    K.COURT: _l("Court"),
    K.PROSECUTOR: _l("Prosecutor"),
    K.MINISTRY: _l("Ministry"),
    K.PRESIDENT: _l("President"),
    K.OMBUDSMAN: _l("Ombudsman"),
    K.PRISON_SERVICE: _l("Prison service"),
    K.INTERNATIONAL: _l("International body"),
    K.OTHER: _l("Other body"),
}
CHANNELS: dict[Channel.Kind, Any] = {
    C.EMAIL: _l("E-mail"),
    C.POST: _l("Post"),
    C.PORTAL: _l("Portal"),
    C.BY_HAND: _l("By hand"),
}
ADDRESSES: dict[Channel.Kind, Any] = {
    C.EMAIL: _l("E-mail address"),
    C.POST: _l("Postal address"),
    C.PORTAL: _l("Web address"),
    C.BY_HAND: _l("Where documents are handed over"),
}
EFFECTS: dict[Channel.LegalEffect, Any] = {
    Channel.LegalEffect.APPEAL: _l("An appeal: the law obliges the authority to answer"),
    Channel.LegalEffect.COURTESY: _l("A courtesy copy: no clock runs"),
}
EFFECTS_SHORT: dict[Channel.LegalEffect, Any] = {
    Channel.LegalEffect.APPEAL: _l("appeal"),
    Channel.LegalEffect.COURTESY: _l("courtesy copy"),
}
ASKS: dict[Authority.Ask, Any] = {
    A.SUPERVISION: _l("supervision of a case or a prison"),
    A.CASSATION: _l("review of a judgment in force"),
    A.PARDON: _l("pardon"),
    A.MEDICAL_CARE: _l("medical care"),
    A.CONDITIONS: _l("conditions of detention"),
    A.PROCEDURAL: _l("procedural questions only"),
    A.OPINION: _l("an opinion"),
}
REQUIRED: dict[str, Any] = {
    "representative": _l("a named representative"),
    "postal_address": _l("a postal address for the reply"),
    "birth_year": _l("the prisoner's year of birth"),
    "citizenship": _l("the prisoner's citizenship"),
    "case_number": _l("the case number"),
    "article": _l("the article of the law"),
    "held_at": _l("the place of detention"),
}
TERMS: dict[str, Any] = {
    "register": _l("Registers within"),
    "forward": _l("Forwards to the competent body within"),
    "reply": _l("Answers within"),
    "extension": _l("May extend the answer by"),
}
STATES: dict[ChannelChange.State, tuple[Any, str]] = {  # words, tone
    ChannelChange.State.IMPORTED: (_l("brought by the operator; an owner has to take it up"), "wait"),
    ChannelChange.State.ASKED: (_l("waits for a second person"), "wait"),
    ChannelChange.State.APPROVED: (_l("approved; waits for its hour"), "wait"),
    ChannelChange.State.DONE: (_l("in effect"), "good"),
    ChannelChange.State.DECLINED: (_l("declined"), "quiet"),
    ChannelChange.State.STOPPED: (_l("stopped"), "bad"),
    ChannelChange.State.LAPSED: (_l("lapsed"), "quiet"),
}
_FACTS: dict[str, Any] = {
    "kind": _l("Kind"),
    "country": _l("Country"),
    "names": _l("Name"),
    "salutations": _l("Salutation"),
    "time_zone": _l("Time zone"),
    "opens": _l("Office opens"),
    "closes": _l("Office closes"),
    "working_days": _l("Working days"),
    "languages": _l("Languages accepted"),
    "postal_address": _l("Postal address"),
    "publishes_received": _l("Publishes what it receives"),
    "asks": _l("What it can grant"),
    "profile": _l("Whose rules"),
    "note": _l("Note for organisers"),
    "sources": _l("Sources"),
    "verified_on": _l("Verified on"),
}
_CHANNEL_FACTS: dict[str, Any] = {
    "address": _l("address"),
    "legal_effect": _l("legal effect"),
    "mode": _l("how the document comes"),
    "max_bytes": _l("largest PDF"),
    "max_pages": _l("most pages"),
    "max_characters": _l("longest text"),
    "required": _l("required contents"),
    "note": _l("note"),
    "source": _l("source"),
    "retired": _l("use"),
}

def fact_words(fact: str) -> str:
    """`names.ru`: “Name (Русский)”; `email.legal_effect`: “E-mail: legal effect”."""
    noun, _dot, part = fact.partition(".")
    if noun in set(Channel.Kind):
        return channel_fact_words(Channel.Kind(noun), part)
    if noun == "clocks":
        return str(TERMS[part])
    return f"{_FACTS[noun]} ({choice(part).name})" if part else str(_FACTS[noun])


def channel_fact_words(kind: Channel.Kind, part: str) -> str:
    return str(_("%(channel)s: %(what)s", channel=CHANNELS[kind], what=_CHANNEL_FACTS[part]))


def value_words(fact: str, value: Fact) -> str:
    """A fact's value as a person reads it."""
    name = fact.partition(".")[2] or fact
    if value is None or value == "" or value == []:
        return "–"
    if fact.startswith("clocks."):
        return term_words(value)
    if name == "retired":
        return str(_("not used any more") if value else _("in use"))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if name == "kind":
        return str(KINDS[Authority.Kind(value)])
    if name == "legal_effect":
        return str(EFFECTS_SHORT[Channel.LegalEffect(value)])
    if name == "mode":
        return str(_("fetched by a link") if value == Channel.Mode.LINK else _("attached"))
    if name == "country":
        return country_name(value, str(get_locale())) or value
    if name == "max_bytes":
        return str(_("%(size)s bytes", size=format_decimal(value)))
    if name in {"opens", "closes"}:
        return str(value)[:5]
    return ", ".join(part_words(name, part) for part in value) if isinstance(value, list) else str(value)


def part_words(name: str, part: Any) -> str:
    if name == "asks":
        return str(ASKS[Authority.Ask(part)])
    if name == "required":
        return str(REQUIRED.get(part, part))
    if name == "languages":
        return str(choice(part).name)
    if name == "working_days":
        return day_words(part)
    return str(part)


def term_words(term: dict[str, Any]) -> str:
    """“30 calendar days, from registration”."""
    days = int(term["days"])
    if term.get("working"):
        words = ngettext("%(num)s working day", "%(num)s working days", days)
    else:
        words = ngettext("%(num)s calendar day", "%(num)s calendar days", days)
    return str(_("%(days)s, from registration", days=words) if term.get("from") == "registration" else words)


def day_words(day: int) -> str:
    """Monday is 0."""
    locale = get_locale()
    return str(locale.days["stand-alone"]["abbreviated"][day])


def hours_words(authority: Authority) -> str:
    """“Mon–Fri, 09:00–17:00”."""
    days = authority.working_days
    named = [day_words(day) for day in days]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        named = [f"{named[0]}–{named[-1]}"]
    opens, closes = (format_time(hour, "short", rebase=False) for hour in (authority.opens, authority.closes))
    return f"{', '.join(named)}, {opens}–{closes}"
