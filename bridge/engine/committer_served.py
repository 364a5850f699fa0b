"""Commit, served: the other process of `committer_apart`: its committer stores what comes and tells what is stored."""

import gc
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from bridge.engine.committer import Committer
from bridge.engine.committer_line import ANSWER, HEAD, PING, READY
from bridge.errors import BridgeError
from bridge.log import logger
from bridge.store.arrival import unpacked

log = logger("receive")


def serve(committer: Committer, connection: socket.socket) -> None:
    """Commits what comes until the socket's end, then what is left.

    Raises BridgeError where its committer has ended.
    """
    answers = _Answers(connection)
    gc.collect()
    gc.freeze()  # what is there by now stays
    committer.start(told=answers.send)
    try:
        connection.sendall(READY)
        with connection.makefile("rb", buffering=1 << 20) as arrivals:
            while head := arrivals.read(HEAD.size):
                number, length = HEAD.unpack(head)
                data = arrivals.read(length)
                if number == PING:
                    answers.send_one(PING, stored=committer.can_store)
                elif not _take(committer, data, partial(answers.add, number)):
                    answers.send_one(number, stored=False)
                    if committer.has_ended:
                        raise BridgeError("the committer has ended: nothing can be stored any more")
    except (OSError, struct.error) as error:  # the web process was killed: nobody waits for an answer
        log.warning("the web process is gone", reason=type(error).__name__)
    finally:
        committer.stop()


class _Answers:
    """What the web process is told. A group's answers go out in one piece: each write wakes a process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._pieces: list[bytes] = []  # of the committer's thread

    def add(self, number: int, stored: bool) -> None:  # noqa: FBT001
        self._pieces.append(ANSWER.pack(number, stored))

    def send(self) -> None:
        """Sends what was added."""
        if self._pieces:
            pieces, self._pieces = self._pieces, []
            self._write(b"".join(pieces))

    def send_one(self, number: int, *, stored: bool) -> None:
        """Sends one answer at once; for another thread than the committer's."""
        self._write(ANSWER.pack(number, stored))

    def _write(self, data: bytes) -> None:
        with self._lock, suppress(OSError):  # the web process is gone: nobody waits
            self._connection.sendall(data)


def _take(committer: Committer, data: bytes, done: Callable[[bool], None]) -> bool:
    try:
        return committer.submit(unpacked(data), done) is not None
    except (ValueError, TypeError, EOFError) as error:
        log.error("an arrival cannot be read", reason=type(error).__name__, size_bytes=len(data))
        return False
