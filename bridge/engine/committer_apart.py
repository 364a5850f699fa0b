"""Commit apart: the committer in a process of its own. Storing an event costs Python a third of what receiving it does;
under one interpreter lock the two would take turns, and each would wait for the other at every statement.

Arrivals go out and answers come back over a socket pair. When this process ends, in whatever way, the other sees the
socket's end, commits what it has and ends; when the other ends, whoever waits is answered False, and `has_ended`.
"""

import itertools
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.engine.commits import MOST_WAITING, patience_s, size_of
from bridge.engine.committer import Committer
from bridge.errors import BridgeError
from bridge.log import logger
from bridge.store.arrival import Arrival, packed, unpacked

BUFFER_BYTES = 4 << 20
START_S = 60.0  # for the process to be ready
SEND_S = 5.0  # for it to take an arrival; it takes them from the socket whatever the database does
END_S = 15.0  # for it to commit what it has
READY = b"R"

_HEAD = struct.Struct("<QQ")  # number, length of what follows
_ANSWER = struct.Struct("<Q?")

log = logger("receive")


class _Waiting(NamedTuple):
    """Nothing need be done where nobody waits any longer: storing is twice safe."""

    patience_s: float

    def abandon(self) -> None: ...


class CommitterApart:
    """Hands arrivals to the other process. Thread-safe; owns one thread."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command]  # gets the number of its end of the socket pair as its last argument
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[Callable[[bool], None], int]] = {}
        self._size = 0  # events that wait for an answer
        self._stopping = False
        self.has_ended = False
        self._thread = threading.Thread(target=self._run, name="answers", daemon=True)

    def start(self) -> None:
        """Starts the other process, and returns when it is ready. Raises BridgeError where it does not get so far."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            for one in (self._socket, theirs):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            command = [*self._command, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603
        self._socket.settimeout(START_S)
        if self._socket.recv(1) != READY:
            raise BridgeError("the process that stores did not start: its own message says why")
        self._socket.settimeout(SEND_S)
        self._answers = self._socket.dup()
        self._answers.settimeout(None)
        self._thread.start()

    def stop(self) -> None:
        """Lets the other process commit what it has, and end."""
        self._stopping = True
        try:
            self._socket.shutdown(socket.SHUT_WR)
            self._process.wait(timeout=END_S)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._thread.join(timeout=END_S)
        self._answers.close()
        self._socket.close()

    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> _Waiting | None:
        """As `Committer.submit`; `done` is called by this object's thread."""
        size = size_of(arrival)
        with self._lock:
            if self._size > MOST_WAITING or self.has_ended:
                return None
            number = next(self._numbers)
            self._waiting[number] = (done, size)
            self._size += size
            waiting = self._size
        data = packed(arrival)
        try:
            with self._lock:
                self._socket.sendall(_HEAD.pack(number, len(data)) + data)
        except OSError as error:
            self._give_up(f"does not take arrivals: {type(error).__name__}")
        return _Waiting(patience_s(size, waiting))

    def _run(self) -> None:
        try:
            with self._answers.makefile("rb") as answers:
                while answer := answers.read(_ANSWER.size):
                    number, stored = _ANSWER.unpack(answer)
                    self._answer(number, stored=stored)
        except (OSError, struct.error) as error:
            log.error("answers cannot be read", reason=type(error).__name__)
        self._give_up("has ended")

    def _answer(self, number: int, *, stored: bool) -> None:
        with self._lock:
            done, size = self._waiting.pop(number, (None, 0))
            self._size -= size
        if done is not None:
            done(stored)

    def _give_up(self, why: str) -> None:
        """Nothing will be stored any more. What was handed in may have been: its senders come again."""
        if not self._stopping and not self.has_ended:
            log.error("the process that stores", reason=why)
        self.has_ended = True
        self._process.kill()  # half an arrival may stand in the socket
        for number in list(self._waiting):
            self._answer(number, stored=False)


def serve(committer: Committer, connection: socket.socket) -> None:
    """The other process: commits what comes until the socket's end, then what is left."""
    lock = threading.Lock()

    def answer(number: int, *, stored: bool) -> None:
        try:
            with lock:
                connection.sendall(_ANSWER.pack(number, stored))
        except OSError:
            pass  # nobody waits any more

    committer.start()
    connection.sendall(READY)
    with connection.makefile("rb", buffering=1 << 20) as arrivals:
        while head := arrivals.read(_HEAD.size):
            number, length = _HEAD.unpack(head)
            arrival = unpacked(arrivals.read(length))
            told = lambda stored, number=number: answer(number, stored=stored)  # noqa: E731
            if committer.submit(arrival, told) is None:
                answer(number, stored=False)
    committer.stop()
