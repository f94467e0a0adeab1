"""Time stamps from an authority of one's choice (RFC 3161): a third party says when a seal was there.

What the authority sees is a SHA-256 of a seal, and that we ask. Its answer counts only if it is for this digest and
this question, and signed by a certificate that is meant for time stamps. It is asked at its own address and nowhere
else: a redirection is a refusal.
"""

import asyncio
import base64
import http.client
import io
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from asn1crypto import cms, pem, tsp, x509  # type: ignore[import-untyped]
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import handle_tsp_response
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TRIES = 3
SECONDS = 10.0  # for one of them, from the first byte to the last
PAUSE = 1.0  # seconds before another
MOST_BYTES = 64 * 1024  # of an answer; a token with its whole chain has about eight thousand
DIGEST = "sha256"


class NoTimeStamp(Exception):
    """The authority gave none that counts; the message says why, for an operator."""


@dataclass(frozen=True, slots=True)
class StampServer:
    """Where time stamps are asked for."""

    host: str
    port: int
    secure: bool
    path: str = "/"
    login: str = field(default="", repr=False)  # user:password, as some authorities want it

    @classmethod
    def from_url(cls, url: str) -> "StampServer":
        """`https://[user:password@]host[:port]/path`, or http: what is asked is no secret and the answer is signed.
        Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("PETITIONS_TSA_URL must begin with https:// or http:// and name a host")
        secure = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        return cls(parts.hostname, parts.port or (443 if secure else 80), secure, path, login)


class Stamper(TimeStamper):
    """Asks one authority. Any thread may use it."""

    def __init__(self, server: StampServer, roots: Sequence[x509.Certificate] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._server, self._roots = server, list(roots)

    @property
    def name(self) -> str:
        """The authority, as documents name it."""
        return self._server.host

    def ready(self) -> None:
        """Asks for a first one, which also tells how large they are. Raises NoTimeStamp, so that a large document need
        not be made to learn that the authority is silent."""
        asyncio.run(self.async_dummy_response(DIGEST))

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A token that counts. Raises NoTimeStamp after some tries."""
        for tried in range(1, TRIES + 1):
            try:
                return await self._token(message_digest, md_algorithm)
            except Exception as error:  # nothing that a foreign server says may end in anything but a refusal
                if tried == TRIES:
                    why = error if isinstance(error, NoTimeStamp) else type(error).__name__
                    raise NoTimeStamp(f"{self._server.host}: {why}") from error
            time.sleep(PAUSE)
        raise AssertionError("unreachable")

    async def _token(self, digest: bytes, algorithm: str) -> cms.ContentInfo:
        nonce, asked = self.request_cms(digest, algorithm)  # type: ignore[no-untyped-call]
        answer = tsp.TimeStampResp.load(_posted(self._server, asked.dump()), strict=True)
        token = handle_tsp_response(answer, nonce)
        signer = extract_certificate_info(token["content"]).signer_cert
        TimestampSignatureStatus.default_usage_constraints().validate(signer)
        status = TimestampSignatureStatus(**await validate_tst_signed_data(
            token["content"],
            ValidationContext(trust_roots=self._roots or [signer], allow_fetching=False),
            lambda other: digest if other == algorithm else b"",
        ))
        if not (status.intact and status.valid and status.trusted):
            raise NoTimeStamp("the answer is for something else, or not signed by whom we trust")
        return token


def read_roots(path: Path) -> list[x509.Certificate]:
    """Certificates of a PEM file, to which a time stamp's own must lead. Raises OSError, ValueError."""
    found = [x509.Certificate.load(der) for _, _, der in pem.unarmor(path.read_bytes(), multiple=True)]
    for certificate in found:
        _ = certificate.subject.native  # read now, not with the first document
    return found


def _posted(server: StampServer, body: bytes) -> bytes:
    """The body of an answer 200. Raises OSError, HTTPException or ValueError, at the latest after SECONDS."""
    ends = time.monotonic() + SECONDS
    with socket.create_connection((server.host, server.port), SECONDS) as plain, _secured(server, plain, ends) as sock:
        sock.settimeout(_left(ends))
        sock.sendall(_head(server, len(body)) + body)
        answer = http.client.HTTPResponse(_Reading(sock, ends), method="POST")  # type: ignore[arg-type]
        answer.begin()
        if answer.status != http.HTTPStatus.OK:
            raise NoTimeStamp(f"it answered {answer.status}")
        found = answer.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise NoTimeStamp("its answer is too long")
    return found


def _secured(server: StampServer, sock: socket.socket, ends: float) -> socket.socket:
    if not server.secure:
        return sock
    sock.settimeout(_left(ends))
    return ssl.create_default_context().wrap_socket(sock, server_hostname=server.host)


def _head(server: StampServer, length: int) -> bytes:
    lines = [
        f"POST {server.path} HTTP/1.1",
        f"Host: {server.host}:{server.port}",
        "Content-Type: application/timestamp-query",
        "Accept: application/timestamp-reply",
        f"Content-Length: {length}",
        "Connection: close",
    ]
    if server.login:
        lines.append(f"Authorization: Basic {base64.b64encode(server.login.encode()).decode()}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time stamp authority took too long")
    return left


class _Reading(io.RawIOBase):
    """A socket as http.client reads it, up to a moment: a server that drips its answer would hold us for ever."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock, self._ends = sock, ends

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        self._sock.settimeout(_left(self._ends))
        return self._sock.recv_into(buffer)
