"""Requests over kept connections, by one thread that does nothing else: bytes prepared before, answers only skimmed."""

import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

BLOCK = 1 << 16
PATIENCE = 60.0


class Unexpected(Exception):
    """An answer with another status than every one should have, or none at all."""


class Driven(NamedTuple):
    answered: int
    seconds: float
    latencies: list[float]  # seconds, sorted

    @property
    def rate(self) -> float:
        return self.answered / self.seconds

    def quantile(self, part: float) -> float:
        return self.latencies[min(int(part * len(self.latencies)), len(self.latencies) - 1)]


@dataclass
class _Line:
    """One connection and the request that is under way on it."""

    sock: socket.socket
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def whole(self) -> int:
        """The answer's status once all of it is here, else 0."""
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return 0
        lowered = bytes(self.received[:head]).lower()
        start = lowered.find(b"\r\ncontent-length:")
        length = int(lowered[start + 17 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        return int(lowered[9:12]) if len(self.received) >= head + 4 + length else 0


def drive(
    port: int, requests: Iterable[bytes], *, connections: int, status: int, rate: float | None = None
) -> Driven:
    """Sends every request and waits for its answer. With `rate`, so many a second: the clock of each then starts when
    it was due, not when a connection was free, so that a stalled server cannot hide its queue."""
    lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
    with selectors.DefaultSelector() as selector:
        for line in lines:
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(line.sock, selectors.EVENT_READ, line)
        try:
            return _drive(selector, lines, iter(requests), status, rate)
        finally:
            for line in lines:
                line.sock.close()


def _drive(
    selector: selectors.BaseSelector, free: list[_Line], requests: Iterator[bytes], status: int, rate: float | None
) -> Driven:
    clock, latencies = time.perf_counter, []
    free, busy, due, more = list(free), 0, clock(), True
    first = due
    while more or busy:
        while more and free and (rate is None or clock() >= due):
            request = next(requests, None)
            if request is None:
                more = False
                break
            line = free.pop()
            line.began = due if rate else clock()
            line.received.clear()
            line.sock.sendall(request)
            busy += 1
            due += 1 / rate if rate else 0
        if not more and not busy:
            break
        pause = max(due - clock(), 0) if rate and more and free else PATIENCE
        ready = selector.select(pause)
        if not ready and pause == PATIENCE:
            raise Unexpected(f"no answer in {PATIENCE} s")
        for key, _ in ready:
            answered: _Line = key.data
            if not (received := answered.sock.recv(BLOCK)):
                raise Unexpected("the server hung up")
            answered.received += received
            said = answered.whole()
            if not said:
                continue
            if said != status:
                raise Unexpected(f"answered {said} instead of {status}")
            latencies.append(clock() - answered.began)
            free.append(answered)
            busy -= 1
    return Driven(len(latencies), clock() - first, sorted(latencies))


def get(path: str, host: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n".encode()


def post(path: str, host: str, form: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}"
    ).encode()
