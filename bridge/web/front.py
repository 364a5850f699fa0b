"""Front: where each request is answered. A lead on the event loop itself, since nothing of it waits: verifying takes
less time than handing it to a thread and back. What may take long (a large body, a plugin's code, a look at the
database) in threads of its kind, so that nobody waits for anybody of another.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Collection
from queue import SimpleQueue
from typing import Any

from bridge.engine.receive import HERE_BYTES, NOT_STORED, Answer, Deferred
from bridge.log import logger
from bridge.web.body import Bodies, Refused
from bridge.web.wsgi import Reply, WsgiApp, answer_of, environment_of

LARGE_THREADS = 8  # for large bodies, which may wait until others are re-serialised
PLUGIN_THREADS = 2  # for all other paths, which are sources of plugins: nobody knows what their code waits for
LOOK_THREADS = 2  # for what asks the database: readiness, metrics
MOST_LOOKS = 16  # that wait for one of these
SWEEP_S = 0.1
AT_ONCE = 32  # requests in one turn of the loop: they are stored together, and nothing else waits for more
TURN_S = 0.05  # after which no further one is begun in this turn: a forged one may take as long as twenty leads
TURN_WITHIN_S = 10.0  # who has waited for longer is told to come back: of a flood most have gone by then

log = logger("web")


class Front:
    """Reads requests on the event loop, runs the application there or in threads, and waits for deferred answers in
    neither. `quick`: the paths of sources that never wait for anything, each in its one spelling: whatever else the
    application may take for one of a plugin must not reach the loop.
    """

    def __init__(self, app: WsgiApp, *, quick: Collection[str]) -> None:
        self._app = app
        self._quick = frozenset(quick)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._bodies = Bodies()
        self._large = self._staffed(LARGE_THREADS, "web-large")
        self._plugins = self._staffed(PLUGIN_THREADS, "web-plugin")
        self._looks = self._staffed(LOOK_THREADS, "web-look")
        self._done: deque[tuple[asyncio.Future[Reply], Reply]] = deque()
        self._here: deque[tuple[dict[str, Any], Later, float]] = deque()  # since when, in the loop's time
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
            later = Later(self, self._loop.create_future())
            environ = environment_of(scope, body)
            environ["bridge.later"] = later
            if scope.path == "/healthz":
                self._run(environ, later)  # before all others: who does not get this answer may end the process
            elif (queue := self._queue_for(scope, body)) is not None:
                queue.put((environ, later))
            else:
                self._here.append((environ, later, self._loop.time()))
                if len(self._here) == 1:
                    self._loop.call_soon(self._work_here)
            status, headers, content = await later.future
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
        if threading.get_ident() == self._loop_thread:
            _tell(future, reply)
            return
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

    def _queue_for(self, scope: Any, body: bytes) -> "_Queue | None":
        """Whose threads answer it; None: nobody's, it is answered here."""
        if scope.method.upper() == "POST":  # as the application sees it
            if scope.path not in self._quick:
                return self._plugins
            return self._large if len(body) > HERE_BYTES else None
        if self._looks.qsize() >= MOST_LOOKS:
            raise Refused(503, "busy, try again")
        return self._looks

    def _work(self, queue: "_Queue") -> None:
        while True:
            self._run(*queue.get())

    def _work_here(self) -> None:
        """Answers some of those that are here, then lets the loop do what else there is."""
        began = now = self._loop.time()
        for _ in range(min(AT_ONCE, len(self._here))):
            environ, later, since = self._here.popleft()
            if now - since > TURN_WITHIN_S:
                self.finish(later.future, Refused(503, "busy, try again").reply)
            else:
                self._run(environ, later)
            now = self._loop.time()
            if now - began > TURN_S:
                break
        if self._here:
            self._loop.call_soon(self._work_here)

    def _run(self, environ: dict[str, Any], later: "Later") -> None:
        """Runs the application, and finishes what it answers at once."""
        try:
            reply = answer_of(self._app, environ)
        except Exception as error:  # noqa: BLE001  the last border: the thread, or the loop, goes on
            log.error("request failed", raised=error)
            reply = Refused(503, "cannot answer now, try again").reply
        if later.deferred is None:
            self.finish(later.future, reply)
        else:
            self._deferred[later] = self._loop.time() + later.deferred.patience_s

    def _flush(self) -> None:
        self._woken = False  # before the look: who appends after it wakes the loop again
        while self._done:
            _tell(*self._done.popleft())

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
    """Takes a deferred answer to its request. Called from whatever thread has it."""

    __slots__ = ("_front", "deferred", "future")

    def __init__(self, front: Front, future: "asyncio.Future[Reply]") -> None:
        self._front = front
        self.future = future
        self.deferred: Deferred | None = None

    def __call__(self, answer: Answer) -> None:
        self._front.finish(self.future, _reply(answer))


_Queue = SimpleQueue[tuple[dict[str, Any], Later]]


def _tell(future: "asyncio.Future[Reply]", reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


def _reply(answer: Answer) -> Reply:
    headers = [("content-type", "application/json")]
    if answer.retry_after_s is not None:
        headers.append(("retry-after", str(answer.retry_after_s)))
    return answer.status, headers, answer.body
