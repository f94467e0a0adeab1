"""Which addresses are one mailbox. Feeds the duplicate tag only; mail always goes to the address as typed."""

import unicodedata

import idna

# Providers whose mailboxes ignore dots, or have further domains. Sources: the providers' own help pages
# (Gmail: dots and googlemail.com; Yandex: ya.ru and national domains, "-" equals "."; Proton, Outlook: domains).
_ALIASES = {
    "googlemail.com": "gmail.com",
    "ya.ru": "yandex.ru",
    "yandex.com": "yandex.ru",
    "yandex.by": "yandex.ru",
    "yandex.kz": "yandex.ru",
    "yandex.ua": "yandex.ru",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
}
_DOTS_IGNORED = {"gmail.com"}
_DASH_IS_DOT = {"yandex.ru"}


def canonical(address: str) -> str:
    """The mailbox behind an address (cases.md C): NFKC, lower case, the domain as on the wire, aliases folded, and
    what is after a plus."""
    local, _, domain = unicodedata.normalize("NFKC", address).strip().lower().rpartition("@")
    domain = _wire_domain(domain.rstrip("."))
    domain = _ALIASES.get(domain, domain)
    local = local.partition("+")[0] or local
    if domain in _DOTS_IGNORED:
        local = local.replace(".", "")
    if domain in _DASH_IS_DOT:
        local = local.replace("-", ".")
    return f"{local}@{domain}"


def _wire_domain(domain: str) -> str:
    """As mail servers know it: `straße.de` and `strasse.de` are two owners' domains, which case folding hides."""
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain
