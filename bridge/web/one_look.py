"""One look: what strangers may ask as often as they like is found out once for all who ask meanwhile, in a thread of
its own. A database that never answers costs that one thread, and nobody's patience.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

WITHIN_S = 2.0  # nobody waits for longer
SLOW_S = 0.5
KEPT_S = 1.0  # so long a slow look answers others too: who had to wait for it begins no other

T = TypeVar("T")


class OneLook(Generic[T]):
    """Runs `look` for whoever asks. Thread-safe."""

    def __init__(self, look: Callable[[], T], *, name: str, within_s: float = WITHIN_S) -> None:
        self._look = look
        self._name = name
        self._within_s = within_s
        self._turn = threading.Lock()
        self._found: Future[T] | None = None
        self._until_s = 0.0  # who asked waits
        self._kept_until_s = 0.0

    def __call__(self) -> T:
        """What is found, or what is raised there; TimeoutError where that takes longer than `within_s`."""
        with self._turn:
            found, now_s = self._found, time.monotonic()
            if found is None or (found.done() and now_s >= self._kept_until_s):
                found = Future()
                threading.Thread(target=self._run, args=(found,), name=f"look-{self._name}", daemon=True).start()
                self._found, self._until_s = found, now_s + self._within_s
            rest_s = self._until_s - now_s
        return found.result(timeout=max(rest_s, 0.0))

    def _run(self, found: "Future[T]") -> None:
        began_s, error = time.monotonic(), None
        try:
            result = self._look()
        except BaseException as raised:  # noqa: BLE001  who asked gets it
            error = raised
        ended_s = time.monotonic()
        self._kept_until_s = ended_s + KEPT_S if ended_s - began_s > SLOW_S else 0.0
        if error is None:
            found.set_result(result)
        else:
            found.set_exception(error)
