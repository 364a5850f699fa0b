"""Holders: which other processes have a SQLite file locked against writers, as Linux tells it. Opens none of the files:
to close one again would let go of this process's own locks on it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bridge.store.disk import id_of

LOCKS = Path("/proc/locks")
_WRITER_BYTE = 120  # of the -shm file: SQLite's lock of the one who writes to the log


class _Lock(NamedTuple):
    file: str  # device and inode, as Linux writes them
    process: int
    first: int
    last: float


def holders(path: str) -> list[str]:
    """Other processes that keep writers out, such as `process 17 (sqlite3)`; none where that cannot be told."""
    file, shared, turn = (_as_listed(one) for one in (path, f"{path}-shm", f"{path}.lock"))
    found = [
        lock.process
        for lock in _write_locks()
        if lock.file in (file, turn) or (lock.file == shared and lock.first <= _WRITER_BYTE <= lock.last)
    ]
    return [_name(process) for process in dict.fromkeys(found) if process > 0 and process != os.getpid()]


def _write_locks() -> Iterator[_Lock]:
    """Those that are held; a line of who only waits has an arrow behind its number."""
    try:
        lines = LOCKS.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        match line.split():
            case [_, _, _, "WRITE", process, file, first, last]:
                yield _Lock(file, int(process), int(first), float("inf") if last == "EOF" else int(last))


def _as_listed(path: str) -> str:
    found = id_of(path)
    return f"{os.major(found[0]):02x}:{os.minor(found[0]):02x}:{found[1]}" if found else "none"


def _name(process: int) -> str:
    try:
        return f"process {process} ({Path(f'/proc/{process}/comm').read_text().strip()})"
    except OSError:
        return f"process {process}"
