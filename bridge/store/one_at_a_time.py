"""One at a time: a database as many threads share it that may wait: together they take one connection, and leave the
others to those who must not wait for them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from bridge.store.database import Database


class OneAtATime:
    """Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """As `Database.write`."""
        with self._turn, self._database.write() as connection:
            yield connection
