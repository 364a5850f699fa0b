"""A worker that hangs and lives: its lock is held, its beat stands still. Real processes, with minutes made seconds."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target, lead, wait_until

CALLS = 4
QUICK_WORKER = """
from bridge.cli import main
from bridge.engine import dispatch, presence
presence.DEAD_AFTER_S, presence.MOST_AT_ONCE_S = 3.0, 1.0
dispatch.STALE_AFTER_S, dispatch.BEAT_S, dispatch.LOOK_S = 2.0, 0.2, 0.1
main(["worker"])
"""


@pytest.fixture
def bridge(tmp_path: Path, inbox: Inbox) -> Iterator[Bridge]:
    target = http_target(inbox.url, concurrency=CALLS, timeout="10s")
    found = Bridge(tmp_path, configuration({"inbox": target}))
    assert 0 == found.call("migrate").returncode
    try:
        yield found
    finally:
        for process in found.processes:
            if process.poll() is None:
                psutil.Process(process.pid).resume()
        found.stop()


def test_what_a_worker_holds_that_hangs_is_sent_by_another_and_not_by_it_when_it_wakes_up(
    bridge: Bridge, inbox: Inbox
) -> None:
    inbox.random([{"probability": 1.0, "latency_s": 0.3}])
    bridge.start("web", "--host", "127.0.0.1")
    bridge.wait_ready()
    hung = start_quick_worker(bridge)
    for number in range(1, 21):
        bridge.post(lead(number))
    wait_until(lambda: inbox.counts().arrivals > CALLS)

    wait_until(lambda: hangs_and_writes_nothing(bridge, hung))
    start_quick_worker(bridge)
    wait_until(lambda: are_delivered(bridge, 20))
    arrived = inbox.counts().arrivals

    hung.resume()
    wait_until(lambda: "taken for dead, starting over" in bridge.log())
    bridge.post(lead(21))
    wait_until(lambda: are_delivered(bridge, 21))

    assert 1 == bridge.log().count("a worker hangs")
    assert 21 == inbox.counts().stored
    # It may have been stopped after the last look at the clock and before a request's bytes left: then that one leaves.
    assert inbox.counts().arrivals - arrived in (1, 2)


def hangs_and_writes_nothing(bridge: Bridge, worker: psutil.Process) -> bool:
    """Whether it was stopped, and not in the middle of a write: SQLite's lock would keep out all others."""
    worker.suspend()
    if bridge.post(lead(1)).ok:  # a duplicate, which is counted
        return True
    worker.resume()
    return False


def start_quick_worker(bridge: Bridge) -> psutil.Process:
    return psutil.Process(bridge.start_python("-c", QUICK_WORKER).pid)


def are_delivered(bridge: Bridge, count: int) -> bool:
    return ["delivered"] * count == [row["state"] for row in bridge.rows("deliveries", "list", "--limit", "100")]
