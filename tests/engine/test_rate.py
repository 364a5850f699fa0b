"""A target's rate is kept over all threads and processes, and nobody waits longer than his time."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bridge.engine.clock import Clock
from bridge.engine.rate import Limit
from bridge.errors import NotBegun
from bridge.model.rules import Rate, TargetRule
from bridge.store import schema, targets
from bridge.store.database import Database

EPOCHS = itertools.count(1_700_000_000, 1_000_000)  # one for each test: what was given out before is over


class Hands:
    """A clock that goes on only when somebody waits: nothing here sleeps."""

    def __init__(self) -> None:
        self.now_s = float(next(EPOCHS))
        self.lock = threading.Lock()

    def clock(self) -> Clock:
        return Clock(now_ms=lambda: int(self.now_s * 1000), boot_s=lambda: self.now_s, jitter=lambda: 0.0)

    def limit(self, database: Database, rate: Rate) -> Limit:
        limit = Limit(database, "crm", rate, clock=self.clock())

        def wait(seconds: float) -> None:
            self.now_s += max(seconds, 0.0)

        limit._wait = wait  # type: ignore[method-assign]
        return limit


@pytest.fixture
def known(database: Database) -> Database:
    with database.write() as connection:
        targets.register(connection, [TargetRule("crm", "http")])
    return database


def most_in_any_window(times: list[float], length_s: float) -> int:
    return max(sum(begin <= other < begin + length_s for other in times) for begin in times)


@settings(max_examples=30)
@given(
    rate=st.builds(Rate, st.integers(1, 200), st.sampled_from([1.0, 10.0, 60.0])),
    pauses=st.lists(st.floats(0, 3), min_size=60, max_size=60),
)
def test_no_window_of_its_length_has_more_requests_than_a_rate_allows(
    ours: Database, rate: Rate, pauses: list[float]
) -> None:
    hands = Hands()
    limit, times = hands.limit(ours, rate), list[float]()
    for pause in pauses:
        hands.now_s += pause if pause > 2 else 0
        limit.spend(1, within_s=1e9)
        times.append(hands.now_s)

    assert rate.count >= most_in_any_window(times, rate.per_s)


def test_an_idle_target_is_reached_at_once(ours: Database) -> None:
    hands = Hands()
    limit = hands.limit(ours, Rate(1, 1.0))
    before_s = hands.now_s

    limit.spend(1, within_s=0.0)

    assert before_s == hands.now_s


def test_two_processes_share_one_rate(known: Database) -> None:
    limits = [Limit(known, "crm", Rate(100, 1.0), clock=real_clock()) for _ in range(2)]
    times, lock = list[float](), threading.Lock()

    def work(limit: Limit) -> None:
        for _ in range(30):
            limit.spend(1, within_s=30)
            with lock:
                times.append(time.monotonic())

    threads = [threading.Thread(target=work, args=(limit,)) for limit in limits for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 120 == len(times)
    assert max(times) - min(times) > 1.0  # 120 of 100 a second
    assert most_in_any_window(times, 1.0) <= 100


def test_whoever_would_have_to_wait_too_long_is_told_so_and_takes_nobodys_turn(ours: Database) -> None:
    hands = Hands()
    limit = hands.limit(ours, Rate(1, 60.0))
    limit.spend(1, within_s=0)
    began_s = hands.now_s

    with pytest.raises(NotBegun):
        limit.spend(1, within_s=20.0)
    assert 20.0 == pytest.approx(hands.now_s - began_s)  # waited, so that it is not asked again at once

    limit.spend(1, within_s=60.0)
    assert 66.0 >= hands.now_s - began_s >= 60.0


def test_a_worker_that_stops_waits_no_longer(known: Database) -> None:
    limit = Limit(known, "crm", Rate(1, 60.0), clock=real_clock())
    limit.spend(1, within_s=10)
    told: list[str] = []

    def work() -> None:
        try:
            limit.spend(1, within_s=3600)
        except NotBegun as ended:
            told.append(ended.reason)

    thread = threading.Thread(target=work)
    thread.start()
    limit.stop()
    thread.join(timeout=30)

    assert ["the worker stops"] == told


def test_a_clock_that_was_an_hour_ahead_stops_nobody(ours: Database) -> None:
    hands = Hands()
    hands.now_s += 4000
    hands.limit(ours, Rate(1, 1.0)).spend(1, within_s=0)
    hands.now_s -= 4000
    before_s = hands.now_s

    hands.limit(ours, Rate(1, 1.0)).spend(1, within_s=10)

    assert hands.now_s - before_s < 2


def real_clock() -> Clock:
    return Clock(now_ms=lambda: time.time_ns() // 1_000_000, boot_s=time.monotonic, jitter=lambda: 0.0)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """One on SQLite, where the time is what we say it is: on Postgres it is the server's."""
    database = Database(str(tmp_path_factory.mktemp("rate") / "b.db"))
    database.make_file()
    schema.migrate(database)
    with database.write() as connection:
        targets.register(connection, [TargetRule("crm", "http")])
    return database


@pytest.mark.parametrize("step_s", [-1800.0, -5.0, 1.0, 600.0])
def test_a_wall_clock_that_is_set_neither_stops_anybody_nor_lets_more_through(ours: Database, step_s: float) -> None:
    hands, wall = Hands(), {"ahead_s": 0.0}
    clock = Clock(
        now_ms=lambda: int((hands.now_s + wall["ahead_s"]) * 1000), boot_s=lambda: hands.now_s, jitter=lambda: 0.0
    )
    limit, other = hands.limit(ours, Rate(10, 1.0)), hands.limit(ours, Rate(10, 1.0))
    limit._clock = other._clock = clock
    times = list[float]()
    for number in range(40):
        wall["ahead_s"] = step_s if number >= 20 else 0.0
        (limit, other)[number % 2].spend(1, within_s=10)
        times.append(hands.now_s)

    assert most_in_any_window(times, 1.0) <= 10
    assert times[-1] - times[0] < 10  # each misses the other's moments here


def test_requests_that_are_announced_together_may_be_sent_together(ours: Database) -> None:
    hands = Hands()
    limit, other, times = hands.limit(ours, Rate(10, 1.0)), hands.limit(ours, Rate(10, 1.0)), list[float]()
    for count in (1, 1, 5, 1, 3, 1, 1, 1, 1, 1, 1, 10, 1, 1, 5, 5, 1):
        (limit if count % 2 else other).spend(count, within_s=60)
        times += [hands.now_s] * count

    assert most_in_any_window(times, 1.0) <= 10


def test_many_requests_do_not_wait_where_nothing_was_sent_before(ours: Database) -> None:
    hands = Hands()
    before_s = hands.now_s

    hands.limit(ours, Rate(10, 1.0)).spend(10, within_s=1)

    assert before_s == hands.now_s


def test_a_commit_that_takes_long_moves_no_moment_into_those_of_others(ours: Database) -> None:
    hands = Hands()
    slow, quick = hands.limit(ours, Rate(10, 1.0)), hands.limit(ours, Rate(10, 1.0))

    class Slow:
        """The database, behind a disk that takes its time."""

        @contextmanager
        def write(self) -> Iterator[Connection]:
            with ours.write() as connection:
                yield connection
            hands.now_s += 0.3

    slow._database = Slow()  # type: ignore[assignment]
    times = list[float]()
    for number in range(40):
        (quick if number % 3 else slow).spend(1, within_s=30)
        times.append(hands.now_s)

    assert most_in_any_window(times, 1.0) <= 10
