"""Commit apart: the committer in a process of its own. Storing an event costs Python a third of what receiving it does;
under one interpreter lock the two would take turns, and each would wait for the other at every statement.

Arrivals go out and answers come back over a socket pair. When this process ends, in whatever way, the other sees the
socket's end, commits what it has and ends; when the other ends, whoever waits is answered False, and `has_ended`.
"""

import gc
import itertools
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from bridge.engine.commits import Crowd, patience_s, size_of
from bridge.engine.committer import Committer
from bridge.engine.outbox import Outbox
from bridge.errors import BridgeError
from bridge.log import logger
from bridge.store.arrival import Arrival, packed, unpacked

BUFFER_BYTES = 4 << 20
START_S = 60.0  # for the process to be ready
SEND_S = 5.0  # for it to take an arrival, however large: no less than its pings are waited for
MOST_PINGS = 5  # without an answer
PING = 0  # the number of what is no arrival
END_S = 15.0  # for it to commit what it has
READY = b"R"
# How long a thread of this process may keep the interpreter lock while others want it. Each arrival and each answer
# changes threads: with Python's own 5 ms they took 6 of the 18 ms that a request spent here under load.
SWITCH_S = 0.001

_HEAD = struct.Struct("<QQ")  # number, length of what follows
_ANSWER = struct.Struct("<Q?")

log = logger("receive")


class _Waiting(NamedTuple):
    """Who waits no longer is not told to the other process: it stores the arrival even so, which is twice safe."""

    patience_s: float

    def abandon(self) -> None: ...


class CommitterApart:
    """Hands arrivals to the other process. Thread-safe; owns two threads: one writes, one reads."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command]  # gets the number of its end of the socket pair as its last argument
        self._crowd = Crowd()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[Callable[[bool], None], int]] = {}
        self._stopping = False
        self.has_ended = False
        self.can_store = True  # as the last answer to a ping said
        self._asked = self._told = 0  # pings, and those that came back
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
        if not self._is_ready():
            self._process.kill()
            self._process.wait()
            self._socket.close()
            raise BridgeError("the process that stores did not start: its own message says why")
        self._socket.settimeout(SEND_S)
        sys.setswitchinterval(SWITCH_S)
        self._answers = self._socket.dup()
        self._answers.settimeout(None)
        self._thread.start()
        self._outbox = Outbox(self._socket, failed=self._not_taken, name="arrivals")
        self._outbox.start()

    def stop(self) -> None:
        """Lets the other process commit what it has, and end."""
        self._stopping = True
        self._outbox.close(patience_s=END_S)
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
        size, data = size_of(arrival), packed(arrival)
        if self.has_ended or (waiting := self._crowd.enter(size)) is None:
            return None
        number = next(self._numbers)
        self._waiting[number] = (done, size)
        self._send(number, data)
        return _Waiting(patience_s(size, waiting))

    def ping(self) -> None:
        """Asks for a sign of life, and gives the other process up where the last ones were not answered: one that is
        stopped or stuck is of no use. Whether the database answers does not matter. Call it once a second.
        """
        if self._asked - self._told > MOST_PINGS:
            self._give_up("does not answer")
        elif not self.has_ended:
            self._asked += 1
            self._send(PING, b"")

    def _is_ready(self) -> bool:
        try:
            return self._socket.recv(1) == READY
        except OSError:
            return False

    def _send(self, number: int, data: bytes) -> None:
        self._outbox.put(_HEAD.pack(number, len(data)) + data)
        if self.has_ended:
            self._answer(number, stored=False)

    def _not_taken(self, error: OSError) -> None:  # half an arrival may stand in the socket: nothing can follow it
        self._give_up(f"does not take arrivals: {type(error).__name__}")

    def _run(self) -> None:
        try:
            with self._answers.makefile("rb") as answers:
                while answer := answers.read(_ANSWER.size):
                    number, stored = _ANSWER.unpack(answer)
                    self._answer(number, stored=stored)
        except (OSError, struct.error) as error:
            log.error("answers cannot be read", reason=type(error).__name__)
        finally:
            self._give_up("has ended")

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
        self.has_ended = True
        self._process.kill()
        for number in list(self._waiting):
            self._answer(number, stored=False)


def serve(committer: Committer, connection: socket.socket) -> None:
    """The other process: commits what comes until the socket's end, then what is left. Raises BridgeError where its
    committer has ended.
    """
    outbox = Outbox(connection, failed=_nobody_waits, name="answers")

    def answer(number: int, *, stored: bool) -> None:
        outbox.put(_ANSWER.pack(number, stored))

    gc.collect()
    gc.freeze()  # what is there by now stays
    committer.start()
    outbox.start()
    try:
        outbox.put(READY)
        with connection.makefile("rb", buffering=1 << 20) as arrivals:
            while head := arrivals.read(_HEAD.size):
                number, length = _HEAD.unpack(head)
                data = arrivals.read(length)
                if number == PING:
                    answer(PING, stored=committer.can_store)
                elif not _take(committer, data, partial(_told, answer, number)):
                    answer(number, stored=False)
                    if committer.has_ended:
                        raise BridgeError("the committer has ended: nothing can be stored any more")
    except (OSError, struct.error) as error:  # the web process was killed: nobody waits for an answer
        log.warning("the web process is gone", reason=type(error).__name__)
    finally:
        committer.stop()
        outbox.close(patience_s=END_S)


def _nobody_waits(error: OSError) -> None: ...


def _take(committer: Committer, data: bytes, done: Callable[[bool], None]) -> bool:
    try:
        return committer.submit(unpacked(data), done) is not None
    except (ValueError, TypeError, EOFError) as error:
        log.error("an arrival cannot be read", reason=type(error).__name__, size_bytes=len(data))
        return False


def _told(answer: Callable[..., None], number: int, stored: bool) -> None:  # noqa: FBT001
    answer(number, stored=stored)
