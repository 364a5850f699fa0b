"""Engines: how connections to each kind of database are opened, and with which settings."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from bridge.store import bulk
from bridge.store.disk import total_bytes
from bridge.store.turn import LOCK_WAIT_S

STATEMENT_S = 30  # on Postgres; a statement that takes longer waits for something that will not come
ROW_WAIT_S = 10.0  # there, for what another transaction holds

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-16000",
    "temp_store=MEMORY",  # what a statement may have to take back; in a file, it took a tenth of the time
)
PAGE_BYTES = 4096  # SQLite's own choice
LOG_BYTES = 64 << 20  # of SQLite's log before its pages are copied into the file: many were written often by then
MOST_LOG_BYTES = 128 << 20  # what one long transaction made of it goes back to the disk beyond this
LEAST_BYTES = 256 << 10
DISK_SHARE = 16


def log_bytes(path: str, most: int = LOG_BYTES) -> int:
    """How much SQLite's log may take: at most a sixteenth of its disk. The log's room never comes back by itself, and
    to copy it into the file takes room: a small disk that a whole log had filled stayed full.
    """
    total = total_bytes(path)
    return most if total is None else min(most, max(LEAST_BYTES, total // DISK_SHARE))


def sqlite_engine(url: URL, *, begin: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LOCK_WAIT_S,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 1.5, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _: Any) -> None:
        path = url.database or ""
        pages = log_bytes(path) // PAGE_BYTES
        logs = (f"journal_size_limit={log_bytes(path, MOST_LOG_BYTES)}", f"wal_autocheckpoint={pages}")
        for pragma in (*_PRAGMAS, *logs):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        bulk.execute(connection, begin)

    return engine


def postgres_engine(url: URL, *, pool_size: int, row_wait_s: float) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=2,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 2,
            "application_name": "bridge",
            # A server's host that vanished says nothing: neither to what was sent (the first), nor while its answer is
            # waited for (the others: dead after 14 s and not, as by default, after two hours).
            "tcp_user_timeout": 10_000,
            "keepalives": 1,
            "keepalives_idle": 5,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            # Whatever is the server's custom: what was committed is on its disk.
            "options": "-c synchronous_commit=on -c enable_seqscan=off -c idle_in_transaction_session_timeout=60000"
            f" -c lock_timeout={round(row_wait_s * 1000)} -c statement_timeout={STATEMENT_S * 1000}",
        },
    )
