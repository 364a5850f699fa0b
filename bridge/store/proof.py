"""Proof: whether the database takes what is written to it now. Costs a transaction: not for everybody who asks."""

from sqlalchemy import text

from bridge.store.database import Database
from bridge.store.intake import Intake

_WRITE = text(
    "INSERT INTO meta (name, value) VALUES ('proof', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def prove(database: Database, *, now_ms: int, sparing: bool = False, intake: Intake | None = None) -> None:
    """Returns when something was written durably; raises StoreError, which says why not. `sparing`: as what comes in is
    written, which leaves the last room on the disk to others. `intake`: an event of nobody's goes where every event
    does, and is taken back: one table or index may be broken, and all else sound.
    """
    with database.write(sparing=sparing) as connection:
        if intake:
            back = connection.begin_nested()  # an error takes everything back: SQLite may have forgotten this by then
            intake.rehearse(connection, now_ms=now_ms)
            back.rollback()
        connection.execute(_WRITE, {"value": str(now_ms).encode()})  # another each time: SQLite skips what is the same
