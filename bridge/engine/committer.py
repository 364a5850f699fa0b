"""Group commit: concurrent requests share a durable transaction, and each is answered only after it.

One thread writes. While it commits, the next requests gather; they become the next group. No timer: groups form by
load. A group that fails is committed one by one, so that one bad event never costs its neighbours their answer.
"""

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from bridge.engine.clock import Clock
from bridge.engine.rejections import EVERY_S, Rejections
from bridge.errors import StoreError
from bridge.log import logger
from bridge.store.arrival import Arrival
from bridge.store.counters import Tally
from bridge.store.database import Clash, Database, Unavailable
from bridge.store.intake import Intake

PATIENCE_S = 2.0  # without a commit for this long a request is answered 503: the sender comes back in a minute
MOST_WAITING = 20_000  # events; beyond it requests are refused at once
GROUP = 512  # events in one transaction, about
TRIES = 3  # when another process wrote the same thing at the same time

log = logger("receive")


class Submission:
    """An arrival on its way to the disk. `abandoned`: nobody waits for it any more; it need not be begun."""

    __slots__ = ("abandoned", "arrival", "done", "patience_s", "size")

    def __init__(self, arrival: Arrival, done: Callable[[bool], None]) -> None:
        self.arrival = arrival
        self.done = done
        self.size = max(len(arrival.candidates) + len(arrival.unreadable), 1)
        self.patience_s = PATIENCE_S
        self.abandoned = False

    def abandon(self) -> None:
        self.abandoned = True


class Committer:
    """Stores arrivals durably, many in one transaction. Thread-safe; owns one thread."""

    def __init__(self, database: Database, intake: Intake, *, rejections: Rejections, clock: Clock, shard: int) -> None:
        self._database = database
        self._intake = intake
        self._rejections = rejections
        self._clock = clock
        self._shard = shard
        self._queue: SimpleQueue[Submission | None] = SimpleQueue()
        self._waiting = 0  # events handed in and not yet taken up
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commits what waits, then ends."""
        self._queue.put(None)
        self._thread.join(timeout=10)

    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> Submission | None:
        """Hands an arrival in; `done` is called by the committer's thread with whether it is durably stored. None:
        too much waits already. Whoever has waited for `patience_s` abandons it and tells the sender to try again.
        """
        submission = Submission(arrival, done)
        with self._lock:
            if self._waiting > MOST_WAITING:
                return None
            self._waiting += submission.size
            waiting = self._waiting
        # A day's records in one body take longer than one lead, and those that stand before them count too.
        submission.patience_s += 0.005 * waiting if waiting > GROUP else 0.0
        self._queue.put(submission)
        return submission

    def store(self, arrival: Arrival) -> bool:
        """True when the arrival is durably stored. False: not (as far as we know), the sender must try again."""
        stored: list[bool] = []
        told = threading.Event()

        def done(answer: bool) -> None:  # noqa: FBT001
            stored.append(answer)
            told.set()

        submission = self.submit(arrival, done)
        if submission is None:
            return False
        if not told.wait(submission.patience_s):
            submission.abandon()
        return stored == [True]

    def _run(self) -> None:
        while True:
            group, last = self._gather()
            if group:
                self._commit(group)
            self._rejections.flush(self._database, shard=self._shard)
            if last:
                return

    def _gather(self) -> tuple[list[Submission], bool]:
        """The submissions that wait, up to a group's size; and whether the committer is to stop after them."""
        group: list[Submission] = []
        size = 0
        try:
            found = self._queue.get(timeout=EVERY_S)
            while found is not None:
                with self._lock:
                    self._waiting -= found.size
                if not found.abandoned:
                    group.append(found)
                    size += found.size
                if size >= GROUP:
                    return group, False
                found = self._queue.get_nowait()
        except Empty:
            return group, False
        return group, True

    def _commit(self, group: Sequence[Submission]) -> None:
        try:
            self._write([submission.arrival for submission in group])
        except Unavailable as error:
            log.error("cannot store", requests=len(group), reason=str(error))
            self._answer(group, stored=False)
        except Exception as error:  # noqa: BLE001  whatever one event did to the driver, its neighbours are stored
            if len(group) > 1:
                log.warning("group failed, storing one by one", requests=len(group), reason=_name(error))
                for submission in group:
                    self._commit([submission])
                return
            log.error("cannot store a request", source=group[0].arrival.source, reason=_name(error))
            self._answer(group, stored=False)
        else:
            self._answer(group, stored=True)

    def _write(self, arrivals: list[Arrival]) -> None:
        for part in _parts(arrivals):
            for attempt in range(TRIES):
                try:
                    self._write_once(part)
                    break
                except Clash:
                    if attempt == TRIES - 1:
                        raise

    def _write_once(self, arrivals: list[Arrival]) -> None:
        tally = Tally()
        with self._database.write() as connection:
            due = self._intake.write(connection, arrivals, now_ms=self._clock.now_ms(), tally=tally)
            tally.write(connection, shard=self._shard)
            if due:
                self._database.tell_due(connection)

    def _answer(self, group: Sequence[Submission], *, stored: bool) -> None:
        for submission in group:
            submission.done(stored)


def _parts(arrivals: list[Arrival]) -> list[list[Arrival]]:
    """The arrivals as transactions of bearable size: only a body with very many events makes more than one.

    Each is durable by itself and twice safe, so a failure in a later one only means that the sender sends all again.
    """
    if len(arrivals) > 1 or len(arrivals[0].candidates) <= 2 * GROUP:
        return [arrivals]
    whole = arrivals[0]
    slices = [whole.candidates[at : at + GROUP] for at in range(0, len(whole.candidates), GROUP)]
    first = Arrival(whole.source, slices[0], whole.unreadable, whole.ignored)
    return [[first], *([Arrival(whole.source, part)] for part in slices[1:])]


def _name(error: Exception) -> str:
    """What to log of an error that may quote an event."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
