"""Hands a message to the mail server and says what became of it.

One rule carries everything else: until the last byte of the final dot is handed to the system, a failure
means *not sent*; after it, whatever is not a clear reply means *uncertain*.
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from mailer.addresses import AddressRefused, wire_address
from mailer.relay import Relay, Timeouts, Tls
from mailer.replies import Outcome, Result
from mailer.wire import Deadlines, ReplyUnreadable, Wire

__all__ = ["Outcome", "Relay", "Result", "Timeouts", "Tls", "Transport"]

SLOWEST_LINE = 32 * 1024  # bytes a second; the whole deadline grows with the message by this
LAST_WORDS = 2.0  # seconds for a server that hung up in the middle of a message to have said why
FAREWELL = 5.0  # seconds for QUIT
_SENDER = re.compile(r"[!-;=?-~]*\Z")  # printable ASCII but < and >; empty is the null sender


class _Stop(Exception):
    """This message goes no further: known not to be sent."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.reason)
        self.result = result


class Transport:
    """One connection for one thread, opened when first needed and kept. `name` is what the server is greeted
    with: the mail domain, never this machine's own name."""

    def __init__(self, relay: Relay, *, timeouts: Timeouts | None = None, name: str = "[127.0.0.1]") -> None:
        self._relay = relay
        self._timeouts = timeouts or Timeouts()
        self._name = name
        self._context = relay.context()
        self._deadlines = Deadlines()
        self._wire: Wire | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, sender: str, recipient: str, message: bytes, *, dot_timeout: float) -> Result:
        """One message, its lines ended by CRLF, to one envelope recipient. `dot_timeout`: seconds to wait for
        the answer to the final dot. What the network does is a Result; a ValueError is ours to mend.
        """
        data = _ready_to_send(sender, message)
        self._deadlines.begin(self._timeouts.total + len(data) / SLOWEST_LINE)
        try:
            address = _reachable(recipient)
            wire = self._open_transaction(sender, address, message)
            self._ask(wire, f"RCPT TO:<{address}>", good=2)
            self._ask(wire, "DATA", good=3)
            self._hand_over(wire, data)
        except _Stop as stop:
            return stop.result
        return self._verdict(wire, dot_timeout)

    def hurry(self, within: float) -> None:
        """The process will end: what is under way must be settled in so many seconds. From any thread."""
        self._deadlines.hurry(within)

    def close(self) -> None:
        if self._wire is not None:
            self._deadlines.begin(FAREWELL)
            with contextlib.suppress(OSError):
                self._wire.docmd("QUIT")
        self._drop()

    def _open_transaction(self, sender: str, address: str, message: bytes) -> Wire:
        """MAIL, on the connection there is or, should the server have closed it meanwhile, on a new one."""
        if self._wire is not None and not self._wire.stale():
            wire = self._wire
            try:
                self._ask(wire, _mail_command(wire, sender, address, message), good=2)
            except _Stop:
                if self._wire is not None:
                    raise  # the connection lives: it was this message that was refused
            else:
                return wire
        self._drop()
        wire = self._wire = self._connect()
        self._ask(wire, _mail_command(wire, sender, address, message), good=2)
        return wire

    def _ask(self, wire: Wire, command: str, *, good: int) -> None:
        """`good` is the first digit of the reply that lets us go on."""
        try:
            wire.putcmd(command)
            code, text = wire.getreply()
        except OSError as error:
            self._drop()
            raise _Stop(_lost(error)) from None
        if code // 100 == good:
            return
        if code < 400 or code >= 600:
            self._drop()
            raise _Stop(Result(Outcome.TEMPORARY, "protocol", code))
        self._forget_transaction(wire, code)
        raise _Stop(Result.of(code, text))

    def _forget_transaction(self, wire: Wire, code: int) -> None:
        """After a refusal: RSET, so that the next message starts clean. After 421 the server hangs up."""
        try:
            if code != 421 and wire.docmd("RSET")[0] == 250:
                return
        except OSError:
            pass
        self._drop()

    def _hand_over(self, wire: Wire, data: bytes) -> None:
        # A send that fails has kept back its last byte, the end of the dot: the server cannot have taken it.
        try:
            wire.send(data)
        except OSError as error:
            said = self._last_words(wire)
            self._drop()
            raise _Stop(said or _lost(error)) from None

    def _last_words(self, wire: Wire) -> Result | None:
        self._deadlines.begin(LAST_WORDS)
        try:
            code, text = wire.getreply()
        except OSError:
            return None
        return Result.of(code, text) if 400 <= code < 600 else None

    def _verdict(self, wire: Wire, dot_timeout: float) -> Result:
        self._deadlines.begin(dot_timeout)
        wire.patience = dot_timeout
        try:
            code, text = wire.getreply()
        except OSError as error:
            self._drop()
            return Result(Outcome.UNCERTAIN, _lost(error).reason)
        wire.patience = self._timeouts.step
        if not (200 <= code < 300 or 400 <= code < 600):
            self._drop()
            return Result(Outcome.UNCERTAIN, "protocol", code)
        if code == 421:
            self._drop()
        return Result.of(code, text)

    def _connect(self) -> Wire:
        relay, limits = self._relay, self._timeouts
        with _failing_as("connect", slow="connect"):
            sock = socket.create_connection((relay.host, relay.port), timeout=limits.connect)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(sock, name=self._name, deadlines=self._deadlines, step=limits.step)
        try:
            self._introduce(wire)
        except BaseException:
            wire.close()
            raise
        return wire

    def _introduce(self, wire: Wire) -> None:
        host, context = self._relay.host, self._context
        if context is not None and self._relay.tls is Tls.IMPLICIT:
            with _failing_as("tls"):
                wire.secure(context, host)
        with _failing_as("connect"):
            _insist(wire.getreply(), 220, "connect")
            _insist(wire.ehlo(), 250, "connect")
        if context is not None and self._relay.tls is Tls.STARTTLS:
            with _failing_as("tls"):
                _insist(wire.docmd("STARTTLS"), 220, "tls")
                wire.secure(context, host)
                _insist(wire.ehlo(), 250, "connect")  # what was announced without TLS may have been anybody's
        if self._relay.user:
            self._log_in(wire)

    def _log_in(self, wire: Wire) -> None:
        with _failing_as("auth"):
            try:
                wire.login(self._relay.user, self._relay.password)
            except smtplib.SMTPResponseException as refusal:
                said = refusal.smtp_error
                _insist((refusal.smtp_code, said if isinstance(said, bytes) else said.encode()), 235, "auth")
            except ValueError:  # a challenge that is no base64
                raise _Stop(Result(Outcome.TEMPORARY, "auth")) from None

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def _ready_to_send(sender: str, message: bytes) -> bytes:
    """Dots stuffed, the final one added. A bare CR or LF ends a message early on some servers: refused."""
    if not _SENDER.match(sender):
        raise ValueError("the envelope sender must be printable ASCII")
    ends = message.count(b"\r\n")
    if message.count(b"\n") != ends or message.count(b"\r") != ends or not message.endswith(b"\r\n"):
        raise ValueError("every line of a message must end in CRLF")
    stuffed = message.replace(b"\r\n.", b"\r\n..")  # smtplib's regular expression takes ten times as long
    return b"".join((b"." if message.startswith(b".") else b"", stuffed, b".\r\n"))


def _reachable(recipient: str) -> str:
    try:
        return wire_address(recipient)
    except AddressRefused:
        raise _Stop(Result(Outcome.PERMANENT, "bad_address")) from None


def _mail_command(wire: Wire, sender: str, address: str, message: bytes) -> str:
    """MAIL with what this message needs, if the server offers it."""
    words = [f"MAIL FROM:<{sender}>"]
    if wire.has_extn("size"):
        words.append(f"SIZE={len(message)}")
        limit = wire.esmtp_features["size"]
        if limit.isdecimal() and 0 < int(limit) < len(message):
            raise _Stop(Result(Outcome.PERMANENT, "too_big"))
    wire.command_encoding = "ascii" if address.isascii() else "utf-8"
    if not message.isascii() or not address.isascii():
        if not wire.has_extn("8bitmime"):
            raise _Stop(Result(Outcome.PERMANENT, "no_8bitmime"))
        words.append("BODY=8BITMIME")
    if not address.isascii():
        if not wire.has_extn("smtputf8"):
            raise _Stop(Result(Outcome.PERMANENT, "needs_smtputf8"))
        words.append("SMTPUTF8")
    return " ".join(words)


def _insist(reply: tuple[int, bytes], code: int, reason: str) -> None:
    """Before there is a transaction every refusal is about us, not the mail, and so temporary."""
    if reply[0] != code:
        said = Result.of(*reply)
        raise _Stop(Result(Outcome.TEMPORARY, reason, said.code, said.enhanced, said.reply))


@contextlib.contextmanager
def _failing_as(reason: str, slow: str = "timeout") -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise _Stop(Result(Outcome.TEMPORARY, slow)) from None
    except ssl.SSLError:
        raise _Stop(Result(Outcome.TEMPORARY, "tls")) from None
    except OSError:
        raise _Stop(Result(Outcome.TEMPORARY, reason)) from None


def _lost(error: OSError) -> Result:
    if isinstance(error, TimeoutError):
        return Result(Outcome.TEMPORARY, "timeout")
    return Result(Outcome.TEMPORARY, "protocol" if isinstance(error, ReplyUnreadable) else "dropped")
