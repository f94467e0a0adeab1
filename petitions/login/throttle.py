"""Slows down who tries passwords and codes (cases.md G3, G6). Nobody is locked out: waits end by themselves, grow only
for the network the tries came from, and a right passkey is never asked to wait.

Counted in this process, or in the broker's Redis when several processes answer; the database sees none of a flood.
"""

import threading
import time
from typing import Protocol

from petitions import crypto
from petitions.config import Settings
from petitions.limits import network_of, shared_counts

MINUTE, HOUR = 60, 3600
FIRST_WAIT, LONGEST_WAIT = 15, 900  # seconds; each try over the limit doubles it
CODE_SECONDS = 300
KEYS = 100_000  # counted in one process; more at once would be an attack on its memory


class Counts(Protocol):
    """What the `limits` library's storages do, as far as it is needed."""

    def incr(self, key: str, expiry: int) -> int: ...
    def get(self, key: str) -> int: ...
    def get_expiry(self, key: str) -> float: ...
    def clear(self, key: str) -> None: ...


class Throttle:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = crypto.lasting_key(settings.index_key.get_secret_value().encode(), "login")
        self._own = OwnCounts()
        self._shared = shared_counts(settings)

    def wait_for_login(self, name: str, address: str | None) -> int:
        """Counts a try to log in under a name (known or not) and says how many seconds to wait first; 0: go on."""
        settings, network = self._settings, network_of(address)
        if not settings.limits_apply:
            return 0
        waits = [
            self._backoff(f"here:{self._tag(name, network or '')}", settings.logins_per_member),
            self._backoff(f"network:{self._tag(network)}", settings.logins_per_network) if network else 0,
        ]
        return max(waits) or self._even(f"name:{self._tag(name)}", settings.logins_per_member, MINUTE)

    def welcome(self, name: str, address: str | None) -> None:
        """Forgets the tries of who got in."""
        here = f"here:{self._tag(name, network_of(address) or '')}"
        for kind in ("tries", "wait"):
            self._counts.clear(f"{kind}:{here}")

    def wait_for_code(self, member: str) -> int:
        """The same for a one-time code whose password was right: five tries in five minutes."""
        return self._even(f"code:{member}", self._settings.logins_per_member, CODE_SECONDS)

    def code_was_right(self, member: str) -> None:
        self._counts.clear(f"even:code:{member}")

    def first_time(self, secret: str, seconds: int) -> bool:
        """Whether something that may be used once is used for the first time."""
        return self._counts.incr(f"once:{self._tag(secret)}", seconds) == 1

    def _backoff(self, who: str, free: int) -> int:
        """Tries over the limit of a minute make the next wait longer; an hour of quiet forgets them."""
        counts = self._counts
        if counts.get(f"wait:{who}"):
            return max(1, round(counts.get_expiry(f"wait:{who}") - time.time()))
        tries = counts.incr(f"tries:{who}", HOUR)
        if tries >= free:
            counts.incr(f"wait:{who}", min(FIRST_WAIT * 2 ** min(tries - free, 10), LONGEST_WAIT))
        return 0

    def _even(self, who: str, most: int, seconds: int) -> int:
        """At most so many in so many seconds, whatever came before: nobody can shut out anybody for long."""
        counts = self._counts
        if not self._settings.limits_apply or counts.incr(f"even:{who}", seconds) <= most:
            return 0
        return max(1, round(counts.get_expiry(f"even:{who}") - time.time()))

    @property
    def _counts(self) -> Counts:
        return self._shared if self._shared is not None and self._shared.check() else self._own

    def _tag(self, *parts: str) -> str:
        return crypto.tag(self._key, *parts).hex()


class OwnCounts:
    """Counts of this process, each for its own time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def incr(self, key: str, expiry: int) -> int:
        with self._lock:
            if len(self._counts) > KEYS:
                self._counts = {kept: one for kept, one in self._counts.items() if one[1] > time.time()}
            count, ends = self._living(key)
            self._counts[key] = (count + 1, ends or time.time() + expiry)
            return count + 1

    def get(self, key: str) -> int:
        with self._lock:
            return self._living(key)[0]

    def get_expiry(self, key: str) -> float:
        with self._lock:
            return self._living(key)[1]

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)

    def _living(self, key: str) -> tuple[int, float]:
        count, ends = self._counts.get(key, (0, 0.0))
        return (count, ends) if ends > time.time() else (0, 0.0)
