"""A row that another transaction holds, as an operator's open shell or a process that was stopped before its commit: it
keeps waiting what needs that row, and nothing else. Real processes on Postgres.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import requests

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target, lead, wait_until

QUICK_WORKER = """
from bridge.cli import main
from bridge.engine import lookout, pending
pending.AGAIN_S, lookout.LATER_S = 1.0, 1.0
main(["worker"])
"""


@pytest.fixture
def bridge(tmp_path: Path, inbox: Inbox, new_postgres: Callable[[], str]) -> Iterator[Bridge]:
    target = http_target(inbox.url, concurrency=4)
    found = Bridge(tmp_path, configuration({"inbox": target}), database_url=new_postgres())
    assert 0 == found.call("migrate").returncode
    found.start("web", "--host", "127.0.0.1")
    found.wait_ready()
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture
def shell(bridge: Bridge) -> Iterator[psycopg.Connection]:
    """An operator's, with a transaction that stays open."""
    with closing(psycopg.connect(bridge.database_url)) as found:
        yield found


def test_a_lead_whose_row_is_held_is_refused_and_nobody_elses(bridge: Bridge, shell: psycopg.Connection) -> None:
    assert bridge.post(lead(1)).ok
    assert held(shell, "queued")

    for number in range(2, 8):
        his = bridge.post(lead(1, PhoneNumber=f"555010{number}"))
        others = bridge.post(lead(number))
        assert (503, True) == (his.status_code, his.elapsed.total_seconds() < 2.5)
        assert (200, True) == (others.status_code, others.elapsed.total_seconds() < 1.5)
    assert requests.get(f"{bridge.url}/readyz", timeout=5).ok
    shell.rollback()

    assert bridge.post(lead(1, PhoneNumber="5550107")).ok


def test_a_result_that_cannot_be_written_keeps_no_other_from_being_sent(
    bridge: Bridge, shell: psycopg.Connection, inbox: Inbox
) -> None:
    """An operator's shell in which somebody changed all that is under way, and did not commit."""
    inbox.random([{"probability": 1.0, "latency_s": 0.5}])
    bridge.start_python("-c", QUICK_WORKER)
    for number in range(101, 105):
        assert bridge.post(lead(number)).ok
    found = wait_until(lambda: held(shell, "claimed"))

    for number in range(2, 12):
        assert bridge.post(lead(number)).ok
    count = 14 - found
    wait_until(lambda: states(bridge).count("delivered") == count)
    assert states(bridge).count("claimed") == found
    shell.rollback()
    wait_until(lambda: states(bridge).count("delivered") == 14)

    assert 14 == inbox.counts().arrivals
    assert "cannot settle for now" in bridge.log()
    assert "database does not answer" not in bridge.log()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_the_claim_of_a_worker_that_ended_keeps_the_next_one_from_nothing_else(
    bridge: Bridge, shell: psycopg.Connection, inbox: Inbox, end: signal.Signals
) -> None:
    inbox.random([{"probability": 1.0, "latency_s": 1.0}])
    dead = bridge.start_python("-c", QUICK_WORKER)
    bridge.post(lead(1))
    wait_until(lambda: held(shell, "claimed"))
    dead.send_signal(end)
    dead.wait()
    inbox.random([])

    bridge.start_python("-c", QUICK_WORKER)
    for number in range(2, 12):
        assert bridge.post(lead(number)).ok
    wait_until(lambda: states(bridge).count("delivered") == 10)
    assert "taking over from a dead worker" in bridge.log()
    shell.rollback()
    wait_until(lambda: states(bridge).count("delivered") == 11)

    assert {1} == {tally.stored for tally in inbox.keys().values()}


def held(shell: psycopg.Connection, state: str) -> int:
    """How many deliveries in this state this shell holds now, until it rolls back."""
    rows = shell.execute("SELECT id FROM deliveries WHERE state = %s FOR UPDATE SKIP LOCKED", [state]).fetchall()
    if not rows:
        shell.rollback()
        time.sleep(0.01)
    return len(rows)


def states(bridge: Bridge) -> list[str]:
    return [row["state"] for row in bridge.rows("deliveries", "list", "--limit", "100")]
