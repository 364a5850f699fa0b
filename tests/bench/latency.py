"""Latency: from the answer in the sender's hands to the request in an idle target's. This process is both sender and
target, so that one clock serves.
"""

import asyncio
import random
import socket
import time
from collections.abc import Callable

from tests.bench.figures import Line, quantile, value
from tests.bench.inbox import Connection, reply
from tests.bench.load import answer_in, requests_from
from tests.bench.running import Bench

GAP_S = (0.03, 0.07)  # between two leads: uneven, so that no poll's period shows
LATE_S = 10.0


def lines(bench: Bench) -> list[Line]:
    """Figure 4."""
    found = []
    for kind in ("sqlite", "postgres"):
        rounds = _rounds(bench, kind)
        name = "SQLite" if kind == "sqlite" else "Postgres"
        p50s, p99s = ([quantile(took, share) * 1000 for took in rounds] for share in (0.5, 0.99))
        found.append(value(f"4 answered → requested, idle, {name}, p50", p50s, " ms", at_most=5))
        found.append(value(f"4 answered → requested, idle, {name}, p99", p99s, " ms", at_most=20))
    return found


def _rounds(bench: Bench, kind: str) -> list[list[float]]:
    """The seconds that each lead took, for each round."""
    count = int(bench.seconds(100, 40))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        bridge = bench.bridge(kind=kind, target=url, concurrency=4)
        bridge.serve()
        took = asyncio.run(_Sender(listening, bridge.port).run(10 + count * bench.rounds))[10:]
        bridge.stop()
    return [took[at : at + count] for at in range(0, len(took), count)]


class _Sender:
    """Sends leads one at a time and waits for each at the other end."""

    def __init__(self, listening: socket.socket, port: int) -> None:
        self._listening = listening
        self._port = port
        self._requests = requests_from(1)
        self._next: asyncio.Future[bytes | None]
        self._answered = asyncio.Queue[float]()
        self._arrived = asyncio.Queue[float]()

    async def run(self, count: int) -> list[float]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self._arrive), sock=self._listening)
        took = [await self._one() for _ in range(count)]
        server.close()
        return took

    async def _one(self) -> float:
        await asyncio.sleep(random.uniform(*GAP_S))
        await asyncio.get_running_loop().create_connection(
            lambda: _Request(next(self._requests), self._answer), "127.0.0.1", self._port
        )
        async with asyncio.timeout(LATE_S):
            answered_s = await self._answered.get()
            return await self._arrived.get() - answered_s

    def _arrive(self, head: bytes, body: bytes) -> bytes:
        self._arrived.put_nowait(time.perf_counter())
        return reply(b'{"status":"ok","id":"1"}')

    def _answer(self, status: int) -> None:
        assert status == 200, status
        self._answered.put_nowait(time.perf_counter())


class _Request(asyncio.Protocol):
    """One request on a connection of its own; `done` is given the status."""

    def __init__(self, request: bytes, done: Callable[[int], None]) -> None:
        self._request = request
        self._done = done
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        status = answer_in(self._buffer)
        if status is not None:
            self._done(status)
            self._transport.close()
