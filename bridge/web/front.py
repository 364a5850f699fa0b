"""Front: where each request is answered. A lead on the event loop itself, since nothing of it waits: verifying takes
less time than handing it to a thread and back. What may take long (a large body, a plugin's code, a look at the
database) in threads of its kind, so that nobody waits for anybody of another.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Collection, Mapping
from typing import Any

from bridge.engine.receive import HERE_BYTES, NOT_STORED, Answer, Deferred
from bridge.log import logger
from bridge.web.body import Bodies, Refused
from bridge.web.threads import Threads
from bridge.web.wsgi import Reply, WsgiApp, answer_of, environment_of

LARGE_THREADS = 8  # for large bodies, which may wait until others are re-serialised
PLUGIN_THREADS = 2  # for each source of a plugin: nobody knows what its code waits for; and for all unknown paths
MOST_PLUGGED = 1024  # that wait for these: a burst is no flood
HUNG_S = 30.0  # in a plugin's code, after which its sender is told to come back whatever becomes of the thread
LOOK_THREADS = 2  # for whatever else asks the database: metrics
MOST_LOOKS = 16  # that wait for one of these
SWEEP_S = 0.1
AT_ONCE = 32  # requests in one turn of the loop: they are stored together, and nothing else waits for more
TURN_S = 0.05  # after which no further one is begun in this turn: a forged one may take as long as twenty leads
TURN_WITHIN_S = 10.0  # who has waited for longer is told to come back: of a flood most have gone by then

log = logger("web")


class Front:
    """Reads requests on the event loop, runs the application there or in threads, and waits for deferred answers in
    neither. `quick`: the paths of sources that never wait for anything, each in its one spelling: whatever else the
    application may take for one of a plugin must not reach the loop. `plugged`: the plugins' sources, by path.
    """

    def __init__(self, app: WsgiApp, *, quick: Collection[str], plugged: Mapping[str, str]) -> None:
        self._app = app
        self._quick = frozenset(quick)
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._bodies = Bodies()
        run, now = self._run, self._loop.time
        self._large = Threads(run, name="large", threads=LARGE_THREADS, now=now)  # the bodies' budget is their bound
        self._looks = Threads(run, name="look", threads=LOOK_THREADS, now=now, most=MOST_LOOKS)
        self._ready = Threads(run, name="ready", threads=1, now=now, most=MOST_LOOKS)  # waits for no other look
        self._plugins = {path: self._plugin(name) for path, name in plugged.items()}
        self._others = self._plugin("(unknown)")
        self._done: deque[tuple[asyncio.Future[Reply], Reply]] = deque()
        self._here: deque[tuple[_Asked, float]] = deque()  # since when, in the loop's time
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
                self._run((environ, later))  # before all others: who does not get this answer may end the process
            elif (threads := self._threads_for(scope, body)) is not None:
                if not threads.put((environ, later)):
                    raise Refused(503, "busy, try again")
            else:
                self._here.append(((environ, later), self._loop.time()))
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

    def _plugin(self, source: str) -> "Threads[_Asked]":
        return Threads(
            self._run, name=source, threads=PLUGIN_THREADS, now=self._loop.time,
            most=MOST_PLUGGED, within_s=TURN_WITHIN_S, hung_s=HUNG_S,
        )  # fmt: skip

    def _threads_for(self, scope: Any, body: bytes) -> "Threads[_Asked] | None":
        """Who answers it; None: nobody, it is answered here."""
        if scope.method.upper() != "POST":  # as the application sees it
            return self._ready if scope.path == "/readyz" else self._looks
        if scope.path in self._quick:
            return self._large if len(body) > HERE_BYTES else None
        return self._plugins.get(f"/{scope.path.lstrip('/')}", self._others)  # as well

    def _work_here(self) -> None:
        """Answers some of those that are here, then lets the loop do what else there is."""
        began = now = self._loop.time()
        for _ in range(min(AT_ONCE, len(self._here))):
            asked, since = self._here.popleft()
            if now - since > TURN_WITHIN_S:
                self.finish(asked[1].future, Refused(503, "busy, try again").reply)
            else:
                self._run(asked)
            now = self._loop.time()
            if now - began > TURN_S:
                break
        if self._here:
            self._loop.call_soon(self._work_here)

    def _run(self, asked: "_Asked") -> None:
        """Runs the application, and finishes what it answers at once."""
        environ, later = asked
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
        """Tells those whose answer does not come that it was not stored, or to come back."""
        self._loop.call_later(SWEEP_S, self._sweep)  # first, so that nothing that is raised here can end it
        now = self._loop.time()
        for later, until in list(self._deferred.items()):
            if later.future.done():
                self._deferred.pop(later, None)
            elif until < now and later.deferred is not None:
                later.deferred.abandon()
                later(NOT_STORED)
        for threads in (*self._plugins.values(), self._others):
            for _, later in threads.overdue():
                if not later.future.done():
                    self.finish(later.future, Refused(503, "busy, try again").reply)


class Later:
    """Takes a deferred answer to its request. Called from whatever thread has it."""

    __slots__ = ("_front", "deferred", "future")

    def __init__(self, front: Front, future: "asyncio.Future[Reply]") -> None:
        self._front = front
        self.future = future
        self.deferred: Deferred | None = None

    def __call__(self, answer: Answer) -> None:
        self._front.finish(self.future, _reply(answer))


_Asked = tuple[dict[str, Any], Later]


def _tell(future: "asyncio.Future[Reply]", reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


def _reply(answer: Answer) -> Reply:
    headers = [("content-type", "application/json")]
    if answer.retry_after_s is not None:
        headers.append(("retry-after", str(answer.retry_after_s)))
    return answer.status, headers, answer.body
