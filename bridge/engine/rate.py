"""Rate: how many requests a target may get, over all workers. Each request has its moment, a little after the one
before; a worker takes the moments of the next quarter of a second at once from the target's row.

Evenly spaced, and a little further apart than the rate says: so no window of its length has more requests than the rate
allows, wherever it begins, although some leave late.
"""

import threading
from collections import deque

from bridge.engine.clock import Clock
from bridge.errors import NotBegun, StoreError
from bridge.model.rules import Rate
from bridge.store import shared
from bridge.store.database import Database, insist

BLOCK_S = 0.25
MOST_AT_ONCE = 100
LATE = 0.05  # of the rate's period: a moment that passed longer ago is not made up for, whoever was idle gets no burst
LATEST_S = 0.1


class Limit:
    """One target's rate, in one process. Thread-safe."""

    def __init__(self, database: Database, target: str, rate: Rate, *, clock: Clock) -> None:
        self._database = database
        self._target = target
        self._clock = clock
        self._late_s = min(LATE * rate.per_s, LATEST_S)
        self._apart_s = (rate.per_s + 2 * self._late_s) / rate.count  # twice: a request also takes time to arrive
        self._block = max(1, min(int(BLOCK_S / self._apart_s), MOST_AT_ONCE))
        self._turn = threading.Lock()
        self._moments: deque[float] = deque()  # in the clock's boot_s
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Nobody waits any more."""
        self._stopped.set()

    def spend(self, count: int, *, within_s: float) -> None:
        """Returns when `count` more requests may be sent. Raises NotBegun after `within_s`: it was not their turn."""
        until_s = self._clock.boot_s() + within_s
        moment_s = 0.0
        for _ in range(count):
            found = self._next(until_s)
            if found is None:
                self._wait(until_s - self._clock.boot_s())
                raise NotBegun("waited for the target's rate")
            moment_s = found
        self._wait(moment_s - self._clock.boot_s())

    def _next(self, until_s: float) -> float | None:
        """The next moment that is this process's; None: there is none in time."""
        with self._turn:
            now_s = self._clock.boot_s()
            while self._moments and self._moments[0] < now_s - self._late_s:
                self._moments.popleft()
            if not self._moments and (wait_s := self._give_out(until_s - now_s)) is not None:
                begins_s = self._clock.boot_s() + wait_s
                self._moments.extend(begins_s + number * self._apart_s for number in range(self._block))
            in_time = self._moments and self._moments[0] <= until_s
            return self._moments.popleft() if in_time else None

    def _give_out(self, within_s: float) -> float | None:
        def action() -> float | None:
            with self._database.write() as connection:
                return shared.give_out(
                    connection,
                    self._target,
                    self._block,
                    apart_s=self._apart_s,
                    now_us=self._clock.now_ms() * 1000,
                    within_s=within_s,
                )

        try:
            return insist(action)
        except StoreError as error:
            raise NotBegun(f"the target's rate cannot be asked for: {error}") from None

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._stopped.wait(seconds):
            raise NotBegun("the worker stops")
