"""The demonstration's mail server: takes every mail on loopback and keeps it as a file. Nothing leaves.

python -m petitions.demo.sink --port 2525 --dir var/outbox
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import signal
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from petitions.demo.outbox import ENVELOPE_HEADER

LARGEST = 50 * 1024 * 1024
HOST = "127.0.0.1"


class Keeper:
    """aiosmtpd's handler: a mail is answered with 250 when its file has its name, not before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        content = envelope.original_content or b""
        recipients = ", ".join(str(recipient) for recipient in envelope.rcpt_tos)
        self._keep(f"{ENVELOPE_HEADER}: {recipients}\r\n".encode("utf-8", "replace") + content)
        return "250 2.0.0 kept"

    def _keep(self, mail: bytes) -> None:
        self._last = max(
            self._last + 1, time.time_ns()
        )  # the clock may stand still or step back; the order must not
        final = self._folder / f"{self._last:019d}-{secrets.token_hex(4)}.eml"
        unfinished = final.with_suffix(".unfinished")
        with open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            out.write(mail)
        unfinished.replace(final)


async def serve(port: int, folder: Path) -> None:
    """Until SIGTERM or Ctrl-C."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    loop, ended, keeper = asyncio.get_running_loop(), asyncio.Event(), Keeper(folder)
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, ended.set)
    server = await loop.create_server(lambda: _smtp(keeper, loop), HOST, port)
    print(f"sink listens on {HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await ended.wait()
    server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _smtp(keeper: Keeper, loop: asyncio.AbstractEventLoop) -> SMTP:
    return SMTP(
        keeper,
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        decode_data=False,
        hostname="localhost",
        ident="sink",
        loop=loop,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes mail on loopback and keeps it as files.")
    parser.add_argument("--port", type=int, required=True, help="0 picks a free one and prints it")
    parser.add_argument("--dir", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.dir))


if __name__ == "__main__":
    main()
