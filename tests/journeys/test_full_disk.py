"""A disk on which little is left: what comes in is told to come again, what is under way goes on to its end."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bridge.sandbox.inbox import Inbox
from bridge.store.disk import free_bytes
from tests.processes import Bridge, configuration, http_target, lead, wait_until
from tests.store.disks import mounted

DISK_BYTES = 20 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", size_bytes=DISK_BYTES) as found:
        yield found


def fill_up_to(disk: Path, left_bytes: int) -> None:
    with (disk / "ballast").open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, (free_bytes(str(disk / "ballast")) or 0) - left_bytes)


def test_what_is_under_way_is_delivered_with_the_room_that_what_comes_in_leaves(disk: Path, tmp_path: Path) -> None:
    with Inbox() as inbox:
        configured = configuration({"inbox": http_target(inbox.url)})
        bridge = Bridge(tmp_path, configured, database_url=f"sqlite:///{disk}/bridge.db")
        try:
            assert 0 == bridge.run("migrate").returncode
            bridge.start("web", "--host", "127.0.0.1")
            bridge.wait_ready()
            assert 200 == bridge.post(lead(1)).status_code

            fill_up_to(disk, DISK_BYTES // 32)  # half a log
            assert 503 == bridge.post(lead(2)).status_code
            wait_until(lambda: 503 == requests.get(f"{bridge.url}/readyz", timeout=10).status_code)
            assert "the last room on the disk is not for what comes in" in bridge.log()
            bridge.start("worker")

            assert inbox.wait_for(lambda: inbox.counts().stored == 1, 30)
            wait_until(lambda: ["delivered"] == [row["state"] for row in bridge.rows("deliveries", "list")])

            (disk / "ballast").unlink()
            wait_until(lambda: requests.get(f"{bridge.url}/readyz", timeout=10).ok)
            assert 200 == bridge.post(lead(2)).status_code
            assert inbox.wait_for(lambda: inbox.counts().stored == 2, 30)
        finally:
            bridge.stop()
