"""Silence: a database that answers nothing at all gives no error to go by. A thread of its own sees that what was begun
does not end, and says so in the log, once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.log import Logger
from bridge.store.advice import silent
from bridge.store.database import Database

WATCH_S = 1.0  # between looks at what was begun
LOOKS = 4  # at one and the same: by then senders were told to come again


class Silence:
    """Watches what one thread asks of the database. `event`: how the log calls it when no answer comes."""

    def __init__(self, database: Database, log: Logger, event: str) -> None:
        self._database = database
        self._log = log
        self._event = event
        self._asked = False  # and has not answered yet
        self._looks = 0  # at that
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self.lasts = False  # may be read by any thread

    def start(self) -> None:
        """Watches what is asked from now on, until `stop`."""
        threading.Thread(target=self._watch, name="silence", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """For as long as this lasts the database is asked for something."""
        with self._turn:
            self._asked, self._looks = True, 0
        try:
            yield
        finally:
            with self._turn:
                self._asked = False

    def broken(self) -> bool:
        """The database has done what it was asked for; gives whether it was silent before."""
        was, self.lasts = self.lasts, False
        return was

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_S):
            with self._turn:
                self._looks += self._asked
                if self._looks < LOOKS or not self._asked or self.lasts:
                    continue
                self.lasts = True
                reason = f"no answer for over {(LOOKS - 1) * WATCH_S:.0f} s ({self._database.name})"
                self._log.error(self._event, reason=reason, advice=silent(self._database.url))
