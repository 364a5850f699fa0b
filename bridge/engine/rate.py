"""Rate: how many requests a target may get, over all workers. Each request has its moment, a little after the one
before; a worker takes the moments of the next quarter of a second at once from the target's row.

Evenly spaced, and a little further apart than the rate says: so no window of its length has more requests than the rate
allows, wherever it begins, although some leave late. A missed moment is not made up for: another is waited for.
"""

import threading
from collections import deque

from bridge.engine.clock import Clock
from bridge.errors import NotBegun, StoreError
from bridge.model.rules import Rate
from bridge.store import shared
from bridge.store.database import Database, insist
from bridge.store.one_at_a_time import OneAtATime

BLOCK_S = 0.25
MOST_AT_ONCE = 100
LATE = 0.05  # of the rate's period: a moment that passed longer ago is missed, so that whoever was idle gets no burst
LATEST_S = 0.1
LONGEST_LEAD_S = 1.0
TIMEOUT_S = 120.0


class Limit:
    """One target's rate, in one process. Thread-safe. `timeout_s`: the longest that anybody waits for it."""

    def __init__(
        self, database: Database | OneAtATime, target: str, rate: Rate, *, clock: Clock, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._database = database
        self._target = target
        self._clock = clock
        self._count = rate.count
        self._late_s = min(LATE * rate.per_s, LATEST_S)
        self._apart_s = (rate.per_s + 2 * self._late_s) / rate.count  # twice: a request also takes time to arrive
        self._block = max(1, min(int(BLOCK_S / self._apart_s), MOST_AT_ONCE))
        self._timeout_s = timeout_s
        self._lead_s = 0.0  # how long it takes to be given moments: the first must not be over by then
        self._turn = threading.Lock()
        self._moments: deque[float] = deque()  # in the clock's boot_s
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Nobody waits any more."""
        self._stopped.set()

    def spend(self, count: int, *, within_s: float) -> None:
        """Returns when `count` more requests may be sent, all at once. Raises NotBegun after `within_s`: it was not
        their turn.
        """
        until_s = self._clock.boot_s() + within_s
        while count > 0:
            moment_s = self._next(until_s) if count == 1 else self._for_many(count, until_s)
            if moment_s is None:
                self._wait(until_s - self._clock.boot_s())
                raise NotBegun("waited for the target's rate")
            self._wait(moment_s - self._clock.boot_s())
            if self._clock.boot_s() <= moment_s + self._late_s:
                return

    def _next(self, until_s: float) -> float | None:
        """The next moment that is this process's; None: there is none in time."""
        with self._turn:
            now_s = self._clock.boot_s()
            while self._moments and self._moments[0] < now_s - self._late_s:
                self._moments.popleft()
            if not self._moments and (begins_s := self._give_out(until_s - now_s, count=self._block)) is not None:
                self._moments.extend(begins_s + number * self._apart_s for number in range(self._block))
            in_time = self._moments and self._moments[0] <= until_s + self._lead_s
            return self._moments.popleft() if in_time else None

    def _for_many(self, count: int, until_s: float) -> float | None:
        """When so many may be sent at once: the moments before it and after it that they stand for are nobody's."""
        count = min(count, self._count)
        with self._turn:
            return self._give_out(until_s - self._clock.boot_s(), count=count, before=count - 1)

    def _give_out(self, within_s: float, *, count: int, before: int = 0) -> float | None:
        def action() -> tuple[float, float] | None:
            with self._database.write() as connection:
                return shared.give_out(
                    connection,
                    self._target,
                    before_s=before * self._apart_s,
                    for_s=count * self._apart_s,
                    within_s=within_s,
                    lead_s=self._lead_s,
                    far_s=max(within_s, self._timeout_s) + (self._count + self._block) * self._apart_s + LONGEST_LEAD_S,
                    boot_s=self._clock.boot_s,
                )

        try:
            given = insist(action)
        except StoreError as error:
            raise NotBegun(f"the target's rate cannot be asked for: {error}") from None
        if given is None:
            return None
        asked_s, begins_s = given
        self._lead_s = min(self._clock.boot_s() - asked_s, LONGEST_LEAD_S)
        return begins_s

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._stopped.wait(seconds):
            raise NotBegun("the worker stops")
