"""Copier: the log is copied into its file while commits go on; what keeps that from happening costs no commit."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.store import copier, schema
from bridge.store.copier import Copier
from bridge.store.database import Database, Unavailable
from bridge.store.tables import meta
from bridge.store.turn import Turn
from tests.processes import wait_until

PAGES = 100  # after which it copies
MUCH = 20 * PAGES  # pages to write
WRITE = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for _ in range(int(sys.argv[2])):
    connection.execute("INSERT INTO meta (name, value) VALUES (?, ?)", (os.urandom(16).hex(), b"v" * 3000))
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{tmp_path}/bridge.db"


@pytest.fixture
def database(path: str) -> Iterator[Database]:
    with closing(Database(path)) as found:
        schema.migrate(found)
        yield found


class Copying:
    """A copier of the database, and what it said."""

    def __init__(self, path: str) -> None:
        self.said: list[str] = []
        self._turns = Turn(f"{path}.lock")
        self.copier = Copier(path, pages=PAGES, turn=self._turn, ended=self.said.append)
        wait_until(lambda: self.copier._index >= 0 or bool(self.said))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._turns.take()
        try:
            yield
        finally:
            self._turns.give_back()


@pytest.fixture
def copying(database: Database, path: str) -> Iterator[Copying]:
    found = Copying(path)
    yield found
    found.copier.close()


def write(database: Database, rows: int) -> None:
    """Each row is a commit, which takes a page of its own and some more."""
    for _ in range(rows):
        with database.write() as connection:
            connection.execute(meta.insert().values(name=os.urandom(16).hex(), value=b"v" * 3000))


def log_pages(path: str) -> int:
    """Of SQLite's file for the log, which keeps its greatest size."""
    return Path(f"{path}-wal").stat().st_size // 4120


def test_the_log_stays_short_though_no_commit_copies_it(database: Database, copying: Copying, path: str) -> None:
    while log_pages(path) < PAGES:
        write(database, 1)

    for _ in range(MUCH // 50):
        write(database, 50)
        wait_until(lambda: copying.copier._left() < PAGES)  # however slow its disk is

    assert log_pages(path) < 10 * PAGES, "it began anew"
    assert [] == copying.said


def test_what_was_committed_is_in_the_file(database: Database, copying: Copying, path: str, tmp_path: Path) -> None:
    rows = 0
    while copying.copier._number(copier._PAGES_IN_LOG) < PAGES:
        write(database, 1)
        rows += 1
    wait_until(lambda: copying.copier._left() == 0)

    alone = tmp_path / "alone.db"
    alone.write_bytes(Path(path).read_bytes())  # without its log

    with closing(sqlite3.connect(alone)) as connection:
        assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
        assert rows == connection.execute("SELECT count(*) FROM meta WHERE length(name) = 32").fetchone()[0]


def test_what_other_processes_write_is_copied(database: Database, copying: Copying, path: str) -> None:
    subprocess.run([sys.executable, "-c", WRITE, path, str(PAGES)], check=True)
    assert copying.copier._number(copier._PAGES_IN_LOG) >= PAGES

    wait_until(lambda: copying.copier._left() == 0)


class Overtaken:
    """A connection that copies when another one has just copied all there was, and somebody writes."""

    def __init__(self, connection: sqlite3.Connection, database: Database) -> None:
        self._connection = connection
        self._database = database

    def execute(self, statement: str) -> sqlite3.Cursor:
        [(_, there, copied)] = self._connection.execute(statement).fetchall()
        assert there == copied > 0
        with self._database.write() as connection:
            connection.execute(meta.insert().values(name="after", value=b"v"))
        return self._connection.execute(statement)


def _copied(connection: Any, reader: sqlite3.Connection, copying: Copying) -> bool:
    return copier._copy_what_is_there(connection, reader, copying.copier._left)


def test_no_log_begins_anew_in_the_middle_of_copying(database: Database, copying: Copying, path: str) -> None:
    write(database, 10)
    before = copying.copier._number(copier._PAGES_IN_LOG)

    with closing(copier._connect(path)) as connection, closing(copier._connect(path)) as reader:
        assert not _copied(Overtaken(connection, database), reader, copying)

    assert copying.copier._number(copier._PAGES_IN_LOG) > before, "SQLite would count wrongly, and break the file"


def test_a_reader_keeps_the_log_from_beginning_anew_and_nobody_from_writing(
    database: Database, copying: Copying, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, waits, copy = [0], [0], copier._copy_what_is_there

    def counted(*given: Any) -> bool:
        looks[0] += 1
        return copy(*given)

    def wait(_: int) -> None:
        waits[0] += 1

    monkeypatch.setattr(copier, "PAUSE_S", 0.01)
    monkeypatch.setattr(copier, "_copy_what_is_there", counted)
    monkeypatch.setattr(copier, "_wait_for_disk", wait)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM meta").fetchall()
        write(database, PAGES)
        assert copying.copier._left() > 0
        assert log_pages(path) > PAGES
        wait_until(lambda: looks[0] > 5)
        assert waits[0] < 3, "the disk and the writers have peace"

    def caught_up() -> bool:
        write(database, 1)
        return copying.copier._number(copier._PAGES_IN_LOG) < PAGES

    wait_until(caught_up)
    assert [] == copying.said


def test_a_disk_that_does_not_take_it_ends_the_copying_and_no_commit(
    database: Database, copying: Copying, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(copier, "_wait_for_disk", broken)

    write(database, PAGES)
    wait_until(lambda: bool(copying.said))

    assert ["OSError: [Errno 5] Input/output error"] == copying.said
    write(database, 1)


class LosingDisk:
    """Forgets what it was given of the file since it was made, the first time that somebody waits for it."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR)  # never closed: it would cost this process its locks
        self._kept = os.pread(self._file, os.fstat(self._file).st_size, 0)

    def wait(self, _: int) -> None:
        size = os.fstat(self._file).st_size
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, self._kept, 0)
        os.ftruncate(self._file, size)
        raise OSError(5, "Input/output error")


def test_what_the_disk_lost_of_the_file_is_copied_again(
    database: Database, copying: Copying, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copier, "_wait_for_disk", LosingDisk(path).wait)
    monkeypatch.setattr(copier, "PAUSE_S", 0.05)
    take = copying._turns.take

    def take_later() -> None:
        monkeypatch.setattr(copying._turns, "take", take)
        raise Unavailable("somebody else has been writing for over 10 s")

    monkeypatch.setattr(copying._turns, "take", take_later)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        write(database, 10)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM meta").fetchall()  # SQLite copies as far as this, and asks no disk
        rows = 10
        while not copying.said:
            write(database, 1)
            rows += 1
    copying.copier.close()
    database.close()

    assert not Path(f"{path}-wal").exists(), "SQLite thinks that all is copied"
    with closing(sqlite3.connect(path)) as connection:
        assert "ok" == connection.execute("PRAGMA integrity_check").fetchone()[0]
        assert rows == connection.execute("SELECT count(*) FROM meta WHERE length(name) = 32").fetchone()[0]


def test_it_ends_whenever_it_is_told_to(database: Database, path: str) -> None:
    for _ in range(20):
        found = Copying(path)
        writing = threading.Thread(target=write, args=(database, 30))
        writing.start()
        found.copier.close()
        writing.join()


def test_a_database_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    found = Copying(f"{tmp_path}/no/bridge.db")

    assert ["OperationalError: unable to open database file"] == found.said
