"""The calls of a CRM's API as its sandbox saw them: one row each, and what each counts against the quota.

Not for use by several threads at once.
"""

import json
import sqlite3
from typing import NamedTuple


class Call(NamedTuple):
    """One call. `done`: it was carried out, whatever was answered; `answered_ms`: when a whole answer left."""

    seq: int
    at_ms: int
    method: str
    path: str  # with the query
    headers: dict[str, str]  # by name in lower case
    body: str
    kind: str  # in the words of the API: login, query, create, …
    cost: int  # how many calls it counts as
    done: bool
    status: int | None  # of the answer, whole or not; None where there is none
    answered_ms: int | None


class Calls:
    """With a file behind the database, no call that was written is lost if the process is killed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        columns = ", ".join(Call._fields[1:])
        database.execute(f"CREATE TABLE IF NOT EXISTS call (seq INTEGER PRIMARY KEY, {columns})")
        [sums] = database.execute("SELECT count(*), ifnull(sum(cost), 0) FROM call")
        self.count, self.cost = int(sums[0]), int(sums[1])
        self._unwritten: list[Call] = []

    def note(self, call: Call) -> None:
        """One more call; lasting with the next `write`."""
        self._unwritten.append(call)
        self.count += 1
        self.cost += call.cost

    def write(self) -> None:
        """Hands what was noted to the database, whose transaction the caller ends."""
        rows = [(*call[:4], json.dumps(call.headers), *call[5:]) for call in self._unwritten]
        self._database.executemany("INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._unwritten = []

    def answered(self, seq: int, at_ms: int) -> None:
        """The answer to this call has left, late."""
        self._database.execute("UPDATE call SET answered_ms = ? WHERE seq = ?", (at_ms, seq))

    def rows(self, *, after: int = 0) -> list[Call]:
        """The calls after this sequence number, in their order."""
        self.write()
        found = self._database.execute("SELECT * FROM call WHERE seq > ? ORDER BY seq", (after,)).fetchall()
        return [Call._make([*row[:4], json.loads(row[4]), *row[5:8], bool(row[8]), *row[9:]]) for row in found]

    def clear(self) -> None:
        """The next call is number 1 again."""
        self._unwritten.clear()
        self._database.execute("DELETE FROM call")
        self.count = self.cost = 0
