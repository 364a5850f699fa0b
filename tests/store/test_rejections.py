"""The ring of rejections: the last ones, whoever writes them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import text

from bridge.store import rejections
from bridge.store.database import Database
from bridge.store.look import list_rejections
from tests.processes import wait_until

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


def add(database: Database, *reasons: str) -> None:
    with database.write() as connection:
        rejections.add(connection, rows(*reasons))


def rows(*reasons: str) -> list[dict[str, object]]:
    return [{"at": 1, "source": "chat", "reason": reason, "address": "", "size_bytes": 7} for reason in reasons]


def listed(database: Database) -> list[str]:
    with database.read() as connection:
        return [row["reason"] for row in list_rejections(connection, limit=2 * rejections.RING)]


def test_the_last_ones_stay_and_there_are_never_more_than_the_ring_has_places(database: Database) -> None:
    for first in range(0, rejections.RING + 50, 50):
        add(database, *(str(number) for number in range(first, first + 50)))

    assert [str(number) for number in range(rejections.RING + 49, 49, -1)] == listed(database)


def test_the_rows_of_a_version_that_did_not_count_them_stay(database: Database) -> None:
    add(database, "first", "second")
    with database.write() as connection:
        connection.execute(text("DELETE FROM counters"))

    add(database, "third")

    assert ["third", "second", "first"] == listed(database)


@pytest.mark.parametrize("before", [[], ["old"]], ids=["the counter is new", "the counter is there"])
def test_of_two_processes_that_write_at_once_neither_overwrites_what_the_other_wrote(
    shared_database: Database, before: list[str]
) -> None:
    add(shared_database, *before)
    with closing(Database(shared_database.url)) as other, ThreadPoolExecutor(1) as pool:
        with shared_database.write() as connection:
            rejections.add(connection, rows("one's"))
            added = pool.submit(add, other, "the other's")
            wait_until(lambda: added.done() or _waits(shared_database))
        added.result()

    assert ["the other's", "one's", *before] == listed(shared_database)


def _waits(database: Database) -> bool:
    with database.read() as connection:
        return bool(connection.execute(WAITING).scalar_one())
