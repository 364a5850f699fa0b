"""Server: granian in front of Flask. The event loop reads each body, with a size cap and a deadline, before a thread
sees the request: a slow or endless body holds no thread, and memory stays flat.

granian runs embedded, in this very process: `kill -9` of the web process leaves nothing behind.
"""

import asyncio
import io
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from bridge.engine.receive import NOT_STORED, Answer, Deferred
from bridge.log import logger
from bridge.web.app import MAX_BODY_BYTES, create_app, error_response
from bridge.wiring import Bridge

THREADS = 4  # none of them ever waits for the disk; more would only fight for the interpreter lock
LARGE_THREADS = 2  # for large bodies, which take long: they keep no lead waiting
LARGE_BYTES = 262_144
SWEEP_S = 0.1
BODY_DEADLINE_S = 20.0
SMALL_BYTES = 65_536
BACKLOG = 1024

log = logger("web")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Reply = tuple[int, list[tuple[str, str]], bytes]


class _Refused(Exception):
    """A body that is not read to its end."""

    def __init__(self, status: int, text: str) -> None:
        response = error_response(status, text)
        self.reply: Reply = (status, [*_lower(response.headers.items()), ("connection", "close")], response.get_data())


def run(bridge: Bridge, *, host: str, port: int, grace_s: float) -> None:
    """Serves the bridge's receiver until SIGTERM or SIGINT; then lets the requests that are in end."""
    app = create_app(bridge)
    asyncio.run(serve(app.wsgi_app, host=host, port=port, grace_s=grace_s))


async def serve(app: WsgiApp, *, host: str, port: int, grace_s: float) -> None:
    """Serves a WSGI application until SIGTERM or SIGINT."""
    front = _Front(app)
    server = Server(
        front.answer,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, keep_alive=True),
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    log.info("listening", url=f"http://{host}:{port}")
    await server.serve()
    await front.drain(grace_s)


class _Front:
    """Reads requests on the event loop, runs the application in threads, and waits for deferred answers in neither."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._todo: _Todo = SimpleQueue()
        self._large: _Todo = SimpleQueue()
        self._done: deque[tuple[asyncio.Future[Reply], Reply]] = deque()
        self._deferred: dict[Later, float] = {}  # until when, in the loop's time
        self._woken = False
        self._open = 0
        for number in range(THREADS + LARGE_THREADS):
            todo = self._todo if number < THREADS else self._large
            threading.Thread(target=self._work, args=(todo,), name=f"web-{number}", daemon=True).start()
        self._loop.call_later(SWEEP_S, self._sweep)

    async def answer(self, scope: Any, protocol: Any) -> None:
        """One request, from its headers to its answer."""
        self._open += 1
        try:
            body = await _body(scope, protocol)
            future: asyncio.Future[Reply] = self._loop.create_future()
            later = Later(self, future)
            todo = self._todo if len(body) < LARGE_BYTES else self._large
            todo.put((_environ(scope, body, later), later))
            status, headers, content = await future
        except _Refused as refused:
            status, headers, content = refused.reply
        finally:
            self._open -= 1
        protocol.response_bytes(status, headers, content)

    async def drain(self, grace_s: float) -> None:
        """Waits for the requests that are in."""
        until = self._loop.time() + grace_s
        while self._open and self._loop.time() < until:
            await asyncio.sleep(0.01)

    def finish(self, future: "asyncio.Future[Reply]", reply: Reply) -> None:
        """The reply is known. Called from any thread."""
        self._done.append((future, reply))
        if not self._woken:  # one wake-up of the loop for all that end meanwhile
            self._woken = True
            self._loop.call_soon_threadsafe(self._flush)

    def _work(self, todo: "_Todo") -> None:
        while True:
            environ, later = todo.get()
            try:
                reply = _run(self._app, environ)
            except Exception:
                log.exception("request failed")
                reply = _Refused(503, "cannot answer now, try again").reply
            if later.deferred is None:
                self.finish(later.future, reply)
            else:
                self._deferred[later] = self._loop.time() + later.deferred.patience_s

    def _flush(self) -> None:
        self._woken = False  # before the look: who appends after it wakes the loop again
        while self._done:
            future, reply = self._done.popleft()
            if not future.done():
                future.set_result(reply)

    def _sweep(self) -> None:
        """Tells those whose answer does not come that it was not stored."""
        now = self._loop.time()
        for later, until in list(self._deferred.items()):
            if later.future.done():
                self._deferred.pop(later, None)
            elif until < now and later.deferred is not None:
                later.deferred.abandon()
                later(NOT_STORED)
        self._loop.call_later(SWEEP_S, self._sweep)


class Later:
    """Takes a deferred answer to its request. Called from the committer's thread."""

    __slots__ = ("_front", "deferred", "future")

    def __init__(self, front: _Front, future: "asyncio.Future[Reply]") -> None:
        self._front = front
        self.future = future
        self.deferred: Deferred | None = None

    def __call__(self, answer: Answer) -> None:
        self._front.finish(self.future, _reply(answer))


_Todo = SimpleQueue[tuple[dict[str, Any], Later]]


def _reply(answer: Answer) -> Reply:
    headers = [("content-type", "application/json")]
    if answer.retry_after_s is not None:
        headers.append(("retry-after", str(answer.retry_after_s)))
    return answer.status, headers, answer.body


async def _body(scope: Any, protocol: Any) -> bytes:
    """The whole body; raises _Refused where it is too large or too slow."""
    length = scope.headers.get("content-length")
    expected = int(length) if length and length.isascii() and length.isdigit() else None
    if expected == 0 or (expected is None and "transfer-encoding" not in scope.headers):
        return b""
    if expected is not None and expected > MAX_BODY_BYTES:
        raise _Refused(413, "content too large")
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            if expected is not None and expected <= SMALL_BYTES:
                return bytes(await protocol())
            return await _capped(protocol)
    except TimeoutError:
        raise _Refused(408, "request timeout") from None


async def _capped(protocol: Any) -> bytes:
    parts, size = [], 0
    async for part in protocol:
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise _Refused(413, "content too large")
        parts.append(bytes(part))
    return b"".join(parts)


def _environ(scope: Any, body: bytes, later: Later) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a request. Repeated headers are joined, so that none hides another."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": "bridge",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "bridge.body": body,
        "bridge.later": later,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in ("content-length", "transfer-encoding"):
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def _run(app: WsgiApp, environ: dict[str, Any]) -> Reply:
    found: list[tuple[int, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        found[:] = [(int(status[:3]), headers)]

    parts = app(environ, start_response)
    try:
        content = b"".join(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
    status, headers = found[0]
    return status, _lower(headers), content


def _lower(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers]
