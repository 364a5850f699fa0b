"""Crew: the threads that wait for one target's answers, so that a slow target only ever uses up its own. Where the
connector takes many deliveries in one call, what waits goes out together.

The dispatcher hands in claims and gets results back through a queue; it alone calls the methods here.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from bridge.engine.attempt import Caller
from bridge.engine.batch import attempt_batch
from bridge.engine.flight import Doubt, Flight
from bridge.engine.room import Load, Probed, Room, given_up
from bridge.errors import NotBegun
from bridge.model.delivery import Claim, Result
from bridge.model.record import Delivered, Hold, Reject

MOST_ALONE = 10_000  # beyond it the connector's way to take many at once is taken for broken
AGAIN_S = 1.0  # before a probe that could not be asked is tried again
GRACE_S = 5.0  # beyond the target's own timeout, before the watchdog gives an attempt up

MaySend = Callable[[Sequence[Claim]], bool]  # whether they are still this worker's
Report = Callable[[Sequence[Result | Probed]], None]  # all that one call came to at once: it is judged together


class Crew:
    """One target's threads."""

    def __init__(self, caller: Caller, *, may_send: MaySend, report: Report) -> None:
        self.rule = caller.rule
        self.max_batch = caller.max_batch
        self._caller = caller
        self._clock = caller.clock
        self._may_send = may_send
        self._report = report
        self._held: dict[int, Claim] = {}  # by delivery id: claimed and not yet reported
        self._turn = threading.Condition()  # its lock guards all that follows
        self._todo: deque[Claim] = deque()
        self._flights: dict[int, Flight] = {}  # by thread
        self._doubt = Doubt()
        self._alone: set[int] = set()  # ids of deliveries that were in a call that failed by our own fault
        self._calls = itertools.count(1)
        self._threads = 0
        self._stopped = False
        self._ended = threading.Event()
        self._probing_s: float | None = None  # since when
        self.call_s = 0.0  # how long a call takes, lately
        self.room = Room(1, 1)

    @property
    def load(self) -> int:
        """Claims that were handed in and not yet reported."""
        return len(self._held)

    @property
    def busy(self) -> Load:
        return Load(self.load, self.call_s, hungry=self.hungry, again=self.load_again, batch=self.max_batch)

    @property
    def load_again(self) -> int:
        """Of them, those that were tried before."""
        return sum(claim.attempts > 0 for claim in self._held.values())

    @property
    def hungry(self) -> bool:
        """Whether it is worth a transaction to claim more."""
        if self.load < self.room.calls or (0 < self.load * 2 <= self.room.most):
            return True
        return not self._todo and len(self._flights) < self.room.calls

    @property
    def wants_first_only(self) -> bool:
        """Whether there is no room for more that were tried before."""
        return self.room.keeps_places and self.load_again >= self.room.again

    def held(self) -> list[Claim]:
        """The claims that were handed in and not yet reported."""
        return list(self._held.values())

    def make_room(self, room: Room) -> None:
        """A round says: from now on so many calls at once; those that are under way end by themselves."""
        with self._turn:
            self.room = room
            self._doubt.judged()
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
        self._doubt.arrived(result)
        if result.outcome is not None:
            took_s = result.took_ms / 1000
            self.call_s = took_s if not self.call_s else 0.9 * self.call_s + 0.1 * took_s
        if isinstance(result.outcome, Delivered | Reject):
            self._alone.discard(result.claim.delivery_id)

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

    def overdue(self) -> list[Result]:
        """What is to be said of attempts past their deadline: their threads are given up, and others take their place.
        So is a probe: it is reported as failed.
        """
        timeout_s = self.rule.policy.timeout_s
        limit_s = self._clock.boot_s() - timeout_s - GRACE_S
        with self._turn:
            late = {number: flight for number, flight in self._flights.items() if flight.started_s < limit_s}
            for number in late:
                del self._flights[number]
                self._threads -= 1
            why = f"no end after {timeout_s:.0f} s"
            results = [
                given_up(claim, why, self._clock, batch=flight.batch)
                for flight in late.values()
                for claim in flight.claims
            ]
            self._doubt.add(results)
            probe_is_late = self._probing_s is not None and self._probing_s < limit_s
            if probe_is_late:
                self._probing_s = None
            self._hire()
        if probe_is_late:
            self._report([Probed(self.rule.name, Hold(f"probe: {why}"))])
        return results

    def hurry(self) -> None:
        """Nothing that was not begun is waited for any more."""
        self._ended.set()
        self._caller.stop()

    def stop(self) -> None:
        """Ends idle threads; one that still waits for an answer ends with its process."""
        self._ended.set()
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
        while (flight := self._next(number)) and self._send(number, flight):
            pass

    def _next(self, number: int) -> Flight | None:
        """Waits for claims and for room to send them; none when the crew has stopped."""
        with self._turn:
            while not self._stopped and (
                self._doubt.open or len(self._flights) >= self.room.calls or self._first() is None
            ):
                self._turn.wait()
            if self._stopped:
                return None
            flight = self._flights[number] = self._together()
            return flight

    def _first(self) -> int | None:
        """Where the first claim stands that may be sent now: those that were tried before leave some calls free."""
        room = self.room
        most_again = -(-room.again // self.max_batch) if room.keeps_places else room.calls
        if sum(flight.again for flight in self._flights.values()) < most_again:
            return 0 if self._todo else None
        return next((at for at, claim in enumerate(self._todo) if not claim.attempts), None)

    def _together(self) -> Flight:
        """What goes out in the next call, in order. First attempts and later ones keep apart, so that what is slow or
        sick does not take new ones with it.
        """
        at = self._first() or 0
        first = self._todo[at]
        del self._todo[at]
        if not self._goes_with_others(first):
            return Flight([first], self._clock.boot_s(), 0)
        claims, others = [first], list[Claim]()
        while self._todo and len(claims) < self.max_batch:
            claim = self._todo.popleft()
            fits = (claim.attempts > 0) == (first.attempts > 0) and self._goes_with_others(claim)
            (claims if fits else others).append(claim)
        self._todo.extendleft(reversed(others))
        return Flight(claims, self._clock.boot_s(), next(self._calls))

    def _goes_with_others(self, claim: Claim) -> bool:
        return self.max_batch > 1 and claim.delivery_id not in self._alone and len(self._alone) < MOST_ALONE

    def _send(self, number: int, flight: Flight) -> bool:
        """Makes the attempt; False where the watchdog gave this thread up meanwhile."""
        claims, sound, may_send = flight.claims, True, partial(self._may_send, flight.claims)
        if not may_send():
            results = [Result(claim, None, self._clock.now_ms(), 0) for claim in claims]
        elif not flight.batch:
            results = [self._caller.attempt(claims[0], may_send=may_send)]
        else:
            results, sound = attempt_batch(self._caller, claims, number=flight.batch, may_send=may_send)
        with self._turn:
            mine = self._flights.pop(number, None) is not None
            self._doubt.add(results)
            if not sound:
                self._alone.update(claim.delivery_id for claim in claims)
            if mine and len(results) < len(claims):  # each is tried by itself, with all the time that an attempt has
                tried = {result.claim.delivery_id for result in results}
                self._todo.extendleft(claim for claim in reversed(claims) if claim.delivery_id not in tried)
                self._hire()
            self._turn.notify()
        self._report(results)
        return mine

    def _probe(self, began_s: float) -> None:
        answer = None
        try:
            answer = self._caller.probe()
        except NotBegun:
            self._ended.wait(AGAIN_S)
        with self._turn:
            mine = self._probing_s == began_s
            if mine:
                self._probing_s = None
        if mine and answer is not None:
            self._report([Probed(self.rule.name, answer)])
        elif mine and not self._ended.is_set():
            self.probe()
