"""Group commit: nothing is answered before it is durable, and nobody pays for a neighbour or for the database."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from bridge.core.normalise import normalise
from bridge.engine.clock import Clock
from bridge.engine.commits import LARGE, PATIENCE_S, store
from bridge.engine.committer import Committer
from bridge.model.rules import SourceRule, TargetRule
from bridge.store import schema
from bridge.store.arrival import Arrival, prepare
from bridge.store.codec import Codec
from bridge.store.database import Database
from bridge.store.intake import Intake
from bridge.store.tables import deliveries, events
from tests.processes import wait_until

CLOCK = Clock(now_ms=lambda: time.time_ns() // 1_000_000, boot_s=time.monotonic, jitter=lambda: 0.5)
SOURCE = SourceRule("smarterbot")


class Desk:
    """A committer on a database, and arrivals for it."""

    def __init__(self, database: Database) -> None:
        self.salt = schema.salt(database)
        intake = Intake(database, targets=[TargetRule("crm", "http")], salt=self.salt, codec=Codec())
        self.committer = Committer(database, intake, clock=CLOCK, shard=1)

    def large(self) -> Arrival:
        """A body that is written in three parts."""
        return Arrival("smarterbot", [self.arrival(number).candidates[0] for number in range(1000, 1000 + LARGE + 1)])

    def arrival(self, number: int) -> Arrival:
        body = b'{"Type":"Lead","SessionID":%d,"Email":"a%d@example.com","CreateTime":"2023-11-23T18:36:21Z"}'
        reading = normalise(body % (number, number), source=SOURCE)
        return prepare(reading, source=SOURCE, signed_at=1, received_at=1, salt=self.salt, codec=Codec())

    def store_all(self, arrivals: list[Arrival]) -> list[bool]:
        """Hands all in before the committer starts, so that they make one group; gives each one's answer."""
        answers: dict[int, bool] = {}

        def store_one(number: int) -> None:
            answers[number] = store(self.committer, arrivals[number])

        threads = [threading.Thread(target=store_one, args=(number,)) for number in range(len(arrivals))]
        for thread in threads:
            thread.start()
        self.committer.start()
        for thread in threads:
            thread.join()
        return [answers[number] for number in range(len(arrivals))]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    found = Desk(database)
    yield found
    if found.committer._thread.is_alive():
        found.committer.stop()


def stored(database: Database) -> set[int]:
    with database.read() as connection:
        return set(connection.execute(select(events.c.id)).scalars())


def keys(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(events.c.key)).scalars())


def test_a_group_is_stored_whole_and_every_event_has_its_delivery(desk: Desk, database: Database) -> None:
    assert [True] * 50 == desk.store_all([desk.arrival(number) for number in range(50)])

    assert 50 == len(stored(database))
    with database.read() as connection:
        assert ["queued"] * 50 == list(connection.execute(select(deliveries.c.state)).scalars())


@pytest.mark.parametrize("poison", [object(), "a lone surrogate \ud800", 2**80])
def test_an_event_that_the_driver_refuses_costs_its_neighbours_nothing(
    desk: Desk, database: Database, poison: object
) -> None:
    arrivals = [desk.arrival(number) for number in range(9)]
    arrivals[4].candidates[0] = arrivals[4].candidates[0]._replace(raw=poison)  # type: ignore[arg-type]
    if isinstance(poison, int):
        arrivals[4] = desk.arrival(4)
        arrivals[4].candidates[0] = arrivals[4].candidates[0]._replace(signed_at=poison)

    answers = desk.store_all(arrivals)

    assert [number != 4 for number in range(9)] == answers
    assert 8 == len(stored(database))


def test_the_same_event_in_one_group_is_stored_once(desk: Desk, database: Database) -> None:
    assert [True] * 5 == desk.store_all([desk.arrival(7) for _ in range(5)])

    assert 1 == len(stored(database))


def test_leads_are_answered_before_a_large_body_that_came_first(desk: Desk, database: Database) -> None:
    answers: list[tuple[str, bool, int]] = []
    ended = threading.Event()

    def answer_large(stored_: bool) -> None:
        answers.append(("large", stored_, len(stored(database))))
        ended.set()

    def answer_lead(number: int) -> Callable[[bool], None]:
        def answer(stored_: bool) -> None:
            answers.append((f"lead {number}", stored_, 0))
            if number < 3:  # the next one comes when this one is answered, in the middle of the large body
                desk.committer.submit(desk.arrival(number + 1), answer_lead(number + 1))

        return answer

    desk.committer.submit(desk.large(), answer_large)
    desk.committer.submit(desk.arrival(1), answer_lead(1))
    desk.committer.start()
    assert ended.wait(60)

    assert [("lead 1", True, 0), ("lead 2", True, 0), ("lead 3", True, 0), ("large", True, LARGE + 1 + 3)] == answers


def test_a_large_body_of_which_a_part_cannot_be_stored_is_refused_and_its_neighbours_are_not(desk: Desk) -> None:
    poisoned = desk.large()
    poisoned.candidates[-1] = poisoned.candidates[-1]._replace(raw=object())  # type: ignore[arg-type]

    assert [True, False, True] == desk.store_all([desk.arrival(1), poisoned, desk.arrival(2)])
    assert store(desk.committer, desk.large())


def test_large_bodies_that_wait_neither_keep_leads_out_nor_make_them_wait_longer(desk: Desk) -> None:
    refused = False
    while not refused:  # the committer has not started: all of them wait
        refused = desk.committer.submit(desk.large(), lambda _: None) is None

    submission = desk.committer.submit(desk.arrival(1), lambda _: None)

    assert submission
    assert PATIENCE_S == submission.patience_s


def test_what_waits_is_stored_before_the_committer_stops(desk: Desk, database: Database) -> None:
    desk.committer.submit(desk.large(), lambda _: None)
    desk.committer.submit(desk.arrival(1), lambda _: None)
    desk.committer.start()

    desk.committer.stop()

    assert LARGE + 2 == len(stored(database))


def test_whoever_cannot_take_an_answer_costs_its_neighbours_nothing(desk: Desk) -> None:
    def gone(_: bool) -> None:
        raise RuntimeError("Event loop is closed")

    desk.committer.submit(desk.arrival(1), gone)

    assert [True] * 3 == desk.store_all([desk.arrival(number) for number in (2, 3, 4)])
    assert store(desk.committer, desk.arrival(5))


def test_a_committer_that_has_ended_refuses_at_once(desk: Desk) -> None:
    desk.committer.start()
    assert not desk.committer.has_ended

    desk.committer.stop()

    assert desk.committer.has_ended
    assert desk.committer.submit(desk.arrival(1), lambda _: None) is None


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
    address = database.url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as boss:
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
