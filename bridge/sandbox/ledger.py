"""The ledger of an inbox: what arrived, one row each, in memory or in a SQLite file. Not for use by several threads at
once.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One arrival. `repeat`: its key had been stored before; `answered_ms`: when a whole answer left, with `status`."""

    seq: int
    at_ms: int
    method: str
    path: str  # with the query
    idempotency_key: str | None
    headers: dict[str, str]  # by name in lower case
    body: str
    stored: bool  # as a new item
    repeat: bool
    answered_ms: int | None
    status: int | None  # of the answer, whole or not; None where there is none


class Tally(NamedTuple):
    """What came of all arrivals, or of those with one key; `stored` is 0 or 1 for a key that is honoured."""

    arrivals: int = 0
    stored: int = 0
    repeats: int = 0
    first_seq: int | None = None
    stored_seq: int | None = None  # of the first that was stored

    def plus(self, row: Row) -> "Tally":
        """The same with one more arrival."""
        arrivals, stored, repeats, first, kept = self
        kept = kept or (row.seq if row.stored else None)
        return Tally(arrivals + 1, stored + row.stored, repeats + row.repeat, first or row.seq, kept)


class Ledger:
    """With a file, nothing that was written is lost if the process is killed."""

    def __init__(self, path: str | Path | None) -> None:
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")  # survives a kill, not a power cut
        columns = ", ".join(Row._fields[1:])
        self._database.execute(f"CREATE TABLE IF NOT EXISTS arrival (seq INTEGER PRIMARY KEY, {columns})")
        self.total, self.keys = self._tallied()
        self._unwritten: list[Row] = []

    def note(self, row: Row) -> None:
        """One more arrival; written with the next `write`."""
        self._unwritten.append(row)
        self.total = self.total.plus(row)
        if row.idempotency_key:
            self.keys[row.idempotency_key] = self.keys.get(row.idempotency_key, Tally()).plus(row)

    def write(self) -> None:
        rows = [(*row[:5], json.dumps(row.headers), *row[6:]) for row in self._unwritten]
        with self._database:
            self._database.executemany("INSERT INTO arrival VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._unwritten = []

    def answered(self, seq: int, at_ms: int) -> None:
        """The answer to this arrival has left, late."""
        with self._database:
            self._database.execute("UPDATE arrival SET answered_ms = ? WHERE seq = ?", (at_ms, seq))

    def rows(self, which: str, *values: Any) -> list[Row]:
        """The arrivals that an SQL condition is true of, with what stands after it."""
        self.write()
        found = self._database.execute(f"SELECT * FROM arrival WHERE {which}", values).fetchall()  # noqa: S608
        return [Row._make([*r[:5], json.loads(r[5]), r[6], *map(bool, r[7:9]), *r[9:]]) for r in found]

    def clear(self) -> None:
        """The next arrival is number 1 again."""
        self._unwritten.clear()
        with self._database:
            self._database.execute("DELETE FROM arrival")
        self.total, self.keys = Tally(), {}

    def close(self) -> None:
        self._database.close()

    def _tallied(self) -> tuple[Tally, dict[str, Tally]]:
        sums = (
            "count(*), ifnull(sum(stored), 0), ifnull(sum(repeat), 0), min(seq), min(iif(stored, seq, NULL)) "
            "FROM arrival"
        )
        [total] = self._database.execute(f"SELECT {sums}")
        keyed = self._database.execute(f"SELECT idempotency_key, {sums} WHERE idempotency_key IS NOT NULL GROUP BY 1")
        return Tally(*total), {key: Tally(*tally) for key, *tally in keyed}
