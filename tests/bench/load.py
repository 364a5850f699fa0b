"""Load: many clients that post signed leads as fast as they are answered; in a process of its own, so that it shares no
interpreter lock with what it measures, and as light as it can be, since it shares the cores: plain sockets, kept alive,
one thread, requests that are signed before the first is sent. Prints one JSON object.

`python -m tests.bench.load PORT --seconds 3`
"""

import argparse
import hashlib
import hmac
import itertools
import json
import re
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from tests.bench.figures import quantile
from tests.processes import KEY

PATH = "/webhooks/smarterbot"
WARM_UP_S = 0.5
AHEAD = 10_000  # requests that are signed before; whatever is needed beyond is signed on the way
LATE_S = 10.0  # after the end, for the last answers
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
    """Signed posts, each of another visitor."""
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


class Client:
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_s = 0.0
        self._buffer = b""

    def send(self, request: bytes) -> None:
        self.sent_s = time.perf_counter()
        with suppress(OSError):  # the connection broke: reading says so
            self.socket.sendall(request)  # waits for nobody: all that went before is answered

    def status(self) -> int | None:
        """Of the answer, once it is there as a whole; 0: the connection broke."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            return 0
        self._buffer += data
        status = answer_in(self._buffer)
        if status is not None:
            self._buffer = b""
        return status


class Run:
    """What all clients together did between the warm-up and the end."""

    def __init__(self, requests: Iterator[bytes], seconds: float) -> None:
        self._requests = requests
        self._seconds = seconds
        self._from_s = time.perf_counter() + WARM_UP_S
        self._until_s = self._from_s + seconds
        self._took: list[float] = []
        self._sent = 0
        self._failed = 0

    def go(self, clients: Iterable[Client]) -> None:
        """Keeps them busy until the end, then waits for the last answers."""
        with selectors.DefaultSelector() as selector:
            for client in clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
                self._send(client)
            while selector.get_map() and time.perf_counter() < self._until_s + LATE_S:
                for key, _ in selector.select(timeout=LATE_S):
                    status = key.data.status()
                    if status is not None and not self._goes_on(key.data, status):
                        selector.unregister(key.fileobj)
                        key.data.socket.close()
            self._failed += len(selector.get_map())  # never answered

    def _goes_on(self, client: Client, status: int) -> bool:
        """Counts an answer, and sends the next request unless it is the end."""
        now_s = time.perf_counter()
        if status != 200:
            self._failed += 1
        elif self._from_s <= now_s <= self._until_s:
            self._took.append(now_s - client.sent_s)
        if not status or now_s > self._until_s:
            return False
        self._send(client)
        return True

    def _send(self, client: Client) -> None:
        self._sent += 1
        client.send(next(self._requests))

    def said(self) -> dict[str, float]:
        took = self._took or [0.0]
        return {
            "rate": len(self._took) / self._seconds,
            "p50_ms": quantile(took, 0.5) * 1000,
            "p99_ms": quantile(took, 0.99) * 1000,
            "sent": self._sent,
            "failed": self._failed,
        }


def run(port: int, *, clients: int, seconds: float, first: int, path: str) -> dict[str, float]:
    """Loads the server for so long and gives what came of it; `cpu_us`: what a request cost this process."""
    requests = requests_from(first, path)
    signed = list(itertools.islice(requests, AHEAD))
    began_s = time.process_time()
    made = Run(itertools.chain(signed, requests), seconds)
    made.go([Client(port) for _ in range(clients)])
    said = made.said()
    return said | {"cpu_us": (time.process_time() - began_s) / said["sent"] * 1e6}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--path", default=PATH)
    given = vars(parser.parse_args())
    print(json.dumps(run(given.pop("port"), **given)))


if __name__ == "__main__":
    main()
