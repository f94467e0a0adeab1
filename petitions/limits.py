"""How much one network does in an hour. Nobody is refused for it: signatures over a limit wait or are looked at.

A network is a keyed tag of its /24 or /48 that changes daily: no address is kept, here or in the database.
"""

import ipaddress
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import structlog
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from petitions import crypto
from petitions.config import Settings
from petitions.models import Report
from petitions.signing import Circumstances

HOUR = 3600
SHARED_WAIT = 0.2  # seconds: a Redis that hangs must not hold up a signature
ALONE_SECONDS = 60  # after a failure of the shared counts this process counts by itself
NETWORKS = 1_000_000  # counted in one process; more in one hour would be an attack on its memory
IPV4_BITS, IPV6_BITS = 24, 48

log = structlog.get_logger(__name__)


class Limits:
    """Counts by network tag; in this process, or in the broker's Redis when several processes answer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._index_key = settings.index_key.get_secret_value().encode()
        self._own = HourCounts()
        self._shared = shared_counts(settings)
        self._alone_until = 0.0

    def circumstances(self, address: str | None, *, honeypot_filled: bool) -> Circumstances:
        """What an attempt to sign meets: at once, later, or a person first. The answer to it is always the same."""
        settings = self._settings
        tag = self.network_tag(address)
        attempts = self._count("sign", tag) if settings.limits_apply and tag else 0
        held_reason = "honeypot" if honeypot_filled else None
        if attempts > settings.signs_before_hold:
            held_reason = held_reason or "network"
        delay = settings.slow_lane_minutes if attempts > settings.signs_per_network else 0
        return Circumstances(tag, held_reason, timedelta(minutes=delay), settings.confirm_days)

    def doubts_report(self, address: str | None, *, honeypot_filled: bool) -> Report.Doubt | None:
        """Why a report of a case may not come from a person; it is kept all the same, apart from the others."""
        tag = self.network_tag(address)
        attempts = self._count("report", tag) if self._settings.limits_apply and tag else 0
        if honeypot_filled:
            return Report.Doubt.HONEYPOT
        return Report.Doubt.NETWORK if attempts > self._settings.reports_per_network else None

    def too_many_wrong_tokens(self, address: str | None) -> bool:
        """Counts a wrong token. Right ones are never asked: a Tor exit is many people."""
        tag = self.network_tag(address)
        if tag is None or not self._settings.limits_apply:
            return False
        return self._count("token", tag) > self._settings.wrong_tokens_per_network

    def too_many_files(self, address: str | None) -> bool:
        """Counts a file that is to be checked."""
        tag = self.network_tag(address)
        if tag is None or not self._settings.limits_apply:
            return False
        return self._count("file", tag) > self._settings.files_per_network

    def too_many_downloads(self, address: str | None) -> bool:
        """Counts a document that is to be fetched by its link."""
        tag = self.network_tag(address)
        if tag is None or not self._settings.limits_apply:
            return False
        return self._count("download", tag) > self._settings.downloads_per_network

    def network_tag(self, address: str | None) -> bytes | None:
        """None for an address that many share or that says nothing."""
        network = network_of(address)
        if network is None:
            return None
        day = datetime.now(UTC).date().isoformat()
        return crypto.tag(crypto.day_key(self._index_key, "network", day), network)

    def _count(self, what: str, tag: bytes) -> int:
        """Never raises and never stalls: what cannot be counted for all processes is counted for this one."""
        key = f"{what}:{tag.hex()}"
        if self._shared is None or time.monotonic() < self._alone_until:
            return self._own.incr(key)
        try:
            return self._shared.incr(key, HOUR)
        except Exception as error:  # whatever a storage raises: a limit that cannot count must not stop anyone
            self._alone_until = time.monotonic() + ALONE_SECONDS
            log.warning("limits.alone", error=type(error).__name__, seconds=ALONE_SECONDS)
            return self._own.incr(key)


class HourCounts:
    """Counts of this process, from zero each hour. (The `limits` library's own memory storage starts a thread for
    every few calls, which costs more than the rest of a limit.)"""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = 0
        self._counts: Counter[str] = Counter()

    def incr(self, key: str) -> int:
        hour = int(time.time()) // HOUR
        with self._lock:
            if hour != self._hour or len(self._counts) > NETWORKS:
                self._hour, self._counts = hour, Counter()
            self._counts[key] += 1
            return self._counts[key]


def network_of(address: str | None) -> str | None:
    """The /24 or /48 that an address belongs to; None for what is none: a Unix socket, and loopback, which is a proxy
    that names nobody, or an onion service. All the world would share one tag, and its limits."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found.is_loopback:
        return None
    bits = IPV4_BITS if found.version == 4 else IPV6_BITS
    return str(ipaddress.ip_network((found, bits), strict=False))


def shared_counts(settings: Settings) -> RedisStorage | None:
    """In the broker, if several processes answer and it is one that can count."""
    several = settings.web_processes > 1 or (settings.web_processes == 0 and not settings.embedded_database)
    url = settings.broker_url
    if not several or not url.startswith(("redis://", "rediss://", "unix://")):
        return None
    return RedisStorage(
        f"redis+{url}" if url.startswith("unix://") else url,
        socket_timeout=SHARED_WAIT,
        socket_connect_timeout=SHARED_WAIT,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # the client would try again for seconds
    )
