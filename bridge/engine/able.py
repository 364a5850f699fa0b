"""Able: whether the database takes anything, as the one who stores finds it. For readiness, which must cost nothing.

A commit that failed only raises a doubt: what it held may have been the reason. A write of our own, which nobody's
request is part of and which goes where every event does, settles it; once a second at most, and only while there is a
doubt or next to no room on the disk. A database that answers nothing at all gives no error to go by: a thread of
its own sees that what was begun does not end.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.engine.clock import Clock
from bridge.errors import StoreError
from bridge.log import logger
from bridge.store.advice import silent
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.proof import prove

AGAIN_S = 1.0  # between our own writes while there is a doubt
LOOK_S = 5.0  # between looks at the disk while nothing comes
WATCH_S = 1.0  # between looks at what was begun
SILENT = 4  # such looks at one and the same: by then its senders were told to come again

log = logger("receive")


class Able:
    """The committer's thread tells it what became of its commits; `can_store` may be read by any thread."""

    def __init__(self, database: Database, intake: Intake, clock: Clock) -> None:
        self._database = database
        self._intake = intake
        self._clock = clock
        self._takes = True  # what is written, or says why not
        self._answers = True
        self._asked = False  # and has not answered yet
        self._looks = 0  # at that
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._doubt = False
        self._short = False
        self._next_s = 0.0

    @property
    def can_store(self) -> bool:
        return self._takes and self._answers

    @property
    def patience_s(self) -> float:
        """How long nothing may come until the next `look`."""
        return AGAIN_S if self._doubt else LOOK_S

    def start(self) -> None:
        """Watches what is asked from now on, until `stop`."""
        threading.Thread(target=self._watch, name="able", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """For as long as this lasts the database is asked for something; one that does not answer is told once."""
        with self._turn:
            self._asked, self._looks = True, 0
        try:
            yield
        finally:
            with self._turn:
                self._asked = False

    def stored(self) -> None:
        self._doubt = False
        if not self.can_store:
            self._takes = self._answers = True
            log.info("stores again")

    def failed(self, error: Exception) -> None:
        self._doubt |= isinstance(error, StoreError) or not self._answers

    def look(self, *, idle: bool) -> None:
        """Finds out where there is a doubt. While it cannot store, the commits of what comes tell when it can again."""
        now_s = self._clock.boot_s()
        if now_s < self._next_s or not (idle or (self._doubt and self.can_store)):
            return
        self._next_s = now_s + AGAIN_S
        self._look_at_room()
        if not (self._doubt or self._short):
            return
        try:
            with self.asking():
                prove(self._database, now_ms=self._clock.now_ms(), sparing=True, intake=self._intake)
        except StoreError as error:
            self._doubt = True
            if self._takes:
                self._takes = False
                log.error("cannot store anything", reason=str(error), advice=error.advice)
        else:
            self.stored()

    def _look_at_room(self) -> None:
        before, self._short = self._short, self._database.is_short_of_room
        if self._short and not before:
            log.warning("the disk is nearly full", database=self._database.name)

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_S):
            with self._turn:
                self._looks += self._asked
                if self._looks < SILENT or not (self._asked and self._answers):
                    continue
                self._answers = False
                reason = f"no answer for over {(SILENT - 1) * WATCH_S:.0f} s ({self._database.name})"
                log.error("cannot store anything", reason=reason, advice=silent(self._database.url))
