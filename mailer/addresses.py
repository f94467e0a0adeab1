"""Addresses as they go over the wire, and those of our own that must be recognised when they come back."""

import base64
import hashlib
import hmac
import re
from functools import lru_cache

import idna

_LOCAL = re.compile(r"[^\s\x00-\x1f\x7f-\x9f<>@\"(),:;\\\[\]\ud800-\udfff]{1,64}\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?\Z")
_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_MAC_BYTES = 10  # 80 bits: nobody guesses one by sending bounces


class AddressRefused(ValueError):
    """No mail can go to what was given; the message never repeats it."""


def wire_address(address: str) -> str:
    """The address for an SMTP command or a header: its domain in ASCII (IDNA 2008), the rest as typed."""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.match(local):
        raise AddressRefused("the part before the @ cannot be used")
    return f"{local}@{_ascii_domain(domain)}"


def message_id(public_id: str, domain: str, *, kind: str = "letter") -> str:
    """The same row always has the same one, so a mail sent twice can be seen to be one."""
    return f"<{kind}.{public_id}@{domain}>"


def return_path(public_id: str, key: bytes, domain: str) -> str:
    """The envelope sender of one row: a bounce to it names the row and proves that we wrote (VERP)."""
    if not _PUBLIC_ID.match(public_id):
        raise ValueError("a public id of 1 to 40 letters, digits, '-' or '_' is needed")
    return f"b+{public_id}.{_mac(public_id, key)}@{domain}"


def parse_return_path(address: str, key: bytes) -> str | None:
    """The public id that a bounce is about; None for an address that is not ours or was made up."""
    local = address.strip().removeprefix("<").partition("@")[0]
    public_id, dot, mac = local[2:].rpartition(".")
    if local[:2].lower() != "b+" or not dot or not _PUBLIC_ID.match(public_id):
        return None
    genuine = hmac.compare_digest(mac.lower().encode("utf-8", "replace"), _mac(public_id, key).encode())
    return public_id if genuine else None


@lru_cache(maxsize=4096)
def _ascii_domain(domain: str) -> str:
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise AddressRefused("the domain cannot be written in ASCII") from None
    if not _DOMAIN.match(domain) or ".." in domain:
        raise AddressRefused("the domain cannot be used")
    return domain


def _mac(public_id: str, key: bytes) -> str:
    digest = hmac.digest(key, b"petitions return path v1|" + public_id.encode(), hashlib.sha256)
    return base64.b32encode(digest[:_MAC_BYTES]).decode("ascii").lower()
