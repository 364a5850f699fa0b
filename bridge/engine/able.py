"""Able: whether the database takes anything, as the one who stores finds it. For readiness, which must cost nothing.

A commit that failed proves nothing, it only raises a doubt: what was in it may have been the reason. The doubt is
settled by a write of our own, in which there is nobody's request, and which goes where every event does: once a second
at most, and only while there is a doubt or next to no room on the disk.
"""

from contextlib import AbstractContextManager

from bridge.engine.clock import Clock
from bridge.engine.silence import Silence
from bridge.errors import StoreError
from bridge.log import logger
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.proof import prove

AGAIN_S = 1.0  # between our own writes while there is a doubt
CANNOT = "cannot store anything"
LOOK_S = 5.0  # between looks at the disk while nothing comes

log = logger("receive")


class Able:
    """The committer's thread tells it what became of its commits; `can_store` may be read by any thread."""

    def __init__(self, database: Database, intake: Intake, clock: Clock) -> None:
        self._database = database
        self._intake = intake
        self._clock = clock
        self._takes = True  # what is written, or says why not
        self._silence = Silence(database, log, CANNOT)
        self._doubt = False
        self._short = False
        self._next_s = 0.0

    @property
    def can_store(self) -> bool:
        return self._takes and not self._silence.lasts

    @property
    def patience_s(self) -> float:
        """How long nothing may come until the next `look`."""
        return AGAIN_S if self._doubt else LOOK_S

    def start(self) -> None:
        """Watches what is asked from now on, until `stop`."""
        self._silence.start()

    def stop(self) -> None:
        self._silence.stop()

    def asking(self) -> AbstractContextManager[None]:
        """For as long as this lasts the database is asked for something."""
        return self._silence.asking()

    def stored(self) -> None:
        self._doubt = False
        if self._silence.broken() or not self._takes:
            self._takes = True
            log.info("stores again")

    def failed(self, error: Exception) -> None:
        self._doubt |= isinstance(error, StoreError) or self._silence.lasts

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
                log.error(CANNOT, reason=str(error), advice=error.advice)
        else:
            self.stored()

    def _look_at_room(self) -> None:
        before, self._short = self._short, self._database.is_short_of_room
        if self._short and not before:
            log.warning("the disk is nearly full", database=self._database.name)
