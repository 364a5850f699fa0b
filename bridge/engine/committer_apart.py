"""Commit apart: the committer in a process of its own. Storing an event costs Python half of what receiving it does;
under one interpreter lock the two would take turns, and each would wait for the other at every statement.

Arrivals go out and answers come back over a socket pair, by way of the web process's event loop: no thread stands
between a request and the disk. When this process ends, in whatever way, the other sees the socket's end, commits what
it has and ends; when the other ends, whoever waits is answered False, and `has_ended`.
"""

import asyncio
import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from signal import SIGINT, SIGTERM
from typing import NamedTuple

from bridge.engine import child
from bridge.engine.commits import Crowd, patience_s, size_of
from bridge.engine.committer_line import ANSWER, HEAD, PING, READY, Line
from bridge.errors import BridgeError
from bridge.log import logger
from bridge.store.arrival import Arrival, packed

BUFFER_BYTES = 4 << 20
START_S = 60.0  # for the process to be ready, and for the event loop to run
PING_S = 1.0
MOST_PINGS = 5  # without an answer
END_S = 15.0  # for it to commit what it has
# How long one thread of the web process may keep the interpreter lock while others want it: a large body that is being
# read makes each lead wait that long, twice or more, and Python's own 5 ms would be felt.
SWITCH_S = 0.001

log = logger("receive")


class _Waiting(NamedTuple):
    """Who waits no longer is not told to the other process: it stores the arrival even so, which is twice safe."""

    patience_s: float

    def abandon(self) -> None: ...


class CommitterApart:
    """Hands arrivals to the other process. Takes them from any thread, and hands them over while `on_loop` lasts."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command]  # gets the number of its end of the socket pair as its last argument
        self._crowd = Crowd()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[Callable[[bool], None], int]] = {}
        self._pieces: list[bytes] = []  # the loop's; go out together
        self._loop_thread = 0
        self._runs = threading.Event()  # the loop does
        self._stopping = False
        self.has_ended = False
        self.can_store = True  # as the last answer to a ping said
        self._asked = self._told = 0  # pings, and those that came back

    def start(self) -> None:
        """Starts the other process, and returns when it is ready. Raises BridgeError where it does not get so far."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            for one in (self._socket, theirs):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            command = [*self._command, str(theirs.fileno())]
            self._process = child.start(
                command, deaf_to=(SIGINT, SIGTERM), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        self._socket.settimeout(START_S)
        if not self._is_ready():
            why = self._why_not_ready()
            self._socket.close()
            raise BridgeError(f"the process that stores did not start: {why}")
        sys.setswitchinterval(SWITCH_S)

    @asynccontextmanager
    async def on_loop(self) -> AsyncIterator[None]:
        """Arrivals go out and answers come in on the running loop; at the end what was handed in is committed."""
        self._loop, self._loop_thread = asyncio.get_running_loop(), threading.get_ident()
        line = Line(self._take, partial(self._give_up, "has ended"))
        self._transport, _ = await self._loop.create_unix_connection(lambda: line, sock=self._socket)
        self._runs.set()
        pings = self._loop.create_task(self._keep_pinging())
        try:
            yield
        finally:
            pings.cancel()
            self._stopping = True
            if not self.has_ended:
                self._flush()
                self._transport.write_eof()
                await asyncio.wait([line.closed], timeout=END_S)
            if not line.closed.done():  # it takes nothing, or has ended and left what it did not take
                self._process.kill()
                self._transport.abort()
                await line.closed

    def stop(self) -> None:
        """Lets the other process commit what it has, and end."""
        self._stopping = True
        self._socket.close()  # if no loop has closed it yet
        try:
            self._process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> _Waiting | None:
        """As `Committer.submit`; `done` is called on the loop."""
        size, data = size_of(arrival), packed(arrival)
        if self._stopping or self.has_ended or (waiting := self._crowd.enter(size)) is None:
            return None
        number = next(self._numbers)
        self._waiting[number] = (done, size)
        self._send(number, data)
        return _Waiting(patience_s(size, waiting))

    def ping(self) -> None:
        """Asks for a sign of life, and gives the other process up where the last ones were not answered: one that is
        stopped or stuck is of no use. Whether the database answers does not matter. Called on the loop.
        """
        if self._asked - self._told > MOST_PINGS:
            self._give_up("does not answer")
        elif not self.has_ended:
            self._asked += 1
            self._send(PING, b"")

    async def _keep_pinging(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            self.ping()

    def _is_ready(self) -> bool:
        try:
            return self._socket.recv(1) == READY
        except OSError:
            return False

    def _why_not_ready(self) -> str:
        """Waits for its end, or ends it."""
        try:
            code = self._process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return f"it was not ready within {START_S + END_S:.0f} s"
        return "its own message says why" if code >= 0 else f"it was killed by signal {-code}"

    def _send(self, number: int, data: bytes) -> None:
        piece = HEAD.pack(number, len(data)) + data
        if threading.get_ident() == self._loop_thread:
            self._hand_over(number, piece)
        elif self._runs.wait(START_S):
            self._loop.call_soon_threadsafe(self._hand_over, number, piece)

    def _hand_over(self, number: int, piece: bytes) -> None:
        if self.has_ended:
            self._answer(number, stored=False)
            return
        self._pieces.append(piece)
        if len(self._pieces) == 1:
            self._loop.call_soon(self._flush)  # in one piece with what else this turn of the loop brings

    def _flush(self) -> None:
        if self._pieces:
            pieces, self._pieces = self._pieces, []
            self._transport.write(b"".join(pieces))

    def _take(self, answers: bytes) -> None:
        for number, stored in ANSWER.iter_unpack(answers):
            self._answer(number, stored=stored)

    def _answer(self, number: int, *, stored: bool) -> None:
        if number == PING:
            self._told += 1
            self.can_store = stored
        if (found := self._waiting.pop(number, None)) is None:
            return
        done, size = found
        self._crowd.leave(size)
        try:
            done(stored)
        except Exception as error:  # noqa: BLE001  a border: whoever is gone costs no other his answer
            log.error("an answer was not taken", reason=type(error).__name__)

    def _give_up(self, why: str) -> None:
        """Nothing will be stored any more. What was handed in may have been: its senders come again."""
        if not self._stopping and not self.has_ended:
            log.error("the process that stores", reason=why)
            self._process.kill()
        self.has_ended = True
        for number in list(self._waiting):
            self._answer(number, stored=False)
