"""Body: reads a request's body on the event loop, before any thread sees the request: with a size cap, a deadline, and
one budget for all large bodies together, so that memory stays flat whoever sends whatever.
"""

import asyncio
from typing import Any

from bridge.engine.receive import RETRY_AFTER_S
from bridge.web.app import MAX_BODY_BYTES, error_response
from bridge.web.wsgi import Reply, lower

SMALL_BYTES = 8_192  # a body up to it is taken whole; as many as there are connections
BUDGET_BYTES = 4 * MAX_BODY_BYTES  # of all larger ones that are in and not yet answered
DEADLINE_S = 20.0
LAST_S = 2.0  # for the bodies that are being read when the server stops


class Refused(Exception):
    """A request that is answered without being looked into; its connection is closed."""

    def __init__(self, status: int, text: str) -> None:
        response = error_response(status, text)
        headers = [*lower(response.headers.items()), ("connection", "close")]
        if status == 503:
            headers.append(("retry-after", str(RETRY_AFTER_S)))
        self.reply: Reply = (status, headers, response.get_data())


class Bodies:
    """The bodies that are in and not yet answered. Used by the event loop's thread."""

    def __init__(self) -> None:
        self._large_bytes = 0
        self._reading: set[asyncio.Timeout] = set()

    def hurry(self) -> None:
        """Gives what is being read only a moment more: the server stops, and waits for it."""
        until = asyncio.get_running_loop().time() + LAST_S
        for limit in self._reading:
            limit.reschedule(until)

    async def read(self, scope: Any, protocol: Any) -> bytes:
        """The whole body; raises Refused where it is too large, too slow or cut short. `release` it in the end."""
        length = scope.headers.get("content-length")
        expected = int(length) if length and length.isascii() and length.isdigit() else None
        if expected == 0 or (expected is None and "transfer-encoding" not in scope.headers):
            return b""
        if expected is not None and expected > MAX_BODY_BYTES:
            raise Refused(413, "content too large")
        try:
            async with asyncio.timeout(DEADLINE_S) as limit:
                self._reading.add(limit)
                try:
                    small = expected is not None and expected <= SMALL_BYTES
                    body = bytes(await protocol()) if small else await self._read_large(protocol)
                finally:
                    self._reading.discard(limit)
        except TimeoutError:
            raise Refused(408, "request timeout") from None
        except RuntimeError:  # granian's word for a connection that ends in the middle
            raise Refused(400, "incomplete body") from None
        if expected is not None and len(body) != expected:
            self.release(body)
            raise Refused(400, "incomplete body")
        return body

    def release(self, body: bytes) -> None:
        """The request is answered."""
        if len(body) > SMALL_BYTES:
            self._large_bytes -= len(body)

    async def _read_large(self, protocol: Any) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            async for part in protocol:
                size += len(part)
                self._large_bytes += len(part)
                if size > MAX_BODY_BYTES:
                    raise Refused(413, "content too large")
                if self._large_bytes > BUDGET_BYTES and size > SMALL_BYTES:
                    raise Refused(503, "busy, try again")
                parts.append(bytes(part))
        except BaseException:
            self._large_bytes -= size
            raise
        if size <= SMALL_BYTES:
            self._large_bytes -= size
        return b"".join(parts)
