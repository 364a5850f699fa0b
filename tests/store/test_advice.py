"""Advice: each kind of refusal is told with what to do about it, and only that."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bridge.errors import StoreError
from bridge.store import schema
from bridge.store.database import Database, Unavailable
from bridge.store.disk import free_bytes
from bridge.store.proof import prove
from bridge.store.tables import meta
from tests.store.disks import change, mounted

LOCKS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"{tmp_path}/bridge.db")) as found:
        schema.migrate(found)
        yield found


@contextmanager
def locked_by_another_process(database: Database) -> Iterator[int]:
    """A program that knows nothing of the bridge has a transaction open; gives its id."""
    command = [sys.executable, "-c", LOCKS, str(database.url.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        assert b"locked\n" == process.stdout.readline()
        yield process.pid
        process.stdin.close()


def advice_of(action: Callable[[], object], words: str) -> str:
    """What goes with the error whose message has these words."""
    with pytest.raises(StoreError, match=words) as raised:
        action()
    return raised.value.advice


def write_much(connection: Connection) -> None:
    connection.execute(meta.insert().values(name="much", value=os.urandom(100_000)))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell who holds a lock")
def test_who_keeps_a_database_locked_is_named(database: Database) -> None:
    with locked_by_another_process(database) as process:
        advice = advice_of(lambda: prove(database, now_ms=1), "database is locked")

        assert f"process {process} (" in advice
        assert f"keeps {database.url.database} locked: it must commit or end" in advice
        assert "folder" not in advice
    prove(database, now_ms=2)


def test_a_lock_whose_holder_is_not_told_is_explained(database: Database) -> None:
    """Here it is this very process, which is never told of itself."""
    with closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        advice = advice_of(lambda: prove(database, now_ms=1), "database is locked")

    assert "a sqlite3 shell with an open transaction" in advice
    assert "`lsof`" in advice


def test_who_only_reads_keeps_nobody_out_and_is_not_named(database: Database) -> None:
    reads = LOCKS.replace("BEGIN IMMEDIATE", "SELECT * FROM meta")
    command = [sys.executable, "-c", reads, str(database.url.database)]
    with (
        closing(sqlite3.connect(str(database.url.database), isolation_level=None)) as shell,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader,
    ):
        assert reader.stdout
        assert b"locked\n" == reader.stdout.readline()
        shell.execute("BEGIN IMMEDIATE")

        assert "process " not in advice_of(lambda: prove(database, now_ms=1), "database is locked")


def test_a_full_database_is_told_as_that(database: Database) -> None:
    with database.write() as connection:
        connection.connection.cursor().execute("PRAGMA max_page_count=1")  # as many as there are

    def write() -> None:
        with database.write() as connection:
            write_much(connection)

    advice = advice_of(write, "full")

    assert "make room" in advice
    assert "what was answered with success is kept" in advice


@pytest.mark.parametrize("first", [0, 4096], ids=["the head", "all but the head"])
def test_a_file_that_is_no_sound_database_is_left_as_it_is(tmp_path: Path, first: int) -> None:
    file = tmp_path / "bridge.db"
    with closing(Database(str(file))) as database:
        schema.migrate(database)
    whole = file.read_bytes()
    broken = whole[:first] + b"x" * (len(whole) - first)
    file.write_bytes(broken)

    with closing(Database(str(file))) as database:
        advice = advice_of(lambda: schema.migrate(database), "not a database|malformed")

    assert "nothing is written over it" in advice
    assert "put a backup there" in advice
    assert broken == file.read_bytes()


def test_a_disk_that_may_only_be_read_is_told_as_that(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", size_bytes=1 << 20) as disk, closing(Database(f"{disk}/bridge.db")) as database:
        change(disk, "ro")

        advice = advice_of(lambda: schema.migrate(database), "Read-only file system")

    assert f"the disk of {disk}/bridge.db is mounted for reading only: mount it for writing" == advice


def test_a_disk_without_room_for_a_connection_is_full_whatever_sqlite_calls_it(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", size_bytes=1 << 20) as disk:
        with closing(Database(f"{disk}/bridge.db")) as database:
            schema.migrate(database)
        with (disk / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, free_bytes(f"{disk}/ballast") or 0)

        with closing(Database(f"{disk}/bridge.db")) as database:
            advice = advice_of(lambda: schema.version(database), "disk I/O error|unable to open|full")

    assert "is full: make room" in advice


def test_a_folder_in_its_place_is_told_as_that(tmp_path: Path) -> None:
    with closing(Database(str(tmp_path))) as database:
        advice = advice_of(lambda: schema.version(database), "unable to open")

    assert f"{tmp_path} is a folder: DATABASE_URL must name a file" == advice


@pytest.mark.parametrize(
    ("statement", "words", "advised"),
    [
        ("SET TRANSACTION READ ONLY", "read-only", "as a standby does"),
        ("SET LOCAL statement_timeout = 1", "timeout", "pg_stat_activity"),
    ],
)
def test_what_a_server_says_is_told_as_that(
    new_postgres: Callable[[], str], statement: str, words: str, advised: str
) -> None:
    with closing(Database(new_postgres())) as database:
        schema.migrate(database)

        def write() -> None:
            with database.write() as connection:
                connection.execute(text(statement))
                write_much(connection)
                connection.execute(text("SELECT pg_sleep(60)"))

        with pytest.raises(Unavailable, match=words) as raised:
            write()

    assert advised in raised.value.advice
    assert "DATABASE_URL says where it is" not in raised.value.advice
