"""Crew: the threads that wait for one target's answers, so that a slow target only ever uses up its own.

The dispatcher hands in claims and gets results back through a queue; it alone calls the methods here.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from bridge.connector import Connector
from bridge.engine.attempt import attempt, probe
from bridge.engine.clock import Clock
from bridge.model.delivery import Claim, Result
from bridge.model.record import Hold, Usable
from bridge.model.rules import TargetRule
from bridge.outbound import Door

GRACE_S = 5.0  # beyond the target's own timeout, before the watchdog gives an attempt up


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe said of a target."""

    target: str
    answer: Usable | Hold


@dataclass(frozen=True, slots=True)
class Room:
    """How many calls one target may have in flight here, and how many claims may be held for it."""

    threads: int
    most: int


@dataclass(slots=True)
class _Flight:
    claim: Claim
    started_s: float


class Crew:
    """One target's connector, door and threads."""

    def __init__(
        self,
        rule: TargetRule,
        connector: Connector,
        door: Door,
        *,
        clock: Clock,
        may_send: Callable[[], bool],
        report: Callable[[Result | Probed], None],
    ) -> None:
        self.rule = rule
        self._connector = connector
        self._door = door
        self._clock = clock
        self._may_send = may_send
        self._report = report
        self._todo: SimpleQueue[Claim | str | None] = SimpleQueue()
        self._flights: dict[int, _Flight] = {}  # by thread number
        self._threads = 0
        self._idle = 0
        self._held: dict[int, Claim] = {}  # by delivery id: claimed and not yet reported
        self._lock = threading.Lock()
        self.call_s = 0.0  # how long a call takes, lately
        self.room = Room(1, 1)

    @property
    def load(self) -> int:
        """Claims that were handed in and not yet reported."""
        return len(self._held)

    @property
    def hungry(self) -> bool:
        """Whether it is worth a transaction to claim more."""
        return self.load < self.room.threads or (0 < self.load * 2 <= self.room.most)

    def held(self) -> list[Claim]:
        """The claims that were handed in and not yet reported."""
        return list(self._held.values())

    def take(self, claims: list[Claim]) -> None:
        """Sends the claims, as many at once as there is room for."""
        for claim in claims:
            self._held[claim.delivery_id] = claim
            self._todo.put(claim)
        self._grow(min(self.room.threads, self.load))

    def probe(self) -> None:
        """Asks the connector; the answer comes as a report."""
        self._todo.put("probe")
        self._grow(self._threads + 1 if not self._idle else self._threads)

    def done(self, result: Result) -> None:
        """The dispatcher has the result."""
        if self._held.get(result.claim.delivery_id) is result.claim:
            del self._held[result.claim.delivery_id]
        if result.outcome is not None:
            took_s = result.took_ms / 1000
            self.call_s = took_s if not self.call_s else 0.9 * self.call_s + 0.1 * took_s

    def unsent(self) -> list[Claim]:
        """Takes back the claims that no thread has begun."""
        back = []
        while not self._todo.empty():
            claim = self._todo.get()
            if isinstance(claim, Claim):
                back.append(claim)
                self._held.pop(claim.delivery_id, None)
        return back

    def overdue(self) -> list[Claim]:
        """Attempts past their deadline: their threads are given up, and others take their place."""
        limit_s = self._clock.boot_s() - self.rule.policy.timeout_s - GRACE_S
        with self._lock:
            late = {number: flight for number, flight in self._flights.items() if flight.started_s < limit_s}
            for number in late:
                del self._flights[number]
                self._threads -= 1
        return [flight.claim for flight in late.values()]

    def stop(self) -> None:
        """Ends idle threads; one that still waits for an answer ends with its process."""
        for _ in range(self._threads):
            self._todo.put(None)

    def _grow(self, wanted: int) -> None:
        with self._lock:
            missing = wanted - self._threads
            self._threads += max(missing, 0)
        for _ in range(missing):
            threading.Thread(target=self._work, name=f"deliver-{self.rule.name}", daemon=True).start()

    def _work(self) -> None:
        number = threading.get_ident()
        while True:
            self._idle += 1
            todo = self._todo.get()
            self._idle -= 1
            if todo is None:
                return
            if isinstance(todo, str):
                timeout_s = self.rule.policy.timeout_s
                answer = probe(self.rule.name, self._connector, self._door, timeout_s=timeout_s)
                self._report(Probed(self.rule.name, answer))
                continue
            if not self._send(number, todo):
                return

    def _send(self, number: int, claim: Claim) -> bool:
        """Makes the attempt; False where the watchdog gave this thread up meanwhile."""
        if not self._may_send():
            self._report(Result(claim, None, self._clock.now_ms(), 0))
            return True
        with self._lock:
            self._flights[number] = _Flight(claim, self._clock.boot_s())
        timeout_s = self.rule.policy.timeout_s
        result = attempt(claim, self._connector, self._door, timeout_s=timeout_s, clock=self._clock)
        with self._lock:
            mine = self._flights.pop(number, None) is not None
        self._report(result)
        return mine
