"""A committer whose database is in trouble, whole or in part: told in time, nothing half stored, and nobody pays for
the row that another's lead needs.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from bridge.engine.commits import store
from bridge.store import schema
from bridge.store.arrival import Arrival
from bridge.store.counters import SHARDS
from bridge.store.database import Database
from bridge.wiring.databases import COMMITTER
from tests.engine.desks import Desk, keys, stored
from tests.postgres import address_of, held
from tests.processes import wait_until


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    found = Desk(database)
    yield found
    found.close()


@pytest.fixture
def blocked_desk(new_postgres: Callable[[], str]) -> Iterator[Desk]:
    """On Postgres, as the process that stores has it."""
    database = Database(new_postgres(), pool_size=COMMITTER.connections, row_wait_s=COMMITTER.row_wait_s)
    schema.migrate(database)
    found = Desk(database)
    yield found
    found.close()
    database.close()


@contextmanager
def sqlite_locked(database: Database) -> Iterator[None]:
    other = sqlite3.connect(str(database.url.database), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def sqlite_full(database: Database) -> Iterator[None]:
    with database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        with database.write() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


@contextmanager
def altered(database: Database, way: str, back: str) -> Iterator[None]:
    """Postgres' database in another way for a while; whoever was connected before is cut."""
    name = database.url.database
    with psycopg.connect(address_of(database, "postgres"), autocommit=True) as boss:
        boss.execute(f"ALTER DATABASE {name} {way}")  # type: ignore[arg-type]
        boss.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            boss.execute(f"ALTER DATABASE {name} {back}")  # type: ignore[arg-type]


def postgres_away(database: Database) -> AbstractContextManager[None]:
    return altered(database, "ALLOW_CONNECTIONS false", "ALLOW_CONNECTIONS true")


def postgres_read_only(database: Database) -> AbstractContextManager[None]:
    """As one that was a standby: what was connected meanwhile takes no writes, also when the server does again."""
    setting = "default_transaction_read_only"
    return altered(database, f"SET {setting} = on", f"RESET {setting}")


@pytest.mark.parametrize("trouble", [postgres_away, postgres_read_only])
def test_the_first_lead_after_postgres_was_away_is_stored(
    new_postgres: Callable[[], str], trouble: Callable[[Database], AbstractContextManager[None]]
) -> None:
    database = Database(new_postgres())
    schema.migrate(database)
    desk = Desk(database)
    desk.committer.start()
    assert store(desk.committer, desk.arrival(1))

    with trouble(database):
        pass
    assert store(desk.committer, desk.arrival(2))  # its connection was cut, and it has not noticed
    with trouble(database):
        assert not store(desk.committer, desk.arrival(3))
    assert store(desk.committer, desk.arrival(4))

    desk.committer.stop()
    database.close()


def test_one_body_that_does_not_fit_makes_nobody_believe_that_nothing_can_be_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(f"{tmp_path}/bridge.db")
    schema.migrate(database)
    desk = Desk(database)
    desk.committer.start()
    big = [desk.arrival(n).candidates[0]._replace(raw=b"x" * 50_000) for n in range(100, 120)]

    with sqlite_full(database):
        assert not store(desk.committer, Arrival("smarterbot", big))
        desk.committer.stop()  # ends when it has looked around

    said = capsys.readouterr().err
    assert "cannot store " in said
    assert "cannot store anything" not in said
    assert desk.committer.can_store
    database.close()


Trouble = Callable[[Database], object]


@pytest.mark.parametrize("trouble", [sqlite_locked, sqlite_full, postgres_away])
def test_a_database_in_trouble_is_told_within_two_seconds_and_used_again_when_it_is_well(
    request: pytest.FixtureRequest, tmp_path: Path, trouble: Trouble
) -> None:
    postgres = trouble is postgres_away
    database = Database(request.getfixturevalue("new_postgres")() if postgres else f"{tmp_path}/bridge.db")
    schema.migrate(database)
    desk = Desk(database)
    desk.committer.start()
    assert store(desk.committer, desk.arrival(1))
    # Enough to need new pages where the disk is full.
    big = [desk.arrival(n).candidates[0]._replace(raw=b"x" * 50_000) for n in range(100, 120)]

    with trouble(database):  # type: ignore[attr-defined]
        started = time.monotonic()
        answer = store(desk.committer, Arrival("smarterbot", big))
        took_s = time.monotonic() - started

    assert not answer
    assert took_s < 2.5
    assert store(desk.committer, desk.arrival(2))
    assert 2 == len(stored(database))
    assert {desk.arrival(n).candidates[0].key for n in (1, 2)} == keys(database)
    desk.committer.stop()
    database.close()


@pytest.mark.parametrize("table", ["events", "deliveries", "aliases"])
def test_where_one_table_takes_no_event_nothing_can_be_stored_until_it_does(
    database: Database, desk: Desk, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    desk.committer.start()
    rename(database, table, "elsewhere")
    try:
        assert not store(desk.committer, desk.arrival(1))
        wait_until(lambda: not desk.committer.can_store)
    finally:
        rename(database, "elsewhere", table)
    wait_until(lambda: desk.committer.can_store)  # nobody sends anything meanwhile

    assert store(desk.committer, desk.arrival(2))
    assert 1 == len(stored(database)), "nothing is left of what was only tried"
    said = capsys.readouterr().err
    assert 1 == said.count("cannot store anything")
    assert 1 == said.count("stores again")


def rename(database: Database, table: str, name: str) -> None:
    with database.write() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


def test_persons_rows_that_are_held_cost_nobody_else_an_answer(blocked_desk: Desk) -> None:
    desk = blocked_desk
    for number in range(5):
        desk.store_now(desk.arrival(number))
    news = [desk.revision(number // 2) if number % 2 else desk.arrival(10 + number) for number in range(10)]

    with held(desk.database, "SELECT 1 FROM deliveries WHERE state = 'queued' FOR UPDATE"):
        started = time.monotonic()
        answers = desk.store_all(news)
        took_s = time.monotonic() - started

    assert [number % 2 == 0 for number in range(10)] == answers
    assert took_s < 2
    wait_until(lambda: desk.committer.can_store)
    assert store(desk.committer, news[3])
    assert 11 == len(stored(desk.database))


def test_a_table_that_is_held_is_told_in_time_and_keeps_nothing_of_what_came(
    blocked_desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = blocked_desk
    with held(desk.database, "LOCK TABLE deliveries IN EXCLUSIVE MODE"):
        started = time.monotonic()
        answers = desk.store_all([desk.arrival(number) for number in range(20)])
        took_s = time.monotonic() - started
        wait_until(lambda: not desk.committer.can_store)

    assert [False] * 20 == answers
    assert took_s < 2.5
    wait_until(lambda: desk.committer.can_store)  # nobody sends anything meanwhile
    assert not stored(desk.database)
    said = capsys.readouterr().err
    assert 1 == said.count("cannot store anything")
    assert "pg_stat_activity shows" in said


def test_a_counter_that_another_process_holds_costs_nobody_an_answer(blocked_desk: Desk) -> None:
    """A process may have the same shard as this one, and stop before its commit."""
    desk = blocked_desk
    desk.store_now(desk.arrival(1))

    with held(desk.database, f"SELECT 1 FROM counters WHERE shard = {Desk.SHARD % SHARDS} FOR UPDATE"):
        answers = desk.store_all([desk.arrival(10 + number) for number in range(5)])

    assert [True] * 5 == answers
