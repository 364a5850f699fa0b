"""News: tells the dispatcher that somebody wrote something that may be due. Only a hint: the dispatcher also looks by
itself once a second, so that a hint that is lost costs a second and nothing else.
"""

import select
import threading
from collections.abc import Callable

from bridge.errors import StoreError
from bridge.log import logger
from bridge.store.database import CHANNEL, Database

LOOK_S = (0.002, 0.01, 0.05)  # between looks at SQLite's data version: when busy, after a minute, after ten
MINUTE, TEN_MINUTES = 30_000, 84_000  # looks without news
PATIENCE_S = 1.0
SAID_EVERY = 600  # failures

log = logger("worker")


class News:
    """Calls `tell` soon after another connection committed; `due`: it said that something is. Owns one thread."""

    def __init__(self, database: Database, tell: Callable[..., None]) -> None:
        self._database = database
        self._tell = tell
        self._failures = 0  # in a row
        self._stop = threading.Event()
        watch = self._watch_sqlite if database.is_sqlite else self._listen_postgres
        self._thread = threading.Thread(target=self._run, args=(watch,), name="news", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self, watch: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                watch()
            except Exception as error:  # noqa: BLE001  a hint is never worth a crash: look again, the poll goes on
                self._failures += 1
                if self._failures % SAID_EVERY == 1:
                    log.warning("no news from the database", reason=type(error).__name__)
                self._stop.wait(PATIENCE_S)

    def _watch_sqlite(self) -> None:
        """Reads PRAGMA data_version (3 µs), which changes when another connection has committed."""
        raw = self._database.raw()
        try:
            look = raw.driver_connection.cursor()
            seen, quiet = None, 0
            while not self._stop.wait(LOOK_S[0 if quiet < MINUTE else 1 if quiet < TEN_MINUTES else 2]):
                version = look.execute("PRAGMA data_version").fetchone()
                quiet += 1
                if version != seen:
                    seen, quiet, self._failures = version, 0, 0
                    self._tell(due=False)
        finally:
            raw.close()

    def _listen_postgres(self) -> None:
        raw = self._database.raw()
        connection = raw.driver_connection
        raw.detach()
        if connection is None:
            raise StoreError("no connection")
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            waiting = select.poll()  # select.select knows no number above 1,023
            waiting.register(connection.fileno(), select.POLLIN)
            self._failures = 0
            self._tell(due=False)  # what was written while nobody listened
            while not self._stop.is_set():
                if waiting.poll(PATIENCE_S * 1000) and list(connection.notifies(timeout=0)):
                    self._tell(due=True)
        finally:
            connection.close()
