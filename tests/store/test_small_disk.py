"""A small disk: SQLite's log takes a small part of it, and what filled it goes on where there is a little more room."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store import bulk, schema
from bridge.store.database import Database, Unavailable
from bridge.store.engines import LOG_BYTES, MOST_LOG_BYTES, log_bytes
from bridge.store.proof import prove
from bridge.store.tables import meta
from tests.store.disks import change, mounted

DISK_BYTES = 20 << 20
LOG_SETTINGS = ("PRAGMA wal_autocheckpoint", "PRAGMA journal_size_limit")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", size_bytes=DISK_BYTES) as found:
        yield found


def fill(database: Database, *, value: bytes) -> None:
    """Writes rows under names in no order, as those of events are, until there is no room."""
    with pytest.raises(Unavailable, match="full"):
        write_again_and_again(database, value)


def write_again_and_again(database: Database, value: bytes) -> None:
    while True:
        with database.write() as connection:
            connection.execute(meta.insert(), [{"name": os.urandom(16).hex(), "value": value} for _ in range(8)])


def size(file: Path) -> int:
    return file.stat().st_size


def test_a_full_small_disk_is_full_of_data_and_not_of_log(disk: Path) -> None:
    with closing(Database(f"{disk}/bridge.db")) as database:
        schema.migrate(database)
        assert not database.is_short_of_room, "there is room for many logs"

        fill(database, value=b"v" * 3000)

        assert size(disk / "bridge.db") > 0.85 * DISK_BYTES
        assert size(disk / "bridge.db-wal") < 1.2 * DISK_BYTES / 16
        assert database.is_short_of_room


def test_a_disk_that_an_older_version_filled_with_log_gets_its_room_back_once_there_is_a_little_more(
    disk: Path,
) -> None:
    with closing(Database(f"{disk}/bridge.db")) as database:
        schema.migrate(database)
        with database.write() as connection:
            connection.connection.cursor().execute("PRAGMA wal_autocheckpoint=4000")
        fill(database, value=b"v" * 300)
    assert size(disk / "bridge.db-wal") > 0.7 * DISK_BYTES

    with closing(Database(f"{disk}/bridge.db")) as database:
        fill(database, value=b"v" * 300)
        change(disk, f"size={DISK_BYTES + (2 << 20)}")
        for now_ms in range(2):  # the first copies the log into the file, the second begins it anew
            prove(database, now_ms=now_ms)

        assert size(disk / "bridge.db-wal") < 1.2 * DISK_BYTES / 16


def test_a_usual_disk_has_the_whole_log(tmp_path: Path) -> None:
    with closing(Database(f"{tmp_path}/bridge.db")) as database, database.read() as connection:
        assert (LOG_BYTES // 4096, MOST_LOG_BYTES) == tuple(bulk.one(connection, setting) for setting in LOG_SETTINGS)


def test_what_cannot_be_told_is_no_small_disk(tmp_path: Path) -> None:
    assert LOG_BYTES == log_bytes(f"{tmp_path}/none/bridge.db")
