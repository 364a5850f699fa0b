"""Commits: what a receiver needs of a committer, whether that works in this process or in one of its own."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bridge.store.arrival import Arrival

PATIENCE_S = 2.0  # without a commit for this long a request is answered 503: the sender comes back in a minute
MOST_WAITING = 20_000  # events, of large bodies and of all others; beyond it requests are refused at once
GROUP = 512  # events in one transaction, about
USUAL_BYTES = 4096
LARGE = 2 * GROUP  # events in one body, above which it is written in parts


def size_of(arrival: Arrival) -> int:
    """How much it is, in events of a usual size."""
    return max(len(arrival.candidates) + len(arrival.unreadable), arrival.size_bytes // USUAL_BYTES, 1)


def parts(whole: Arrival) -> Iterator[Arrival]:
    """The arrival as transactions of bearable size; one at least."""
    for at in range(0, max(len(whole.candidates), len(whole.unreadable), 1), GROUP):
        rows = slice(at, at + GROUP)
        yield Arrival(whole.source, whole.candidates[rows], whole.unreadable[rows], 0 if at else whole.ignored)


class Submission:
    """An arrival on its way to the disk. `abandoned`: nobody waits for it any more; it need not be begun."""

    __slots__ = ("_done", "abandoned", "arrival", "parts", "patience_s", "size")

    def __init__(self, arrival: Arrival, done: Callable[[bool], None]) -> None:
        self.arrival = arrival
        self.size = size_of(arrival)
        self.parts = deque(parts(arrival)) if self.is_large else deque()
        self.patience_s = PATIENCE_S
        self.abandoned = False
        self._done: Callable[[bool], None] | None = done

    @property
    def is_large(self) -> bool:
        return self.size > LARGE

    def abandon(self) -> None:
        self.abandoned = True

    def answer(self, *, stored: bool) -> None:
        """Tells whoever waits, the first time; an answer that was given stays."""
        done, self._done = self._done, None
        if done is not None:
            done(stored)


class Crowd:
    """How much waits to be stored, of large bodies and of all others: neither keeps the other out. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes = {True: 0, False: 0}

    def enter(self, size: int) -> int | None:
        """How much of its kind waits now; None: too much waited already."""
        kind = size > LARGE
        with self._lock:
            if self._sizes[kind] > MOST_WAITING:
                return None
            self._sizes[kind] += size
            return self._sizes[kind]

    def leave(self, size: int) -> None:
        with self._lock:
            self._sizes[size > LARGE] -= size


def patience_s(size: int, waiting: int) -> float:
    """How long whoever hands in so many events waits, with so many waiting altogether: a day's records in one body take
    longer than one lead.
    """
    return PATIENCE_S + (0.005 * waiting if size > LARGE else 0.0)


class Waiting(Protocol):
    """Whoever waits for an answer. `abandon`: not any more, nothing need be begun for him."""

    @property
    def patience_s(self) -> float: ...
    def abandon(self) -> None: ...


class Commits(Protocol):
    """What a receiver needs of a committer, here or in a process of its own."""

    @property
    def has_ended(self) -> bool: ...
    @property
    def can_store(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def on_loop(self) -> AbstractAsyncContextManager[None]:
        """For as long as this lasts, arrivals and answers go by way of the running event loop, where that matters."""
        ...

    def submit(self, arrival: Arrival, done: Callable[[bool], None]) -> Waiting | None: ...


def store(committer: Commits, arrival: Arrival) -> bool:
    """True when the arrival is durably stored. False: not (as far as we know), the sender must try again."""
    stored: list[bool] = []
    told = threading.Event()

    def done(answer: bool) -> None:  # noqa: FBT001
        stored.append(answer)
        told.set()

    waiting = committer.submit(arrival, done)
    if waiting is None:
        return False
    if not told.wait(waiting.patience_s):
        waiting.abandon()
    return stored == [True]
