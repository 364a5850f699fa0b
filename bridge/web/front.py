"""Front: takes each request from the event loop to a thread and its answer back; nobody waits for anybody of another
kind: leads, large bodies, and looks at the database each have threads of their own.
"""

import asyncio
import threading
from collections import deque
from queue import SimpleQueue
from typing import Any

from bridge.engine.receive import HERE_BYTES, NOT_STORED, Answer, Deferred
from bridge.log import logger
from bridge.web.body import Bodies, Refused
from bridge.web.wsgi import Reply, WsgiApp, answer_of, environment_of

THREADS = 2  # for webhooks: none of them ever waits for the disk; more would only fight for the interpreter lock
LARGE_THREADS = 8  # for large bodies, which may wait until others are re-serialised
LOOK_THREADS = 2  # for what asks the database: readiness, metrics
MOST_LOOKS = 16  # that wait for one of these
SWEEP_S = 0.1

log = logger("web")


class Front:
    """Reads requests on the event loop, runs the application in threads, and waits for deferred answers in neither."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._bodies = Bodies()
        self._webhooks = self._staffed(THREADS, "web")
        self._large = self._staffed(LARGE_THREADS, "web-large")
        self._looks = self._staffed(LOOK_THREADS, "web-look")
        self._done: deque[tuple[asyncio.Future[Reply], Reply]] = deque()
        self._deferred: dict[Later, float] = {}  # until when, in the loop's time
        self._woken = False
        self._open = 0
        self._loop.call_later(SWEEP_S, self._sweep)

    async def answer(self, scope: Any, protocol: Any) -> None:
        """One request, from its headers to its answer."""
        self._open += 1
        body = b""
        try:
            body = await self._bodies.read(scope, protocol)
            future: asyncio.Future[Reply] = self._loop.create_future()
            later = Later(self, future)
            self._queue_for(scope, body).put((environment_of(scope, body) | {"bridge.later": later}, later))
            status, headers, content = await future
        except Refused as refused:
            status, headers, content = refused.reply
        finally:
            self._bodies.release(body)
            self._open -= 1
        protocol.response_bytes(status, headers, content)

    def hurry(self) -> None:
        """The server stops: who is still sending has only a moment more."""
        self._bodies.hurry()

    async def drain(self, grace_s: float) -> None:
        """Waits for the requests that are in."""
        until = self._loop.time() + grace_s
        while self._open and self._loop.time() < until:
            await asyncio.sleep(0.01)

    def finish(self, future: "asyncio.Future[Reply]", reply: Reply) -> None:
        """The reply is known. Called from any thread, also when nobody can be told any more."""
        if self._loop.is_closed():
            return
        self._done.append((future, reply))
        if not self._woken:  # one wake-up of the loop for all that end meanwhile
            self._woken = True
            self._loop.call_soon_threadsafe(self._flush)

    def _staffed(self, threads: int, name: str) -> "_Queue":
        """A queue, and the threads that work on it."""
        queue: _Queue = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, args=(queue,), name=f"{name}-{number}", daemon=True).start()
        return queue

    def _queue_for(self, scope: Any, body: bytes) -> "_Queue":
        if scope.method == "POST":
            return self._webhooks if len(body) <= HERE_BYTES else self._large
        if self._looks.qsize() >= MOST_LOOKS:
            raise Refused(503, "busy, try again")
        return self._looks if scope.path != "/healthz" else self._webhooks

    def _work(self, queue: "_Queue") -> None:
        while True:
            environ, later = queue.get()
            try:
                reply = answer_of(self._app, environ)
            except Exception as error:  # noqa: BLE001  the last border: the thread goes on
                log.error("request failed", raised=error)
                reply = Refused(503, "cannot answer now, try again").reply
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
        self._loop.call_later(SWEEP_S, self._sweep)  # first, so that nothing that is raised here can end it
        now = self._loop.time()
        for later, until in list(self._deferred.items()):
            if later.future.done():
                self._deferred.pop(later, None)
            elif until < now and later.deferred is not None:
                later.deferred.abandon()
                later(NOT_STORED)


class Later:
    """Takes a deferred answer to its request. Called from the committer's thread."""

    __slots__ = ("_front", "deferred", "future")

    def __init__(self, front: Front, future: "asyncio.Future[Reply]") -> None:
        self._front = front
        self.future = future
        self.deferred: Deferred | None = None

    def __call__(self, answer: Answer) -> None:
        self._front.finish(self.future, _reply(answer))


_Queue = SimpleQueue[tuple[dict[str, Any], Later]]


def _reply(answer: Answer) -> Reply:
    headers = [("content-type", "application/json")]
    if answer.retry_after_s is not None:
        headers.append(("retry-after", str(answer.retry_after_s)))
    return answer.status, headers, answer.body
