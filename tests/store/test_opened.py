"""SQLite's files that are deleted, moved or replaced while they are open: no commit is called durable any more."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store import schema
from bridge.store.database import Database, Unavailable
from bridge.store.proof import prove


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"{tmp_path}/bridge.db")) as found:
        schema.migrate(found)
        prove(found, now_ms=1)
        yield found


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    shutil.copy(file, f"{file}.new")
    Path(f"{file}.new").replace(file)


@pytest.mark.parametrize("happens", [deleted, replaced])
@pytest.mark.parametrize("name", ["bridge.db", "bridge.db-wal"])
def test_a_commit_into_a_file_that_is_gone_is_none(
    database: Database, tmp_path: Path, name: str, happens: Callable[[Path], None]
) -> None:
    happens(tmp_path / name)

    for now_ms in (2, 3):  # the second: it does not get used to it
        with pytest.raises(Unavailable, match="deleted, moved or replaced") as raised:
            prove(database, now_ms=now_ms)
    assert "start the bridge again" in raised.value.advice


def test_files_that_are_moved_back_are_taken_again(database: Database, tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    files = list(tmp_path.glob("bridge.db*"))
    for file in files:
        file.rename(tmp_path / "aside" / file.name)
    with pytest.raises(Unavailable):
        prove(database, now_ms=2)

    for file in files:
        (tmp_path / "aside" / file.name).rename(file)

    prove(database, now_ms=3)


def test_who_starts_after_a_backup_was_put_there_works_on_that(database: Database, tmp_path: Path) -> None:
    replaced(tmp_path / "bridge.db")

    with closing(Database(f"{tmp_path}/bridge.db")) as later:
        prove(later, now_ms=4)
        prove(later, now_ms=5)
