"""Slow: a target that answers each request after so many seconds, any number at once; `GET /said` tells how many were
in at most, and when the last answer left. In a process of its own; prints its port.
"""

import asyncio
import json
import re
import sys
import time

from tests.bench.inbox import reply

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Slow:
    def __init__(self, slow_s: float) -> None:
        self._slow_s = slow_s
        self._inside = self._most = 0
        self._last_s = 0.0

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if found := _LENGTH.search(head):
                    await reader.readexactly(int(found[1]))
                writer.write(await self._answer(head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        if head.startswith(b"GET /said"):
            return reply(json.dumps({"most": self._most, "last_s": self._last_s}).encode())
        self._inside += 1
        self._most = max(self._most, self._inside)
        await asyncio.sleep(self._slow_s)
        self._inside -= 1
        self._last_s = time.time()
        return reply(b'{"status":"ok","id":"1"}')


async def serve(slow_s: float) -> None:
    slow = Slow(slow_s)
    server = await asyncio.start_server(slow.serve_one, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
