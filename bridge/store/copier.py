"""Copier: brings SQLite's log into its file beside the writers.

By itself SQLite does that in the middle of whichever commit fills the log, and waits until the disk has it all: every
few hundred leads nothing is stored for 20 ms. Here a thread copies and waits while commits go on, and takes the turn
to write for the little that came meanwhile: with nothing left to copy, the next commit begins the log anew. Where that
does not come about, SQLite copies it as ever.

Two things of SQLite are to be known. It counts pages as copied that no disk has yet, and copies them no second time:
where the disk fails, it is made to count from the beginning. And a log that another connection begins anew just when a
copying starts makes it count wrongly, and the file is broken (sqlite.org/wal.html#walresetbug, until 3.51.2): a reader
beside each copying keeps the log.
"""

import os
import sqlite3
import struct
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from sqlite3 import Connection

from bridge.errors import StoreError

PASSES = 4  # of copying, each of what came during the one before
FEW = 256  # pages: copied and on the disk within some ms
PAUSE_S = 1.0  # where a reader of long ago, or the disk, did not let it come to an end
LOOK_S = 0.05  # between looks at the log: a flood writes a few MB of it meanwhile

# https://www.sqlite.org/walformat.html, 2.1: in the log's index, in the byte order of the machine.
_PAGES_IN_LOG, _PAGES_COPIED = 16, 96
_HEADERS = bytes(96)  # both copies: SQLite believes none that is all zero, and makes the index from the log again
_NUMBER = struct.Struct("=I")
_wait_for_disk = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class Copier:
    """Copies once the log has so many pages. `turn`: the writers' one. `ended` is told why, where it ends for good."""

    def __init__(
        self, path: str, *, pages: int, turn: Callable[[], AbstractContextManager[None]], ended: Callable[[str], None]
    ) -> None:
        self._path = path
        self._pages = pages
        self._turn = turn
        self._tell = ended
        self._ended = threading.Event()
        self._index = -1  # file descriptor of the log's index
        self._thread = threading.Thread(target=self._run, name="copier", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(_connect(self._path)) as connection, closing(_connect(self._path)) as reader:
                connection.execute("PRAGMA synchronous=FULL")
                # Never closed: with any descriptor of a file, a process loses all locks that it has on it (POSIX).
                file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                self._index = os.open(f"{self._path}-shm", os.O_RDWR | os.O_CLOEXEC)
                self._copy_when_due(connection, reader, file)
        except (OSError, sqlite3.Error) as error:
            self._tell(f"{type(error).__name__}: {error}")

    def _copy_when_due(self, connection: Connection, reader: Connection, file: int) -> None:
        while not self._ended.wait(LOOK_S):
            if self._number(_PAGES_IN_LOG) < self._pages:
                continue
            try:
                done = self._copy(connection, reader, file)
            except (sqlite3.Error, StoreError, OSError) as error:
                if _is_of_disk(error):
                    self._count_anew(connection)
                    raise
                done = False  # whoever stores next comes upon the same, and says it
            if not done:
                self._ended.wait(PAUSE_S)

    def _copy(self, connection: Connection, reader: Connection, file: int) -> bool:
        """Whether the log may begin anew. Raises what `_is_of_disk` knows where the disk did not take something:
        whatever says later that it has everything is not to be believed.
        """
        for _ in range(PASSES):
            if not self._left():
                return True
            copied = self._number(_PAGES_COPIED)
            _copy_what_is_there(connection, reader, self._left)
            if self._number(_PAGES_COPIED) == copied:  # a reader of long ago: spare the disk and the writers
                return False
            _wait_for_disk(file)  # SQLite waits for the disk only when nothing is left, which would be in our turn
            if self._left() <= FEW:
                with self._turn():
                    return _copy_what_is_there(connection, reader, self._left)
        return False

    def _count_anew(self, connection: Connection) -> None:
        """Nothing of the log counts as copied any more, as after a crash. Tries until that is so, or the end."""
        while True:
            with suppress(sqlite3.Error, StoreError, OSError), self._turn():
                connection.execute("BEGIN IMMEDIATE")  # keeps out who writes without a turn, such as a sqlite3 shell
                try:
                    os.pwrite(self._index, _HEADERS, 0)
                finally:
                    connection.execute("ROLLBACK")
                return
            if self._ended.wait(PAUSE_S):
                return

    def _left(self) -> int:
        return self._number(_PAGES_IN_LOG) - self._number(_PAGES_COPIED)

    def _number(self, at: int) -> int:
        found: int = _NUMBER.unpack(os.pread(self._index, _NUMBER.size, at))[0]
        return found


def _connect(path: str) -> Connection:
    """A connection that has read: there is an index of the log."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(_READ).fetchall()
    return connection


def _copy_what_is_there(connection: Connection, reader: Connection, left: Callable[[], int]) -> bool:
    """Whether that was all there is."""
    reader.execute("BEGIN")
    try:
        reader.execute(_READ).fetchall()  # a reader of what is left keeps the log; where nothing is, it does not
        if not left():
            return True
        [(busy, there, copied)] = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        reader.execute("ROLLBACK")
    return not busy and there == copied


def _is_of_disk(error: Exception) -> bool:
    """Whether the disk was waited for and did not take what it should."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_FSYNC
    return isinstance(error, OSError)


_READ = "SELECT count(*) FROM sqlite_master"
