"""The connection to the database: transactions, ids, and the news that something was written.

SQLite: writers take turns (`turn`) before BEGIN IMMEDIATE. WAL, synchronous=FULL: a commit is on the disk.
Postgres: plain transactions, READ COMMITTED; a commit that wrote something due says so with NOTIFY.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bridge.errors import StoreError
from bridge.store import bulk
from bridge.store.address import read_url
from bridge.store.advice import MOVED, advice_for, full
from bridge.store.copier import Copier
from bridge.store.disk import free_bytes
from bridge.store.engines import PAGE_BYTES, ROW_WAIT_S, log_bytes, postgres_engine, sqlite_engine
from bridge.store.opened import Opened
from bridge.store.turn import Turn

SHORT_LOGS = 2  # what a disk that is nearly full has no room for, in logs of SQLite's
COPIED_AT = 0.75  # of SQLite's log, where a thread copies it: the rest is for what comes meanwhile
RESERVED_LOGS = 1  # what is left to workers and retention
CHANNEL = "bridge_due"

TRIES = 3  # of a transaction, where somebody else is in its way
READ_ONLY = "25006"  # Postgres: as a connection stays whose server has long become one that takes writes
BLOCKED = "55P03"  # Postgres: what another transaction holds did not come free in time
ASK_AGAIN = ("40P01", "40001")  # Postgres: deadlock, serialization failure; the other one got through

T = TypeVar("T")


class Clash(StoreError):
    """Somebody else wrote the same thing at the same time; asked again, the answer will be another."""


def insist(action: Callable[[], T]) -> T:
    """What the action gives; asked again, a few times, where it raises Clash. It must be a whole transaction."""
    for _ in range(TRIES - 1):
        try:
            return action()
        except Clash:
            continue
    return action()


class Unavailable(StoreError):
    """The database cannot be reached, is locked or is full: nothing that is sent to it now will be kept."""


class Lost(Unavailable):
    """The connection was of no use any more: its server was restarted, cut it, or has become one that takes no writes.
    Another one may be. What was being committed may have been, or not.
    """


class Blocked(Unavailable):
    """Another transaction holds a row, or a table, that this one needs. What needs nothing of it is kept even so."""


class Database:
    """One process's way to the database. Thread-safe. `row_wait_s`: how long it waits on Postgres for what another
    transaction holds, before it raises Blocked.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 4, row_wait_s: float = ROW_WAIT_S) -> None:
        self.url = read_url(url) if isinstance(url, str) else url
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.path = (self.url.database or "") if self.is_sqlite else ""  # SQLite's file
        if self.is_sqlite:
            self._writer = sqlite_engine(self.url, begin="BEGIN IMMEDIATE", pool_size=1)
            self._reader = sqlite_engine(self.url, begin="BEGIN", pool_size=pool_size)
            self._turns = Turn(f"{self.url.database}.lock")
            self._opened = Opened(self._writer, self.path)
        else:
            self._writer = self._reader = postgres_engine(self.url, pool_size=pool_size, row_wait_s=row_wait_s)
        self._driver: Any = self._writer.dialect.loaded_dbapi

    @property
    def name(self) -> str:
        """The database as an operator may see it: without the password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def is_short_of_room(self) -> bool:
        """Whether the disk of SQLite's file is nearly full; of a server that cannot be told."""
        return self._has_room_for_less_than(SHORT_LOGS)

    @contextmanager
    def write(
        self, *, unhurried: bool = False, sparing: bool = False, row_wait_s: float | None = None
    ) -> Iterator[Connection]:
        """A durable transaction: committed at the end of the block, rolled back if it raises. `unhurried`: a migration,
        which takes as long as it takes. `sparing`: it leaves the last room on the disk to others, and raises
        Unavailable where there is no more: what comes in must not keep what is on its way from being settled, nor
        what is old from being let go. `row_wait_s`: for this transaction, on Postgres.
        """
        if sparing and self._has_room_for_less_than(RESERVED_LOGS):
            message = f"the last room on the disk is not for what comes in ({self.name})"
            raise Unavailable(message, advice=full(self.path))
        with self._turn():
            with self._named_errors(), self._writer.begin() as connection, self._dead_ones_go(connection):
                if unhurried and not self.is_sqlite:
                    connection.execute(_NO_TIME_LIMITS)
                if row_wait_s is not None and not self.is_sqlite:
                    bulk.rows(connection, _ROW_WAIT, f"{round(row_wait_s * 1000)}ms")
                yield connection
            if self.is_sqlite and not self._opened.are_in_place():
                raise Unavailable(f"its files were deleted, moved or replaced while open ({self.name})", advice=MOVED)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view that takes no lock."""
        with self._named_errors(), self._reader.connect() as connection, self._dead_ones_go(connection):
            yield connection
            connection.connection.commit()  # not rolled back: psycopg would forget which statements are prepared

    @contextmanager
    def copying(self, *, ended: Callable[[str], None]) -> Iterator[None]:
        """For as long as this lasts, a thread copies SQLite's log into its file: no commit of this process has to.
        `ended` is told why, where the thread cannot go on: commits do it again.
        """
        if not self.path:
            yield
            return
        pages = int(COPIED_AT * self._log_bytes) // PAGE_BYTES
        with closing(Copier(self.path, pages=pages, turn=self._turn, ended=ended)):
            yield

    def next_ids(self, connection: Connection, table: str, count: int) -> list[int]:
        """`count` new ids for `events` or `deliveries`, ascending, given out inside this transaction."""
        if self.is_sqlite:
            last = bulk.one(connection, f"SELECT coalesce(max(id), 0) FROM {table}")  # noqa: S608
            return list(range(last + 1, last + 1 + count))
        query = f"SELECT nextval('{table}_id_seq') FROM generate_series(1, ?)"  # noqa: S608
        return sorted(id_ for (id_,) in bulk.rows(connection, query, count))

    def tell_due(self, connection: Connection) -> None:
        """Wakes the workers when this transaction commits (SQLite's workers look at its data version)."""
        if not self.is_sqlite:
            bulk.rows(connection, _NOTIFY)

    def raw(self) -> Any:
        """A driver connection of its own, for whoever waits for news; the caller closes it."""
        return self._reader.raw_connection()

    def make_file(self) -> None:
        """Makes SQLite's file where there is none, for nobody else's eyes: it holds names and addresses."""
        if not self.path or os.path.exists(self.path):
            return
        try:
            Path(self.path).touch(mode=0o600)
        except OSError as error:
            message = f"cannot make {self.path}: {error.strerror}"
            raise StoreError(message, advice=advice_for(error, self.url)) from error

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()
        if self.is_sqlite:
            self._turns.close()

    def _has_room_for_less_than(self, logs: int) -> bool:
        free = free_bytes(self.path) if self.path else None
        return free is not None and free < logs * self._log_bytes

    @cached_property
    def _log_bytes(self) -> int:
        """What SQLite's log may take: as when its connections were opened."""
        return log_bytes(self.path)

    @contextmanager
    def _dead_ones_go(self, connection: Connection) -> Iterator[None]:
        """A dead connection must leave the pool: the driver's errors come from bulk, past SQLAlchemy."""
        try:
            yield
        except (DBAPIError, self._driver.Error) as error:
            cause: Any = _cause(error)
            if not connection.invalidated and self._is_dead(cause, connection):
                connection.invalidate(cause)
                raise self._named(cause, Lost) from error
            raise

    def _is_dead(self, cause: Any, connection: Connection) -> bool:
        if getattr(cause, "sqlstate", None) == READ_ONLY:
            return True
        return self._writer.dialect.is_disconnect(cause, connection.connection, None)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """The driver's and SQLAlchemy's errors as this project's."""
        try:
            yield
        except (SQLAlchemyError, self._driver.Error) as error:
            raise self._named(_cause(error), self._class_of(error)) from error

    def _named(self, cause: BaseException, kind: type[StoreError]) -> StoreError:
        advice = advice_for(cause, self.url) if self.is_sqlite or issubclass(kind, Unavailable) else ""
        return kind(f"{_first_line(cause)} ({self.name})", advice=advice)

    def _class_of(self, error: Exception) -> type[StoreError]:
        """What is to be done about it: ask again, come back later, or look at the data."""
        driver, cause = self._driver, _cause(error)
        state = getattr(cause, "sqlstate", None)
        if isinstance(cause, driver.IntegrityError) or state in ASK_AGAIN:
            return Clash
        if state == BLOCKED:
            return Blocked
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return Lost
        if isinstance(cause, driver.OperationalError | driver.InternalError | PoolTimeout):
            return Unavailable
        return StoreError

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """This process's, and among processes this writer's, turn to write (SQLite only)."""
        if not self.is_sqlite:
            yield
            return
        try:
            self._turns.take()
        except OSError as error:
            message = f"cannot write to {self.name}: {error.strerror or error}"
            raise Unavailable(message, advice=advice_for(error, self.url)) from error
        try:
            yield
        finally:
            self._turns.give_back()


_NOTIFY = f"SELECT pg_notify('{CHANNEL}', '')"
_NO_TIME_LIMITS = text("SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true)")

_ROW_WAIT = "SELECT set_config('lock_timeout', ?, true)"


def _cause(error: Exception) -> BaseException:
    """The driver's own error."""
    return error.orig if isinstance(error, DBAPIError) and error.orig else error


def _first_line(cause: BaseException) -> str:
    """The driver's words without the statement and its parameters, which are personal data."""
    return f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else 'no reason given'}"
