"""Server: a small HTTP/1.1 server on loopback for sandboxes, which can also be told to fail.

A sandbox gives it `handle(request) -> Reply`: see `exchange`. `Reply.fault` says how to mistreat the connection.
"""

import asyncio
import signal
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import cast

import httptools

from bridge.sandbox.exchange import Reply, Request, json_reply

REQUEST_CAP_BYTES = 64 * 1024 * 1024
LINGER_S = 2.0  # how long a refused client may go on sending before it is cut off
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


class Server:
    """A server on 127.0.0.1 that takes connections from the moment it is made, and answers while it runs.

    `handle` and `settle` are called on the loop and must be quick. `settle` comes once for all requests of a loop tick,
    between handling and answering them; if it raises, that is logged and none of their answers leaves. With `tls`, it
    speaks https.
    """

    def __init__(
        self,
        handle: Callable[[Request], Reply],
        *,
        port: int = 0,
        settle: Callable[[], None] = lambda: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._handle, self._settle, self._tls = handle, settle, tls
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = "{}://{}:{}".format("https" if tls else "http", *self._socket.getsockname())
        self._ended: Future[None] = Future()
        self._thread: threading.Thread | None = None
        self._held: list[tuple[_Connection, Reply]] = []
        self.connections: set[_Connection] = set()

    def run(self, *, signals: tuple[signal.Signals, ...] = (), started: Callable[[], None] = lambda: None) -> None:
        """Serves in this thread until `close`, or until one of the signals (main thread only)."""
        asyncio.run(self._serve(signals, started))

    def start(self) -> None:
        """Serves in a daemon thread until `close`."""
        self._thread = threading.Thread(target=self.run, name=self.url, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the serving and frees thread and port. From another thread than the one that serves."""
        self._ended.cancel()
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    async def _serve(self, signals: tuple[signal.Signals, ...], started: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        server = await self.loop.create_server(
            lambda: _Connection(self), sock=self._socket, backlog=1024, ssl=self._tls
        )
        for number in signals:
            self.loop.add_signal_handler(number, self._ended.cancel)
        started()
        await asyncio.wait([asyncio.wrap_future(self._ended)])
        server.close()
        for connection in self.connections:
            connection.transport.abort()
        await asyncio.sleep(0)  # the connections are closed in the next tick

    def take(self, connection: "_Connection", asked: Request | Reply) -> None:
        """Handles the request now; its answer leaves when the tick's requests are settled."""
        try:
            reply = asked if isinstance(asked, Reply) else self._handle(asked)
        except Exception as error:  # noqa: BLE001 - a sandbox's bug is logged, and answered as any server would
            self.loop.call_exception_handler({"message": "sandbox: a request failed", "exception": error})
            reply = json_reply({"error": "the sandbox failed"}, status=500)
        if not self._held:
            self.loop.call_soon(self._flush)
        self._held.append((connection, reply))

    def _flush(self) -> None:
        held, self._held = self._held, []
        self._settle()
        for connection, reply in held:
            connection.answer(reply)


class _Connection(asyncio.Protocol):
    """One client. Its requests are handled one after the other, so answers leave in the order of the requests."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._pending: deque[tuple[Request | Reply, bool]] = deque()  # with: does the connection stay open after it?
        self._busy = self._deaf = False  # busy: an answer has yet to leave; deaf: what still comes in is dropped
        self._timer: asyncio.TimerHandle | None = None
        self._fed_bytes = 0  # of the request that is being read

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        del self._parser  # it holds this connection

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._fed_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400)
        if self._fed_bytes > REQUEST_CAP_BYTES:
            self._refuse(413)
        self._next()

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body = b"", dict[str, str](), list[bytes]()
        self._body_bytes = 0

    def on_url(self, part: bytes) -> None:
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        lower, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self._headers[lower] = f"{self._headers[lower]}, {text}" if lower in self._headers else text

    def on_headers_complete(self) -> None:
        if int(self._headers.get("content-length", 0)) > REQUEST_CAP_BYTES:
            self._refuse(413)
        elif "expect" in self._headers and not self._busy:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        self._body.append(part)
        self._body_bytes += len(part)
        if self._body_bytes > REQUEST_CAP_BYTES:
            self._refuse(413)

    def on_message_complete(self) -> None:
        self._fed_bytes = 0
        if not self._deaf and not self._parser.should_upgrade():  # for an upgrade, the parser raises next
            path, _, query = self._url.decode("latin-1").partition("?")
            method = self._parser.get_method().decode("ascii")
            keep_alive = self._parser.should_keep_alive() and method != "HEAD"  # whose answer would have no body
            self._pending.append((Request(method, path, query, self._headers, b"".join(self._body)), keep_alive))

    def _refuse(self, status: int) -> None:
        if not self._deaf:
            self._deaf = True
            self._pending.append((json_reply({"error": _REASONS[status]}, status=status), False))

    def _next(self) -> None:
        if self._pending and not self._busy:
            self._busy = True
            asked, self._keep_alive = self._pending.popleft()
            self._server.take(self, asked)
        (self.transport.pause_reading if self._pending else self.transport.resume_reading)()

    def answer(self, reply: Reply) -> None:
        if reply.fault.latency_s:
            self._timer = self._server.loop.call_later(reply.fault.latency_s, self._treat, reply)
        else:
            self._treat(reply)

    def _treat(self, reply: Reply) -> None:
        reply = reply if reply.instead is None else reply.instead()
        wire = self._wire(reply)
        if self.transport.is_closing():
            return
        if reply.fault.hang:
            self._deaf = True  # but reading on, else nobody would notice that the client has left
            self.transport.resume_reading()
        elif reply.fault.reset:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.transport.abort()
        elif reply.fault.garbage:
            self.transport.write(wire[: -(len(reply.body) + 2) // 2])
            self.transport.close()
        else:
            self._send(reply, wire)

    def _send(self, reply: Reply, rest: bytes) -> None:
        if reply.fault.drip_s and len(rest) > 1:
            self.transport.write(rest[:1])
            self._timer = self._server.loop.call_later(reply.fault.drip_s, self._send, reply, rest[1:])
            return
        self.transport.write(rest)
        reply.sent()
        self._busy = False
        if self._keep_alive:
            self._next()
        elif self._deaf:  # closing at once would reset the connection, and the answer with it
            if self.transport.can_write_eof():  # not over TLS
                self.transport.write_eof()
            self._timer = self._server.loop.call_later(LINGER_S, self.transport.abort)
        else:
            self.transport.close()

    def _wire(self, reply: Reply) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines.append("Connection: keep-alive" if self._keep_alive else "Connection: close")
        if reply.status not in (204, 304):  # neither has a body
            lines.append(f"Content-Length: {len(reply.body)}\r\n\r\n")
            return "\r\n".join(lines).encode("latin-1", "replace") + reply.body
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1", "replace")
