"""Rejections: the last refused requests, in a bounded ring of rows that several processes write to."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

RING = 1000  # rows kept


def add(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Puts the rows where the oldest ones are."""
    if not rows:
        return
    last = connection.execute(_TAKE_NUMBERS, {"count": len(rows)}).scalar_one()
    numbered = enumerate(rows, last - len(rows) + 1)
    connection.execute(_PUT, [row | {"number": number, "slot": number % RING} for number, row in numbered])


# The counter's row stays locked until the transaction ends: no two get the same numbers. Its first value is what a
# version that had no such counter has numbered.
_TAKE_NUMBERS = text(
    "INSERT INTO counters (name, label, shard, value) "
    "SELECT 'rejections', 'last number', 0, coalesce(max(number), 0) + :count FROM rejections WHERE true "
    "ON CONFLICT (name, label, shard) DO UPDATE SET value = counters.value + :count RETURNING value"
)
_PUT = text(
    "INSERT INTO rejections (slot, number, at, source, reason, address, size_bytes) "
    "VALUES (:slot, :number, :at, :source, :reason, :address, :size_bytes) "
    "ON CONFLICT (slot) DO UPDATE SET number = excluded.number, at = excluded.at, source = excluded.source, "
    "reason = excluded.reason, address = excluded.address, size_bytes = excluded.size_bytes"
)
