"""Who writes, to whom, about whom: the parts of a document that an edition and a preview of it have in common."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from babel import Locale

from mailer.document import Case, Fact, Recipient, Sender, Wording
from mailer.respelling import script_of
from mailer.wording import DOCUMENT, catalogue
from petitions.models import Addressee, Authority, Branch


def sender_of(branch: Branch) -> Sender:
    return Sender(
        name=branch.legal_name,
        lines=lines_of(branch.postal_address),
        representative=branch.representative,
        role=branch.representative_role,
        reply_email=branch.reply_email,
        place=branch.place,
    )


def recipient_of(addressee: Addressee) -> Recipient:
    authority, language = addressee.authority, addressee.language
    lines = lines_of(authority.postal_address)
    return Recipient(in_language(authority.names, language), lines, salutation_of(authority, language))


def salutation_of(authority: Authority, language: str) -> str:
    """As the directory has it, else how one writes to an office whose head one does not know."""
    return authority.salutation_in(language) or catalogue(language, DOCUMENT).ugettext("Dear Sir or Madam,")


def case_of(facts: Mapping[str, Any], language: str) -> Case:
    """`facts` as an edition froze them (`Prisoner.facts`)."""
    countries = country_names(language)
    return Case(
        name=in_language(facts["names"], language),
        other_names=tuple(_other_names(facts, language)),
        birth_year=facts["birth_year"],
        citizenships=tuple(countries.get(code, code) for code in facts["citizenships"]),
        number=facts["case_number"],
        article=in_language(facts["article"], language),
        held_at=in_language(facts["held_at"], language),
        events=tuple(
            Fact(fact["happened"], in_language(fact["what"], language), fact["source"]) for fact in facts["events"]
        ),
    )


def wording_of(language: str, text: Mapping[str, Any]) -> Wording:
    """`text` as an edition froze it (`PetitionText.wording`)."""
    return Wording(language, text["version"], text["title"], text["demand"], text["background"], text["hash"])


def fingerprint(branch: Branch) -> str:
    """SHA-256 of the branch's seal certificate, hexadecimal; empty without one."""
    return hashlib.sha256(branch.seal_certificate).hexdigest() if branch.seal_certificate else ""


def country_names(language: str) -> Mapping[str, str]:
    territories: Mapping[str, str] = Locale.parse(language).territories
    return territories


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def in_language(words: Mapping[str, str], language: str) -> str:
    """In the language, else in another of the same script, else in any."""
    script = script_of(language)
    readable = (said for code, said in words.items() if said and script_of(code) == script)
    return words.get(language) or next(readable, "") or next(filter(None, words.values()), "")


def _other_names(facts: Mapping[str, Any], language: str) -> Iterator[str]:
    main = in_language(facts["names"], language)
    seen = {main}
    for name in (*facts["names"].values(), *facts["other_spellings"]):
        if name not in seen:
            seen.add(name)
            yield name
