"""Crew: the threads that wait for one target's answers, so that a slow target only ever uses up its own.

The dispatcher hands in claims and gets results back through a queue; it alone calls the methods here.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

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

    calls: int
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
        self._held: dict[int, Claim] = {}  # by delivery id: claimed and not yet reported
        self._turn = threading.Condition()  # its lock guards all that follows
        self._todo: deque[Claim] = deque()
        self._flights: dict[int, _Flight] = {}  # by thread
        self._threads = 0
        self._stopped = False
        self._probing_s: float | None = None  # since when
        self.call_s = 0.0  # how long a call takes, lately
        self.room = Room(1, 1)

    @property
    def load(self) -> int:
        """Claims that were handed in and not yet reported."""
        return len(self._held)

    @property
    def hungry(self) -> bool:
        """Whether it is worth a transaction to claim more."""
        return self.load < self.room.calls or (0 < self.load * 2 <= self.room.most)

    def held(self) -> list[Claim]:
        """The claims that were handed in and not yet reported."""
        return list(self._held.values())

    def make_room(self, room: Room) -> None:
        """From now on so many calls at once; those that are under way end by themselves."""
        with self._turn:
            self.room = room
            self._hire()

    def take(self, claims: list[Claim]) -> None:
        """Sends the claims, as many at once as there is room for."""
        self._held |= {claim.delivery_id: claim for claim in claims}
        with self._turn:
            self._todo.extend(claims)
            self._hire()

    def done(self, result: Result) -> None:
        """The dispatcher has the result."""
        if self._held.get(result.claim.delivery_id) is result.claim:
            del self._held[result.claim.delivery_id]
        if result.outcome is not None:
            took_s = result.took_ms / 1000
            self.call_s = took_s if not self.call_s else 0.9 * self.call_s + 0.1 * took_s

    def unsent(self) -> list[Claim]:
        """Takes back the claims that no thread has begun."""
        with self._turn:
            back = list(self._todo)
            self._todo.clear()
        for claim in back:
            self._held.pop(claim.delivery_id, None)
        return back

    def probe(self) -> None:
        """Asks the connector, in a thread of its own; the answer comes as a report. One at a time."""
        with self._turn:
            if self._probing_s is not None:
                return
            self._probing_s = began_s = self._clock.boot_s()
        threading.Thread(target=self._probe, args=(began_s,), name=f"probe-{self.rule.name}", daemon=True).start()

    def overdue(self) -> list[Claim]:
        """Attempts past their deadline: their threads are given up, and others take their place. So is a probe: it is
        reported as failed.
        """
        limit_s = self._clock.boot_s() - self.rule.policy.timeout_s - GRACE_S
        with self._turn:
            late = {number: flight for number, flight in self._flights.items() if flight.started_s < limit_s}
            for number in late:
                del self._flights[number]
                self._threads -= 1
            probe_is_late = self._probing_s is not None and self._probing_s < limit_s
            if probe_is_late:
                self._probing_s = None
            self._hire()
        if probe_is_late:
            self._report(Probed(self.rule.name, Hold(f"probe: no end after {self.rule.policy.timeout_s:.0f} s")))
        return [flight.claim for flight in late.values()]

    def stop(self) -> None:
        """Ends idle threads; one that still waits for an answer ends with its process."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()

    def _hire(self) -> None:
        """As many threads as may have something to do now; wakes those that wait. Called with the lock."""
        wanted = min(self.room.calls, len(self._flights) + len(self._todo))
        for _ in range(wanted - self._threads):
            self._threads += 1
            threading.Thread(target=self._work, name=f"deliver-{self.rule.name}", daemon=True).start()
        self._turn.notify(len(self._todo))

    def _work(self) -> None:
        number = threading.get_ident()
        while (claim := self._next(number)) and self._send(number, claim):
            pass

    def _next(self, number: int) -> Claim | None:
        """Waits for a claim and for room to send it; None when the crew has stopped."""
        with self._turn:
            while not self._stopped and (not self._todo or len(self._flights) >= self.room.calls):
                self._turn.wait()
            if self._stopped:
                return None
            claim = self._todo.popleft()
            self._flights[number] = _Flight(claim, self._clock.boot_s())
            return claim

    def _send(self, number: int, claim: Claim) -> bool:
        """Makes the attempt; False where the watchdog gave this thread up meanwhile."""
        if self._may_send():
            timeout_s = self.rule.policy.timeout_s
            result = attempt(claim, self._connector, self._door, timeout_s=timeout_s, clock=self._clock)
        else:
            result = Result(claim, None, self._clock.now_ms(), 0)
        with self._turn:
            mine = self._flights.pop(number, None) is not None
            self._turn.notify()
        self._report(result)
        return mine

    def _probe(self, began_s: float) -> None:
        answer = probe(self.rule.name, self._connector, self._door, timeout_s=self.rule.policy.timeout_s)
        with self._turn:
            mine = self._probing_s == began_s
            if mine:
                self._probing_s = None
        if mine:
            self._report(Probed(self.rule.name, answer))
