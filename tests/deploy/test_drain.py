"""SIGTERM: a host waits 30 s, then kills. What hangs is let go of before, and nothing is lost by it."""

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bridge.sandbox.inbox import Inbox
from tests.processes import Bridge, configuration, http_target, lead, wait_until

HOST_S = 30
LEADS = 5


def end(bridge: Bridge) -> float:
    """Sends SIGTERM to all that run, children first, as a host may; gives how long that took, in seconds."""
    began_s = time.monotonic()
    parents = [psutil.Process(process.pid) for process in bridge.processes]
    for process in [*(child for parent in parents for child in parent.children(recursive=True)), *parents]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
    codes = [process.wait(timeout=HOST_S) for process in bridge.processes]
    assert {0} == set(codes), bridge.log()
    bridge.processes.clear()
    return time.monotonic() - began_s


def start(bridge: Bridge, commands: list[str]) -> None:
    for command in commands:
        bridge.start(command)
    bridge.wait_ready()


@pytest.mark.parametrize(
    ("database_url", "commands"), [("sqlite", ["serve"]), ("postgres", ["web", "worker"])], indirect=["database_url"]
)
def test_a_target_that_hangs_holds_up_no_stop_and_costs_no_lead(
    tmp_path: Path, inbox: Inbox, database_url: str, commands: list[str]
) -> None:
    inbox.add_fault(match={}, times=1, hang=True, stored=True)
    config = configuration({"inbox": http_target(inbox.url, concurrency=1, timeout="120s")})
    bridge = Bridge(tmp_path, config, database_url=database_url)
    try:
        assert 0 == bridge.call("migrate").returncode
        start(bridge, commands)
        for number in range(1, LEADS + 1):
            assert 200 == bridge.post(lead(number)).status_code
        assert inbox.wait_for(lambda: inbox.counts().arrivals == 1, 20)  # it will not be answered for two minutes

        took_s = end(bridge)

        assert took_s < HOST_S
        assert 1 == inbox.counts().arrivals  # what was not begun was not begun for its sake either
        start(bridge, commands)
        wait_until(lambda: inbox.counts().stored == LEADS and inbox.counts().arrivals == LEADS + 1)
    finally:
        bridge.stop()
    assert {f"visitor{number}@example.com" for number in range(1, LEADS + 1)} == {x["email"] for x in inbox.items()}
    assert [1] * LEADS == [key.stored for key in inbox.keys().values()]


def test_an_idle_bridge_ends_at_once(tmp_path: Path, inbox: Inbox) -> None:
    bridge = Bridge(tmp_path, configuration({"inbox": http_target(inbox.url)}))
    try:
        assert 0 == bridge.call("migrate").returncode
        start(bridge, ["web", "worker"])

        assert end(bridge) < 10
    finally:
        bridge.stop()
