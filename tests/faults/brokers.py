"""Brokers for tests: the embedded Valkey as the supervisor starts it, and a RabbitMQ of our own on loopback."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dramatiq
import redis

from petitions import supervisor

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # Debian's wrapper on the PATH insists on its own user
SECONDS_TO_START = 90


def flush(url: str) -> None:
    """Loses every hint."""
    with redis.Redis.from_url(url) as client:
        client.flushall()


def shut_down(url: str) -> None:
    """Ends a Valkey at once, keeping nothing."""
    with redis.Redis.from_url(url) as client:
        client.shutdown(nosave=True, now=True, force=True)


def confuse(url: str, queue: str) -> None:
    """Puts what nobody can read, and what nobody knows, into a queue as dramatiq keeps it."""
    unknown: dramatiq.Message[None] = dramatiq.Message(
        queue_name=queue, actor_name="no_such_actor", args=(1,), kwargs={}, options={}
    )
    with redis.Redis.from_url(url) as client:
        for name, content in (("unreadable", b"{no json"), ("unknown", unknown.encode())):
            client.hset(f"dramatiq:{queue}.msgs", name, content)
            client.rpush(f"dramatiq:{queue}", name)


@contextmanager
def rabbitmq() -> Iterator[str]:
    """A RabbitMQ for as long as the block runs; gives its amqp:// address."""
    port, distribution, names = (supervisor.free_port() for _ in range(3))
    folder = Path(tempfile.mkdtemp(prefix="petitions-rabbit-"))
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"test{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
    }
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [RABBITMQ], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        assert supervisor.wait_for_port(port, SECONDS_TO_START, lambda: server.poll() is None), "RabbitMQ did not start"
        yield f"amqp://guest:guest@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)
        subprocess.run(["epmd", "-port", str(names), "-kill"], env=environment, capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)
