"""Counters: running totals written in the same transaction as what they count, so that no page ever counts rows."""

from collections import Counter

from sqlalchemy import Connection, func, select

from bridge.store import bulk
from bridge.store.tables import counters

SHARDS = 16  # a process adds to its own, so that two of them do not wait for one row


class Tally:
    """What one transaction adds to the counters."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, label: str, count: int = 1) -> None:
        self._counts[name, label] += count

    def move(self, target: str, before: str, after: str, count: int = 1) -> None:
        """Deliveries that went from one state to another; an empty state is no state."""
        if before:
            self._counts["deliveries", f"{target}:{before}"] -= count
        if after:
            self._counts["deliveries", f"{target}:{after}"] += count

    def words(self, name: str) -> Counter[str]:
        """How many of each word under this name; a label is `source:word`."""
        found: Counter[str] = Counter()
        for (counted, label), count in self._counts.items():
            if counted == name and count:
                found[label.rpartition(":")[2]] += count
        return found

    def write(self, connection: Connection, *, shard: int) -> None:
        rows = [
            {"name": name, "label": label, "shard": shard % SHARDS, "value": count}
            for (name, label), count in sorted(self._counts.items())
            if count
        ]
        bulk.insert(connection, counters, rows, also=_ADD)


_ADD = "ON CONFLICT (name, label, shard) DO UPDATE SET value = counters.value + excluded.value"


def totals(connection: Connection, name: str) -> dict[str, int]:
    """Each label's total."""
    total = func.sum(counters.c.value)
    query = select(counters.c.label, total).where(counters.c.name == name).group_by(counters.c.label)
    return {label: int(value) for label, value in connection.execute(query)}
