"""smtplib's commands over a socket that keeps to deadlines.

smtplib's own timeout starts anew with every byte: a server that drips one a second holds a thread for hours.
"""

import math
import select
import smtplib
import socket
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LONGEST_REPLY = 64 * 1024
BLOCK = 256 * 1024  # bytes between two looks at the clock while a message is sent
SLICE = 1.0  # seconds between two looks at the clock while a reply is awaited


class ReplyUnreadable(OSError):
    """The server spoke, but not SMTP."""


class Deadlines:
    """When the present exchange must be over. `hurry` may come from another thread while this one waits."""

    def __init__(self) -> None:
        self._exchange = math.inf
        self._process = math.inf

    def begin(self, seconds: float) -> None:
        self._exchange = time.monotonic() + seconds

    def hurry(self, seconds: float) -> None:
        self._process = min(self._process, time.monotonic() + seconds)

    def left(self, step_ends: float) -> float:
        """Seconds; TimeoutError when there are none."""
        left = min(step_ends, self._exchange, self._process) - time.monotonic()
        if left <= 0:
            raise TimeoutError("the mail server took too long")
        return left


class Wire(smtplib.SMTP):
    """One open connection. What goes wrong on it is an OSError: TimeoutError, ReplyUnreadable, …"""

    sock: socket.socket | None

    def __init__(self, sock: socket.socket, *, name: str, deadlines: Deadlines, step: float) -> None:
        super().__init__(local_hostname=name)
        self.sock = sock
        self.patience = step  # seconds for one reply
        self._deadlines = deadlines
        self._unread = bytearray()

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """TLS from here on. What came before it is an error: anybody may have slipped it in."""
        sock = self._open_socket()
        if self._unread:
            raise ReplyUnreadable("the mail server spoke before TLS began")
        sock.settimeout(self._deadlines.left(time.monotonic() + self.patience))
        self.sock = context.wrap_socket(sock, server_hostname=host)

    def stale(self) -> bool:
        """True when the server has hung up, or said something unasked, which is how it announces that."""
        if self.sock is None or self._unread:
            return True
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, s: "ReadableBuffer | str") -> None:
        sock = self._open_socket()
        data = memoryview(s.encode(self.command_encoding) if isinstance(s, str) else s)
        for start in range(0, len(data), BLOCK):
            sock.settimeout(self._deadlines.left(time.monotonic() + self.patience))
            sock.sendall(data[start : start + BLOCK])

    def getreply(self) -> tuple[int, bytes]:
        """One whole reply, of one or more lines; its texts joined by newlines, as smtplib does."""
        ends = time.monotonic() + self.patience
        texts: list[bytes] = []
        while True:
            line = self._line(ends)
            if not line[:3].isdigit() or line[3:4] not in {b"", b" ", b"-"}:
                raise ReplyUnreadable("the mail server's reply has no code")
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts)
            if sum(map(len, texts)) > LONGEST_REPLY or len(texts) > LONGEST_REPLY // 64:
                raise ReplyUnreadable("the mail server's reply does not end")

    def _line(self, ends: float) -> bytes:
        while (newline := self._unread.find(b"\n")) < 0:
            if len(self._unread) > LONGEST_REPLY:
                raise ReplyUnreadable("the mail server's reply does not end")
            self._unread += self._received(ends)
        line = bytes(self._unread[:newline])
        del self._unread[: newline + 1]
        return line.rstrip(b"\r")

    def _received(self, ends: float) -> bytes:
        sock = self._open_socket()
        while True:
            sock.settimeout(min(self._deadlines.left(ends), SLICE))
            try:
                received = sock.recv(BLOCK)
            except TimeoutError:
                continue  # the slice is over, not yet the deadline: left() says when
            if not received:
                raise ConnectionResetError("the mail server hung up")
            return received

    def _open_socket(self) -> socket.socket:
        if self.sock is None:
            raise ConnectionResetError("the connection is closed")
        return self.sock
