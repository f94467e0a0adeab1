"""The broker, and `ring(queue)`: "there may be work". A hint; the rows are the truth.

Ringing sets a flag and costs microseconds. One thread a process sends at most one message a queue every 20 ms,
so a burst of signatures is one hint, and a broker that hangs or is gone never fails a request. Actors are rung by
name: this module imports none.
"""

import threading
from urllib.parse import urlsplit

import dramatiq
import redis
import structlog
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Middleware, Pipelines, Retries, ShutdownNotifications

BURST_SECONDS = 0.02
BROKER_TIMEOUT = 5.0  # seconds for one broker command

# queue -> actor that answers it (mailer/actors/*); one queue for one kind of haste
ACTORS = {
    "letters": "send_letters",
    "authorities": "deliver_documents",
    "editions": "advance_editions",
    "counting": "count_signatures",
    "updates": "send_updates",
    "held_copies": "open_held_copies",
    "invalidations": "carry_out_invalidations",
    "previews": "make_previews",
    "handouts": "make_handouts",
    "media": "prepare_photos",
    "reports": "open_reports",
}

log = structlog.get_logger(__name__)


def make_broker(url: str) -> dramatiq.Broker | None:
    """A broker by URL: redis://…, rediss://…, unix://… or amqp://…; None for "none"."""
    scheme = urlsplit(url).scheme
    if url in {"", "none", "embedded"}:  # embedded: the supervisor starts one and says its address
        return None
    if scheme in {"redis", "rediss", "unix"}:
        client = redis.Redis.from_url(url, socket_timeout=BROKER_TIMEOUT, socket_connect_timeout=2)
        return RedisBroker(
            client=client, middleware=_middleware(), maintenance_chance=100_000, heartbeat_timeout=15_000
        )
    if scheme in {"amqp", "amqps"}:
        return RabbitmqBroker(url=url, middleware=_middleware(), confirm_delivery=False)
    raise ValueError("PETITIONS_BROKER_URL must be embedded, none, redis://… or amqp://…")


def _middleware() -> list[Middleware]:
    """No time limit: it cannot break a socket read, and leases free what a dead worker held (delivery.md)."""
    return [AgeLimit(), ShutdownNotifications(), Callbacks(), Pipelines(), Retries(max_retries=0)]


class Bell:
    """One a process: `hang` it on a broker, `ring` it after a commit."""

    def __init__(self) -> None:
        self._broker: dramatiq.Broker | None = None
        self._wanted: set[str] = set()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def hang(self, broker: dramatiq.Broker | None) -> None:
        self._broker = broker

    def ring(self, queue: str) -> None:
        """Says that there may be work in a queue. Never raises, never waits."""
        if self._broker is None:
            return
        with self._lock:
            self._wanted.add(queue)
        self._wake.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def send(self, queue: str) -> bool:
        """One hint now, in this thread; False if the broker did not take it."""
        if self._broker is None:
            return False
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=queue, actor_name=ACTORS[queue], args=(), kwargs={}, options={}
        )
        try:
            self._broker.enqueue(message)
        except Exception as error:  # whatever a broker's client raises: the rows are safe, the sweep finds them
            log.warning("bell.unheard", queue=queue, error=type(error).__name__)
            return False
        return True

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep_ringing, name="bell", daemon=True)
                self._thread.start()

    def _keep_ringing(self) -> None:
        pause = threading.Event()
        while True:
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                wanted, self._wanted = self._wanted, set()
            for queue in wanted:
                self.send(queue)
            pause.wait(BURST_SECONDS)


bell = Bell()
ring = bell.ring
