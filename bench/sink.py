"""A mail server on loopback that takes everything and keeps nothing, and costs as little as one in Python can.

It says its port on its first line, and at SIGTERM how many mails it took.
"""

import asyncio
import json
import signal

END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": b"250-sink\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
DONE = b"250 2.0.0 ok\r\n"


class Sink(asyncio.Protocol):
    taken = 0

    def __init__(self) -> None:
        self._received = bytearray()
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(END if self._in_mail else b"\r\n")) >= 0:
            if self._in_mail:
                Sink.taken += 1
                self._in_mail = False
                self._transport.write(DONE)
                del self._received[: end + len(END)]
                continue
            command = bytes(self._received[:4]).upper()
            del self._received[: end + 2]
            self._in_mail = command == b"DATA"
            self._transport.write(ANSWERS.get(command, DONE))
            if command == b"QUIT":
                self._transport.close()
                return


async def serve() -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(Sink, "127.0.0.1")
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    print(json.dumps({"taken": Sink.taken}), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
