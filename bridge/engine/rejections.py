"""Rejections: refused requests are counted and the last ones kept in a bounded ring, without a body. Written at most
once a second and never more than a few rows at a time: a flood of forged requests costs the database nothing.
"""

import threading
from collections import Counter, deque

from bridge.core.text import storable
from bridge.engine.clock import Clock
from bridge.errors import StoreError
from bridge.log import logger
from bridge.store import rejections
from bridge.store.counters import Tally
from bridge.store.database import Database

LONGEST_LABEL = 96  # of a counter
BURST = 100  # rows written at once; of more between two flushes only the last are kept, all are counted

log = logger("receive")


class Rejections:
    """Gathers what was refused until somebody flushes it. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: deque[dict[str, object]] = deque(maxlen=BURST)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._failing = False

    def note(self, *, source: str, reason: str, address: str, size_bytes: int) -> None:
        """One refused request."""
        reason = storable(reason)[: LONGEST_LABEL - len(source) - 1][:64]
        row = {"at": self._clock.now_ms(), "source": source, "reason": reason, "address": address[:64]}
        with self._lock:
            self._rows.append(row | {"size_bytes": size_bytes})
            self._counts["rejected", f"{source}:{reason}"] += 1

    def count(self, name: str, label: str) -> None:
        """Something to count that needs no transaction of its own."""
        with self._lock:
            self._counts[name, label] += 1

    def flush(self, database: Database, *, shard: int) -> None:
        """Writes what was gathered; what cannot be written is tried again with the next flush."""
        if not self._counts:
            return
        with self._lock:
            rows, counts = list(self._rows), self._counts
            self._rows.clear()
            self._counts = Counter()
        try:
            self._write(database, rows, counts, shard=shard)
            self._failing = False
        except StoreError as error:
            if not self._failing:
                log.warning("cannot write rejections", reason=str(error))
            self._failing = True
            with self._lock:
                self._rows = deque([*rows, *self._rows], maxlen=BURST)
                self._counts += counts

    def _write(
        self, database: Database, rows: list[dict[str, object]], counts: Counter[tuple[str, str]], *, shard: int
    ) -> None:
        tally = Tally()
        for (name, label), count in counts.items():
            tally.add(name, label, count)
        with database.write() as connection:
            rejections.add(connection, rows)
            tally.write(connection, shard=shard)
