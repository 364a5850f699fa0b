"""Line: what goes over the socket pair between the web process and the one that stores. Out: a head with a number and a
length, and an arrival; back: the number, and whether that is durably stored. A ping is a number without an arrival.
"""

import asyncio
import struct
from collections.abc import Callable

READY = b"R"  # the first byte that comes back
PING = 0  # the number of what is no arrival
HEAD = struct.Struct("<QQ")  # number, length of what follows
ANSWER = struct.Struct("<Q?")


class Line(asyncio.Protocol):
    """The web process's end of the socket pair: gives on whole answers, and that there will be no more."""

    def __init__(self, take: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._take = take
        self._ended = ended
        self._rest = b""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        whole = len(data) - len(data) % ANSWER.size
        self._rest = data[whole:]
        self._take(data[:whole])

    def connection_lost(self, _: Exception | None) -> None:
        self._ended()
        if not self.closed.done():
            self.closed.set_result(None)
