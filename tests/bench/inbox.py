"""Inbox: the fastest target that asyncio makes: answers every request with an id, counts, keeps the last body. In a
process of its own; prints its port. `GET /count` and `GET /last` tell what came.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """Hands each whole request to `answer` and sends what it gives."""

    def __init__(self, answer: Callable[[bytes, bytes], bytes]) -> None:
        self._answer = answer
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n") + 4) > 3:
            found = _LENGTH.search(self._buffer, 0, end)
            whole = end + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            head, body, self._buffer = self._buffer[:end], self._buffer[end:whole], self._buffer[whole:]
            self._transport.write(self._answer(head, body))


class Counter:
    """Counts the posts."""

    def __init__(self) -> None:
        self.count = 0
        self.last = b"{}"

    def answer(self, head: bytes, body: bytes) -> bytes:
        if head.startswith(b"GET /count"):
            return reply(json.dumps({"count": self.count, "at_s": time.perf_counter()}).encode())
        if head.startswith(b"GET"):
            return reply(self.last)
        self.count += 1
        self.last = body
        return reply(b'{"status":"ok","id":"%d"}' % self.count)


def reply(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def serve() -> None:
    counter = Counter()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counter.answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
