"""Presence: which workers live. Each holds an flock on a file of its own: on one host it tells life from death at once
(a pid does not: it is used again). Only a lock that could be taken proves death: where that cannot be told, on another
host or because the file was cleaned away, a beat that does not change for a minute of the observer's time is death.
"""

import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bridge.engine.clock import Clock
from bridge.log import logger
from bridge.store.workers import Worker

DEAD_AFTER_S = 60.0
STALE_AFTER_S = 45.0  # a worker that could not beat for so long sends nothing more: others may soon take over

log = logger("worker")


class Presence:
    """This worker's sign of life, and its eye on the others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._folder = Path(tempfile.gettempdir()) / f"bridge-workers-{os.getuid()}"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        at = self._folder.stat()
        self.host = f"{socket.gethostname()}:{at.st_dev}:{at.st_ino}"
        self._file, path = _new_lock(self._folder)
        self.lock = path.name
        self._renewed = True
        self._seen: dict[int, _Beat] = {}

    def close(self) -> None:
        _remove(self._folder / self.lock)
        os.close(self._file)

    def renew(self) -> None:
        """Keeps this worker's file from looking old to a cleaner; makes it again, under its name, where it is gone."""
        try:
            try:
                os.utime(self._folder / self.lock)
            except FileNotFoundError:
                self._make_again()
            self._renewed = True
        except OSError as error:  # the beat speaks for this worker meanwhile
            if self._renewed:
                log.warning("cannot renew the lock file", reason=error.strerror)
            self._renewed = False

    def dead(self, workers: list[Worker], *, but: int) -> list[Worker]:
        """Those of the workers that are dead; `but` is this one."""
        self._seen = {worker.id: self._seen.get(worker.id, _Beat(-1, 0.0)) for worker in workers}
        return [worker for worker in workers if worker.id != but and self._is_dead(worker)]

    def forget(self, worker: Worker) -> None:
        """Removes what a dead worker left."""
        path = self._folder / worker.lock
        if worker.host == self.host and _is_locked(path) is False:
            _remove(path)

    def _make_again(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        file, path = _new_lock(self._folder)
        path.rename(self._folder / self.lock)  # locked before anybody sees it
        os.close(self._file)
        self._file = file

    def _is_dead(self, worker: Worker) -> bool:
        locked = _is_locked(self._folder / worker.lock) if worker.host == self.host else None
        beat, now_s = self._seen[worker.id], self._clock.boot_s()
        if locked or beat.number != worker.beat:
            beat = self._seen[worker.id] = _Beat(worker.beat, now_s)
        return now_s - beat.since_s > DEAD_AFTER_S if locked is None else not locked


@dataclass(frozen=True, slots=True)
class _Beat:
    number: int
    since_s: float


def _new_lock(folder: Path) -> tuple[int, Path]:
    """A new file, held by this process for as long as it lives."""
    file, path = tempfile.mkstemp(prefix="worker-", suffix=".lock", dir=folder)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        _remove(Path(path))
        os.close(file)
        raise
    return file, Path(path)


def _is_locked(path: Path) -> bool | None:
    """Whether a living process holds the file. None: it cannot be told, for want of the file, a right or a handle."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(file)
    return False


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        pass
