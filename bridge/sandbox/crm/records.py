"""The records of a CRM that a sandbox plays: all of them in memory, and each change in SQLite before its answer leaves.

Knows objects, ids and fields, but no rules. Not for use by several threads at once.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]  # field: JSON value; never changed in place


class Records:
    """What stands in the database is read once. `write` makes lasting what changed since the last one."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE IF NOT EXISTS record "
            "(seq INTEGER PRIMARY KEY, object, id, fields, UNIQUE (object, id))"
        )  # fmt: skip
        database.execute("CREATE TABLE IF NOT EXISTS state (name PRIMARY KEY, value)")
        self._forget()
        for kind, key, fields in database.execute("SELECT object, id, fields FROM record ORDER BY seq"):
            self._objects.setdefault(kind, {})[key] = json.loads(fields)
        for name, value in database.execute("SELECT name, value FROM state"):
            self._state[name] = json.loads(value)

    def _forget(self) -> None:
        self._objects: dict[str, dict[str, Record]] = {}
        self._indexes: dict[tuple[str, str], dict[Any, dict[str, None]]] = {}
        self._undo: list[tuple[str, str, Record | None]] = []
        self._state: dict[str, Any] = {}

    def objects(self) -> list[str]:
        """The kinds of objects that there are records of, without the sandbox's own, which begin with _."""
        return [kind for kind, records in self._objects.items() if records and not kind.startswith("_")]

    def all(self, kind: str) -> Iterator[Record]:
        """The records of this kind, in the order of their creation."""
        return iter(self._objects.get(kind, {}).values())

    def count(self, kind: str | None = None) -> int:
        """How many records there are, of this kind or of all."""
        kinds = self._objects if kind is None else [kind]
        return sum(len(self._objects.get(one, {})) for one in kinds)

    def get(self, kind: str, key: str) -> Record | None:
        """The record with this id."""
        return self._objects.get(kind, {}).get(key)

    def having(self, kind: str, field: str, value: Any) -> list[Record]:
        """The records with this value, in the order of their creation; texts are compared without case."""
        index = self._indexes.get((kind, field))
        if index is None:
            index = self._indexes[kind, field] = {}
            for key, record in self._objects.get(kind, {}).items():
                index.setdefault(_folded(record.get(field)), {})[key] = None
        records = self._objects.get(kind, {})
        return [records[key] for key in index.get(_folded(value), ())]

    def put(self, kind: str, key: str, record: Record | None) -> None:
        """Creates or replaces the record with this id; None removes it for good."""
        self._undo.append((kind, key, self.get(kind, key)))
        self._set(kind, key, record)

    def mark(self) -> int:
        """The point to which `undo` may go back, until the next `write`."""
        return len(self._undo)

    def undo(self, mark: int) -> None:
        """Takes back all changes since the mark."""
        while len(self._undo) > mark:
            self._set(*self._undo.pop())

    def touched(self, mark: int) -> set[str]:
        """The ids of the records that were changed since the mark."""
        return {key for _, key, _ in self._undo[mark:]}

    def keep(self, name: str, value: Any) -> None:
        """Remembers a JSON value under this name over a restart."""
        self._state[name] = value
        self._database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, json.dumps(value)))

    def kept(self, name: str) -> Any:
        """What was kept under this name; else None."""
        return self._state.get(name)

    def write(self) -> None:
        """Hands the changes to the database, whose transaction the caller ends."""
        for kind, key in dict.fromkeys((kind, key) for kind, key, _ in self._undo):
            if (record := self.get(kind, key)) is None:
                self._database.execute("DELETE FROM record WHERE object = ? AND id = ?", (kind, key))
                continue
            self._database.execute(
                "INSERT INTO record (object, id, fields) VALUES (?, ?, ?) "
                "ON CONFLICT (object, id) DO UPDATE SET fields = excluded.fields",
                (kind, key, json.dumps(record)),
            )
        self._undo.clear()

    def clear(self) -> None:
        """Removes all records and all that was kept."""
        self._forget()
        self._database.execute("DELETE FROM record")
        self._database.execute("DELETE FROM state")

    def _set(self, kind: str, key: str, record: Record | None) -> None:
        records = self._objects.setdefault(kind, {})
        old = records.get(key)
        if record is None:
            records.pop(key, None)
        else:
            records[key] = record
        for (indexed, field), index in self._indexes.items():
            if indexed != kind:
                continue
            before = None if old is None else (_folded(old.get(field)),)
            after = None if record is None else (_folded(record.get(field)),)
            if before != after:
                if before:
                    index[before[0]].pop(key, None)
                if after:
                    index.setdefault(after[0], {})[key] = None


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value if isinstance(value, int | float) else repr(value)
