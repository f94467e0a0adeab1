"""Several targets by turns, at several numbers of connections: what a request costs the server, how long it takes."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bench import load
from bench.measure import figure, median
from bench.server import Server

CONNECTIONS = (1, 16, 64)


class Target(NamedTuple):
    server: Server
    requests: Callable[[int], Sequence[bytes]]  # so many, made before the clock starts
    status: int = 200
    times: int = 1_000  # in a round: enough for the system's clock, which ticks a hundred times a second

    def drive(self, count: int, connections: int, rate: float | None = None) -> load.Driven:
        return load.drive(
            self.server.port, self.requests(count), connections=connections, status=self.status, rate=rate
        )


class Turns:
    """Figures of each target and number of connections: the median of the rounds."""

    def __init__(self, targets: Mapping[str, Target], *, rounds: int) -> None:
        self._targets = targets
        self._runs: dict[tuple[str, int], list[tuple[load.Driven, float]]] = defaultdict(list)
        for connections in CONNECTIONS:
            for turn in range(rounds + 1):
                for name, target in targets.items():
                    before = target.server.cpu
                    driven = target.drive(target.times, connections)
                    if turn:  # the first warms up
                        each = (target.server.cpu - before) / driven.answered
                        self._runs[name, connections].append((driven, each))

    def rate(self, name: str, connections: int) -> float:
        """Answers a second."""
        return median(driven.rate for driven, _ in self._runs[name, connections])

    def cpu(self, name: str, connections: int) -> float:
        """Milliseconds of the server for one answer."""
        return median(each for _, each in self._runs[name, connections]) * 1000

    def quantile(self, name: str, connections: int, part: float) -> float:
        """Milliseconds."""
        return median(driven.quantile(part) for driven, _ in self._runs[name, connections]) * 1000

    def say(self, bench: str) -> None:
        for name in self._targets:
            for connections in CONNECTIONS:
                what = f"{bench} {name} {connections} connections"
                figure(f"{what} a second", self.rate(name, connections))
                figure(f"{what} server cpu ms", self.cpu(name, connections))
                figure(f"{what} p50 ms", self.quantile(name, connections, 0.5))
                figure(f"{what} p99 ms", self.quantile(name, connections, 0.99))
