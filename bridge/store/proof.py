"""Proof: whether the database takes what is written to it now. Costs a transaction: not for everybody who asks."""

from sqlalchemy import text

from bridge.store.database import Database

_WRITE = text(
    "INSERT INTO meta (name, value) VALUES ('proof', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def prove(database: Database, *, now_ms: int, sparing: bool = False) -> None:
    """Returns when something was written durably; raises StoreError, which says why not. `sparing`: as what comes in is
    written, which leaves the last room on the disk to others.
    """
    with database.write(sparing=sparing) as connection:
        connection.execute(_WRITE, {"value": str(now_ms).encode()})  # another each time: SQLite skips what is the same
