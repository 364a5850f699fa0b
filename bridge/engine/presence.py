"""Presence: which workers live. Each holds an flock on a file of its own: on one host it tells life from death at once
(a pid does not: it is used again). Elsewhere a beat that does not change for a minute of the observer's time is death.
"""

import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bridge.engine.clock import Clock
from bridge.store.workers import Worker

DEAD_AFTER_S = 60.0
STALE_AFTER_S = 45.0  # a worker that could not beat for so long sends nothing more: others may soon take over


class Presence:
    """This worker's sign of life, and its eye on the others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._folder = Path(tempfile.gettempdir()) / f"bridge-workers-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        at = self._folder.stat()
        self.host = f"{socket.gethostname()}:{at.st_dev}:{at.st_ino}"
        self._file, path = tempfile.mkstemp(prefix="worker-", suffix=".lock", dir=self._folder)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.lock = Path(path).name
        self._seen: dict[int, _Beat] = {}

    def close(self) -> None:
        (self._folder / self.lock).unlink(missing_ok=True)
        os.close(self._file)

    def dead(self, workers: list[Worker], *, but: int) -> list[Worker]:
        """Those of the workers that are dead; `but` is this one."""
        self._seen = {worker.id: self._seen.get(worker.id, _Beat(-1, 0.0)) for worker in workers}
        return [worker for worker in workers if worker.id != but and self._is_dead(worker)]

    def forget(self, worker: Worker) -> None:
        """Removes what a dead worker left."""
        if worker.host == self.host:
            (self._folder / worker.lock).unlink(missing_ok=True)

    def _is_dead(self, worker: Worker) -> bool:
        if worker.host == self.host:
            return not _is_locked(self._folder / worker.lock)
        beat = self._seen[worker.id]
        if beat.number != worker.beat:
            self._seen[worker.id] = _Beat(worker.beat, self._clock.boot_s())
            return False
        return self._clock.boot_s() - beat.since_s > DEAD_AFTER_S


@dataclass(frozen=True, slots=True)
class _Beat:
    number: int
    since_s: float


def _is_locked(path: Path) -> bool:
    """Whether a living process holds the file; a missing file is nobody's."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
