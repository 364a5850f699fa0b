"""Load: many clients that post signed leads as fast as they are answered; in a process of its own, so that it shares no
interpreter lock with what it measures. Raw sockets, kept alive. Prints one JSON object.

`python -m tests.bench.load PORT --seconds 3`
"""

import argparse
import asyncio
import hashlib
import hmac
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator

from tests.bench.figures import quantile
from tests.processes import KEY

PATH = "/webhooks/smarterbot"
WARM_UP_S = 0.5
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_BODY = (
    b'{"SerialNumber":"59001dd73709417321c58b11693183a2","Type":"Lead","FirstName":"David","LastName":"Garcia",'
    b'"Email":"visitor%d@example.com","PhoneNumber":"","CreateTime":"2023-11-23T18:36:21.512302Z",'
    b'"Content":"asked about prices","SessionID":%d,"URI":"www.google.com"}'
)
_REQUEST = (
    b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"X-Webhook-Signature: t=%d,v1=%b\r\nContent-Length: %d\r\n\r\n%b"
)


def requests_from(first: int, path: str = PATH) -> Iterator[bytes]:
    """Signed posts, each of another visitor; signing takes a few µs, so it is done on the way."""
    key, where = KEY.encode(), path.encode()
    for number in itertools.count(first):
        body, at = _BODY % (number, number), int(time.time())
        digest = hmac.digest(key, b"%d.%b" % (at, body), hashlib.sha256).hex().encode()
        yield _REQUEST % (where, at, digest, len(body), body)


def answer_in(data: bytes) -> int | None:
    """The status, once the answer is there as a whole."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        return None
    length = _LENGTH.search(head)
    if length is None:
        raise ValueError(f"an answer without a length: {head!r}")
    return int(head[9:12]) if len(body) >= int(length[1]) else None


class Client(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends again until `following` has no more."""

    def __init__(self, following: Callable[[], bytes | None], done: Callable[[int, float], None]) -> None:
        self._following = following
        self._done = done  # is given the status (0: the connection broke) and the seconds that it took
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        status = answer_in(self._buffer)
        if status is not None:
            self._buffer = b""
            self._done(status, time.perf_counter() - self._sent_s)
            self._send()

    def connection_lost(self, _: Exception | None) -> None:
        if self._following() is not None:
            self._done(0, 0.0)

    def _send(self) -> None:
        request = self._following()
        if request is None:
            self._transport.close()
            return
        self._sent_s = time.perf_counter()
        self._transport.write(request)


class Run:
    """What all clients together did between the warm-up and the end."""

    def __init__(self, requests: Iterator[bytes], seconds: float) -> None:
        self._requests = requests
        self._from_s = time.perf_counter() + WARM_UP_S
        self._until_s = self._from_s + seconds
        self._seconds = seconds
        self.took: list[float] = []
        self.sent = 0
        self.failed = 0

    def following(self) -> bytes | None:
        if time.perf_counter() > self._until_s:
            return None
        self.sent += 1
        return next(self._requests)

    def done(self, status: int, took_s: float) -> None:
        if status != 200:
            self.failed += 1
        elif self._from_s <= time.perf_counter() <= self._until_s:
            self.took.append(took_s)

    def said(self) -> dict[str, float]:
        took = self.took or [0.0]
        return {
            "rate": len(self.took) / self._seconds,
            "p50_ms": quantile(took, 0.5) * 1000,
            "p99_ms": quantile(took, 0.99) * 1000,
            "sent": self.sent,
            "failed": self.failed,
        }


async def run(port: int, *, clients: int, seconds: float, first: int, path: str) -> dict[str, float]:
    """Loads the server for so long and gives what came of it."""
    loop = asyncio.get_running_loop()
    made = Run(requests_from(first, path), seconds)
    for _ in range(clients):
        await loop.create_connection(lambda: Client(made.following, made.done), "127.0.0.1", port)
    await asyncio.sleep(WARM_UP_S + seconds + 0.1)
    return made.said()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--path", default=PATH)
    given = vars(parser.parse_args())
    print(json.dumps(asyncio.run(run(given.pop("port"), **given))))


if __name__ == "__main__":
    main()
