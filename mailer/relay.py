"""The mail server that takes our mail: where it is, how the way there is protected, how long it may take."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


class Tls(StrEnum):
    IMPLICIT = "implicit"  # from the first byte (smtps)
    STARTTLS = "starttls"  # required: a relay that does not offer it gets no mail
    NONE = "none"  # loopback only


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `step` is for one reply; `total` for all that comes before the final dot, besides the time
    that the message itself needs on a slow line."""

    connect: float = 10
    step: float = 30
    total: float = 120


@dataclass(frozen=True, slots=True)
class Relay:
    host: str
    port: int
    tls: Tls
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    cafile: str | None = None

    @classmethod
    def from_url(cls, url: str) -> Self:
        """`smtps://user:password@host:465`, `smtp://user:password@host:587`, `smtp://127.0.0.1:2525?tls=none`;
        `?cafile=…` names the roots of a private authority. No error repeats the address or its password."""
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        host, port = _place(parts)
        tls = _protection(parts.scheme, options.pop("tls", None), host)
        cafile = options.pop("cafile", None)
        if options:
            unknown = ", ".join(sorted(options))
            raise ValueError(f"the mail relay's address has no option {unknown}; there are tls and cafile")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password).isascii():
            raise ValueError("the mail relay's user name and password must be ASCII")
        default_port = {Tls.IMPLICIT: 465, Tls.STARTTLS: 587, Tls.NONE: 25}[tls]
        return cls(host, port or default_port, tls, user, password, cafile)

    def context(self) -> ssl.SSLContext | None:
        """Verifies the relay's name and chain, against the system's roots unless `cafile` names others."""
        if self.tls is Tls.NONE:
            return None
        context = ssl.create_default_context(cafile=self.cafile)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def _place(parts: SplitResult) -> tuple[str, int | None]:
    try:
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise ValueError("the mail relay's address has a host name or a port that cannot be used") from None
    if not host:
        raise ValueError("the mail relay's address names no host; write smtps://user:password@host:465")
    return host, port


def _protection(scheme: str, asked: str | None, host: str) -> Tls:
    if scheme not in {"smtp", "smtps"}:
        raise ValueError("the mail relay's address must begin with smtps:// or smtp://")
    usual = Tls.IMPLICIT if scheme == "smtps" else Tls.STARTTLS
    if asked is None:
        return usual
    if asked != Tls.NONE or scheme == "smtps":
        raise ValueError("the mail relay's address takes tls=none only, and only with smtp://")
    if not _is_loopback(host):
        raise ValueError(
            "mail without TLS is allowed on this machine only (127.0.0.1, ::1, localhost); "
            "leave tls=none out and let the relay offer STARTTLS, or use smtps://"
        )
    return Tls.NONE


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
