"""Group commit: concurrent requests share a durable transaction, and each is answered only after it.

One thread writes. While it commits, the next requests gather; they become the next group. No timer: groups form by
load. A group that fails is committed one by one, so that one bad event, or one whose rows another transaction holds,
never costs its neighbours their answer. A large body is written in parts, with what else waits between them: no lead
waits for a day's records.
"""

import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from queue import Empty, SimpleQueue
from typing import Any

from bridge.engine.able import Able
from bridge.engine.clock import Clock
from bridge.engine.commits import GROUP, Crowd, Submission, patience_s
from bridge.errors import StoreError
from bridge.log import logger
from bridge.store.arrival import Arrival
from bridge.store.counters import Tally
from bridge.store.database import Blocked, Database, Lost, Unavailable, insist
from bridge.store.intake import Intake

MOST_BLOCKED = 8  # one by one, in a row: after that it is no single persons' rows that are held
CAREFUL_S = 10.0  # after one was blocked: it is mostly blocked again, and others wait with it
CAREFUL_WAIT_S = 0.05  # for what another transaction holds, meanwhile

_CAME = dict.fromkeys(("stored", "revision", "duplicate", "quarantined"), 0)  # told always, other ends where there are

log = logger("receive")


class Committer:
    """Stores arrivals durably, many in one transaction. Thread-safe; owns one thread."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        *,
        clock: Clock,
        shard: int,
    ) -> None:
        self._database = database
        self._intake = intake
        self._clock = clock
        self._shard = shard
        self._able = Able(database, intake, clock)
        self._careful_until_s = 0.0
        self._queue: SimpleQueue[Submission | None] = SimpleQueue()
        self._large: deque[Submission] = deque()  # taken up; their parts wait for their turn
        self._crowd = Crowd()  # handed in and not yet taken up; or not yet written, of a large body
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    @property
    def has_ended(self) -> bool:
        """Whether its thread was started and is no more: nothing that is handed in will be stored."""
        return self._thread.ident is not None and not self._thread.is_alive()

    @property
    def can_store(self) -> bool:
        """Whether the database took what was last written: cheap to ask, and no one event's fault."""
        return self._able.can_store

    def start(self, *, told: Callable[[], None] = lambda: None) -> None:
        """`told` is called by the committer's thread after the answers of each group."""
        self._told = told
        self._able.start()
        self._thread.start()

    def on_loop(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()  # its thread waits for no loop

    def stop(self) -> None:
        """Commits what waits, then ends."""
        self._queue.put(None)
        self._thread.join(timeout=10)
        self._able.stop()

    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> Submission | None:
        """Hands an arrival in; `done` is called by the committer's thread with whether it is durably stored. None:
        too much waits already. Whoever has waited for `patience_s` abandons it and tells the sender to try again.
        """
        submission = Submission(arrival, done)
        if self.has_ended or (waiting := self._crowd.enter(submission.size)) is None:
            return None
        submission.patience_s = patience_s(submission.size, waiting)
        self._queue.put(submission)
        return submission

    def _run(self) -> None:
        last = False
        while not last or self._large:
            group: list[Submission] = []
            with _survive():
                last = last or self._gather(group)
            with _survive():
                self._commit(group)
            with _survive():
                self._commit_part()
            with _survive():
                self._able.look(idle=not (group or self._large))
            self._answer(group, stored=False)  # whoever has no answer by now

    def _gather(self, group: list[Submission]) -> bool:
        """Takes up what waits, up to a group's size, and large bodies by themselves; True: stop after that."""
        size = 0
        try:
            found = self._queue.get_nowait() if self._large else self._queue.get(timeout=self._able.patience_s)
            while found is not None:
                if found.abandoned:
                    self._count_out(found)
                elif found.is_large:
                    self._large.append(found)
                else:
                    self._count_out(found)
                    group.append(found)
                    size += found.size
                if size >= GROUP:
                    return False
                found = self._queue.get_nowait()
        except Empty:
            return False
        return True

    def _commit(self, group: Sequence[Submission]) -> None:
        if not group:
            return
        error = self._try([submission.arrival for submission in group])
        if error is not None and len(group) > 1 and self._is_of_some(error):
            log.warning("group failed, storing one by one", requests=len(group), reason=_name(error))
            self._commit_singly(group)
            return
        if error is not None:
            log.error("cannot store", requests=len(group), source=group[0].arrival.source, **_why(error))
        self._answer(group, stored=error is None)

    def _is_of_some(self, error: Exception) -> bool:
        """Whether what kept a group from being stored may be the matter of some of it only."""
        return self.can_store if isinstance(error, Blocked) else not isinstance(error, Unavailable)

    def _commit_singly(self, group: Sequence[Submission]) -> None:
        """Each by itself, until too many in a row are blocked: those that are left come again."""
        blocked = 0
        for at, submission in enumerate(group):
            if submission.abandoned:
                continue
            if blocked == MOST_BLOCKED:
                log.error("cannot store", requests=len(group) - at, reason="those before them are blocked")
                return
            error = self._try([submission.arrival])
            if error is not None:
                log.error("cannot store", requests=1, source=submission.arrival.source, **_why(error))
            blocked = blocked + 1 if isinstance(error, Blocked) else 0
            self._answer([submission], stored=error is None)

    def _commit_part(self) -> None:
        """Writes the next part of the first large body, and answers it when that was the last, or could not be written.

        Each part is durable by itself and twice safe: a failure only means that the sender sends all again.
        """
        if not self._large:
            return
        large = self._large.popleft()
        error = self._try([large.parts.popleft()])
        if error is None and large.parts and not large.abandoned:
            self._large.appendleft(large)
            return
        if error is not None:
            log.error("cannot store a large body", source=large.arrival.source, **_why(error))
        self._count_out(large)
        self._answer([large], stored=error is None and not large.parts)

    def _try(self, arrivals: list[Arrival]) -> Exception | None:
        """What kept the arrivals from being stored; None: they are."""
        try:
            with self._able.asking():
                self._write(arrivals)
        except Exception as error:  # noqa: BLE001  whatever one event did to the driver, its neighbours are stored
            self._able.failed(error)
            if isinstance(error, Blocked):
                self._careful_until_s = self._clock.boot_s() + CAREFUL_S
                self._shard += 1  # it may be a counter that is held, of whoever has the same shard
            return error
        self._able.stored()
        return None

    def _write(self, arrivals: list[Arrival]) -> None:
        try:
            insist(lambda: self._write_once(arrivals))
        except Lost:  # it may have died while nobody used it; what was stored after all is known now, a duplicate
            insist(lambda: self._write_once(arrivals))

    def _write_once(self, arrivals: list[Arrival]) -> None:
        tally, began_s = Tally(), self._clock.boot_s()
        row_wait_s = CAREFUL_WAIT_S if began_s < self._careful_until_s else None
        with self._database.write(sparing=True, row_wait_s=row_wait_s) as connection:
            due = self._intake.write(connection, arrivals, now_ms=self._clock.now_ms(), tally=tally)
            tally.write(connection, shard=self._shard)
            if due:
                self._database.tell_due(connection)
        took_s = round(self._clock.boot_s() - began_s, 4)
        log.debug("group stored", requests=len(arrivals), **_CAME | tally.words("received"), took_s=took_s)

    def _answer(self, group: Sequence[Submission], *, stored: bool) -> None:
        for submission in group:
            try:
                submission.answer(stored=stored)
            except Exception as error:  # noqa: BLE001  whoever is gone costs no other his answer
                _goes_on(error)
        with _survive():
            self._told()

    def _count_out(self, submission: Submission) -> None:
        self._crowd.leave(submission.size)


@contextmanager
def _survive() -> Iterator[None]:
    """A border: whatever happens, the thread goes on, since without it nothing is ever stored again."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        _goes_on(error)


def _goes_on(error: Exception) -> None:
    log.error("committer failed, goes on", reason=_name(error), trace=traceback.format_tb(error.__traceback__))


def _name(error: Exception) -> str:
    """What to log of an error that may quote an event."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__


def _why(error: Exception) -> dict[str, Any]:
    """The same, and what can be done about what another transaction holds: of all else `Able` tells."""
    return {"reason": _name(error)} | ({"advice": error.advice} if isinstance(error, Blocked) else {})
