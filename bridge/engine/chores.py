"""Chores: what a web process writes now and then besides events, on a thread of its own: no answer waits for it."""

import threading
from collections.abc import Callable, Sequence

from bridge.log import logger

EVERY_S = 1.0

Chore = Callable[[], None]

log = logger("receive")


class Chores:
    """Does each of them once a second, and a last time at the end."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = chores
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._do_all()
        self._do_all()

    def _do_all(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception as error:  # noqa: BLE001  a border: the next one has its turn in a second
                log.error("a chore failed", reason=type(error).__name__)
