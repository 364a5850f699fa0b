"""The committer in a process of its own: what it answers is durable, and its end is noticed by whoever waits."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from bridge.cli.committer import COMMAND
from bridge.engine import child, committer_apart
from bridge.engine.commits import LARGE, store
from bridge.engine.committer_apart import MOST_PINGS, CommitterApart
from bridge.errors import BridgeError
from bridge.store.database import Database
from tests.processes import Bridge, configuration, http_target, wait_until
from tests.store.rows import Store, lead


@pytest.fixture
def apart(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommitterApart]:
    found = _started(tmp_path, database, monkeypatch)
    with _on_a_loop(found):
        yield found
    found.stop()


def _started(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> CommitterApart:
    url = database.url.render_as_string(hide_password=False)
    bridge = Bridge(tmp_path, configuration({"crm": http_target("http://127.0.0.1:9/")}), database_url=url)
    for name in ("BRIDGE_CONFIG", "DATABASE_URL", "TEST_SIGNING_KEY"):
        monkeypatch.setenv(name, bridge.environment[name])
    found = CommitterApart(COMMAND)
    found.start()
    return found


@contextmanager
def _on_a_loop(apart: CommitterApart) -> Iterator[None]:
    """What the web process does, in a thread."""
    loop, until, runs = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def last() -> None:
        async with apart.on_loop():
            runs.set()
            await until.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(last(),))
    thread.start()
    runs.wait()
    yield
    loop.call_soon_threadsafe(until.set)
    thread.join()
    loop.close()


@pytest.fixture
def desk(database: Database) -> Store:
    return Store(database)


def test_what_is_answered_is_stored_with_its_deliveries(apart: CommitterApart, desk: Store) -> None:
    assert store(apart, desk.arrival(lead(1), lead(2), "no object"))
    assert store(apart, desk.arrival(lead(1)))

    assert (2, ["queued", "queued"]) == (len(desk.events()), desk.states())


def test_a_large_body_and_many_at_once_get_each_their_answer(apart: CommitterApart, desk: Store) -> None:
    answers: dict[int, bool] = {}
    arrivals = [desk.arrival(*[lead(n, email=f"{n}@x.io") for n in range(LARGE + 1)])]
    arrivals += [desk.arrival(lead(number)) for number in range(10_000, 10_100)]

    def take(number: int) -> None:
        apart.submit(arrivals[number], lambda stored: answers.__setitem__(number, stored))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(len(arrivals))]
    for thread in threads:
        thread.start()

    wait_until(lambda: len(answers) == len(arrivals))
    assert {True} == set(answers.values())
    assert LARGE + 101 == len(desk.events())


def test_when_it_is_killed_whoever_waits_is_told_and_nobody_else_is_taken(
    apart: CommitterApart, desk: Store, database: Database
) -> None:
    answers: list[bool] = []
    with database.write() as connection:  # so that nothing can be committed
        if not database.is_sqlite:
            connection.execute(text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        for number in range(5):
            apart.submit(desk.arrival(lead(number)), answers.append)
        os.kill(apart._process.pid, signal.SIGKILL)
        wait_until(lambda: 5 == len(answers))

    assert [False] * 5 == answers
    assert apart.has_ended
    assert apart.submit(desk.arrival(lead(9)), answers.append) is None


def test_one_that_is_stopped_is_given_up_and_whoever_waits_is_told(apart: CommitterApart, desk: Store) -> None:
    answers: list[bool] = []
    psutil.Process(apart._process.pid).suspend()
    apart.submit(desk.arrival(lead(1)), answers.append)

    wait_until(lambda: [False] == answers, timeout_s=3 * MOST_PINGS)
    assert apart.has_ended
    assert apart.submit(desk.arrival(lead(2)), answers.append) is None


def test_one_that_takes_nothing_for_less_time_than_pings_are_waited_for_is_kept(
    apart: CommitterApart, desk: Store
) -> None:
    answers: list[bool] = []
    process = psutil.Process(apart._process.pid)
    process.suspend()
    again = threading.Timer(1.5, process.resume)
    again.start()

    for number in range(20):  # more than its socket takes
        apart.submit(desk.arrival(lead(number, content="x" * 1_000_000)), answers.append)

    wait_until(lambda: 20 == len(answers))
    again.join()
    assert [True] * 20 == answers
    assert not apart.has_ended


def test_one_that_lives_answers_its_pings_while_the_database_does_not_answer(
    apart: CommitterApart, database: Database
) -> None:
    assert apart._loop
    with database.write():
        for asked in range(1, 3 * MOST_PINGS):
            apart._loop.call_soon_threadsafe(apart.ping)
            wait_until(lambda asked=asked: apart._told >= asked)  # type: ignore[misc]

    assert not apart.has_ended


def test_whoever_cannot_take_an_answer_costs_no_other_his(apart: CommitterApart, desk: Store) -> None:
    def gone(_: bool) -> None:
        raise RuntimeError("Event loop is closed")

    apart.submit(desk.arrival(lead(1)), gone)

    assert store(apart, desk.arrival(lead(2)))


def test_an_arrival_that_cannot_be_read_costs_no_other_its_place(apart: CommitterApart, desk: Store) -> None:
    answers: list[bool] = []
    apart._waiting[7000] = (answers.append, 0)
    apart._send(7000, b"no arrival")

    wait_until(lambda: [False] == answers)
    assert store(apart, desk.arrival(lead(1)))


def test_large_bodies_keep_no_lead_out(apart: CommitterApart, desk: Store) -> None:
    large = desk.arrival(*[lead(number) for number in range(20_001)])
    answers: list[bool] = []

    apart.submit(large, answers.append)

    assert apart.submit(large, answers.append) is None
    assert store(apart, desk.arrival(lead(30_000)))
    wait_until(lambda: [True] == answers)


def test_what_was_handed_in_is_committed_before_it_ends(
    tmp_path: Path, database: Database, desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = _started(tmp_path, database, monkeypatch)
    with _on_a_loop(apart):
        for number in range(50):
            apart.submit(desk.arrival(lead(number)), lambda _: None)
    apart.stop()

    assert 50 == len(desk.events())
    assert 0 == apart._process.returncode


def test_one_that_takes_nothing_at_the_end_is_waited_for_once(
    tmp_path: Path, database: Database, desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer_apart, "END_S", 1.0)
    apart = _started(tmp_path, database, monkeypatch)
    answers: list[bool] = []
    with _on_a_loop(apart):
        psutil.Process(apart._process.pid).suspend()
        for number in range(20):  # more than its socket takes
            apart.submit(desk.arrival(lead(number, content="x" * 1_000_000)), answers.append)

    assert -signal.SIGKILL == apart._process.wait(timeout=10)
    assert [False] * 20 == answers
    apart.stop()


def test_what_is_handed_in_before_the_loop_runs_waits_for_it(
    tmp_path: Path, database: Database, desk: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = _started(tmp_path, database, monkeypatch)
    stored: list[bool] = []
    early = threading.Thread(target=lambda: stored.append(store(apart, desk.arrival(lead(1)))))
    early.start()

    with _on_a_loop(apart):
        early.join()
    apart.stop()

    assert [True] == stored
    assert 1 == len(desk.events())


def test_one_that_never_came_to_run_ends_all_the_same(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    apart = _started(tmp_path, database, monkeypatch)

    apart.stop()

    assert not psutil.pid_exists(apart._process.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_is_meant_for_the_web_process_does_not_end_it(
    apart: CommitterApart, desk: Store, number: signal.Signals
) -> None:
    os.kill(apart._process.pid, number)

    assert store(apart, desk.arrival(lead(1)))


def test_nor_does_one_that_comes_while_it_starts() -> None:
    process = child.start(
        ["sh", "-c", "kill -TERM $$; kill -INT $$; exec sleep 60"], deaf_to=(signal.SIGINT, signal.SIGTERM)
    )
    try:
        wait_until(lambda: psutil.Process(process.pid).name() == "sleep")
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(1)", "its own message says why"),
        ("import os; os.kill(os.getpid(), 9)", "it was killed by signal 9"),
    ],
)
def test_a_process_that_does_not_start_is_named(code: str, why: str) -> None:
    with pytest.raises(BridgeError, match=f"did not start: {why}"):
        CommitterApart([sys.executable, "-c", code]).start()


def test_one_that_starts_for_too_long_is_ended_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("START_S", "END_S"):
        monkeypatch.setattr(committer_apart, name, 0.01)
    apart = CommitterApart(["sleep", "60"])

    with pytest.raises(BridgeError, match="it was not ready within"):
        apart.start()

    assert not psutil.pid_exists(apart._process.pid)


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"DATABASE_URL": "notes.txt"}, 4, "is no sound database"),
        ({"BRIDGE_CONFIG": "none.yaml"}, 1, "there is no configuration file"),
    ],
)
def test_it_fails_as_every_command_does(tmp_path: Path, environment: dict[str, str], code: int, said: str) -> None:
    (tmp_path / "notes.txt").write_text("no database\n" * 99)
    bridge = Bridge(tmp_path, configuration({}), environment=environment)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        done = subprocess.run(
            [*COMMAND, str(theirs.fileno())], pass_fds=[theirs.fileno()], env=bridge.environment, cwd=tmp_path,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    assert code == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
