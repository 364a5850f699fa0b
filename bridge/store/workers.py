"""Workers: the living worker processes, by their beats. A beat is a number that rises; only its owner raises it."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from bridge.store import bulk
from bridge.store.tables import workers


@dataclass(frozen=True, slots=True)
class Worker:
    id: int
    host: str
    lock: str
    pid: int
    beat: int
    beat_at: int  # by its own clock, in ms


def register(connection: Connection, *, host: str, lock: str, pid: int, now_ms: int) -> int:
    """A new worker's id."""
    row = {"host": host, "lock": lock, "pid": pid, "started_at": now_ms, "beat": 0, "beat_at": now_ms}
    return int(connection.execute(workers.insert().values(row).returning(workers.c.id)).scalar_one())


def forget(connection: Connection, *, host: str, lock: str) -> None:
    """Strikes off whoever is registered with this lock file: its owner registers anew, and may not know that it was."""
    connection.execute(delete(workers).where(workers.c.host == host, workers.c.lock == lock))


_BEAT = "UPDATE workers SET beat = beat + 1, beat_at = ? WHERE id = ?"


def beat(connection: Connection, worker: int, *, now_ms: int) -> bool:
    """Raises the worker's beat; False where it was taken for dead and its claims were given to others."""
    return bulk.execute(connection, _BEAT, now_ms, worker) == 1


def living(connection: Connection) -> list[Worker]:
    """Every registered worker, oldest first."""
    query = select(*workers.c["id", "host", "lock", "pid", "beat", "beat_at"]).order_by(workers.c.id)
    return [Worker(*row) for row in connection.execute(query)]


def remove(connection: Connection, worker: int, *, beat: int | None = None) -> bool:
    """Strikes a worker off; with `beat`, only if it has not beaten since."""
    condition = workers.c.id == worker
    if beat is not None:
        condition &= workers.c.beat == beat
    return connection.execute(delete(workers).where(condition)).rowcount == 1
