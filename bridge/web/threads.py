"""Threads: a queue of requests and the threads that answer them: of one kind, or of one plugin's source, so that nobody
waits for the code of another.
"""

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from bridge.log import logger

T = TypeVar("T")

log = logger("web")


class Threads(Generic[T]):
    """Runs `run` on what is put in. `most`: how many may wait, for `within_s` at most; whose run takes longer than
    `hung_s` waits for nothing more. `now`: the loop's time, in seconds, that any thread may ask.
    """

    def __init__(
        self,
        run: Callable[[T], None],
        *,
        name: str,
        threads: int,
        now: Callable[[], float],
        most: float = math.inf,
        within_s: float = math.inf,
        hung_s: float = math.inf,
    ) -> None:
        self._run = run
        self._name = name
        self._threads = threads
        self._now = now
        self._most = most
        self._within_s = within_s
        self._hung_s = hung_s
        self._changed = threading.Condition()
        self._waiting: deque[tuple[T, float]] = deque()  # since when
        self._begun: dict[int, tuple[T, float]] = {}  # by thread
        self._lost = 0  # threads that hang
        self._told = 0  # of them
        for number in range(threads):
            threading.Thread(target=self._work, args=(number,), name=f"web-{name}-{number}", daemon=True).start()

    def put(self, asked: T) -> bool:
        """False where too many wait already, or no thread is left that could take it."""
        with self._changed:
            if len(self._waiting) >= self._most or self._lost == self._threads:
                return False
            self._waiting.append((asked, self._now()))
            self._changed.notify()
        return True

    def overdue(self) -> list[T]:
        """What is to wait no longer: what nobody took up in time, and (each time anew) what hangs."""
        now = self._now()
        with self._changed:
            found = [asked for asked, since in self._begun.values() if now - since > self._hung_s]
            self._lost = len(found)
            while self._waiting and (now - self._waiting[0][1] > self._within_s or self._lost == self._threads):
                found.append(self._waiting.popleft()[0])
        if self._lost > self._told:
            self._told = self._lost
            advice = "its thread is lost until it returns; a restart of the web process brings it back"
            log.error("plugin hangs", source=self._name, threads_lost=self._lost, of=self._threads, advice=advice)
        return found

    def _work(self, number: int) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                asked, _ = self._waiting.popleft()
                self._begun[number] = asked, self._now()
            self._run(asked)
            with self._changed:
                del self._begun[number]
            del asked  # a large body is not kept until the next one comes
