"""The connection to the database: no wait for another process or for a silent host is endless."""

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text

from bridge.model.rules import TargetRule
from bridge.store import bulk, schema, targets, turn
from bridge.store.database import Database, Unavailable
from bridge.store.tables import meta
from tests.postgres import address_of
from tests.store.rows import wait_for_blocked


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"{tmp_path}/bridge.db")
    schema.migrate(found)
    yield found
    found.close()


@pytest.fixture
def postgres(new_postgres: Callable[[], str]) -> Iterator[Database]:
    found = Database(new_postgres())
    schema.migrate(found)
    yield found
    found.close()


@contextmanager
def stopped_in_the_middle_of_a_write(database: Database) -> Iterator[None]:
    """Another process that has the turn and goes no further."""
    file = os.open(f"{database.url.database}.lock", os.O_RDWR)
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(file)


def write(database: Database) -> None:
    with database.write() as connection:
        connection.execute(meta.insert().values(name=os.urandom(8).hex(), value=b""))


def write_slowly(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 1"))
        connection.execute(text("SELECT pg_sleep(60)"))


def test_a_process_that_is_stopped_in_the_middle_of_a_write_blocks_nobody_for_ever(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "LOCK_WAIT_S", 0.05)
    with stopped_in_the_middle_of_a_write(sqlite):
        for _ in range(3):
            with pytest.raises(Unavailable, match="another process has been writing"):
                write(sqlite)
        threads = [thread for thread in threading.enumerate() if thread.name == "turn"]

    for thread in threads:
        thread.join(timeout=10)
    assert 1 == len(threads)
    with stopped_in_the_middle_of_a_write(sqlite):  # nothing was left locked
        pass
    monkeypatch.undo()
    write(sqlite)


def test_a_writer_that_waits_for_another_process_gets_its_turn_when_that_is_done(sqlite: Database) -> None:
    with ThreadPoolExecutor() as pool:
        with stopped_in_the_middle_of_a_write(sqlite):
            waiting = [pool.submit(write, sqlite) for _ in range(3)]
            assert not any(future.done() for future in waiting)

        assert [None] * 3 == [future.result(timeout=5) for future in waiting]


def test_processes_that_write_in_turns_lose_nothing(sqlite: Database) -> None:
    others = [Database(str(sqlite.url.database)) for _ in range(3)]  # as different to flock as processes are

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, others * 50))

    with sqlite.read() as connection:
        assert 150 == len(connection.execute(select(meta.c.name).where(meta.c.name != "salt")).all())
    for other in others:
        other.close()


def test_a_lock_file_that_cannot_be_opened_is_a_database_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "bridge.db.lock").mkdir()

    with closing(Database(f"{tmp_path}/bridge.db")) as database, pytest.raises(Unavailable, match="directory"):
        write(database)


def test_a_statement_that_takes_too_long_is_given_up(postgres: Database) -> None:
    with postgres.read() as connection:
        assert "30s" == connection.execute(text("SHOW statement_timeout")).scalar()

    with pytest.raises(Unavailable, match="statement timeout"):
        write_slowly(postgres)


def test_what_is_committed_is_on_the_disk_whatever_is_the_servers_custom(new_postgres: Callable[[], str]) -> None:
    url = new_postgres()
    for custom in ("off", "local"):
        database = Database(url)
        with database.write() as connection:
            assert "on" == connection.execute(text("SHOW synchronous_commit")).scalar_one()
            connection.execute(text(f'ALTER DATABASE "{database.url.database}" SET synchronous_commit = {custom}'))
        database.close()


def test_a_migration_takes_as_long_as_it_takes(postgres: Database) -> None:
    limits = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    with postgres.write(unhurried=True) as connection:
        assert ("0", "0") == tuple(connection.execute(limits).one())

    with postgres.write() as connection:
        assert ("30s", "10s") == tuple(connection.execute(limits).one())


def test_a_host_that_vanished_is_noticed_within_seconds(postgres: Database) -> None:
    with over_tcp(postgres) as url, closing(Database(url)) as database, database.read() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as its:
            is_on = its.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            times = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            found = [its.getsockopt(socket.IPPROTO_TCP, option) for option in times]

    assert (1, [5, 3, 3]) == (is_on, found)


@contextmanager
def over_tcp(database: Database) -> Iterator[str]:
    """The URL of a TCP port in front of a Postgres that listens on a Unix socket only."""
    folder = str(database.url.query["host"])
    path = next(f"{folder}/{name}" for name in os.listdir(folder) if name.startswith(".s.PGSQL") and "lock" not in name)
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with listening, listening.accept()[0] as near, socket.socket(socket.AF_UNIX) as far:
            far.connect(path)
            with ThreadPoolExecutor() as pool:
                list(pool.map(pump, (near, far), (far, near)))

    thread = threading.Thread(target=serve)
    thread.start()
    url = database.url.set(drivername="postgresql", host="127.0.0.1", port=listening.getsockname()[1], query={})
    yield url.render_as_string(hide_password=False)
    thread.join(timeout=10)


def test_what_is_prepared_stays_so_however_often_somebody_reads(postgres: Database) -> None:
    often = ["SELECT name FROM targets WHERE name = ?", "SELECT account FROM targets WHERE name = ?"]
    for _ in range(10):
        with postgres.write() as connection:
            bulk.rows(connection, often[0], "crm")
        with postgres.read() as connection:
            bulk.rows(connection, often[1], "crm")
        with postgres.read() as connection:
            connection.execute(select(meta.c.name))

    with postgres.read() as connection:
        prepared = {text for (text,) in bulk.rows(connection, "SELECT statement FROM pg_prepared_statements")}

    assert {statement.replace("?", "$1") for statement in often} <= prepared


def test_two_processes_may_make_the_targets_known_at_once(postgres: Database) -> None:
    rules = [TargetRule("crm", "http"), TargetRule("sheet", "http")]

    def register() -> None:
        with postgres.write() as connection:
            targets.register(connection, rules)

    with ThreadPoolExecutor() as pool:
        with postgres.write() as connection:
            targets.register(connection, rules)
            later = pool.submit(register)
            wait_for_blocked(postgres, 1)

        assert later.result(timeout=10) is None
    with postgres.read() as connection:
        assert 2 == len(connection.execute(select(targets.targets.c.name)).all())


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_connection_that_postgres_cut_is_named_once_and_not_used_again(
    postgres: Database, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """Also where the statement went to the driver past SQLAlchemy, whose pool else logs a trace of its own."""
    begin = getattr(postgres, way)
    with begin() as connection:
        bulk.rows(connection, "SELECT 1")
    with psycopg.connect(address_of(postgres, "postgres")) as boss:
        boss.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [postgres.url.database]
        )

    with pytest.raises(Unavailable, match="terminating connection"), begin() as connection:
        bulk.rows(connection, "SELECT 1")

    assert [] == [record.name for record in caplog.records if record.name.startswith("sqlalchemy")]
    with begin() as connection:
        assert [(1,)] == bulk.rows(connection, "SELECT 1")
