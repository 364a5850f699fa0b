"""Presence: which workers live. Each holds an flock on a file of its own: on one host a lock that could be taken proves
death at once (a pid does not: it is used again). One that is held does not prove life: a worker may hang. So, whatever
the lock says, a beat that does not change for a minute of the observer's time is death.

That minute is made of the observer's own beats: while it cannot write, others cannot either (the database is away or
locked), and a machine that slept has slept with all its workers.
"""

import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.engine.clock import Clock
from bridge.errors import BridgeError
from bridge.log import logger
from bridge.store.workers import Worker

DEAD_AFTER_S = 60.0
MOST_AT_ONCE_S = 10.0  # of it, between two beats of the observer: twice what is usual
STALE_AFTER_S = 45.0  # a worker that could not beat for so long sends nothing more: others may soon take over

log = logger("worker")


class Presence:
    """This worker's sign of life, and its eye on the others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._folder = Path(tempfile.gettempdir()) / f"bridge-workers-{os.getuid()}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            at = self._folder.stat()
            self._file, path = _new_lock(self._folder)
        except OSError as error:
            raise BridgeError(
                f"a worker needs a lock file, and {self._folder} takes none: {error.strerror}. Mend that folder, or "
                "let TMPDIR name one for temporary files that this user may write to"
            ) from error
        self.host = f"{socket.gethostname()}:{at.st_dev}:{at.st_ino}"
        self.lock = path.name
        self._renewed = True
        self._stays = False
        self._seen: dict[int, _Beat] = {}
        self._mine = (0, -1)  # this worker's number and beat when it last looked

    def close(self) -> None:
        if not self._stays:
            _remove(self._folder / self.lock)
        os.close(self._file)

    def stay(self) -> None:
        """This worker ends and is still registered: its file is left, which proves its death to others."""
        self._stays = True

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
        """Those of the workers that are dead or hang; `but` is this one, which must be among them to tell who hangs."""
        now_s, before = self._clock.boot_s(), self._mine
        self._mine = next(((worker.id, worker.beat) for worker in workers if worker.id == but), before)
        self._seen = {worker.id: self._look(worker, now_s, counts=self._mine != before) for worker in workers}
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

    def _look(self, worker: Worker, now_s: float, *, counts: bool) -> "_Beat":
        """The worker's beat, and how long it has not changed. `counts`: this worker has beaten since its last look."""
        beat = self._seen.get(worker.id)
        if beat is None or beat.number != worker.beat:
            return _Beat(worker.beat, now_s)
        if not counts:
            return beat
        silent_s = beat.silent_s + min(now_s - beat.counted_s, MOST_AT_ONCE_S)
        return replace(beat, counted_s=now_s, silent_s=silent_s)

    def _is_dead(self, worker: Worker) -> bool:
        locked = _is_locked(self._folder / worker.lock) if worker.host == self.host else None
        beat = self._seen[worker.id]
        if locked is False:
            return True
        if beat.silent_s < DEAD_AFTER_S:
            return False
        if locked and not beat.told:
            self._seen[worker.id] = replace(beat, told=True)
            log.warning("a worker hangs", worker=worker.id, pid=worker.pid, silent_s=round(beat.silent_s))
        return True


@dataclass(frozen=True, slots=True)
class _Beat:
    number: int
    counted_s: float  # until when its silence is counted, in the clock's boot_s
    silent_s: float = 0.0
    told: bool = False


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
