"""Outbox: what goes to another process over a socket, written by a thread of its own: nobody who hands something in
waits for the socket, and all that gathers while it writes goes out in one piece. Each write lets go of the interpreter
lock and has to get it back: under load that, and not the bytes, is what takes time.
"""

import socket
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

PIECE_BYTES = 1 << 20


class Outbox:
    """Thread-safe; owns one thread, which ends at the first error."""

    def __init__(self, connection: socket.socket, *, failed: Callable[[OSError], None], name: str) -> None:
        self._connection = connection
        self._failed = failed  # called by this object's thread; nothing that is put in later is written
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, data: bytes) -> None:
        self._queue.put(data)

    def close(self, *, patience_s: float) -> None:
        """Writes what is there, and ends."""
        self._queue.put(None)
        self._thread.join(timeout=patience_s)

    def _run(self) -> None:
        last = False
        try:
            while not last:
                pieces: list[bytes] = []
                last = self._gather(pieces)
                if pieces:
                    self._connection.sendall(b"".join(pieces))
        except OSError as error:
            self._failed(error)

    def _gather(self, pieces: list[bytes]) -> bool:
        """What there is, up to a piece's size; waits for the first. True: stop after that."""
        size = 0
        try:
            found = self._queue.get()
            while found is not None:
                pieces.append(found)
                if (size := size + len(found)) >= PIECE_BYTES:
                    return False
                found = self._queue.get_nowait()
        except Empty:
            return False
        return True
