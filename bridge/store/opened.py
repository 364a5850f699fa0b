"""Opened: whether SQLite's files are still those that are open. SQLite does not look: it goes on committing to a file
that was deleted, moved or replaced, and all of that is gone with the last process that has it open.
"""

from sqlalchemy import Engine, event

from bridge.store.disk import id_of

_Ids = tuple[tuple[int, int] | None, ...]  # device and inode of each file


class Opened:
    """The files of one writer's connection. Used by whoever has the turn to write."""

    def __init__(self, engine: Engine, path: str) -> None:
        self._paths = (path, f"{path}-wal") if path else ()
        self._ids: _Ids | None = None
        event.listen(engine, "connect", self._forget)

    def are_in_place(self) -> bool:
        """Whether they are what they were after the connection's first commit. Ask after each commit."""
        found = tuple([id_of(path) for path in self._paths])
        if self._ids is None:
            self._ids = found
        return found == self._ids

    def _forget(self, *_: object) -> None:
        self._ids = None
